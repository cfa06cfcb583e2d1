"""Code tables: from a source's codes to ours. A code without a target refuses the record, and says which table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hub.mapping.values import as_text, outline, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LOOKED_UP: Final = re.compile(r"code\('(\w+)', (?:trim\()?(\w+)\)?\)")
"""An expression in its normal spelling (ast.unparse) that is one look into a table."""

DEFAULT: Final = "*"
"""The entry of a table for every code that it does not name."""


class CodeTable(dict[str, str | None]):
    """One table by the source's code. A target of None is nothing: the field is left out."""

    def __init__(self, name: str, entries: Mapping[str, str | None]) -> None:
        """Hold `entries` under the `name` that the mapping gives the table."""
        super().__init__(entries)
        self.name = name


def looked_up(
    expressions: Iterable[str], names: Mapping[str, Sequence[str]], tables: Mapping[str, CodeTable]
) -> dict[str, CodeTable]:
    """Return the columns of the record itself that are looked up as they are, or trimmed, with their tables."""
    found = {}
    for text in expressions:
        match = _LOOKED_UP.fullmatch(text)
        path = names.get(match[2], (match[2],)) if match else ()
        if match and len(path) == 1 and match[1] in tables:
            found[path[0]] = tables[match[1]]
    return found


def code(table: CodeTable, value: object) -> str | None:
    """Look a code up in its table; `*` is the table's default, without it an unknown code is refused."""
    text = as_text(value)
    if text is None:
        return None
    if text in table:
        return table[text] or None
    if DEFAULT in table:
        return table[DEFAULT] or None
    problem = f"the source sent the code {outline(text)!r}, which the list {table.name!r} does not know"
    return refuse("unknown-code", problem, text, f"add it to {table.name} under codes:, or {DEFAULT!r} for all others")
