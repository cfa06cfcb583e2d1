"""`sunlight mapping`: the commands for those who write mapping files."""

from __future__ import annotations

import typer

from hub.cli.mapping import diff, drift, explain, fingerprint, lint, new, record, test

app = typer.Typer(help="Check, test and explain mapping files.", no_args_is_help=True)
app.command("lint")(lint.lint)
app.command("fingerprint")(fingerprint.fingerprint)
app.command("test")(test.run)
app.command("explain")(explain.explain_command)
app.command("diff")(diff.diff)
app.command("drift")(drift.drift)
app.command("new")(new.new)
app.command("record")(record.record)
