"""Sources and sinks: one module per kind of department system; codecs turn bytes into records."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from connectors.codecs import CodecOptions, decode_one
from connectors.codecs.row import ROW_PLACE
from connectors.file_options import form_of_name
from connectors.manifests import Stating
from connectors.memory import Memory
from connectors.observing import Observing
from connectors.options import encoding_of, namespaces_of
from connectors.positions import Placed
from hub.clock import SystemClock
from hub.errors import Fault, Misconfigured
from hub.mapping.before import observe_of
from hub.ports import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from connectors.manifests import Statement
    from connectors.options import Declaration
    from hub.model.values import Record
    from hub.ports import Clock


class Opened(Source, Protocol):
    """A source as it is opened."""

    @property
    def statement(self) -> Statement | None:
        """Return where its department says how many cases began on which day; None where it does not."""


class Opener(Protocol):
    """Opens a source of one kind."""

    def __call__(
        self, declaration: Declaration, environment: Mapping[str, str], clock: Clock | None, path: Path | None = None
    ) -> Opened:
        """Open it; only files are given a `path` to read in the stead of what is declared."""


SOURCES: Final = ("database", "files", "rest", "soap")
"""The kinds of sources. A further kind is a module of this name, with `open_<kind>`, and its name here."""


def _opener(kind: str) -> Opener:
    """Return what opens a kind; its module, and the libraries it needs, are loaded when it is wanted."""
    return cast("Opener", getattr(import_module(f"connectors.{kind}"), f"open_{kind}"))


def open_source(
    declaration: Declaration,
    environment: Mapping[str, str],
    path: Path | None = None,
    *,
    clock: Clock | None = None,
    memory: Path | None = None,
) -> Source:
    """Open the source that a mapping declares, or the file or folder `path` in its stead.

    `clock` is given in a replay, where the present is in the past; `memory` is the folder in which a reader may keep
    what it saw, without which nothing is compared with it. Nothing is connected before the first read.
    Raise Misconfigured with every fault of the declaration.
    """
    if path is not None:
        return _opener("files")(declaration, environment, clock, path)
    if declaration.kind not in SOURCES:
        raise Misconfigured(_unknown_kind(declaration))
    source = _opener(declaration.kind)(declaration, environment, clock)
    if memory is None:
        return source
    remembering = Placed(_remembering(source, declaration, memory), declaration)
    statement = source.statement
    if statement is None:
        return remembering
    return Stating(remembering, statement, name=declaration.connection, clock=clock or SystemClock())


def _remembering(source: Source, declaration: Declaration, folder: Path) -> Source:
    """Return the source with what its declaration wants remembered."""
    name = declaration.connection
    if declaration.kind == "database":
        from connectors.database_reconcile import reconciled  # noqa: PLC0415 - only where there is a database

        source = reconciled(source, folder, name)
    observe = observe_of(declaration.read)
    if observe is not None:
        source = Observing(source, Memory(folder / f"{name}.observed.db"), key=observe.key, columns=observe.columns)
    return source


def reopen_record(declaration: Declaration, raw: bytes, place: str) -> Record:
    """Decode a quarantined record's exact bytes again, under the declaration as it is now.

    `place` is where the record once stood, and stands again: the name of its file tells the format where the
    declaration does not.
    """
    options = CodecOptions(
        place=place,
        encoding=encoding_of(declaration),
        delimiter=str(declaration.connect.get("delimiter") or ","),
        columns=tuple(declaration.connect.get("columns") or ()),
        widths=dict(declaration.connect.get("widths") or {}),
        record=str(declaration.connect.get("record") or ""),
        namespaces=namespaces_of(declaration),
    )
    return dataclasses.replace(decode_one(raw, _form(declaration, place), options), place=place)


def _form(declaration: Declaration, place: str) -> str:
    if declaration.kind in {"rest", "soap"} or (declaration.kind == "database" and place.startswith(ROW_PLACE)):
        return "row"
    return str(declaration.connect.get("format") or form_of_name(place.partition(":")[0]))


def _unknown_kind(declaration: Declaration) -> Fault:
    return Fault(
        code="source.kind",
        problem=f"there is no kind of source {declaration.kind!r}",
        file=declaration.connection,
        target_path="kind",
        hint=f"known: {', '.join(sorted(SOURCES))}",
    )


__all__ = ["SOURCES", "open_source", "reopen_record"]
