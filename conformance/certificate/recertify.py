"""Decides what must be shown again after a change: from what changed to the tests that rerun, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from conformance.certificate.validity import EVIDENCE_MONTHS
from conformance.certificate.verify import different

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Kind = Literal[
    "schema_patch",
    "schema_minor",
    "schema_major",
    "code_lists",
    "mapping",
    "connector",
    "suite",
    "suite_stricter",
    "system",
    "system_undeclared",
    "declaration",
    "age",
]

SHADOW_DAYS: Final = 5
"""Working days of real traffic that a department system's upgrade is watched over."""

SAMPLE_DAYS: Final = 30
"""Days of recorded traffic that are replayed beside the golden packs."""

OVERLAP_DAYS: Final = 90
"""Days for which certificates of two major schema versions hold side by side, at least."""

MAX_AGE_DAYS: Final[Mapping[str, int]] = {level: 365 * months // 12 for level, months in EVIDENCE_MONTHS.items()}
"""How old evidence may be, in days: what a certificate's end is counted from, in months. What is not here ages not."""

CANARIES: Final = ("CMP-03", "CNF-02")
SMOKE: Final = ("TRN", "ENC")
"""Groups that are looked at after a connector's upgrade, beside the comparison of old and new on the same bytes."""

PARTS: Final[Mapping[str, Sequence[str]]] = {
    "codes": ("CDL", "SCH", "FLD"),
    "time": ("TIM", "LTC", "FLD-04"),
    "encoding": ("ENC",),
    "fields": ("@C2",),
    "schema": ("@C2",),
    "answers": ("CPL", "LTC-02"),
    "orders": ("CPL", "CNF-05", "IDA-05", "LTC-02"),
}
"""What the parts of a mapping's fingerprint, and its mappings of complaints, are tied to: groups, single tests, or
every test of a level (@)."""

LOWEST: Final[Mapping[str, str]] = {
    "codes": "C2",
    "time": "C1",
    "encoding": "C1",
    "fields": "C2",
    "schema": "C2",
    "answers": "C4",
    "orders": "C4",
}
"""The lowest level of the tests that a part is tied to, for whoever has no list of a connection's own tests."""

BY_ITSELF: Final[frozenset[Kind]] = frozenset({"schema_patch", "code_lists", "mapping"})
"""Changes after which a certificate is issued again by itself, once what they touch was shown again by REPLAY."""

DATA: Final = ("SCH", "CDL", "FLD")
"""Groups with golden packs: what a patch of the schema or of the code lists is tried with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change to something that a certificate binds. `parts` are those of the mapping that changed."""

    kind: Kind
    parts: frozenset[str] = frozenset()
    evidence: tuple[tuple[str, int], ...] = ()
    """Of an `age`: days since the oldest evidence, by level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """What follows from a change. Where `tests` is empty and nothing else is said, the certificate carries over."""

    tests: frozenset[str] = frozenset()
    how: Literal["", "REPLAY", "COMPARE", "FULL", "REEVALUATE"] = ""
    """COMPARE: old and new on the same bytes, carried over where nothing differs; REEVALUATE: stored evidence only."""
    sample_days: int = 0
    shadow_wd: int = 0
    needs_new: bool = False
    """Whether it needs a certificate of its own, instead of being issued again by itself."""
    overlap_days: int = 0
    is_pending: bool = False
    """Whether it is only reported (warn) until its effective day, or a connection's first pass."""
    sets_due_date: bool = False
    is_drift: bool = False
    """Whether it counts as drift (K10) until it is shown again."""

    @property
    def groups(self) -> frozenset[str]:
        """Return the groups of the tests that rerun."""
        return frozenset(test.partition("-")[0] for test in self.tests)


def rerun(change: Change, levels: Mapping[str, str]) -> Rerun:
    """Return what follows from one change; `levels` has every test that applies to the connection, with its level."""
    return _RERUNS[change.kind](change, levels)


def _data(_change: Change, levels: Mapping[str, str]) -> Rerun:
    return Rerun(tests=chosen(DATA, levels), how="REPLAY", sample_days=SAMPLE_DAYS)


def _major(_change: Change, levels: Mapping[str, str]) -> Rerun:
    return Rerun(tests=frozenset(levels), how="FULL", needs_new=True, overlap_days=OVERLAP_DAYS)


def _mapping(change: Change, levels: Mapping[str, str]) -> Rerun:
    named = [name for part in sorted(change.parts) for name in PARTS.get(part, ("@C2",))]
    return Rerun(tests=chosen(named, levels), how="REPLAY" if named else "", is_drift=bool(named))


def _connector(_change: Change, levels: Mapping[str, str]) -> Rerun:
    first = {test: level for test, level in levels.items() if level == "C1"}
    return Rerun(tests=chosen(SMOKE, first), how="COMPARE")


def _system(change: Change, levels: Mapping[str, str]) -> Rerun:
    """Run the first level, the canaries and some days of traffic; what nobody declared is drift until then."""
    tests = chosen(("@C1", *CANARIES), levels)
    return Rerun(tests=tests, how="FULL", shadow_wd=SHADOW_DAYS, is_drift=change.kind == "system_undeclared")


def _age(change: Change, levels: Mapping[str, str]) -> Rerun:
    old = {level for level, days in change.evidence if days > MAX_AGE_DAYS.get(level, days)}
    return Rerun(tests=chosen([f"@{level}" for level in old], levels), how="FULL")


_RERUNS: Final[Mapping[Kind, Callable[[Change, Mapping[str, str]], Rerun]]] = {
    "schema_patch": _data,
    "code_lists": _data,
    "schema_minor": lambda *_: Rerun(is_pending=True),
    "schema_major": _major,
    "mapping": _mapping,
    "connector": _connector,
    "suite": lambda *_: Rerun(how="REEVALUATE"),
    "suite_stricter": lambda *_: Rerun(how="REEVALUATE", sets_due_date=True),
    "system": _system,
    "system_undeclared": _system,
    "declaration": lambda *_: Rerun(needs_new=True),
    "age": _age,
}


def chosen(names: Iterable[str], levels: Mapping[str, str]) -> frozenset[str]:
    """Return the applicable tests that `names` mean: groups (SCH), single tests (FLD-04), whole levels (@C2)."""
    wanted = set(names)
    return frozenset(test for test, level in levels.items() if {test, test.partition("-")[0], f"@{level}"} & wanted)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Name what changed between two bindings of certificates (schemas/certificate.v1)."""
    differing = different(old, new)
    touched = {path.partition(".")[0] for path in differing}
    found = []
    if "mapping" in touched:
        prefix = "mapping.parts."
        parts = frozenset(path.removeprefix(prefix) for path in differing if path.startswith(prefix))
        found.append(Change(kind="mapping", parts=parts))
    if "case_schema" in touched:
        found.append(Change(kind=_schema_change(old["case_schema"]["version"], new["case_schema"]["version"])))
    simple: tuple[tuple[str, Kind], ...] = (
        ("code_lists", "code_lists"),
        ("connector", "connector"),
        ("ics", "declaration"),
        ("suite", "suite"),
    )
    return found + [Change(kind=kind) for name, kind in simple if name in touched]


def _schema_change(old: str, new: str) -> Kind:
    """Tell a major version (N.x) from a minor one (x.N); the same version in other bytes, or x.y.N, is a patch."""
    before, after = ([*re.findall(r"[0-9]+", each), "0"][:2] for each in (old, new))
    return "schema_major" if before[0] != after[0] else "schema_minor" if before[1] != after[1] else "schema_patch"


def lowest_level(differing: Iterable[str], levels: Mapping[str, str]) -> str:
    """Return the lowest level that differing bindings (`mapping.parts.codes`) put in doubt; C1 where nobody knows."""
    parts = [path.removeprefix("mapping.parts.") for path in differing if path.startswith("mapping.parts.")]
    others = [path for path in differing if not path.startswith("mapping.")]
    if others or not parts:
        return "C1"
    if not levels:
        return min(LOWEST.get(part, "C1") for part in parts)
    named = [name for part in parts for name in PARTS.get(part, ("@C1",))]
    return min((levels[test] for test in chosen(named, levels)), default="C1")
