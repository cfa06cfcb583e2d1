"""Decides whether an answer means that all went well: many services say what went wrong in a body with status 200."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.http.paging import value_at
from hub.errors import Unavailable
from hub.mapping.paths import path_in

if TYPE_CHECKING:
    from connectors.options import Options

SAID_CHARS: Final = 200
"""Characters told of what a service says."""


@dataclass(frozen=True, slots=True)
class Success:
    """Where an answer says how it went, which words mean well, and where it says what is wrong. Empty: it does not."""

    at: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    message: tuple[str, ...] = ()

    def check(self, document: Any, place: str) -> None:  # noqa: ANN401 - any tree
        """Raise Unavailable where an answer does not mean that all went well."""
        if not self.at:
            return
        said = value_at(document, self.at)
        word = str(said).lower() if isinstance(said, bool) else "" if said is None else str(said).strip()
        if word not in self.words:
            told = value_at(document, self.message) if self.message else ""
            problem = f"the service answers {word or 'nothing'}: {told or ''}"[:SAID_CHARS]
            raise Unavailable(problem, place=place, hint="try again later, or ask whoever runs the service")


def success_of(connect: Options) -> Success:
    """Read `success: {at: code, is: ["0"], message: msg}`."""
    section = connect.section("success")
    found = Success(path_in(section.text("at", "")), section.texts("is"), path_in(section.text("message", "")))
    if found.at and not found.words:
        section.fault("is", "names no word", 'write is: ["0", "200"]')
    section.no_more()
    return found
