"""`sunlight complaint`: complaints and their moves; how centres' own lists of them compare with the hub's."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from hub import wiring
from hub.cli import common, complaining
from hub.complaint_post.reconciling import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.complaint_post.reconciling import Reconciler

app = complaining.app


@app.command("reconcile")
def reconcile(
    connection: Annotated[str, typer.Argument(help="The receiver: the id of its outbound mapping; all else.")] = "",
    *,
    now: Annotated[bool, typer.Option("--now", help="Read the lists now and have sent again what differs.")] = False,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show how the centres' own lists of complaints compared with the hub's when they were last read.

    What differs is sent again, under the keys it had, by whoever sends for that receiver. Exit code 1: something
    differs.

    Example: sunlight complaint reconcile city.complaints.status --now
    """
    with closing(common.hub(settings)) as hub:
        found = dict(_compared(hub, connection, now=now))
    if as_json:
        common.print_json(found)
    else:
        _show(found)
    raise typer.Exit(1 if any(each and each["count"] for each in found.values()) else 0)


def _compared(hub: wiring.Hub, connection: str, *, now: bool) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield the last comparison of each receiver whose mapping says how its list is read; None: there was none yet."""
    for each in _reconcilers(hub, connection):
        before = hub.store.remembered(PREFIX + each.connection)
        with closing(each):
            yield each.connection, dict(each.compare(before)) if now else before


def _reconcilers(hub: wiring.Hub, connection: str) -> Iterator[Reconciler]:
    for folder in wiring.department_folders(hub.settings.mappings.folder):
        for path in wiring.outbound_files(folder):
            mapped = wiring.load_outbound(path)
            if mapped.declaration.reconcile is not None and connection in ("", mapped.declaration.connection):
                made = hub.reconciler(mapped)
                if made is not None:
                    yield made


def _show(found: dict[str, dict[str, Any] | None]) -> None:
    if not found:
        common.OUT.print("no mapping of statuses says how a centre's list is read: see docs/complaint-centres.md")
    for name, each in found.items():
        if each is None:
            common.OUT.print(f"{name}: not compared yet")
            continue
        told = f"{each['listed'][0]} listed, {each['held'][0]} here, {common.counted(each['count'], 'difference')}"
        common.OUT.print(f"{name}: {told}, {each['sent_again']} sent again ({each['at'][:19]})", soft_wrap=True)
        if each["differences"]:
            table = Table("complaint 投诉件", "what", "here", "there")
            for row in each["differences"]:
                table.add_row(row["complaint_no"], row["kind"], row["here"] or "-", row["there"] or "-")
            common.OUT.print(table)
