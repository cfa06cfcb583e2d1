"""Reads off the month's table of truthfulness whether a department stands out: for K13, which only asks for a look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.periods import last_month

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

MEASURES: Final = ("backdated", "placeholders")
"""Measures of hub.supervision.truth that K13 is about."""

MONTHS: Final = 4
"""Months that are kept: as far as a look reaches back."""


class Anomalies:
    """What is usual and what is not, by the last full month before a day. Each month is measured once."""

    def __init__(self, told: Callable[[str], Mapping[str, Any]]) -> None:
        """Ask `told` for the table of a month, YYYY-MM (hub.scores.Scores.truthfulness)."""
        self._told = told
        self._known: dict[str, Sequence[Mapping[str, Any]]] = {}

    def facts(self, department_id: str, day: date) -> dict[str, Any]:
        """Return the facts of DayFacts on a department; nothing where its sample, or its peers, are too few."""
        month = last_month(day)
        if month not in self._known:
            self._known = dict(list(self._known.items())[1 - MONTHS :])
            self._known[month] = self._told(month)["readings"]
        return worst([each for each in self._known[month] if each["department_id"] == department_id])


def worst(readings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the reading that is farthest above what is usual, as facts."""
    judged = [each for each in readings if each["measure_id"] in MEASURES and each["percent"] and each["band"]]
    if not judged:
        return {}
    farthest = max(judged, key=lambda each: _share(each["percent"]) - _share(each["band"]["high_percent"]))
    return {
        "anomaly_share": _share(farthest["percent"]),
        "usual_share": _share(farthest["band"]["high_percent"]),
        "sample": int(farthest["sample"]),
    }


def _share(percent: object) -> float:
    return float(str(percent)) / 100
