"""`sunlight alert issue | papers`: papers 文书 of an alert, and whether they were received."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.cli.following import AlertName, awaited, by_whom, found
from hub.errors import Fault, Misconfigured
from hub.model.codes import code_list
from hub.supervision.instruments import AUTHORITIES, INSTRUMENTS, PaperWish, told_paper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model.values import PaperRow
    from hub.wiring import Hub


def issue(
    alert: AlertName,
    instrument: Annotated[str, typer.Argument(help=f"Which paper: {', '.join(code_list(INSTRUMENTS).rows)}.")],
    *,
    by: Annotated[str, typer.Option("--by", help="Who issues it; whoever is logged in where left out.")] = "",
    note: Annotated[str, typer.Option("--note", help="What it says in words.")] = "",
    authority: Annotated[
        str,
        typer.Option("--as", help=f"As which authority: {', '.join(code_list(AUTHORITIES).rows)}. Default: its own."),
    ] = "",
    settings: common.SettingsFile = None,
) -> None:
    """Issue a paper 文书 of an alert: a notice 告知单, an order 督办单, or another authority's instrument.

    It gets its number 文号 in the ledger; `sunlight serve` or `sunlight run papers` draws it as DOCX and PDF.

    Example: sunlight alert issue 3f9a1c20 notice --by 王五
    """
    hub = common.hub(settings)
    row = found(hub, alert)
    known = code_list(INSTRUMENTS).rows.get(instrument)
    own = str(known["authority"]) if known else ""
    wish = PaperWish(instrument=instrument, authority=authority or own, by=by_whom(by), at=hub.clock.now(), note=note)
    asked = hub.issue_paper(row, wish)
    if asked.refused is not None:
        raise Misconfigured(Fault(code=asked.refused.code, problem=asked.refused.problem, hint=asked.refused.hint))
    typer.echo(awaited(hub, asked.act_id))


def papers(
    alert: AlertName,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="A folder into which their files are written.")] = None,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List the papers of an alert with their numbers, whether they were received, and the SHA-256 of their files.

    Example: sunlight alert papers 3f9a1c20 --out papers
    """
    hub = common.hub(settings)
    row = found(hub, alert)
    known = hub.queries.papers(row.alert_id)
    told = [told_paper(each, row, hub.settings.zone) for each in known]
    if out is not None:
        _write(hub, known, out)
    if as_json:
        common.print_json({"alert_id": row.alert_id, "papers": told})
        return
    table = Table(title="papers 文书", title_justify="left")
    for heading in ("number 文号", "instrument", "issued at", "receipt 回执", "PDF SHA-256"):
        table.add_column(heading, overflow="fold")
    for each in told:
        receipt = f"{each['receipt']['state']} {each['receipt']['by']} {each['receipt']['at']}".strip()
        cells = (each["no"], each["instrument"], each["issued_at"], receipt, each["files"]["pdf"] or "not drawn yet")
        table.add_row(*(Text(cell) for cell in cells))
    common.OUT.print(table)


def _write(hub: Hub, known: Sequence[PaperRow], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for paper in known:
        for media, digest in (("docx", paper.docx_digest), ("pdf", paper.pdf_digest)):
            body = hub.queries.paper_file(digest) if digest else None
            if body is not None:
                (out / f"{paper.content['no']}.{media}").write_bytes(body)
