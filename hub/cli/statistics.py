"""`sunlight stats`: volumes, rates, times and alerts, by period, place, power and rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as Drawn
from rich.text import Text

from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.reporting.tables import SUPPRESSED, TOTAL, as_csv, as_xlsx, figure, heading_of, plain
from hub.statistics.answer import ask
from hub.statistics.asked import Asked
from hub.statistics.naming import heading, naming
from hub.statistics.periods import Span, parsed
from hub.statistics.suppress import LEAST

if TYPE_CHECKING:
    from hub.statistics.answer import Row, Table

SHOWN = (
    "opened", "closed", "open_after", "on_time_rate", "mean_used_days", "used_days_p90", "breach_rate",
    "raised", "breaches", "standing", "revoked", "cases",
)  # fmt: skip
"""Figures that fit a terminal; `--json`, `--csv` and `--xlsx` have all."""


def stats(  # noqa: PLR0913 - one option a part of the question
    *,
    by: Annotated[str, typer.Option("--by", help="What to tell apart, by commas: month,department.")] = "",
    first: Annotated[str, typer.Option("--from", help="First day or period: 2026, 2026-Q3, 2026-11, 2026-11-27.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day or period; the same as --from where left out.")] = "",
    region: Annotated[str, typer.Option("--region", help="Only this region, with what it succeeded: 321204.")] = "",
    department: Annotated[str, typer.Option("--department", help="Only this department, by its id.")] = "",
    matter: Annotated[str, typer.Option("--matter", help="Only this matter, by its code.")] = "",
    power_type: Annotated[str, typer.Option("--power-type", help="Only this power type: 01.")] = "",
    complaints: Annotated[bool, typer.Option("--complaints", help="Of complaints, not of other cases.")] = False,
    compare: Annotated[
        str, typer.Option("--compare", help="Set beside it the same a `year` or a `month` before.")
    ] = "",
    public: Annotated[bool, typer.Option("--public", help="As the public sees it: small cells are hidden.")] = False,
    least: Annotated[int, typer.Option("--least", min=2, help="With --public: least cases of a cell shown.")] = LEAST,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Write a spreadsheet with a chart.")] = None,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Tell statistics 统计: of the present year by month, where nothing else is asked.

    By: day, week, month, quarter, year, region, department, matter, power_type, family; alerts also by rule, level.

    Example: sunlight stats --by department --from 2026-Q3 --compare year
    """
    hub = common.hub(settings)
    today = hub.clock.now().astimezone(hub.settings.zone).date()
    asked = Asked(
        span=_span(first, last, today),
        by=_by(by or ("" if first else "month")),
        region=region, department=department, matter=matter, power_type=power_type, complaints=complaints,
    )  # fmt: skip
    if compare not in ("", "year", "month"):
        raise Misconfigured(
            Fault(code="statistics.compare", problem=f"no comparison {compare!r}", hint="year or month")
        )
    names, zone = naming(hub.store.catalogue()), hub.settings.zone
    table = ask(hub.queries, asked, zone=zone, names=names, compare=compare, least=least if public else 0)
    _write(table, csv=csv, xlsx=xlsx, as_json=as_json)


def _by(text: str) -> tuple[str, ...]:
    return tuple(name.strip().replace("-", "_") for name in text.split(",") if name.strip())


def _span(first: str, last: str, today: date) -> Span:
    if not first:
        return Span(start=today.replace(month=1, day=1), last=parsed(last).last if last else today)
    return Span(start=parsed(first).start, last=parsed(last or first).last)


def _write(table: Table, *, csv: bool, xlsx: Path | None, as_json: bool) -> None:
    if xlsx is not None:
        xlsx.write_bytes(as_xlsx(table))
        common.ERR.print(f"wrote {xlsx}")
    if as_json:
        common.print_json(plain(table))
    elif csv:
        typer.echo(as_csv(table).removeprefix("\ufeff"), nl=False)
    elif xlsx is None:
        _show(table)


def _show(table: Table) -> None:
    figures = [name for name in SHOWN if name in table.figures]
    drawn = Drawn(title=heading_of(table), title_justify="left")
    for name in table.dimensions:
        drawn.add_column(heading(name), overflow="fold", min_width=8)
    for name in figures:
        drawn.add_column(heading(name), justify="right")
        if table.compare and name in ("opened", "closed", "open_after"):
            drawn.add_column({"year": "同比", "month": "环比"}[table.compare], justify="right")
    for row in table.rows:
        dimensions = [str(row.get(f"{name}_name", row[name])) for name in table.dimensions]
        drawn.add_row(*map(Text, dimensions), *_written(table, row, figures))
    blank = [""] * max(0, len(table.dimensions) - 1)
    drawn.add_section()
    drawn.add_row(*([TOTAL[0], *blank] if table.dimensions else []), *_written(table, table.total, figures))
    common.OUT.print(drawn)
    if table.least:
        common.OUT.print(f"{SUPPRESSED} fewer than {table.least} cases, or needed to hide such a cell 少量单元格已隐去")


def _written(table: Table, row: Row, figures: list[str]) -> list[str]:
    cells = []
    for name in figures:
        cells.append(SUPPRESSED if row.get("suppressed") else figure(name, row[name]))
        if table.compare and name in ("opened", "closed", "open_after"):
            change = (row.get("change") or {}).get(name)
            cells.append("—" if change is None else f"{change:+.1%}")
    return cells
