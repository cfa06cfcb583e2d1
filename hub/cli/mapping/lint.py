"""`sunlight mapping lint`: every problem of mapping files, before they run, for people, editors and CI."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from hub import mapping
from hub.cli import common
from hub.errors import Fault
from hub.mapping.linting.sarif import sarif_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEPARTMENT: Final = "department.yaml"

_FAULTY: Final = 2
"""Exit code where something keeps a mapping from being loaded, or --strict a warning from being passed."""


def lint(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Mapping files, or folders of them. Default: \\[mappings] folder.")
    ] = None,
    *,
    contract: Annotated[
        Path | None, typer.Option("--contract", help="What the source promises: XSD, WSDL, JSON Schema, table, DDL.")
    ] = None,
    sample: Annotated[Path | None, typer.Option("--sample", help="What the source sent: CSV, JSONL or XML.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as errors.")] = False,
    as_json: common.AsJson = False,
    as_sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0, for editors and CI.")] = False,
    settings: common.SettingsFile = None,
) -> None:
    """Check mapping files by their types and, where given, by the source's contract; report all problems at once.

    Exit code 0: no errors, with --strict no warnings either; 2: there are some, or a file is not there.

    Example: sunlight mapping lint mappings/taizhou-housing/permits.yaml --contract inf_apply.sql
    """
    files = list(_files(paths or [common.hub(settings).settings.mappings.folder]))
    faults = [fault for file in files for fault in _linted(file, [given for given in (contract, sample) if given])]
    if as_sarif:
        common.print_json(sarif_of(faults))
    elif as_json:
        common.print_json({"files": len(files), "faults": [dataclasses.asdict(fault) for fault in faults]})
    else:
        _say(faults, len(files))
    gating = [fault for fault in faults if strict or fault.severity == "error"]
    raise typer.Exit(_FAULTY if gating else 0)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for file in sorted(path.rglob("*.yaml")):
            if file.name != DEPARTMENT and ".examples." not in file.name:
                yield file


def _linted(file: Path, contracts: Sequence[Path]) -> list[Fault]:
    if not file.is_file():
        return [Fault(code="map.unreadable", problem="there is no such file", file=str(file), hint="check its path")]
    wanted: list[Path | None] = [*contracts] or [None]
    found = [fault for given in wanted for fault in mapping.lint_all(file, given)]
    return list(dict.fromkeys(found))


def _say(faults: Sequence[Fault], files: int) -> None:
    for file in dict.fromkeys(fault.file for fault in faults):
        table = Table(title=Text(file), title_justify="left", show_lines=True)
        for heading in ("line", "rule", "source → target", "problem", "what to do"):
            table.add_column(heading, overflow="fold", no_wrap=heading == "line")
        for fault in faults:
            if fault.file == file:
                style = "red" if fault.severity == "error" else "yellow"
                table.add_row(*(Text(cell) for cell in _cells(fault)), style=style)
        common.OUT.print(table)
    count = Counter(fault.severity for fault in faults)
    said = [common.counted(count[severity], severity) for severity in ("error", "warning")]
    common.OUT.print(", ".join([common.counted(files, "file"), *said]))


def _cells(fault: Fault) -> tuple[str, ...]:
    paths = " → ".join(path for path in (fault.source_path, fault.target_path) if path)
    problem = fault.problem + (f" [{fault.value}]" if fault.value and fault.value not in fault.problem else "")
    return f"{fault.line}:{fault.column}", f"{fault.severity}: {fault.code}", paths, problem, fault.hint
