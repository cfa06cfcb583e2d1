"""`sunlight check`: everything the operator wrote, read as a start would read it, and nothing started."""

from __future__ import annotations

import dataclasses
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from connectors import open_source
from connectors.fetching import open_fetcher
from connectors.options import UNSET
from connectors.push import KIND as PUSH
from connectors.push import push_format
from connectors.sinks import open_sink
from hub import mapping, wiring
from hub.cli import common
from hub.cli.calendars import missing_offline
from hub.complaint_post.centres import centre_faults
from hub.errors import Fault, Misconfigured
from hub.mapping.examples import examples_of, run_examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hub.mapping import CompiledMapping

DEPARTMENT: Final = "department.yaml"

_NO_KEY: Final = "map.no-token-key"

_ENVIRONMENT: Final = frozenset({UNSET, _NO_KEY})
"""Faults of this process's environment, not of the file: another machine may have what is not set here."""


@dataclass(slots=True)
class _Findings:
    """What the files come to."""

    files: int = 0
    faults: list[Fault] = field(default_factory=list)
    unset: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    declared: dict[str, Path] = field(default_factory=dict)
    """By connection, the file that declares it."""

    def note(self, wrong: Misconfigured) -> None:
        for fault in wrong.faults:
            (self.unset if fault.code in _ENVIRONMENT else self.faults).append(fault)


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Mapping files, catalogues, or folders of them. Default: \\[mappings] folder."),
    ] = None,
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Read mapping files, their examples and how they connect, and catalogues; report all that is wrong, at once.

    Nothing is connected to but the store, where there is one, for the years whose working days it knows. Exit code 0:
    nothing is wrong; 2: each fault is one line, `file:line:column: code: what and what to do`. What is merely not set
    in this environment is said, and is no fault.

    Example: sunlight check mappings/taizhou-housing/permits.yaml
    """
    found = _Findings()
    files = list(_given(paths, found)) if paths else _all(common.hub(settings).settings.mappings.folder, found)
    for path in files:
        found.files += 1
        try:
            wiring.load_catalogue(path) if path.name == DEPARTMENT else _check_mapping(path, found, served=not paths)
        except Misconfigured as wrong:
            found.note(wrong)
    if not paths and (missing := missing_offline(common.hub(settings))):
        found.warnings.append(missing)
    _say(found, as_json=as_json)
    raise typer.Exit(2 if found.faults else 0)


def _all(folder: Path, found: _Findings) -> list[Path]:
    departments = wiring.department_folders(folder)
    found.skipped += sorted(
        each
        for each in folder.iterdir()
        if each.name != wiring.BASES and each not in departments and any(each.glob("*.yaml"))
    )
    return [
        path
        for each in departments
        for path in (each / DEPARTMENT, *wiring.mapping_files(each), *wiring.outbound_files(each))
    ]


def _given(paths: Sequence[Path], found: _Findings) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (file for file in sorted(path.rglob("*.yaml")) if ".examples." not in file.name)
        elif path.is_file():
            yield path
        else:
            found.faults.append(Fault(code="check.missing", problem="there is no such file", file=str(path)))


def _check_mapping(path: Path, found: _Findings, *, served: bool) -> None:
    """Check one mapping file as far as it goes; Misconfigured with what stops it. `served`: it is not for imports."""
    loaded = _loaded(path, found)
    found.warnings += [fault for fault in mapping.lint_all(path) if fault.severity == "warning"]
    if examples_of(path).is_file():
        found.faults += run_examples(path)
    found.faults += centre_faults(path)
    if loaded.declaration.of:
        _placed_faults(lambda: open_sink(loaded.declaration, os.environ).close(), path)
        listed = loaded.declaration.reconcile
        if listed is not None:
            _placed_faults(lambda: open_source(listed, os.environ).close(), path, "reconcile.")
        return
    name = loaded.declaration.connection
    if found.declared.setdefault(name, path) != path:
        problem, hint = f"connection {name} is declared by {found.declared[name]} too", "one connection, one mapping"
        found.faults.append(Fault(code="mappings.twice", problem=problem, file=str(path), hint=hint))
    _check_connecting(loaded, path, served=served)


def _loaded(path: Path, found: _Findings) -> CompiledMapping:
    """Load a mapping; where only the key of tokens is not set here, note that and do without."""
    load = mapping.load_outbound if wiring.OUTBOUND in path.name else mapping.load
    try:
        return load(path, environment=os.environ)
    except Misconfigured as wrong:
        if {fault.code for fault in wrong.faults} != {_NO_KEY}:
            raise
        found.note(wrong)
        return load(path, environment={mapping.TOKEN_KEY: secrets.token_hex()})


def _check_connecting(loaded: CompiledMapping, path: Path, *, served: bool) -> None:
    """Read how the source is reached; raise Misconfigured with its faults where they stand in the file."""
    declaration = loaded.declaration
    _placed_faults(lambda: _ignored(open_fetcher(declaration, os.environ)), path)
    if declaration.kind == PUSH:
        _placed_faults(lambda: _ignored(push_format(declaration)), path)
        return
    is_named_later = not served and declaration.kind == "files" and "path" not in declaration.connect
    _placed_faults(lambda: open_source(declaration, os.environ, path if is_named_later else None).close(), path)


def _ignored(_: object) -> None:
    """Take note of nothing but that there was no fault."""


def _placed_faults(act: Callable[[], None], path: Path, below: str = "") -> None:
    """Do something; where it is misconfigured, say at which line of `path`, whose places stand `below` others."""
    try:
        act()
    except Misconfigured as wrong:
        raise Misconfigured(*(_placed(fault, path, below) for fault in wrong.faults)) from wrong


def _placed(fault: Fault, path: Path, below: str) -> Fault:
    line, column = mapping.position(path, f"{below}{fault.target_path}".split("."))
    return dataclasses.replace(fault, file=str(path), line=line, column=column)


def _say(found: _Findings, *, as_json: bool) -> None:
    if as_json:
        names = ("faults", "warnings", "unset", "skipped")
        lists = {name: [str(each) for each in getattr(found, name)] for name in names}
        common.print_json({"files": found.files, **lists})
        return
    for fault in (*found.faults, *found.warnings):
        common.OUT.print(str(fault), soft_wrap=True, highlight=False, markup=False)
    for fault in found.unset:
        common.OUT.print(f"not set here: {fault}", soft_wrap=True, highlight=False, markup=False)
    for folder in found.skipped:
        common.OUT.print(f"not read: {folder} has no {DEPARTMENT}", soft_wrap=True, highlight=False, markup=False)
    common.OUT.print(f"{common.counted(found.files, 'file')}, {common.counted(len(found.faults), 'fault')}")
