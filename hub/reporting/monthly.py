"""Composes the monthly report: asks the figures, sets departments beside each other, and says what to be wary of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from hub.reporting.sheet import Chart, Grid, Report, Section, spoken
from hub.reporting.words import say
from hub.statistics.answer import Counting, Table, alert_answer, answer
from hub.statistics.asked import Asked
from hub.statistics.naming import COLUMNS, heading
from hub.statistics.periods import Span, shifted
from hub.supervision.evaluable import not_evaluable
from hub.supervision.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.model.values import Connection
    from hub.statistics.answer import Row
    from hub.statistics.naming import Language, Naming

MONTHS_BACK: Final = 11
"""Months of the trend before the report's own: a year in all."""

MAIN: Final = (
    "opened", "accepted", "closed", "open_after", "on_time_rate", "early_rate", "mean_used_days", "mean_promised_days",
    "used_days_p90", "alert_rate", "breach_rate",
)  # fmt: skip
COMPLAINED: Final = (
    "opened", "closed", "open_after", "on_time_rate", "mean_used_days", "used_days_p90", "reworked",
    "dissatisfied_rate",
)  # fmt: skip
ALERTED: Final = ("raised", "standing", "revoked", "cases")

DRAWN: Final = (("opened", "count", "chart_received"), ("on_time_rate", "rate", "chart_on_time"))
"""What is drawn of places, and of departments, which are compared."""

CHARTED: Final = 20
"""Most columns of a chart that can still be read on a page."""


class Sources(Counting, Protocol):
    """What the report is made from. Raises Unavailable where that is away."""

    def provisional(self, asked: Asked) -> int:
        """Count finished cases that cannot be judged yet, as their year's working days are not announced."""

    def delivered(self) -> Mapping[str, datetime | None]:
        """Tell up to when each connection has surely delivered; None: nothing yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a report is about, and how it is written."""

    month: Span
    region: str = ""
    language: Language = "zh"
    zone: tzinfo
    names: Naming
    connections: Sequence[Connection] = ()


def monthly(sources: Sources, terms: Terms) -> Report:
    """Compose the report of a month: the same for the same figures."""
    where = terms.names.of("region", terms.region, terms.language) if terms.region else _say(terms, "city")
    whole = Asked(span=terms.month, region=terms.region)
    sections = (
        _summary(sources, terms, whole),
        _trend(sources, terms, whole),
        _places(sources, terms, whole, "regions", "region"),
        _places(sources, terms, whole, "departments", "department"),
        _places(sources, terms, whole, "powers", "power_type"),
        _alerts(sources, terms, whole),
        _complaints(sources, terms, whole),
        _method(sources, terms, whole),
    )
    subtitle = f"{terms.month.start:%Y-%m} · {where}"
    return Report(title=_say(terms, "title"), subtitle=subtitle, language=terms.language, sections=sections)


def _say(terms: Terms, name: str, **values: object) -> str:
    return say(terms.language, name, **values)


def _ask(sources: Sources, terms: Terms, asked: Asked, compare: str = "") -> Table:
    return answer(sources, asked, zone=terms.zone, names=terms.names, compare=compare)


def _spoken(row: Row) -> dict[str, str]:
    return {name: spoken(row[name], kind) for name, (_, _, kind) in COLUMNS.items() if name in row}


def _summary(sources: Sources, terms: Terms, whole: Asked) -> Section:
    year, month = (_ask(sources, terms, whole, compare).total for compare in ("year", "month"))
    alerts = alert_answer(sources, whole, zone=terms.zone, names=terms.names).total
    said = {**_spoken(year), **_spoken(alerts)}
    sentences = [_say(terms, name, **said) for name in ("s_volume", "s_time", "s_alerts")]
    sentences += [_changes(terms, "month", month), _changes(terms, "year", year)]
    grid = Grid(
        heads=[_named(terms, name) for name in MAIN],
        kinds=[COLUMNS[name][2] for name in MAIN],
        lines=[[year[name] for name in MAIN]],
    )
    return Section(name=_tab(terms, "summary"), heading=_say(terms, "summary"), sentences=sentences, grid=grid)


def _changes(terms: Terms, compare: str, row: Row) -> str:
    """Say how the month compares; `none_before` for what has nothing to be compared with."""

    def change(name: str) -> str:
        value = row["change"].get(name)
        return _say(terms, "none_before") if value is None else f"{value:+.1%}"

    gained = row["difference"]["on_time_rate"]
    rate = _say(terms, "none_before") if gained is None else f"{gained * 100:+.1f}{_say(terms, 'points')}"
    return _say(
        terms,
        "s_change",
        what=_say(terms, compare),
        opened=change("opened"),
        closed=change("closed"),
        on_time_rate=rate,
    )


def _trend(sources: Sources, terms: Terms, whole: Asked) -> Section:
    span = Span(start=shifted(terms.month.start, -MONTHS_BACK), last=terms.month.last)
    table = _ask(sources, terms, replace(whole, span=span, by=("month",)))
    labels = [str(row["period"]) for row in table.rows]
    chart = Chart(
        title=_say(terms, "chart_trend"),
        labels=labels,
        series=[(_named(terms, name), [row[name] for row in table.rows]) for name in ("opened", "closed")],
    )
    return Section(
        name=_tab(terms, "trend"),
        heading=_say(terms, "trend"),
        grid=_grid(terms, table, MAIN, total=False),
        chart=chart,
    )


def _places(sources: Sources, terms: Terms, whole: Asked, name: str, dimension: str) -> Section:
    table = _ask(sources, terms, replace(whole, by=(dimension,)))
    labels = [terms.names.of(dimension, str(row[dimension]), terms.language) for row in table.rows]
    figure, kind, title = DRAWN[name == "departments"]
    chart = Chart(
        title=_say(terms, title),
        labels=labels,
        series=[(_named(terms, figure), [row[figure] for row in table.rows])],
        kind=kind,
    )
    return Section(
        name=_tab(terms, name),
        heading=_say(terms, name),
        grid=_grid(terms, table, MAIN),
        chart=chart if 0 < len(labels) <= CHARTED else None,
    )


def _alerts(sources: Sources, terms: Terms, whole: Asked) -> Section:
    table = alert_answer(sources, replace(whole, by=("rule", "level")), zone=terms.zone, names=terms.names)
    chart = Chart(
        title=_say(terms, "chart_alerts"),
        labels=[str(row["rule"]) for row in table.rows],
        series=[(_named(terms, "raised"), [row["raised"] for row in table.rows])],
    )
    return Section(
        name=_tab(terms, "alerts"),
        heading=_say(terms, "alerts"),
        grid=_grid(terms, table, ALERTED),
        chart=chart if 0 < len(table.rows) <= 2 * CHARTED else None,
    )


def _complaints(sources: Sources, terms: Terms, whole: Asked) -> Section:
    table = _ask(sources, terms, replace(whole, by=("department",), complaints=True))
    sentence = _say(terms, "s_complaints", **_spoken(table.total))
    return Section(
        name=_tab(terms, "complaints"),
        heading=_say(terms, "complaints"),
        sentences=[sentence],
        grid=_grid(terms, table, COMPLAINED) if table.rows else None,
    )


def _method(sources: Sources, terms: Terms, whole: Asked) -> Section:
    total = _ask(sources, terms, whole).total
    said = [_say(terms, name) for name in ("m_days", "m_alerts", "m_region")]
    said.append(_say(terms, "m_provisional", n=sources.provisional(whole)))
    late = {"n": total["entered_late"], "rate": spoken(total["late_entry_rate"], "rate")}
    said.append(_say(terms, "m_late_entry", **late))
    said += [*_silence(sources, terms), *_blind_spots(terms)]
    return Section(name=_tab(terms, "method"), heading=_say(terms, "method"), sentences=said)


def _silence(sources: Sources, terms: Terms) -> Sequence[str]:
    """Name the connections that have not delivered the whole month."""
    said = []
    for name, moment in sorted(sources.delivered().items()):
        if moment is None:
            said.append(_say(terms, "m_never", connection=name))
        elif (day := moment.astimezone(terms.zone).date()) < terms.month.until:
            said.append(_say(terms, "m_silent", connection=name, day=day))
    return said or [_say(terms, "m_sound")]


def _blind_spots(terms: Terms) -> Sequence[str]:
    """Name the rules that cannot be judged, by connection."""
    said = []
    for connection in sorted(terms.connections, key=lambda each: each.connection_id):
        lacking = not_evaluable(RULES, connection.offers) if connection.offers is not None else {}
        if lacking:
            rules = ("、", ", ")[terms.language == "en"].join(lacking)
            said.append(_say(terms, "m_evaluable", connection=connection.connection_id, n=len(lacking), rules=rules))
    return said


def _grid(terms: Terms, table: Table, figures: Sequence[str], *, total: bool = True) -> Grid:
    named = [_named(terms, name) for name in table.dimensions]
    lines: list[list[Any]] = [
        [*(_value(terms, name, row) for name in table.dimensions), *(row[name] for name in figures)]
        for row in table.rows
    ]
    if total:
        blank = [""] * (len(table.dimensions) - 1)
        lines.append([_say(terms, "total"), *blank, *(table.total[name] for name in figures)])
    return Grid(
        heads=[*named, *(_named(terms, name) for name in figures)],
        kinds=[*("text" for _ in named), *(COLUMNS[name][2] for name in figures)],
        lines=lines,
    )


def _value(terms: Terms, dimension: str, row: Row) -> str:
    code = str(row[dimension])
    return code if dimension == "period" else terms.names.of(dimension, code, terms.language)


def _named(terms: Terms, name: str) -> str:
    return heading(name, terms.language)


def _tab(terms: Terms, name: str) -> str:
    """Return a section's heading without its number."""
    text = _say(terms, name)
    return text.split("、", 1)[-1] if terms.language == "zh" else text.split(" ", 1)[-1]
