"""Notices what a source begins to send that its mapping was not written for: columns, codes, types of values.

Pure, bounded and cheap: a record whose columns were seen before costs one look; values are looked at in the first
records of each read, and in few of those after.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from hub.mapping.before import BEFORE
from hub.mapping.values import outline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.mapping.codes import CodeTable

Kind = Literal["new-column", "new-code", "changed-type"]

LOOKED_AT: Final = 1000
"""Records of a read whose values are all looked at."""

ONE_IN: Final = 64
"""Of those after, one in so many."""

SURE: Final = 20
"""Values of one type after which another type is a change, and not the first of many."""

MOST: Final = 200
"""Findings kept of one connection: beyond it nobody reads them."""

COLUMNS: Final = 4096
"""Columns remembered; a source that makes up names must not fill memory."""

SHAPED: Final = 16 * COLUMNS
"""Names remembered in all sets of columns together: a source that makes up names is looked at column by column."""

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:@ -]*")
_SHOWN: Final = 80
_MARK: Final = 4
"""Hex digits that tell names of one form apart, and too few to find a number by."""

_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.][0-9]+)?")
_TIME: Final = re.compile(r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is new. `detail` shows the form of a value, never the value."""

    kind: Kind
    column: str
    detail: str


@dataclass(slots=True)
class Seen:
    """What a source has sent so far; all of it is plain JSON."""

    columns: set[str] = field(default_factory=set)
    types: dict[str, dict[str, int]] = field(default_factory=dict)
    """By column, how many values of each type were looked at."""
    findings: list[Finding] = field(default_factory=list)
    is_learning: bool = True
    """Until the end of the first read everything is new, and nothing is told."""


class Tracker:
    """Looks at the records of one connection."""

    def __init__(self, seen: Seen, coded: Mapping[str, CodeTable]) -> None:
        """Go on from `seen`; `coded` are the columns that the mapping looks up, with their tables."""
        self.seen, self._coded = seen, coded
        self._shapes: set[frozenset[str]] = set()
        self._looked = self._shaped = 0

    def begin(self) -> None:
        """Begin a read: its first records are looked at closely."""
        self._looked = 0

    def look(self, tree: Mapping[str, Any]) -> None:
        """Look at one record."""
        shape = frozenset(tree) - {BEFORE}
        if shape not in self._shapes:
            self._new_columns(shape)
        self._looked += 1
        if self._looked <= LOOKED_AT or not self._looked % ONE_IN:
            for column, value in tree.items():
                if value is not None and value != "":
                    self._look_at(column, value)

    def end(self) -> None:
        """End a read: from the second on what is new is told."""
        self.seen.is_learning = False

    def _new_columns(self, shape: frozenset[str]) -> None:
        names = {told(column) for column in shape}
        for column in sorted(names - self.seen.columns)[: COLUMNS - len(self.seen.columns)]:
            self.seen.columns.add(column)
            self._tell("new-column", column, "no record had it before")
        if self._shaped + len(shape) <= SHAPED:
            self._shapes.add(shape)
            self._shaped += len(shape)

    def _look_at(self, column: str, value: object) -> None:
        table = self._coded.get(column)
        if table is not None and str(value) not in table:
            self._find("new-code", told(column), f"{outline(str(value))}: not in {table.name}")
        column = told(column)
        if column not in self.seen.types and len(self.seen.types) >= COLUMNS:
            return
        kind, known = type_of(value), self.seen.types.setdefault(column, {})
        if kind not in known and len(known) == 1 and "text" not in known and sum(known.values()) >= SURE:
            self._tell("changed-type", column, f"{kind}, where every value was {next(iter(known))}")
        known[kind] = known.get(kind, 0) + 1

    def _tell(self, kind: Kind, column: str, detail: str) -> None:
        if not self.seen.is_learning:
            self._find(kind, column, detail)

    def _find(self, kind: Kind, column: str, detail: str) -> None:
        found = Finding(kind=kind, column=column, detail=detail)
        if found not in self.seen.findings and len(self.seen.findings) < MOST:
            self.seen.findings.append(found)


def told(column: str) -> str:
    """Return a column's name as it may be logged and kept: of what is no ASCII word the form alone, and a mark.

    Under a file without a header row the names are the first row's values: somebody's.
    """
    if _WORD.fullmatch(column):
        return column[:_SHOWN]
    return f"{outline(column)}#{hashlib.sha256(column.encode(errors='replace')).hexdigest()[:_MARK]}"


def type_of(value: object) -> str:
    """Return the type of a value as a person would call it: number, time, text or nested."""
    if isinstance(value, (dict, list)):
        return "nested"
    if isinstance(value, (int, float)):
        return "number"
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return "number"
    return "time" if _TIME.fullmatch(text) else "text"
