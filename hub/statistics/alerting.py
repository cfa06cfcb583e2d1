"""What is told of alerts: how many were raised and what became of them, by rule, level and wherever else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured
from hub.statistics.periods import FIRST_DAY, label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.statistics.asked import Asked
    from hub.statistics.told import Key

DIMENSIONS: Final = ("rule", "level", *FIRST_DAY, "region", "department", "matter", "power_type")
"""What alerts can be told by."""

BREACHES: Final = ("yellow", "red")
"""Levels of what is a breach; a notice 提醒告知 reminds before anything is missed."""

UNTOLD: Final = ("shadow", "pending")
"""States of findings that were told to nobody: on trial, or awaiting a person's confirmation."""

TAKEN_BACK: Final = ("revoked",)
ENDED: Final = ("cleared", "closed", "verified", "upheld", "downgraded")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """The alerts of one key that were raised within the days asked for."""

    key: Key
    raised: int
    """Told to the department, those taken back left out."""
    breaches: int
    """Of those, yellow and red."""
    standing: int
    """Of those, not ended."""
    revoked: int
    """Told and taken back, by late evidence or on appeal: counted apart, in no rate."""
    cases: int
    """Different cases and other subjects of what was raised."""
    breached_cases: int


def told_alerts(line: AlertLine, asked: Asked) -> dict[str, object]:
    """Tell one line as plain data."""
    said: dict[str, object] = dict(zip(asked.places, line.key.place, strict=False))
    if line.key.period is not None:
        said = {"period": label(asked.period, line.key.period), **said}
    counts = {
        name: getattr(line, name) for name in ("raised", "breaches", "standing", "revoked", "cases", "breached_cases")
    }
    return {**said, **counts}


def rates(cases: Mapping[str, object], line: AlertLine | None) -> dict[str, float | None]:
    """Return the share of the cases in hand that an alert, and that a breach, was raised about in the period.

    In hand were the cases open when it began and those opened in it.
    """
    before, opened = cases["open_before"], cases["opened"]
    below = (before if isinstance(before, int) else 0) + (opened if isinstance(opened, int) else 0)
    if not below:
        return {"alert_rate": None, "breach_rate": None}
    alerted, breached = (line.cases, line.breached_cases) if line else (0, 0)
    return {"alert_rate": round(alerted / below, 4), "breach_rate": round(breached / below, 4)}


def checked_alerts(asked: Asked) -> Asked:
    """Return a question about alerts that can be answered; Misconfigured for one that cannot."""
    unknown = [name for name in asked.by if name not in DIMENSIONS]
    if unknown:
        hint = f"one of {', '.join(DIMENSIONS)}"
        problem = f"alerts are not told by {unknown[0]!r}"
        raise Misconfigured(Fault(code="statistics.question", problem=problem, hint=hint))
    return asked
