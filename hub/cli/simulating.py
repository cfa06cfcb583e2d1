"""`sunlight simulate` and `sunlight verify-truth`: a city of records with a known truth, and what a hub makes of it."""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from rich.table import Table

from conformance.simulation.comparing import Line, compare, precision, recall
from conformance.simulation.judging import Bench
from conformance.simulation.plan import LEAST_CASES
from conformance.simulation.shapes import KINDS
from conformance.simulation.writing import write
from hub import wiring
from hub.cli import common
from hub.cli.feeding import Fed, feed
from hub.errors import Fault, Misconfigured
from hub.mapping import TOKEN_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SEED: Final = 20080808
CASES: Final = 2_000
SHOWN: Final = 5
"""Keys of what was missed or is false that are shown of each rule."""

_FOLDER = Annotated[Path, typer.Argument(metavar="FOLDER", help="What `sunlight simulate` wrote.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a hub did: rule by rule, and what was to be refused and was."""

    lines: Sequence[Line]
    refused: Mapping[str, int]
    not_judged: Sequence[str]

    def is_right(self, truth: Mapping[str, Any], *, by_engine: bool) -> bool:
        """Tell whether all was found, nothing else, and exactly the spoilt records were refused."""
        clean = by_engine or self.refused == truth["refused"]
        return clean and not any(line.missed or line.false for line in self.lines)


def simulate(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder that is made, and must not hold anything yet.")],
    cases: Annotated[int, typer.Option(min=LEAST_CASES, help="How many cases the city has.")] = CASES,
    seed: Annotated[int, typer.Option(help="Another seed, another city; the same seed, the same bytes.")] = SEED,
    connectors: Annotated[
        str, typer.Option(help="Kinds of connectors that are to have something to read; what others would is left out.")
    ] = ",".join(KINDS),
    as_json: common.AsJson = False,
) -> None:
    """Write the records of a simulated city, as its departments' own systems hold them, and the truth about them.

    Seven systems of every kind of connector, with their mappings and catalogues, in which every rule is broken a known
    number of times: truth.json says where. `sunlight verify-truth` shows whether a hub finds exactly that.

    Example: sunlight simulate --cases 2000 --seed 7 --out city
    """
    if out.exists() and any(out.iterdir()):
        problem, hint = "the folder is not empty", "name another one with --out"
        raise Misconfigured(Fault(code="simulate.not-empty", problem=problem, file=str(out), hint=hint))
    kinds = _kinds(connectors)
    with common.progress() as bar:
        task = bar.add_task("simulate 模拟", total=cases, unit=" cases")
        truth = write(out, seed=seed, cases=cases, kinds=kinds, progress=lambda more: bar.update(task, advance=more))
    if as_json:
        common.print_json(
            {"folder": str(out), **{name: truth[name] for name in ("seed", "cases", "events", "records", "refused")}}
        )
        return
    table = Table(
        "connection 连接",
        "records 记录",
        "to be refused 应拒收",
        title=f"{truth['cases']:,} cases in {out}",
        title_justify="left",
    )
    for name, count in truth["records"].items():
        table.add_row(name, f"{count:,}", f"{truth['refused'].get(name, 0):,}")
    common.OUT.print(table)


def _kinds(said: str) -> frozenset[str]:
    """Read the kinds of connectors that were asked for."""
    kinds = frozenset(each.strip() for each in said.split(",") if each.strip())
    if not kinds or kinds - {*KINDS}:
        unknown = ", ".join(sorted(kinds - {*KINDS})) or "nothing"
        problem, hint = f"--connectors names {unknown}", f"name some of {', '.join(KINDS)}, with a comma between them"
        raise Misconfigured(Fault(code="simulate.connectors", problem=problem, hint=hint))
    return kinds


def verify_truth(
    folder: _FOLDER,
    *,
    engine: Annotated[
        bool, typer.Option("--engine", help="Judge the cases by the pure engine alone, without systems, bus and store.")
    ] = False,
    as_json: common.AsJson = False,
) -> None:
    """Let a private hub take in a simulated city, and compare what it found with the truth. Exit code 0: all of it.

    The hub is an embedded one in a folder of its own; each week's records are handed over as their systems would.

    Example: sunlight verify-truth city
    """
    truth = _truth(folder)
    outcome = _by_engine(folder, truth) if engine else _by_the_whole_path(folder, truth)
    right = outcome.is_right(truth, by_engine=engine)
    if as_json:
        common.print_json(_as_document(outcome, right=right))
    else:
        _show(outcome, truth, by_engine=engine)
    if not right:
        raise typer.Exit(1)


def _truth(folder: Path) -> dict[str, Any]:
    try:
        return dict(orjson.loads((folder / "truth.json").read_bytes()))
    except (OSError, ValueError) as missing:
        problem, hint = "there is no truth.json that can be read", "sunlight simulate --out FOLDER"
        raise Misconfigured(Fault(code="simulate.no-truth", problem=problem, file=str(folder), hint=hint)) from missing


def _by_engine(folder: Path, truth: Mapping[str, Any]) -> Outcome:
    os.environ.setdefault(TOKEN_KEY, secrets.token_hex(32))
    mappings = [wiring.load_mapping(path) for path in sorted(folder.glob("mappings/*/records.yaml"))]
    bench = Bench({each.declaration.connection: each.declaration.offers for each in mappings})
    with common.progress() as bar, (folder / "cases.jsonl").open("rb") as cases:
        task = bar.add_task("judge 研判", total=truth["cases"], unit=" cases")
        for number, line in enumerate(cases, 1):
            bench.take(orjson.loads(line))
            if number % 100 == 0:
                bar.update(task, completed=number)
    found = bench.across()
    return Outcome(lines=compare(truth, found), refused={}, not_judged=sorted(found.not_judged))


def _by_the_whole_path(folder: Path, truth: Mapping[str, Any]) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="sunlight-truth-") as private, common.progress() as bar:
        task = bar.add_task("feed 回放", total=truth["weeks"], unit=" weeks")
        fed: Fed = feed(folder, Path(private), progress=_counting(lambda done: bar.update(task, completed=done)))
    derived = {**truth, "planted": {**truth["planted"], **fed.derived}}
    return Outcome(lines=compare(derived, fed.found), refused=fed.refused, not_judged=sorted(fed.found.not_judged))


def _counting(shown: Callable[[int], None]) -> Callable[[int], None]:
    return shown


def _as_document(outcome: Outcome, *, right: bool) -> dict[str, Any]:
    return {
        "right": right,
        "precision_percent": precision(outcome.lines),
        "recall_percent": recall(outcome.lines),
        "rules": [line.as_document() for line in outcome.lines],
        "not_judged": list(outcome.not_judged),
        "refused": dict(outcome.refused),
    }


def _show(outcome: Outcome, truth: Mapping[str, Any], *, by_engine: bool) -> None:
    table = Table(
        "rule 规则",
        "planted 设定",
        "found 发现",
        "missed 漏报",
        "false 误报",
        "excused 应撤销",
        title="Planted and found",
        title_justify="left",
    )
    for line in outcome.lines:
        table.add_row(
            line.rule, str(line.planted), str(line.found), _some(line.missed), _some(line.false), str(line.excused)
        )
    if not by_engine:
        planted, refused = sum(truth["refused"].values()), sum(outcome.refused.values())
        table.add_row("dirty records", str(planted), str(refused), "", "", "")
    common.OUT.print(table)
    common.OUT.print(f"precision 准确率 {precision(outcome.lines):.2f} %   recall 召回率 {recall(outcome.lines):.2f} %")
    if outcome.not_judged:
        common.OUT.print(f"without inputs here 无输入: {', '.join(outcome.not_judged)}")


def _some(keys: Sequence[str]) -> str:
    more = " …" if len(keys) > SHOWN else ""
    return f"{len(keys)}: {' '.join(keys[:SHOWN])}{more}" if keys else "0"
