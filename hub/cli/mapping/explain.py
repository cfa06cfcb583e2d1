"""`sunlight mapping explain`: where every value of a record's events came from, or why there are none."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.mapping import TOKEN_KEY
from hub.mapping.examples import ENVIRONMENT, read_examples
from hub.mapping.explain import Explanation, Leaf, Refusal, Step, explain

if TYPE_CHECKING:
    from collections.abc import Sequence

_REFUSED: Final = 3
"""Exit code where the mapping refuses the record."""

_EXAMPLES: Final = "examples:"


def explain_command(
    file: Annotated[Path, typer.Argument(help="The mapping file.")],
    *,
    record: Annotated[str, typer.Option("--record", help="A JSON file, - for standard input, or examples:NAME.")],
    event: Annotated[int | None, typer.Option("--event", min=1, help="Only this event of the record, from 1.")] = None,
    as_json: common.AsJson = False,
) -> None:
    """Explain every value that a mapping writes for one record: rule, columns, steps; persons are masked.

    Exit code 0: the record is mapped; 3: it is refused, and what would have to change is said.

    Example: sunlight mapping explain mappings/taizhou-housing/permits.yaml --record row.json
    """
    environment = os.environ if os.environ.get(TOKEN_KEY) else ENVIRONMENT
    found = explain(file, _record(file, record), environment=environment)
    chosen = [(place, leaves) for place, leaves in enumerate(found.events, 1) if event in {None, place}]
    if event is not None and found.refusal is None and not chosen:
        problem = f"the record has {common.counted(len(found.events), 'event')}, none is number {event}"
        raise Misconfigured(Fault(code="map.no-event", problem=problem, file=str(file), hint="leave --event out"))
    if as_json:
        common.print_json(_plain(found, chosen, file))
    else:
        _say(found, chosen, file)
    raise typer.Exit(_REFUSED if found.refusal else 0)


def _record(file: Path, given: str) -> Any:  # noqa: ANN401 - any record
    if given.startswith(_EXAMPLES):
        name = given.removeprefix(_EXAMPLES)
        examples = {example.name: example.record for example in read_examples(file)[0]}
        if name in examples:
            return examples[name]
        hint = "known: " + "; ".join(examples)
        raise Misconfigured(Fault(code="map.no-example", problem=f"no example {name!r}", file=str(file), hint=hint))
    try:
        return orjson.loads(sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes())
    except (OSError, ValueError) as bad:
        problem = f"the record cannot be read: {type(bad).__name__}"
        raise Misconfigured(Fault(code="map.no-record", problem=problem, file=given, hint="one JSON object")) from bad


def _plain(found: Explanation, chosen: Sequence[tuple[int, Sequence[Leaf]]], file: Path) -> dict[str, Any]:
    def said(leaf: Leaf) -> dict[str, Any]:
        return {**dataclasses.asdict(leaf), "path": "/".join(map(str, leaf.keys)), "file": str(file)}

    events = [{"event": place, "fields": [said(leaf) for leaf in leaves]} for place, leaves in chosen]
    return {"events": events, "refused": dataclasses.asdict(found.refusal) if found.refusal else None}


def _say(found: Explanation, chosen: Sequence[tuple[int, Sequence[Leaf]]], file: Path) -> None:
    if found.refusal:
        _say_refusal(found.refusal, file)
    for place, leaves in chosen:
        table = Table(title=Text(f"event {place}: {file}"), title_justify="left")
        for heading in ("field", "value", "rule", "line", "source", "steps"):
            table.add_column(heading, overflow="fold")
        for leaf in leaves:
            path = "/".join(map(str, leaf.keys))
            cells = (path, str(leaf.value), leaf.rule, str(leaf.line), ", ".join(leaf.sources), _steps(leaf.steps))
            table.add_row(*(Text(cell) for cell in cells))
        common.OUT.print(table)
    if not found.refusal and not found.events:
        common.OUT.print("the record yields no event")


def _say_refusal(why: Refusal, file: Path) -> None:
    said = {
        "refused": f"{why.code} at {why.path}", "problem": why.problem, "value": why.value, "change": why.hint,
        "rule": f"{file}:{why.line}: {why.rule}", "source": ", ".join(why.sources), "steps": _steps(why.steps),
    }  # fmt: skip
    for name, text in said.items():
        common.OUT.print(f"{name}: {text}", soft_wrap=True, highlight=False, markup=False)


def _steps(steps: Sequence[Step]) -> str:
    return "\n".join(f"{step.expression} = {step.value}" for step in steps)
