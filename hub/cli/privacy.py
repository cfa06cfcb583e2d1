"""`sunlight privacy`: how much of what is personal in free text is found, and what a text looks like masked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.errors import HubError
from hub.views.fields import GROUPS
from hub.views.masking import found_in, masked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.privacy.measure import Measured

app = typer.Typer(
    help="Personal data 个人信息 in free text: measure how much is found, see a text masked.", no_args_is_help=True
)


@app.command()
def measure(
    *,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="Marked texts of your own (NDJSON).", exists=True, dir_okay=False)
    ] = None,
    missed: Annotated[int, typer.Option("--missed", min=0, help="Show so many places that were not found.")] = 0,
    as_json: common.AsJson = False,
) -> None:
    """Measure the detector that masks free text in the public and the intranet view: recall and precision by kind.

    Without --corpus on the generated one, the same for everybody, where it is held to floors: exit code 1 below one. A
    corpus of your own has one JSON object a line: {"text": "联系人张三", "spans": [["name", 4, 5]]}; of a name what
    follows the surname is marked.

    Example: sunlight privacy measure --missed 20
    """
    from conformance.privacy import corpus as generated  # noqa: PLC0415 - what few commands need
    from conformance.privacy import measure as measuring  # noqa: PLC0415

    texts = measuring.read_corpus(corpus) if corpus else list(generated.corpus())
    found = measuring.measure(texts)
    below = [] if corpus else measuring.below_floors(found)
    places = [where for where, _, _ in measuring.missed(texts)][:missed]
    if as_json:
        common.print_json({"texts": len(texts), "kinds": [_told(each) for each in found], "missed": places})
    else:
        common.OUT.print(_table(found, len(texts)))
        for place in places:
            common.OUT.print(place, highlight=False, markup=False)
    if below:
        problem = f"below the floor: {', '.join(below)}"
        raise HubError(problem)


@app.command()
def mask(
    text: Annotated[str, typer.Argument(help="The text; `-` reads standard input.")], *, as_json: common.AsJson = False
) -> None:
    """Show a text as the public and the intranet view show it.

    Example: sunlight privacy mask "联系人张三丰，电话13800001234"
    """
    said = sys.stdin.read() if text == "-" else text
    if as_json:
        spans = [{"kind": each.kind, "start": each.start, "end": each.end} for each in found_in(said)]
        common.print_json({"text": masked(said), "found": spans})
        return
    common.OUT.print(masked(said), highlight=False, markup=False, soft_wrap=True)


@app.command()
def fields(
    view: Annotated[str, typer.Option("--view", help="Only of this view: public, intranet, restricted, inside.")] = "",
    *,
    as_json: common.AsJson = False,
) -> None:
    """Show which field each view sees, how, and on what ground: the very table that documents are redacted by.

    A view sees the fields of those below it too: the restricted view all but what is inside.

    Example: sunlight privacy fields --view public
    """
    rows = [
        {"view": group.view, "field": path, "shown": group.shown, "ground": group.ground, "document": kind}
        for kind, groups in GROUPS.items()
        for group in groups
        for path in group.paths
        if view in ("", group.view)
    ]
    if as_json:
        common.print_json({"fields": rows})
        return
    table = Table(title=f"Fields by view 各视图字段: {len(rows)}")
    for heading in ("view", "field", "shown", "ground"):
        table.add_column(heading)
    for row in rows:
        table.add_row(*(Text(row[name]) for name in ("view", "field", "shown", "ground")))
    common.OUT.print(table)


def _told(each: Measured) -> dict[str, Any]:
    counts = {"there": each.there, "found": each.found, "marked": each.marked, "right": each.right}
    return {"kind": each.kind, **counts, "recall": round(each.recall, 4), "precision": round(each.precision, 4)}


def _table(found: Sequence[Measured], texts: int) -> Table:
    table = Table(title=f"Personal data found in {texts:,} texts 个人信息识别")
    for heading in ("kind", "there", "found", "recall 召回", "marked", "precision 精确"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    for each in found:
        cells = (each.kind, f"{each.there:,}", f"{each.found:,}", f"{each.recall:.1%}")
        table.add_row(*map(Text, (*cells, f"{each.marked:,}", f"{each.precision:.1%}")))
    return table
