"""Counts alerts by rule, level, period and place, straight from the alerts: they are few beside the cases."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from hub.statistics.alerting import BREACHES, ENDED, TAKEN_BACK, UNTOLD, AlertLine
from hub.statistics.asked import present_region, regions_of
from hub.statistics.periods import FIRST_DAY
from hub.statistics.told import Key
from hub.store import counted, tables
from hub.supervision.instants import start_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, tzinfo

    from hub.statistics.asked import Asked

_alert, _facts = tables.alerts.c, counted.case_facts.c

COLUMNS: Final[Mapping[str, sa.ColumnElement[Any]]] = {
    "rule": _alert.rule_id,
    "level": _alert.level,
    "region": _alert.region_code,
    "department": _alert.department_id,
    "matter": sa.func.coalesce(_facts.matter_code, ""),
    "power_type": sa.func.coalesce(_facts.power_type, ""),
}

_TOLD: Final = _alert.state.not_in((*UNTOLD, *TAKEN_BACK))
_BREACH: Final = _TOLD & _alert.level.in_(BREACHES)
_MEASURES: Final[Mapping[str, sa.ColumnElement[Any]]] = {
    "raised": sa.func.count().filter(_TOLD),
    "breaches": sa.func.count().filter(_BREACH),
    "standing": sa.func.count().filter(_TOLD & _alert.state.not_in(ENDED)),
    "revoked": sa.func.count().filter(_alert.state.in_(TAKEN_BACK)),
    "cases": sa.func.count(sa.distinct(_alert.subject)).filter(_TOLD),
    "breached_cases": sa.func.count(sa.distinct(_alert.subject)).filter(_BREACH),
}


def alert_lines(connection: sa.Connection, asked: Asked, zone: tzinfo) -> Sequence[AlertLine]:
    """Answer a question about alerts by the local day on which they were raised, one line a key, in order."""
    columns = [COLUMNS[name].label(name) for name in asked.places]
    if asked.period:
        columns.append(_period(asked, zone).label("period"))
    measures = [column.label(name) for name, column in _MEASURES.items()]
    query = sa.select(*columns, *measures).select_from(_source(asked)).where(*_chosen(asked, zone))
    firsts = _firsts(asked)
    found: dict[Key, Counter[str]] = {}
    for row in connection.execute(query.group_by(*columns) if columns else query):
        values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        place = tuple(_value(name, str(values[name])) for name in asked.places)
        key = Key(place, firsts[values["period"]] if asked.period else None)
        found.setdefault(key, Counter()).update({name: int(values[name]) for name in _MEASURES})
    told = [AlertLine(key=key, **{name: sums[name] for name in _MEASURES}) for key, sums in found.items()]
    return sorted((line for line in told if line.raised or line.revoked), key=lambda line: line.key)


def _value(name: str, value: str) -> str:
    return present_region(value) if name == "region" else value


def _source(asked: Asked) -> sa.FromClause:
    """Join what is counted of the case only where it is asked about: alerts themselves name no matter."""
    if not {"matter", "power_type"} & {*asked.by, *(name for name in ("matter", "power_type") if getattr(asked, name))}:
        return tables.alerts
    return tables.alerts.outerjoin(counted.case_facts, _alert.subject == _facts.case_id)


def _chosen(asked: Asked, zone: tzinfo) -> Iterator[sa.ColumnElement[bool]]:
    yield _alert.raised_at >= start_of(asked.span.start, zone)
    yield _alert.raised_at < start_of(asked.span.until, zone)
    if asked.region:
        yield _alert.region_code.in_(regions_of(asked.region))
    for name in ("department", "matter", "power_type"):
        if wanted := getattr(asked, name):
            yield COLUMNS[name] == wanted


def _firsts(asked: Asked) -> Sequence[date]:
    """Return the first day of every period that is asked for."""
    if not asked.period:
        return ()
    first_day, day = FIRST_DAY[asked.period], asked.span.start
    firsts = {first_day(day.fromordinal(number)) for number in range(day.toordinal(), asked.span.until.toordinal())}
    return sorted(firsts)


def _period(asked: Asked, zone: tzinfo) -> sa.ColumnElement[int]:
    """Number the period in which an alert was raised: where one period ends is counted by the hub's zone, not here."""
    ends = [start_of(first, zone) for first in _firsts(asked)[1:]]
    if not ends:
        return sa.literal(0)
    return sa.case(*((_alert.raised_at < end, number) for number, end in enumerate(ends)), else_=len(ends))
