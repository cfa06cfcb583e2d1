"""`sunlight mapping test`: what the examples of mapping files hold, reach and would notice."""

from __future__ import annotations

import dataclasses
import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from xml.sax.saxutils import quoteattr

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.cli.mapping.files import mapping_files
from hub.mapping.coverage import THRESHOLD, Point, coverage_of, percent_of
from hub.mapping.examples import examples_of, read_examples, run_examples
from hub.mapping.mutate import Mutant, survey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.errors import Fault

_FAILED: Final = 2
"""Exit code where an example fails, too little is reached, or an alteration is not noticed."""

_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1d2733}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem;"
    "border-bottom:1px solid #d8dee6;overflow-wrap:anywhere}h2{margin-top:2rem}"
    ".bad{color:#a5281b;font-weight:600}.good{color:#1c6b3a}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the examples of one mapping came to."""

    file: str
    examples: int
    faults: Sequence[Fault]
    points: Sequence[Point]
    tried: int
    survivors: Sequence[Mutant]

    @property
    def percent(self) -> float:
        """Return how much of the mapping the examples reach."""
        return percent_of(self.points)

    def problems(self, threshold: float) -> Iterator[tuple[int, str]]:
        """Yield line and text of everything that fails the mapping."""
        for fault in self.faults:
            yield fault.line, f"example: {fault.problem}"
        if self.percent < threshold:
            yield from (
                (each.line, f"not reached: {each.kind} {each.label}") for each in self.points if not each.is_reached
            )
        yield from ((mutant.line, f"not noticed: {mutant.what}") for mutant in self.survivors)


def run(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Mapping files, or folders of them. Default: \\[mappings] folder.")
    ] = None,
    *,
    threshold: Annotated[
        float, typer.Option("--threshold", min=0, max=100, help="Percent of events, branches and codes to be reached.")
    ] = THRESHOLD,
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Alter each rule in turn; report what goes unnoticed.")
    ] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write a JUnit report to this file.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write one self-contained page to this file.")] = None,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Run the examples beside mapping files; say which events, branches and codes they reach.

    Exit code 0: all hold and reach enough; 2: an example fails, the threshold is missed, or an alteration survives.

    Example: sunlight mapping test mappings/taizhou-housing --mutate
    """
    files = mapping_files(paths or [common.hub(settings).settings.mappings.folder])
    results = [_tested(file, mutate=mutate) for file in files]
    if junit is not None:
        junit.write_text(_junit(results, threshold), encoding="utf-8")
    if page is not None:
        page.write_text(_page(results, threshold), encoding="utf-8")
    if as_json:
        common.print_json({"threshold": threshold, "mappings": [_plain(each, threshold) for each in results]})
    else:
        _say(results, threshold)
    is_failed = not results or any(list(each.problems(threshold)) for each in results)
    raise typer.Exit(_FAILED if is_failed else 0)


def _tested(file: Path, *, mutate: bool) -> Result:
    faults = run_examples(file)
    examples = () if any(not _is_of_examples(fault, file) for fault in faults) else read_examples(file)[0]
    points = coverage_of(file, examples) if examples else ()
    altered = survey(file, examples) if mutate and not faults else None
    return Result(
        file=str(file),
        examples=len(examples),
        faults=faults,
        points=points,
        tried=altered.tried if altered else 0,
        survivors=altered.survivors if altered else (),
    )


def _is_of_examples(fault: Fault, file: Path) -> bool:
    return fault.file == str(examples_of(file))


def _plain(result: Result, threshold: float) -> dict[str, Any]:
    problems = [{"line": line, "problem": problem} for line, problem in result.problems(threshold)]
    return {
        "file": result.file,
        "examples": result.examples,
        "percent": round(result.percent, 1),
        "points": [dataclasses.asdict(point) for point in result.points],
        "alterations": result.tried,
        "problems": problems,
    }


def _say(results: Sequence[Result], threshold: float) -> None:
    table = Table()
    for heading in ("mapping", "examples", "reached", "alterations", "unnoticed"):
        table.add_column(heading, overflow="fold")
    for each in results:
        cells = (each.file, str(each.examples), f"{each.percent:.1f} %", str(each.tried), str(len(each.survivors)))
        table.add_row(*(Text(cell) for cell in cells), style="red" if list(each.problems(threshold)) else "green")
    common.OUT.print(table)
    for each in results:
        for line, problem in each.problems(threshold):
            common.OUT.print(f"{each.file}:{line}: {problem}", soft_wrap=True, highlight=False, markup=False)


def _junit(results: Sequence[Result], threshold: float) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for each in results:
        problems = list(each.problems(threshold))
        lines.append(f'<testsuite name={quoteattr(each.file)} tests="{len(problems) or 1}" failures="{len(problems)}">')
        for line, problem in problems:
            lines.append(
                f"<testcase name={quoteattr(f'{each.file}:{line}')}><failure message={quoteattr(problem)}/></testcase>"
            )
        if not problems:
            lines.append(f"<testcase name={quoteattr(f'{each.examples} examples')}/>")
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _page(results: Sequence[Result], threshold: float) -> str:
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Mapping tests</title><style>{_STYLE}</style>'
    ]
    parts.append(f"<h1>Mapping tests</h1><p>Threshold: {threshold:g} % of events, branches and codes.</p>")
    for each in results:
        problems = list(each.problems(threshold))
        parts.append(
            f"<h2>{html.escape(each.file)}</h2><p class={'bad' if problems else 'good'}>{each.examples} examples, "
        )
        parts.append(
            f"{each.percent:.1f} % reached, {each.tried} alterations tried, {len(each.survivors)} unnoticed.</p>"
        )
        if problems:
            parts.append(_rows(("line", "problem"), ((str(line), problem) for line, problem in problems)))
        points = ((str(p.line), p.kind, p.label, "reached" if p.is_reached else "not reached") for p in each.points)
        parts.append(_rows(("line", "kind", "what", ""), points))
    return "".join([*parts, "</html>\n"])


def _rows(headings: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{row(headings, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table>"
