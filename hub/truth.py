"""Tells how truthfully departments report, measure by measure, beside their peers: for review by people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub import periods
from hub.errors import Fault, Misconfigured
from hub.supervision.scoring.formulas import rounded
from hub.supervision.truth.bands import readings
from hub.supervision.truth.measures import MEASURES

if TYPE_CHECKING:
    from datetime import date

    from hub.ports import TruthReading
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.truth.measures import Measure
    from hub.supervision.truth.values import Reading

NOTICE: Final = {
    "zh": "仅供复核，不作处理依据：不产生预警，不扣分。",
    "en": "For review by people, never by itself a ground: no alert comes of it, and no points.",
}
"""What stands above every such table."""


def truthfulness(
    reading: TruthReading, period: str, *, calendar: WorkCalendar, today: date, department: str = ""
) -> dict[str, Any]:
    """Tell all measures of a month: of every department, or of one beside the others."""
    if not periods.is_month(period):
        hint = "truthfulness is measured by the month: 2026-10"
        raise Misconfigured(Fault(code="truthfulness.period", problem=f"{period!r} is no month", hint=hint))
    reported = reading.month(period, calendar, today)
    names = [each.department_id for each in reported]
    if department and department not in names:
        hint = f"one of {', '.join(names) or 'none yet'}"
        problem = f"nothing was reported by {department!r} in {period}"
        raise Misconfigured(Fault(code="truthfulness.department", problem=problem, hint=hint))
    rows = [_row(measure, each) for measure in MEASURES for each in readings(measure, reported)
            if department in ("", each.department_id)]  # fmt: skip
    return {"period": period, "notice": NOTICE, "measures": [_described(each) for each in MEASURES], "readings": rows}


def _described(measure: Measure) -> dict[str, Any]:
    return {
        "measure_id": measure.measure_id,
        "zh": measure.zh,
        "en": measure.en,
        "definition": measure.definition,
        "basis": measure.basis,
        "min_sample": measure.min_sample,
        "tolerance_percent": str(rounded(measure.tolerance * 100)),
    }


def _row(measure: Measure, reading: Reading) -> dict[str, Any]:
    value, band = reading.share.value, reading.band
    return {
        "measure_id": measure.measure_id,
        "zh": measure.zh,
        "en": measure.en,
        "department_id": reading.department_id,
        "count": reading.share.part,
        "sample": reading.share.whole,
        "percent": None if value is None or not reading.is_judged else str(rounded(value * 100)),
        "band": None if band is None
        else {"middle_percent": str(rounded(band.middle * 100)), "high_percent": str(rounded(band.high * 100)),
              "peers": band.peers},
        "for_review": reading.stands_out,
    }  # fmt: skip
