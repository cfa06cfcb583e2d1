"""`sunlight mapping fingerprint`: names the meaning of a mapping, so that two can be told apart by part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hub import mapping
from hub import settings as settings_
from hub.cli import common


def fingerprint(
    file: Annotated[Path, typer.Argument(help="A mapping file.")],
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Print the fingerprint of a mapping: of the whole, and of its fields, codes, time, encoding and schema.

    Formatting, the order of keys, comments, hosts and secrets leave it alone. Exit code 2: the mapping has faults.

    Example: sunlight mapping fingerprint mappings/taizhou-housing/permits.yaml
    """
    found = mapping.fingerprint(file, zone=settings_.load(settings).zone.key)
    if as_json:
        said = {"file": str(file), "version": found.version, "fingerprint": found.whole, "parts": dict(found.parts)}
        common.print_json(said)
        return
    table = Table("part", "fingerprint", title=f"version {found.version}", title_justify="left")
    for name, value in {"whole": found.whole, **found.parts}.items():
        table.add_row(name, value)
    common.OUT.print(table)
