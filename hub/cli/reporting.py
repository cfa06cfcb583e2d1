"""`sunlight report`: the month as a printable page, a PDF or a spreadsheet, in Chinese or in English."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.reporting.book import as_book
from hub.reporting.html import as_html
from hub.reporting.monthly import Terms, monthly
from hub.reporting.pdf import as_pdf
from hub.statistics.naming import naming
from hub.statistics.periods import month_after, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.reporting.sheet import Report
    from hub.statistics.periods import Span

WRITERS: Final[Mapping[str, Callable[[Report], bytes]]] = {
    ".html": lambda report: as_html(report).encode(),
    ".pdf": as_pdf,
    ".xlsx": as_book,
}
"""What a report is written as, by the ending of the file's name."""


def report(
    month: Annotated[str, typer.Argument(help="The month: 2026-10.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="The file to write: .html, .pdf or .xlsx.")],
    region: Annotated[str, typer.Option("--region", help="Only this region: 321281.")] = "",
    lang: Annotated[str, typer.Option("--lang", help="zh or en.")] = "zh",
    settings: common.SettingsFile = None,
) -> None:
    """Write the monthly report 月报: summary, trend, places compared, alerts, complaints, and what to be wary of.

    The same figures give the same bytes.

    Example: sunlight report 2026-10 --out 2026-10.pdf
    """
    span = _month(month)
    if out.suffix not in WRITERS:
        raise _wrong(f"a report is not written as {out.suffix or out.name!r}", f"end the name in {', '.join(WRITERS)}")
    if lang not in ("zh", "en"):
        raise _wrong(f"no language {lang!r}", "zh or en")
    hub = common.hub(settings)
    terms = Terms(
        month=span,
        region=region,
        language="en" if lang == "en" else "zh",
        zone=hub.settings.zone,
        names=naming(hub.store.catalogue()),
        connections=list(hub.store.connections().values()),
    )
    out.write_bytes(WRITERS[out.suffix](monthly(hub.queries, terms)))
    common.OUT.print(f"wrote {out}")


def _month(text: str) -> Span:
    span = parsed(text)
    if span.start.day != 1 or span.until != month_after(span.start):
        raise _wrong(f"{text} is no month", "write it as 2026-10")
    return span


def _wrong(problem: str, hint: str) -> Misconfigured:
    return Misconfigured(Fault(code="report.asked", problem=problem, hint=hint))
