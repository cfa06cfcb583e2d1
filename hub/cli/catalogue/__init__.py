"""`sunlight catalogue`: the power catalogue 职权目录, its history, and changes that take two people."""

from __future__ import annotations

import typer

from hub.cli.catalogue import deciding, lists, looking

app = typer.Typer(
    help="The power catalogue 职权目录: matters with their versions, limits, flow, fees and discretion. "
    "A change is proposed by one person (import) and holds once another has approved it (approve) 双人审核.",
    no_args_is_help=True,
)
app.command("list")(looking.list_)
app.command("show")(looking.show)
app.command("lint")(looking.lint)
app.command("import")(lists.import_)
app.command("export")(lists.export)
app.command("template")(lists.template)
app.command("changes")(deciding.changes)
app.command("approve")(deciding.approve)
app.command("refuse")(deciding.refuse)
