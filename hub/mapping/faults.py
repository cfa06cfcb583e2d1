"""Collects the faults of one mapping file, so that the operator sees all of them at once."""

from __future__ import annotations

import dataclasses
import difflib
from typing import TYPE_CHECKING

from hub.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.mapping.document import Node


class Faults:
    """The faults found so far in one file, in the order they were found."""

    def __init__(self, file: str) -> None:
        """Collect for `file`, the name shown to the operator."""
        self.file = file
        self.found: list[Fault] = []
        self.warnings: list[Fault] = []
        """What is only said: it keeps no mapping from being loaded."""

    def add(self, node: Node, code: str, problem: str, *, hint: str = "", source: str = "", target: str = "") -> None:
        """Note one fault at `node`; `source` and `target` are the paths it stands between."""
        place = {"file": node.file, "hint": hint, "source": source, "target": target}
        self.add_at(node.line, node.column, code, problem, **place)

    def add_at(  # noqa: PLR0913 - all that a person needs
        self,
        line: int,
        column: int,
        code: str,
        problem: str,
        *,
        file: str = "",
        hint: str = "",
        source: str = "",
        target: str = "",
    ) -> None:
        """Note one fault at a line and column (from 1; 0 means unknown) of `file`, else of the one collected for."""
        fault = Fault(
            code=f"map.{code}",
            problem=problem,
            file=file or self.file,
            line=line,
            column=column,
            source_path=source,
            target_path=target,
            hint=hint,
        )
        if fault not in self.found:
            self.found.append(fault)

    def note(self, fault: Fault) -> None:
        """Note a fault made elsewhere, for this file where it names none; once, errors apart from warnings."""
        kept = self.found if fault.severity == "error" else self.warnings
        placed = dataclasses.replace(fault, file=fault.file or self.file)
        if placed not in kept:
            kept.append(placed)


def meant(word: str, known: Iterable[str]) -> str:
    """Hint at the word of `known` that `word` was probably meant to be."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return "known: " + ", ".join(words) if words else ""
