"""`sunlight attachments`: the files that cases name, whether they are there, and fetching again what was not."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.model.attachments import STATES

app = typer.Typer(no_args_is_help=True, help="Files that cases name: there, not to be had, or blocked.")

Connection = Annotated[str, typer.Argument(help="The connection whose cases name them; all where left out.")]


@app.command("list")
def list_(
    connection: Connection = "",
    *,
    state: Annotated[str, typer.Option("--state", help=f"Only these: {', '.join(STATES)}.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Files shown, the newest change first.")] = 50,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show files with their state, why they are not there, and when they are tried again.

    Example: sunlight attachments list taizhou.office.complaints --state unavailable
    """
    if state and state not in STATES:
        problem = f"there is no state {state!r}"
        raise Misconfigured(Fault(code="attachment.state", problem=problem, hint=f"one of {', '.join(STATES)}"))
    with closing(common.hub(settings)) as hub:
        counts = {name: found for name, found in hub.attachments.counts().items() if connection in ("", name)}
        files = hub.attachments.listed(states=(state,) if state else (), connection=connection, limit=limit)
    if as_json:
        common.print_json({"counts": counts, "files": [asdict(each) for each in files]})
        return
    for name, found in counts.items():
        common.OUT.print(f"{name}: {', '.join(f'{found[word]} {word}' for word in STATES if word in found)}")
    table = Table(title="attachments 附件", title_justify="left")
    for heading in ("name 名称", "connection", "state 状态", "problem", "again at", "SHA-256"):
        table.add_column(heading, overflow="fold")
    for each in files:
        again = each.next_at.isoformat(timespec="seconds") if each.next_at else ""
        cells = (each.name, each.connection_id, each.state, each.said or each.problem, again, each.sha256[:12])
        table.add_row(*(Text(cell) for cell in cells), style="red" if each.state == "blocked" else "")
    common.OUT.print(table)


@app.command("retry")
def retry(connection: Connection = "", *, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Let files that could not be had be fetched again at once, with their schedule begun anew.

    What is blocked stays so: let the department send the case again with another file.

    Example: sunlight attachments retry taizhou.office.complaints
    """
    with closing(common.hub(settings)) as hub:
        count = hub.attachments.again(hub.clock.now(), connection=connection)
    if as_json:
        common.print_json({"connection": connection, "again": count})
    else:
        common.OUT.print(f"{count} to be fetched again")


@app.command("seal")
def seal(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Seal files that were kept before the hub sealed them: whoever has the disc alone reads none of them.

    What is fetched now is sealed as it is kept. Whoever hands files out needs the vault's private key.

    Example: sunlight attachments seal
    """
    with closing(common.hub(settings)) as hub:
        count = hub.files.seal_old()
    if as_json:
        common.print_json({"sealed": count})
    else:
        common.OUT.print(f"{count} sealed")
