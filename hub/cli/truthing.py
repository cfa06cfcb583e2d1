"""`sunlight truthfulness`: how truthfully departments report, beside their peers, for review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from hub.cli import common
from hub.scores import named

if TYPE_CHECKING:
    from collections.abc import Mapping


def truthfulness(
    period: Annotated[str, typer.Argument(help="The month: 2026-10; the last full one where left out.")] = "",
    *,
    department: Annotated[str, typer.Option("--department", help="Only this department, by its id.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every reading, not only those to be reviewed.")] = False,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show where a department's reports differ from its peers' 真实性: back-dating, gaps, sameness, silence.

    For review by people: no alert and no deduction comes of it.

    Example: sunlight truthfulness 2026-10 --department 11321200014000028L
    """
    hub = common.hub(settings)
    told = hub.scores.truthfulness(period, department=department)
    if as_json:
        common.print_json(told)
    else:
        _show(told, named(hub.store.catalogue()), every=every or bool(department))


def _show(told: Mapping[str, Any], names: Mapping[str, str], *, every: bool) -> None:
    table = Table(title=f"Truthfulness 真实性 {told['period']}", title_justify="left")
    for heading in (
        "measure 指标",
        "department 部门",
        "count",
        "sample",
        "%",
        "peers' middle %",
        "usual up to %",
        "peers",
        "",
    ):
        table.add_column(heading, overflow="fold")
    for row in told["readings"]:
        if every or row["for_review"]:
            band = row["band"] or {"middle_percent": "-", "high_percent": "-", "peers": "too few"}
            table.add_row(
                f"{row['zh']} {row['en']}", f"{names.get(row['department_id'], '')} {row['department_id']}",
                str(row["count"]), str(row["sample"]), row["percent"] or "too few", band["middle_percent"],
                band["high_percent"], str(band["peers"]), "待复核 review" if row["for_review"] else "",
            )  # fmt: skip
    common.OUT.print(table)
    common.OUT.print(f"{told['notice']['zh']} {told['notice']['en']}")
