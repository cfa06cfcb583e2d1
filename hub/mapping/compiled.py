"""A compiled mapping: maps one record, and says of a refusal which field and which columns it is about."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.errors import Refused, Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from hub.mapping.codes import CodeTable
    from hub.mapping.declaration import Declaration

_LACKING: Final = 3
"""Columns named that a refused record lacks; more would bury the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedEvent:
    """One event of a record: its id and its `data` (schemas/case-event.v1), all but the provenance.

    Events of one record share their `case`; nobody alters it.
    """

    event_id: str
    data: dict[str, Any]

    def plain(self) -> dict[str, Any]:
        """Return id and content as one document."""
        return {"event_id": self.event_id, **self.data}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an outbound mapping made of one document of the hub: a tree in the form that its receiver takes."""

    data: dict[str, Any]

    def plain(self) -> dict[str, Any]:
        """Return the tree."""
        return self.data


class CompiledMapping:
    """A mapping that has been checked and compiled; maps records until the process ends."""

    def __init__(
        self,
        declaration: Declaration,
        fingerprint: str,
        lines: Sequence[tuple[str, str]],
        names: dict[str, Any],
        columns: frozenset[str],
        coded: Mapping[str, CodeTable],
    ) -> None:
        """Compile `lines`, each with its target path, over the values and functions in `names`.

        `columns` are those of the record that they read; `coded` those that are looked up, with their tables.
        """
        self.coded = coded
        self.declaration, self.fingerprint, self.columns = declaration, fingerprint, columns
        self.source = "\n".join(text for text, _ in lines)
        self.constants = {name: value for name, value in names.items() if name[0] == "K" and name[1:].isdigit()}
        self._paths = [path for _, path in lines]
        self._function = _compiled(self.source, names)

    def map_record(self, tree: Mapping[str, Any]) -> Sequence[MappedEvent]:
        """Map one record to its events, none if it says nothing; raise Refused, and nothing else, if it cannot be."""
        events: Sequence[MappedEvent] = self.mapped(tree)
        return events

    def write(self, document: Mapping[str, Any]) -> dict[str, Any] | None:
        """Write one document as its receiver takes it, None if it is not meant to have it; raise Refused if it cannot.

        Only of an outbound mapping.
        """
        written: Sequence[Written] = self.mapped(document)
        return written[0].data if written else None

    def outcome(self, tree: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return all that comes of a record, as plain documents; raise Refused if nothing can."""
        return [each.plain() for each in self.mapped(tree)]

    def mapped(self, tree: Mapping[str, Any]) -> Any:  # noqa: ANN401 - MappedEvents or Written, by the direction
        """Return all that comes of a record; raise Refused, and nothing else, if nothing can."""
        try:
            return self._function(tree)
        except Refused as refused:
            why = dataclasses.replace(refused.rejection, path=self._path_of(refused.__traceback__))
            raise Refused(self._with_columns_meant(why, tree) if why.code == "map.missing" else why) from None

    def _with_columns_meant(self, why: Rejection, tree: Mapping[str, Any]) -> Rejection:
        """Name the columns that the record lacks: where a value is absent, a name is often misspelt.

        Of the record's own names only a like one is told: under a file without a header row they are a person's data.
        """
        unread = [name for name in tree if name not in self.columns]
        lacking = [f"{name!r}{_like(name, unread)}" for name in sorted(self.columns - tree.keys())[:_LACKING]]
        said = f"; the record has no column {', no column '.join(lacking)}" if lacking else ""
        return dataclasses.replace(why, hint=why.hint + said)

    def _path_of(self, traceback: TracebackType | None) -> str:
        while traceback is not None:
            if traceback.tb_frame.f_code is self._function.__code__:
                return self._paths[traceback.tb_lineno - 1]
            traceback = traceback.tb_next
        return ""


def _like(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f": did you mean {near[0]!r}?" if near else ""


def _compiled(source: str, names: dict[str, Any]) -> Any:  # noqa: ANN401 - the generated function
    namespace: dict[str, Any] = {**names, "__builtins__": {}}
    exec(compile(source, "<mapping>", "exec"), namespace)  # noqa: S102 - written by the builder from whitelisted syntax
    return namespace["map_record"]
