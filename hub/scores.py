"""Answers what is asked about scores and truthfulness, for the command line and for the gateway alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub import periods, score_telling, truth
from hub.supervision.scoring.indicators import in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.model.values import AlertRow
    from hub.ports import TruthReading
    from hub.scorebook import Scorebook
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.scoring.indicators import IndicatorSet


def seated(catalogue: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return the region of every department of the catalogue's documents."""
    return {each["department"]["department_id"]: str(each["department"].get("region_code", "")) for each in catalogue}


def named(catalogue: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return the name of every department of the catalogue's documents."""
    return {each["department"]["department_id"]: str(each["department"].get("name", "")) for each in catalogue}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores as they are told; a period that is left out is the last full month."""

    book: Scorebook
    reading: TruthReading
    calendar: WorkCalendar
    sets: Callable[[], Sequence[IndicatorSet]]
    alert: Callable[[str], AlertRow | None]

    def compared(self, period: str = "", *, department: str = "", region: str = "", matter: str = "") -> dict[str, Any]:
        """Compare departments over a period."""
        return score_telling.compared(
            self.book, self._period(period), department=department, region=region, matter=matter
        )

    def explained(self, department: str, period: str = "") -> dict[str, Any]:
        """Derive one department's score, every line to its alert, events and records."""
        return score_telling.explained(self.book, department, self._period(period), self.alert)

    def truthfulness(self, period: str = "", *, department: str = "") -> dict[str, Any]:
        """Tell how truthfully departments reported in a month, beside their peers."""
        chosen, today = self._period(period), self.book.today()
        return truth.truthfulness(self.reading, chosen, calendar=self.calendar, today=today, department=department)

    def indicators(self, period: str = "") -> IndicatorSet:
        """Return the indicator set that is in force in a period."""
        return in_force(self.sets(), periods.first_day(periods.months(self._period(period))[0]))

    def _period(self, period: str) -> str:
        return period or periods.last_month(self.book.today())
