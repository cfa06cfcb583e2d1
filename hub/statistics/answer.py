"""Answers a question with a table: lines, their total, and where asked what was before, or with small cells hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from hub.errors import Fault, Misconfigured
from hub.statistics import alerting
from hub.statistics.asked import checked
from hub.statistics.naming import COLUMNS
from hub.statistics.periods import earlier, label, parsed
from hub.statistics.suppress import ALL, DIMENSIONS_MOST, hidden
from hub.statistics.told import compared, told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from hub.statistics.alerting import AlertLine
    from hub.statistics.asked import Asked
    from hub.statistics.naming import Naming
    from hub.statistics.told import Key, Line

Row = dict[str, Any]

BASES: Final = ("opened", "accepted", "finished", "closed")
"""Counts of cases by which a cell is small: how many people it speaks of."""

PUBLIC: Final = (
    "opened", "accepted", "closed", "on_time_rate", "early_rate", "online_rate", "mean_used_days", "used_days_p50",
    "used_days_p90",
)  # fmt: skip
"""What the public view shows: no counts of single findings about departments, which other documents publish."""


class Counting(Protocol):
    """What figures are read from. Raises Unavailable where that is away."""

    def statistics(self, asked: Asked) -> Sequence[Line]:
        """Answer a question about cases."""

    def alert_statistics(self, asked: Asked, zone: tzinfo) -> Sequence[AlertLine]:
        """Answer a question about alerts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An answer. A row holds the dimensions by code, their names as `<dimension>_name`, and the figures."""

    asked: Asked
    dimensions: tuple[str, ...]
    figures: tuple[str, ...]
    rows: Sequence[Row]
    total: Row
    compare: str = ""
    least: int = 0
    """Least number of cases of a cell that is shown; 0 where nothing is hidden."""


def ask(reading: Counting, asked: Asked, *, zone: tzinfo, names: Naming, compare: str = "", least: int = 0) -> Table:
    """Answer any question: about alerts where it is by rule or level, else about cases."""
    if not is_about_alerts(asked.by):
        return answer(reading, asked, zone=zone, names=names, compare=compare, least=least)
    if least or compare:
        hint = "ask for them without a comparison, and not for the public"
        problem = "alerts by rule and level are neither public nor compared"
        raise Misconfigured(Fault(code="statistics.question", problem=problem, hint=hint))
    return alert_answer(reading, asked, zone=zone, names=names)


def answer(reading: Counting, asked: Asked, *, zone: tzinfo, names: Naming, compare: str = "", least: int = 0) -> Table:
    """Answer a question about cases; `compare` is empty, `year` or `month`.

    The total of days that overlap with those it would be compared with is compared with nothing.
    """
    rows, total = _rows(reading, asked, zone)
    if compare:
        before = replace(asked, span=earlier(asked.span, compare))
        old_rows, old_total = _rows(reading, before, zone)
        rows = compared(rows, old_rows, asked, compare)
        apart = [old_total] if before.span.last < asked.span.start else []
        total = compared([total], apart, replace(asked, by=()), compare)[0]
    figures = tuple(name for name in COLUMNS if name in total)
    if least:
        _require_public(asked, compare)
        rows, total = _without_small(asked, rows, total, least)
        rows, total = [rounded(row, least) for row in rows], rounded(total, least)
        figures = PUBLIC
    dimensions = _dimensions(asked)
    rows = [_named(row, dimensions, names) for row in rows]
    return Table(
        asked=asked, dimensions=dimensions, figures=figures, rows=rows, total=total, compare=compare, least=least
    )


def alert_answer(reading: Counting, asked: Asked, *, zone: tzinfo, names: Naming) -> Table:
    """Answer a question about alerts."""
    alerting.checked_alerts(asked)
    dimensions = _dimensions(asked)
    rows = [alerting.told_alerts(line, asked) for line in reading.alert_statistics(asked, zone)]
    whole = replace(asked, by=())
    totals = [alerting.told_alerts(line, whole) for line in reading.alert_statistics(whole, zone)]
    figures = ("raised", "breaches", "standing", "revoked", "cases", "breached_cases")
    return Table(
        asked=asked,
        dimensions=dimensions,
        figures=figures,
        rows=[_named(row, dimensions, names) for row in rows],
        total=totals[0] if totals else dict.fromkeys(figures, 0),
    )


def is_about_alerts(by: Sequence[str]) -> bool:
    """Tell whether only alerts can be told by these dimensions."""
    return "rule" in by or "level" in by


def _dimensions(asked: Asked) -> tuple[str, ...]:
    return (*(("period",) if asked.period else ()), *asked.places)


def _rows(reading: Counting, asked: Asked, zone: tzinfo) -> tuple[list[Row], Row]:
    """Return the lines, and their total, which is a question of its own: what was open before is known only there."""
    rows = _told(reading, checked(asked), zone)
    whole = rows if not asked.by else _told(reading, replace(asked, by=()), zone)
    return (rows if asked.by else []), (whole[0] if whole else _nothing())


def _told(reading: Counting, asked: Asked, zone: tzinfo) -> list[Row]:
    lines = reading.statistics(asked)
    if not lines and not asked.by:
        return []
    rows = [told(line, asked) for line in lines]
    if "family" in asked.by or asked.family or asked.complaints:
        return [{**row, "alert_rate": None, "breach_rate": None} for row in rows]
    found: Mapping[Key, AlertLine] = {line.key: line for line in reading.alert_statistics(asked, zone)}
    return [{**row, **alerting.rates(row, found.get(line.key))} for row, line in zip(rows, lines, strict=True)]


def _nothing() -> Row:
    return {name: 0 if kind == "count" else None for name, (_, _, kind) in COLUMNS.items() if name not in _OF_ALERTS}


_OF_ALERTS: Final = frozenset({"raised", "breaches", "standing", "revoked", "cases", "breached_cases"})


def _named(row: Row, dimensions: tuple[str, ...], names: Naming) -> Row:
    called = {f"{each}_name": names.of(each, str(row[each])) for each in dimensions if each != "period"}
    return {**row, **called}


def _require_public(asked: Asked, compare: str) -> None:
    """Refuse what would let somebody work out hidden cells from several answers (docs/statistics.md)."""
    limited = asked.department or asked.matter or asked.region or asked.power_type or asked.family
    whole = asked.span.start.day == 1 and asked.span.until.day == 1
    if len(asked.by) > DIMENSIONS_MOST or limited or compare or not whole or asked.period in ("day", "week"):
        hint = "ask for whole months, by at most two dimensions, of everything, without a comparison"
        raise Misconfigured(Fault(code="statistics.public", problem="the public view does not answer this", hint=hint))


def _without_small(asked: Asked, rows: Sequence[Row], total: Row, least: int) -> tuple[list[Row], Row]:
    dimensions = _dimensions(asked)
    keys = [tuple(str(row[name]) or "—" for name in dimensions) for row in rows]
    tables = [{key: max(0, row[base]) for key, row in zip(keys, rows, strict=True)} for base in BASES]
    if not dimensions:
        small = any(0 < total[base] < least for base in BASES)
        return [], _hidden_row(total, dimensions) if small else {**total, "suppressed": False}
    gone = hidden(tables, least)
    shown = [
        _hidden_row(row, dimensions) if key in gone else {**row, "suppressed": False}
        for key, row in zip(keys, rows, strict=True)
    ]
    whole = (ALL,) * len(dimensions)
    return shown, _hidden_row(total, dimensions) if whole in gone else {**total, "suppressed": False}


def rounded(row: Row, base: int) -> Row:
    """Return a row as the public sees it: counts to the nearest multiple of `base`, shares to whole percents.

    Answers over other spans or other dimensions share their sums with this one; what follows from subtracting rounded
    figures is known to about `base` cases, which is as much as a small cell holds (Hundepool et al., ch. 4.4).
    """
    found = dict(row)
    for name, value in row.items():
        kind = COLUMNS[name][2] if name in COLUMNS else ""
        if value is not None and kind == "count":
            found[name] = base * ((int(value) + base // 2) // base)
        elif value is not None and kind == "rate":
            found[name] = round(value, 2)
    return found


def _hidden_row(row: Row, dimensions: tuple[str, ...]) -> Row:
    return {name: value if name in dimensions else None for name, value in row.items()} | {"suppressed": True}


def period_label(asked: Asked) -> str:
    """Say which days a question is about: a month, quarter or year by its name, else the first and last day."""
    for period in ("year", "quarter", "month", "day"):
        if _is_whole(period, asked):
            return label(period, asked.span.start)
    return f"{asked.span.start} – {asked.span.last}"


def _is_whole(period: str, asked: Asked) -> bool:
    return parsed(label(period, asked.span.start)) == asked.span
