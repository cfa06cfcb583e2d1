"""Answers statistics from the sums: whole months and days from `figures`, days of single matters from `case_facts`."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from hub.statistics.asked import COMPLAINTS, present_region, regions_of
from hub.statistics.figures import BLOCK_DAYS, DAY, DISSATISFIED, MATTER_MONTH, MEASURES, MONTH, MONTHLY, NAMES
from hub.statistics.periods import FIRST_DAY, Span, cut
from hub.statistics.told import Key, Line
from hub.store import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.statistics.asked import Asked

COLUMNS: Final[Mapping[str, str]] = {
    "region": "region_code",
    "department": "department_id",
    "matter": "matter_code",
    "power_type": "power_type",
    "family": "family",
}

BEGINNING: Final = date(1970, 1, 1)
"""First day of all counting: no case of an electronic supervision is older."""

SUMS: Final = frozenset({*MONTHLY, DAY})

SHORT: Final = ("day", "week")
"""Periods shorter than a month: their series are read by day, and have no percentiles."""

STOCK: Final = ("opened", "closed")
"""Sums whose difference is what is open."""

_facts = counted.case_facts.c
_finished = sa.or_(_facts.on_time, _facts.late)
_timed = _facts.used_workdays.is_not(None) & _facts.promised_workdays.is_not(None)

CONDITIONS: Final[Mapping[str, sa.ColumnElement[Any]]] = {
    "opened_online": _facts.online,
    "entered_late": _facts.late_entry,
    "supplemented": _facts.supplement,
    "overdue": _facts.open_late,
    "on_time": _facts.on_time,
    "early": _facts.early,
    "late": _facts.late,
    "finished_late_by_law": _finished & _facts.late_by_law,
    "paused": _facts.special,
    "extended": _facts.extension,
    "timed": _timed,
    "reworked": _facts.reworked,
    "rated": _facts.rating.is_not(None),
    "dissatisfied": _facts.rating >= DISSATISFIED,
}
"""What a case must be like to be counted, as hub/statistics/figures.py says it; a test holds the two together."""

SUMMED: Final[Mapping[str, sa.ColumnElement[Any]]] = {
    "used_days": _facts.used_workdays,
    "promised_days": _facts.promised_workdays,
}


@dataclass(slots=True)
class _Gathered:
    """What one key has gathered so far."""

    sums: Counter[str] = field(default_factory=Counter)
    durations: Counter[int] = field(default_factory=Counter)


def lines(connection: sa.Connection, asked: Asked) -> Sequence[Line]:
    """Answer a question: one line for each key of which anything is counted, in order.

    Where the question is by period, what is open is told for the end of each; a period in which nothing happened has
    no line.
    """
    _hasten(connection)
    found: defaultdict[Key, _Gathered] = defaultdict(_Gathered)
    for span, source in _sources(asked, asked.span):
        for key, row in _sums(connection, asked, span, source, NAMES):
            found[key].sums.update(row)
        for key, days, n in _durations(connection, asked, span, source):
            found[key].durations[days] += n
    return _with_stock(asked, found, _stock(connection, asked))


def _hasten(connection: sa.Connection) -> None:
    """Have PostgreSQL add up in memory, at once: compiling so many sums takes longer than adding them up."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL jit = off"))
        connection.execute(sa.text("SET LOCAL work_mem = '64MB'"))


def _with_stock(asked: Asked, found: Mapping[Key, _Gathered], stock: Mapping[tuple[str, ...], int]) -> list[Line]:
    """Make lines, each with what was open before its period: the stock runs on from period to period."""
    by_place: dict[tuple[str, ...], list[Key]] = {place: [] for place in stock}
    for key in sorted(found):
        by_place.setdefault(key.place, []).append(key)
    told = []
    for place, keys in by_place.items():
        running = stock.get(place, 0)
        for key in keys or ([_standing_still(asked, place)] if running else []):
            gathered = found.get(key) or _Gathered()
            sums = {name: gathered.sums[name] for name in NAMES}
            told.append(Line(key=key, sums=sums, durations=dict(gathered.durations), open_before=running))
            running += sums["opened"] - sums["closed"]
    return sorted(told, key=lambda line: line.key)


def _standing_still(asked: Asked, place: tuple[str, ...]) -> Key:
    """Return the key of a place where nothing happened in the days asked for, and something was open."""
    return Key(place=place, period=FIRST_DAY[asked.period](asked.span.start) if asked.period else None)


def _stock(connection: sa.Connection, asked: Asked) -> Mapping[tuple[str, ...], int]:
    """Return by place how many cases were open before the first day asked for."""
    before = Span(start=BEGINNING, last=asked.span.start - timedelta(days=1))
    opened: Counter[tuple[str, ...]] = Counter()
    for span, source in _sources(asked, before, is_series=False):
        for key, row in _sums(connection, asked, span, source, STOCK, by_day=False):
            opened[key.place] += row["opened"] - row["closed"]
    return opened


Source = str
"""`matter_month`, `month`, `day`, or the field of `case_facts` that names the day; or `cases`, by all those fields."""

CASES: Final = "cases"
"""Days of single matters of which every case is read once, whichever of its days lies among them."""

FIELD: Final[Mapping[str, str]] = {name: field for field, names in MEASURES.items() for name in names}
"""The day of a case on which a measure counts."""


def _sources(asked: Asked, span: Span, *, is_series: bool = True) -> Iterator[tuple[Span, Source]]:
    """Yield which days are read where, so that as few rows as can be are added up."""
    by_days = is_series and asked.period in SHORT
    parts = cut(span)
    if parts.months is not None and not by_days:
        yield parts.months, MATTER_MONTH if asked.needs_matter else MONTH
    for days in (span,) if by_days else parts.days:
        if not asked.needs_matter:
            yield days, DAY
        elif _is_one(asked, days):
            yield days, CASES
        else:
            yield from ((days, name) for name in MEASURES)


def _is_one(asked: Asked, days: Span) -> bool:
    """Tell whether days lie in one of the periods that are told apart."""
    first = FIRST_DAY[asked.period] if asked.period else None
    return first is None or first(days.start) == first(days.last)


def _sums(
    connection: sa.Connection, asked: Asked, span: Span, source: Source, names: Sequence[str], *, by_day: bool = True
) -> Iterator[tuple[Key, dict[str, int]]]:
    if source == CASES:
        yield from _of_cases(connection, asked, span, names, by_day=by_day)
        return
    table, day, chosen = _place(asked, span, source)
    wanted = [name for name in names if source in SUMS or name in MEASURES[source]]
    if not wanted:
        return
    columns = _grouped(connection, asked, table, day, by_day=by_day)
    measures = [_measure(table, name).label(name) for name in wanted]
    query = sa.select(*columns, *measures).where(*chosen).group_by(*columns)
    for row in connection.execute(query):
        values = dict(zip(wanted, row[len(columns) :], strict=True))
        yield _key(asked, row[: len(columns)]), {name: int(values.get(name) or 0) for name in names}


def _of_cases(
    connection: sa.Connection, asked: Asked, span: Span, names: Sequence[str], *, by_day: bool
) -> Iterator[tuple[Key, dict[str, int]]]:
    """Count days of one period from the cases: each is read once, and counts by each of its days that is among them."""
    within = {name: (_facts[name] >= span.start) & (_facts[name] <= span.last) for name in MEASURES}
    read = sa.or_(*(within[name] for name in dict.fromkeys(FIELD[name] for name in names)))
    columns = [counted.case_facts.c[COLUMNS[name]] for name in asked.places]
    measures = [_measure(counted.case_facts, name, within[FIELD[name]]).label(name) for name in names]
    query = sa.select(*columns, *measures).where(read, *_chosen(asked, counted.case_facts)).group_by(*columns)
    for row in connection.execute(query):
        said = {name: int(value or 0) for name, value in zip(names, row[len(columns) :], strict=True)}
        place = (*row[: len(columns)], *((span.start,) if asked.period and by_day else ()))
        if any(said.values()):
            yield _key(asked, place), said


def _durations(connection: sa.Connection, asked: Asked, span: Span, source: Source) -> Iterator[tuple[Key, int, int]]:
    """Yield how many cases took how many working days: of months from the sums, of days from the cases themselves."""
    if source not in (*SUMS, CASES, "finished_on") or asked.period in SHORT:
        return
    if source in MONTHLY:
        yield from _blocks(connection, asked, span, source)
        return
    table, day, chosen = _place(asked, span, "finished_on")
    columns = _grouped(connection, asked, table, day)
    query = sa.select(*columns, table.c.used_workdays, sa.func.count().label("n")).where(*chosen, _timed)
    keys: dict[tuple[Any, ...], Key] = {}
    for *head, days, n in connection.execute(query.group_by(*columns, table.c.used_workdays)):
        place = tuple(head)
        key = keys.get(place) or keys.setdefault(place, _key(asked, place))
        yield key, days, int(n)


def _blocks(connection: sa.Connection, asked: Asked, span: Span, source: Source) -> Iterator[tuple[Key, int, int]]:
    table, day, chosen = _place(asked, span, source, sums=counted.durations)
    columns = [*_grouped(connection, asked, table, day), table.c.block]
    sums = [sa.func.sum(table.c[f"n{place}"]) for place in range(BLOCK_DAYS)]
    for row in connection.execute(sa.select(*columns, *sums).where(*chosen).group_by(*columns)):
        *place, block = row[: len(columns)]
        key = _key(asked, place)
        for days, n in enumerate(row[len(columns) :], block * BLOCK_DAYS):
            if n:
                yield key, days, int(n)


def _place(
    asked: Asked, span: Span, source: Source, *, sums: sa.Table = counted.figures
) -> tuple[sa.Table, sa.Column[date], list[sa.ColumnElement[bool]]]:
    """Return the table to read, its day, and the conditions."""
    is_sum = source in SUMS
    table = sums if is_sum else counted.case_facts
    day = table.c.day if is_sum else table.c[source]
    chosen = [day >= span.start, day <= span.last, *_chosen(asked, table)]
    return table, day, [table.c.grain == source, *chosen] if is_sum else chosen


def _chosen(asked: Asked, table: sa.Table) -> Iterator[sa.ColumnElement[bool]]:
    if asked.region:
        yield table.c.region_code.in_(regions_of(asked.region))
    for name in ("department", "matter", "power_type", "family"):
        if wanted := getattr(asked, name):
            yield table.c[COLUMNS[name]] == wanted
    if not asked.family:
        yield table.c.family == COMPLAINTS if asked.complaints else table.c.family != COMPLAINTS


def _grouped(
    connection: sa.Connection, asked: Asked, table: sa.Table, day: sa.Column[date], *, by_day: bool = True
) -> list[sa.ColumnElement[Any]]:
    columns: list[sa.ColumnElement[Any]] = [table.c[COLUMNS[name]] for name in asked.places]
    return [*columns, _first_day(connection, asked, day).label("day")] if asked.period and by_day else columns


def _first_day(connection: sa.Connection, asked: Asked, day: sa.Column[date]) -> sa.ColumnElement[date]:
    """Return the first day of the period where the database can tell it, else the day: `_key` finds it then."""
    if connection.dialect.name == "postgresql" and asked.period != "day":
        return sa.cast(sa.func.date_trunc(asked.period, day), sa.Date)
    return day


def _measure(table: sa.Table, name: str, within: sa.ColumnElement[bool] | None = None) -> sa.ColumnElement[Any]:
    """Return how a measure is added up; of cases only those whose day is `within`, where that is said."""
    if table is counted.figures:
        return sa.func.sum(table.c[name])
    days = [] if within is None else [within]
    if name in SUMMED:
        return sa.func.sum(SUMMED[name]).filter(_timed, *days)
    conditions = [*days, *([CONDITIONS[name]] if name in CONDITIONS else [])]
    return sa.func.count().filter(*conditions) if conditions else sa.func.count()


def _key(asked: Asked, row: Sequence[Any]) -> Key:
    """Return the key that a row counts for: a renamed region counts for its successor, a day for its period."""
    place = tuple(
        present_region(value) if name == "region" else str(value)
        for name, value in zip(asked.places, row, strict=False)
    )
    first = FIRST_DAY[asked.period](row[-1]) if asked.period and len(row) > len(place) else None
    return Key(place=place, period=first)
