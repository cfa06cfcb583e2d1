"""Says how certification itself goes: days to each level, what fails most, what nothing tests, and what was not run."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from conformance.model import LEVELS, Verdict
from conformance.verdicts import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from conformance.model import Result, Summary
    from conformance.suite import Suite
    from hub.model.certified import CertificateRow

TOP: Final = 10
"""Failing requirements that are named, those of the most connections first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What certification went through: every session's outcome, every certificate, and the hub's own incidents."""

    sessions: Sequence[Summary]
    """Of all connections, the oldest first."""
    certificates: Sequence[CertificateRow]
    suite: Suite
    incidents: Sequence[date]
    """Days within the last year on which the hub was at fault."""


def progress(tried: Tried) -> dict[str, Any]:
    """Return how certification goes, as one document (conformance specification, 3.12)."""
    last = {each.header.connection: each for each in tried.sessions}
    shown = [each for one in last.values() for each in one.results if each.verdict in GOOD and each.severity == "must"]
    return {
        "median_days": medians(tried),
        "failing": failing(last, tried.suite),
        "untested": sorted(each.id for each in tried.suite.requirements.values() if each.not_tested),
        "attested": _share(shown, [each for each in shown if each.verdict is Verdict.ATTESTED]),
        "simulated": _share(shown, [each for each in shown if each.simulated]),
        "hub_incident_days": len(tried.incidents),
    }


def medians(tried: Tried) -> dict[str, float | None]:
    """Return the median days from a connection's first session to its first certificate of each level."""
    begun: dict[str, Any] = {}
    for each in tried.sessions:
        begun.setdefault(each.header.connection, each.header.started_at)
    took: dict[str, dict[str, float]] = defaultdict(dict)
    for row in sorted(tried.certificates, key=lambda each: each.issued_at):
        if row.connection_id in begun:
            days = (row.issued_at - begun[row.connection_id]).total_seconds() / 86_400
            for level in row.levels:
                took[level].setdefault(row.connection_id, days)
    return {level: round(median(took[level].values()), 1) if took[level] else None for level in LEVELS[1:]}


def failing(last: Mapping[str, Summary], suite: Suite) -> list[dict[str, Any]]:
    """Return the requirements that fail in the last sessions of the most connections."""
    found: Counter[str] = Counter()
    for one in last.values():
        failed = [each.test for each in one.results if each.verdict is Verdict.FAIL and each.test in suite.tests]
        found.update({name for test in failed for name in suite.tests[test].verifies})
    most = sorted(found.items(), key=lambda each: (-each[1], each[0]))[:TOP]
    return [
        {"requirement": name, "connections": n, "zh": suite.requirements[name].text.zh,
         "en": suite.requirements[name].text.en}
        for name, n in most
    ]  # fmt: skip


def _share(all_: Sequence[Result], some: Sequence[Result]) -> float | None:
    return round(len(some) / len(all_), 4) if all_ else None
