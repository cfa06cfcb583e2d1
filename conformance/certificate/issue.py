"""Writes certificates: from what was shown, by whom it was approved, and the rule by which it expires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from conformance.certificate import signing
from conformance.certificate.status import MAX_AGE_S
from conformance.certificate.validity import RULE, life
from conformance.certificate.verify import TYP
from conformance.model import LEVELS
from hub.errors import Fault, Misconfigured
from hub.model.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from hub.signer import Signer

PERSONS: Final = ("first_responsible", "leader_in_charge", "responsible_office", "liaison")
"""Who must be named in a department's document before any level above C0 (GOV-01)."""

CONDITIONS_DAYS: Final = 92
"""Days within which a condition must be met: a conditional certificate is a loan of one quarter, not a level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a session showed: the facts that a certificate states. `must` counts applicable must tests by verdict."""

    department: str
    system: str
    connection: str
    environment: str
    levels: Sequence[str]
    profiles: Sequence[str]
    flows: Sequence[str]
    omitted: Sequence[Mapping[str, str]]
    waivers: Sequence[Mapping[str, str]]
    bindings: Mapping[str, Any]
    bundle_sha256: str
    runs: Sequence[str]
    oldest: Mapping[str, date]
    """Day of the oldest evidence by level, and under `attested` of the oldest statement."""
    must: Mapping[str, int]
    simulated: Sequence[str]
    obstacles: Sequence[str] = ()
    """Why it is not certifiable; empty where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person who approves, as whom, and why."""

    by: str
    role: str
    at: datetime
    reason: str

    def as_dict(self, zone: tzinfo) -> dict[str, str]:
        """Return it as documents write it."""
        at = self.at.astimezone(zone).isoformat(timespec="seconds")
        return {"by": self.by, "role": self.role, "at": at, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which a bureau issues: its name, its number, where the status stands."""

    number: str
    org: str
    status_url: str
    zone: tzinfo
    schema_obsoleted_on: date | None = None
    conditions: Sequence[Mapping[str, str]] = ()
    supersedes: str = ""
    at_most: date | None = None
    """The end of the certificate that it is issued again for, by a rule."""


def write(shown: Shown, approvals: Sequence[Approval], terms: Terms, *, now: datetime, kid: str) -> dict[str, Any]:
    """Return the certificate of what was shown (schemas/certificate.v1); Misconfigured with all that is against it."""
    issued = now.astimezone(terms.zone)
    if faults := [*_unshown(shown), *_of_the_future(shown, issued.date()), *_conditions(terms, issued.date())]:
        raise Misconfigured(*faults)
    ends = life(
        issued=issued.date(),
        evidence=shown.oldest,
        schema_obsoleted_on=terms.schema_obsoleted_on,
        waived_until=[(each["test"], date.fromisoformat(each["until"])) for each in shown.waivers],
        at_most=terms.at_most,
    )
    if ends.not_after <= issued.date():
        hint = "run the tests of that level anew"
        raise Misconfigured(
            Fault(code="certify.expired", problem=f"it would end at once: {ends.governed_by}", hint=hint)
        )
    document = {
        "typ": TYP,
        "v": 1,
        "id": terms.number,
        "issuer": {"org": terms.org, "kid": kid},
        "subject": {name: getattr(shown, name) for name in ("department", "system", "connection", "environment")},
        "scope": _scope(shown),
        "bindings": dict(shown.bindings),
        "evidence": _evidence(shown),
        "validity": {
            "issued": issued.isoformat(timespec="seconds"),
            "not_after": datetime.combine(ends.not_after, time(), terms.zone).isoformat(),
            "rule": RULE,
            "governed_by": ends.governed_by,
        },
        "status": {"url": terms.status_url, "purposes": ["suspension", "revocation"], "max_age_s": MAX_AGE_S},
        "conditions": [dict(each) for each in terms.conditions],
        "approvals": [each.as_dict(terms.zone) for each in approvals],
        **({"supersedes": terms.supersedes} if terms.supersedes else {}),
    }
    return _checked(document)


def _scope(shown: Shown) -> dict[str, Any]:
    return {
        "levels": list(shown.levels),
        "profiles": sorted(shown.profiles),
        "flows": sorted(shown.flows),
        "omitted": [dict(each) for each in shown.omitted],
        "waivers": [dict(each) for each in shown.waivers],
    }


def _evidence(shown: Shown) -> dict[str, Any]:
    return {
        "bundle_sha256": shown.bundle_sha256,
        "runs": list(shown.runs),
        "oldest": min(shown.oldest.values()).isoformat(),
        "must": {name: shown.must.get(name, 0) for name in ("pass", "warn", "attested", "omit")},
        "simulated": sorted(shown.simulated),
    }


def _unshown(shown: Shown) -> list[Fault]:
    """Say everything that stands against certifying what was shown."""
    where = f"connection {shown.connection}"
    said = [("certify.session", problem) for problem in shown.obstacles]
    ladder = LEVELS[1 : len(shown.levels) + 1] or ("C0",)
    if tuple(shown.levels) not in (ladder, ("C0",)):
        said.append(("certify.levels", f"levels {', '.join(shown.levels) or 'none'}: each stands on the one below it"))
    if not shown.oldest:
        said.append(("certify.evidence", "there is no dated evidence"))
    hint = "see `sunlight conformance show SESSION`"
    return [Fault(code=code, problem=problem, file=where, hint=hint) for code, problem in said]


def _of_the_future(shown: Shown, today: date) -> list[Fault]:
    """Say whether evidence is dated ahead: a clock that was set forward while it was taken would lengthen its life."""
    ahead = [f"{level} {day}" for level, day in sorted(shown.oldest.items()) if day > today]
    if not ahead:
        return []
    problem = f"evidence is dated ahead of today: {', '.join(ahead)}"
    hint = "set the clock right and begin a new session: run --new"
    return [Fault(code="certify.clock", problem=problem, file=f"connection {shown.connection}", hint=hint)]


def _conditions(terms: Terms, today: date) -> list[Fault]:
    ahead = {each["id"]: (date.fromisoformat(each["due"]) - today).days for each in terms.conditions}
    late = [name for name, days in ahead.items() if not 0 < days <= CONDITIONS_DAYS]
    problem = f"conditions {', '.join(late)}: due after today and within {CONDITIONS_DAYS} days"
    return [Fault(code="certify.condition", problem=problem)] if late else []


def unnamed(department: Mapping[str, Any]) -> list[str]:
    """Name the responsible persons that a department's document (schemas/catalogue.v1) leaves out."""
    return [name for name in PERSONS if not str(department.get(name, "")).strip()]


def governed(department: Mapping[str, Any], levels: Sequence[str]) -> None:
    """Raise Misconfigured where a level above C0 is asked for a department nobody answers for (GOV-01)."""
    missing = unnamed(department)
    if missing and set(levels) != {"C0"}:
        problem = f"nobody is named as {', '.join(missing)}: no level above C0 without responsible persons"
        hint = "name them in the department's document (department.yaml), then `sunlight migrate`"
        raise Misconfigured(Fault(code="certify.persons", problem=problem, hint=hint))


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    if problems := shape("certificate.v1").problems(document):
        faults = [Fault(code="certificate.shape", problem=each.problem, target_path=each.path) for each in problems]
        raise Misconfigured(*faults)
    return document


def signed(document: Mapping[str, Any], signer: Signer) -> bytes:
    """Return the certificate as a file: JWS over its canonical JSON."""
    return signing.sign(document, typ=TYP, signer=signer)
