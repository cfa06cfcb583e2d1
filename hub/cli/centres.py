"""`sunlight centre`: the complaint centres that departments run, how they report and how they are told."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict

import typer
from rich.table import Column, Table

from hub.cli import common
from hub.complaint_post.centres import centres_in

app = typer.Typer(no_args_is_help=True, help="Complaint centres 投诉中心: who runs them, how they report and are told.")


@app.callback()
def about() -> None:
    """Complaint centres 投诉中心: who runs them, how they report and are told."""


@app.command("list")
def list_(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List the complaint centres that the documents of departments name.

    Example: sunlight centre list --json
    """
    with closing(common.hub(settings)) as hub:
        found = centres_in(hub.store.catalogue())
    if as_json:
        common.print_json([asdict(each) for each in found.values()])
        return
    table = Table(Column("centre", no_wrap=True), "name 名称", "region", "channels 渠道", "reports by", "is told by")
    for each in found.values():
        channels = ", ".join(each.channels)
        table.add_row(each.centre_id, each.name, each.region_code, channels, each.connection or "-", each.relay or "-")
    common.OUT.print(table if found else "no department names a complaint centre: see docs/complaint-centres.md")
