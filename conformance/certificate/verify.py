"""Verifies a certificate offline, step by step: signature, time, status, bindings, scope; each says for itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from conformance.certificate import signing, status
from hub.errors import Refused
from hub.model.certified import HOLDING
from hub.model.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.certificate.signing import Pinned

TYP: Final = "hub-conformance-cert"

StepName = Literal["signature", "time", "status", "bindings", "scope"]
Outcome = Literal["pass", "warn", "fail", "unknown", "omit"]

STEPS: Final[tuple[StepName, ...]] = ("signature", "time", "status", "bindings", "scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a verification. `omit`: nobody asked; `unknown`: it cannot be told from what was given."""

    name: StepName
    outcome: Outcome
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a certificate is held against. None, or empty: not asked."""

    now: datetime
    pinned: Pinned
    status_list: bytes | None = None
    running: Mapping[str, Any] | None = None
    """The `bindings` of what is running."""
    connection: str = ""
    """What is running is this connection's."""
    flow: str = ""
    environment: str = ""
    max_age_s: int = status.MAX_AGE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What came of it. `certificate` is empty where not even the signature holds."""

    steps: Sequence[Step]
    certificate: Mapping[str, Any]

    @property
    def is_valid(self) -> bool:
        """Tell whether every step that was asked for passes."""
        return all(step.outcome in ("pass", "warn", "omit") for step in self.steps)

    @property
    def exit_code(self) -> int:
        """Return the command's exit code: 0 holds, 1 fails, 5 unknown."""
        outcomes = {step.outcome for step in self.steps}
        return 1 if "fail" in outcomes else 5 if "unknown" in outcomes else 0

    @property
    def failed_at(self) -> StepName | None:
        """Return the first step that does not pass; None where all do."""
        return next((step.name for step in self.steps if step.outcome in ("fail", "unknown")), None)


def verify(signed: bytes, asked: Asked) -> Verification:
    """Verify a certificate file. Where its signature does not hold nothing it says is read any further."""
    try:
        document = signing.read(signed, typ=TYP, pinned=asked.pinned)
        _check_shape(document)
        _check_issuer(document, signed, asked.pinned)
    except Refused as refused:
        why = refused.rejection
        failed = Step(
            name="signature", outcome="fail", zh=f"签名不成立：{why.problem}", en=f"{why.code}: {why.problem}"
        )
        rest = [_unread(name) for name in STEPS[1:]]
        return Verification(steps=[failed, *rest], certificate={})
    steps = [
        _passed("signature", f"由签发机关密钥 {document['issuer']['kid']} 签名", "signed by the issuer's pinned key")
    ]
    steps += [check(document, asked) for check in _CHECKS]
    return Verification(steps=steps, certificate=document)


def _check_shape(document: Mapping[str, Any]) -> None:
    if problems := shape("certificate.v1").problems(document):
        first = problems[0]
        raise signing.refused("certificate.shape", f"{first.path}: {first.problem}", "see schemas/certificate.v1.json")


def _check_issuer(document: Mapping[str, Any], signed: bytes, pinned: Pinned) -> None:
    """Hold the key that a certificate names to the one it was signed with."""
    signing.read(signed, typ=TYP, pinned=_own_key(document, pinned))


def _own_key(document: Mapping[str, Any], pinned: Pinned) -> Pinned:
    """Return the key of a certificate's own issuer: of several that are pinned none speaks for another."""
    return {kid: key for kid, key in pinned.items() if kid == document["issuer"]["kid"]}


def _time(document: Mapping[str, Any], asked: Asked) -> Step:
    validity = document["validity"]
    issued, ends = (datetime.fromisoformat(validity[name]) for name in ("issued", "not_after"))
    if asked.now < issued:
        return _failed("time", f"尚未生效：{validity['issued']}", f"not valid before {validity['issued']}")
    if asked.now >= ends:
        return _failed("time", f"已于 {validity['not_after']} 到期", f"expired at {validity['not_after']}")
    return _passed("time", f"有效期至 {validity['not_after']}", f"valid until {validity['not_after']}")


def _status(document: Mapping[str, Any], asked: Asked) -> Step:
    if asked.status_list is None:
        return _unknown("status", "未提供状态清单", "no status list was given (--status FILE)")
    try:
        listed = status.read_list(asked.status_list, _own_key(document, asked.pinned))
    except Refused as refused:
        return _failed(
            "status", f"状态清单不可信：{refused.rejection.problem}", f"the list: {refused.rejection.problem}"
        )
    allowed = min(asked.max_age_s, document["status"]["max_age_s"])
    if not status.is_fresh(listed, now=asked.now, max_age_s=allowed):
        said = f"the list is of {listed['issued_at']}, too old to be believed (or ahead of the clock): fetch it anew"
        return _unknown("status", f"状态清单已陈旧：{listed['issued_at']}", said)
    return _told(document, listed)


def _told(document: Mapping[str, Any], listed: Mapping[str, Any]) -> Step:
    line = next((each for each in listed["certificates"] if each["id"] == document["id"]), None)
    if line is None:
        return _failed("status", "状态清单中没有本证书", "the list does not know this certificate")
    if line["sha256"] != signing.digest(document):
        return _failed("status", "清单所列是同号的另一份证书", "the list means another document of this number")
    why = " ".join(str(line[name]) for name in ("criterion", "reason") if name in line)
    zh, en = f"状态 {line['state']}，自 {line['since']} {why}", f"{line['state']} since {line['since']} {why}"
    if line["state"] == "active":
        return _passed("status", zh.strip(), en.strip())
    if line["state"] in HOLDING:
        return Step(name="status", outcome="warn", zh=zh.strip(), en=en.strip())
    return _failed("status", zh.strip(), en.strip())


def _bindings(document: Mapping[str, Any], asked: Asked) -> Step:
    if asked.running is None:
        said = "not compared with anything running (--against CONNECTION)"
        return Step(name="bindings", outcome="omit", zh="未与运行中的版本比对", en=said)
    own = document["subject"]["connection"]
    if asked.connection not in ("", own):
        return _failed("bindings", f"本证书是 {own} 的", f"it is a certificate of {own}")
    differing = different(document["bindings"], asked.running)
    if differing:
        listed = ", ".join(differing)
        return _failed("bindings", f"运行中的与所认证的不同：{listed}", f"what is running differs: {listed}")
    return _passed("bindings", "与运行中的版本一致", "equal to what is running")


def different(certified: Mapping[str, Any], running: Mapping[str, Any], path: str = "") -> list[str]:
    """Name every leaf in which two bindings differ, `mapping.parts.codes` say."""
    found: list[str] = []
    for name in sorted({*certified, *running}):
        one, other, place = certified.get(name), running.get(name), f"{path}{name}"
        if isinstance(one, dict) and isinstance(other, dict):
            found += different(one, other, f"{place}.")
        elif one != other:
            found.append(place)
    return found


def _scope(document: Mapping[str, Any], asked: Asked) -> Step:
    if not (asked.flow or asked.environment):
        return Step(name="scope", outcome="omit", zh="未问及流程与环境", en="no flow or environment was asked about")
    flows, environment = document["scope"]["flows"], document["subject"]["environment"]
    if asked.flow and asked.flow not in flows:
        return _failed("scope", f"不涵盖流程 {asked.flow}", f"does not cover the flow {asked.flow}")
    if asked.environment and asked.environment != environment:
        return _failed("scope", f"只对 {environment} 环境有效", f"is about the {environment} environment alone")
    return _passed("scope", "涵盖所问的流程与环境", "covers what was asked about")


_CHECKS: Final[Sequence[Callable[[Mapping[str, Any], Asked], Step]]] = (_time, _status, _bindings, _scope)


def _passed(name: StepName, zh: str, en: str) -> Step:
    return Step(name=name, outcome="pass", zh=zh, en=en)


def _failed(name: StepName, zh: str, en: str) -> Step:
    return Step(name=name, outcome="fail", zh=zh, en=en)


def _unknown(name: StepName, zh: str, en: str) -> Step:
    return Step(name=name, outcome="unknown", zh=zh, en=en)


def _unread(name: StepName) -> Step:
    return Step(name=name, outcome="omit", zh="签名不成立，未读", en="not read: the signature does not hold")
