"""Code tables: from a source's codes to ours. A code without a target refuses the record, and says which table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.mapping.values import as_text, outline, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT: Final = "*"
"""The entry of a table for every code that it does not name."""


class CodeTable(dict[str, str | None]):
    """One table by the source's code. A target of None is nothing: the field is left out."""

    def __init__(self, name: str, entries: Mapping[str, str | None]) -> None:
        """Hold `entries` under the `name` that the mapping gives the table."""
        super().__init__(entries)
        self.name = name


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
