"""Reads which columns a mapping observes (`read: {observe: {key, columns}}`), for `changed(column)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

BEFORE: Final = "@before"
"""Name in a record of what the one of its key said before: no source has a column of that name."""


class Observe(NamedTuple):
    """Which column tells rows apart, and which are compared with what they said before."""

    key: str
    columns: tuple[str, ...]


def observe_of(read: Mapping[str, Any]) -> Observe | None:
    """Return what is observed; None where nothing is."""
    declared = read.get("observe")
    return Observe(str(declared["key"]), tuple(declared["columns"])) if declared else None
