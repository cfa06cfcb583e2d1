"""Sources and sinks: one module per kind of department system; codecs turn bytes into records."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final, Protocol

from connectors.codecs import CodecOptions, decode_one
from connectors.database import ROW_PLACE, DatabaseSource, open_database
from connectors.database_reconcile import Reconciling
from connectors.file_options import form_of_name
from connectors.files import open_files
from connectors.manifests import Stating
from connectors.memory import Memory
from connectors.observing import Observing
from connectors.options import encoding_of, namespaces_of
from connectors.positions import Placed
from connectors.rest import open_rest
from connectors.soap import open_soap
from hub.clock import SystemClock
from hub.errors import Fault, Misconfigured
from hub.mapping.before import observe_of
from hub.ports import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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


SOURCES: Final[Mapping[str, Callable[[Declaration, Mapping[str, str], Clock | None], Opened]]] = {
    "database": open_database,
    "files": open_files,
    "rest": open_rest,
    "soap": open_soap,
}
"""What opens each kind of source. A further kind is one module and one line here."""


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
        return open_files(declaration, environment, clock, path)
    opener = SOURCES.get(declaration.kind)
    if opener is None:
        raise Misconfigured(_unknown_kind(declaration))
    source = opener(declaration, environment, clock)
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
    if isinstance(source, DatabaseSource) and source.options.reconcile is not None:
        memory = Memory(folder / f"{name}.received.db")
        source = Reconciling(source, memory, source.options.reconcile, zone=source.options.zone, name=name)
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
