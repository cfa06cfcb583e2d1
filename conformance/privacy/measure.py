"""Measures the detector on marked texts: what of each kind it finds, and how much of what it finds is personal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from conformance.privacy.corpus import Marked
from hub.errors import Fault, Misconfigured
from hub.views.masking import KINDS, found_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.views.spans import Span

FLOORS: Final[Mapping[str, tuple[float, float]]] = {
    **dict.fromkeys(KINDS, (0.99, 0.99)),
    "name": (0.93, 0.98),
    "address": (0.97, 0.98),
}
"""Least recall and least precision of each kind on the generated corpus; a test holds the detector to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One kind: how many there were, how many were wholly found, how many were marked, how many of those rightly."""

    kind: str
    there: int
    found: int
    marked: int
    right: int

    @property
    def recall(self) -> float:
        """Return the share of what is there that is wholly hidden; 1 where nothing is there."""
        return self.found / self.there if self.there else 1.0

    @property
    def precision(self) -> float:
        """Return the share of what is marked that touches something personal; 1 where nothing is marked."""
        return self.right / self.marked if self.marked else 1.0


def measure(texts: Iterable[Marked]) -> Sequence[Measured]:
    """Measure every kind. What is marked counts as found when nothing of it can be read but signs and blanks."""
    counts: Mapping[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for each in texts:
        found = found_in(each.text)
        hidden = {place for span in found for place in range(span.start + span.shown, span.end)}
        for kind, start, end in each.spans:
            counts[kind]["there"] += 1
            counts[kind]["found"] += is_hidden(each.text, start, end, hidden)
        for span in found:
            counts[span.kind]["marked"] += 1
            counts[span.kind]["right"] += any(start < span.end and span.start < end for _, start, end in each.spans)
    names = ("there", "found", "marked", "right")
    return [Measured(kind=kind, **{name: counts[kind][name] for name in names}) for kind in KINDS]


def below_floors(found: Iterable[Measured]) -> Sequence[str]:
    """Name the kinds whose recall or precision is below its floor."""
    return [
        f"{each.kind} ({each.recall:.3f}, {each.precision:.3f})"
        for each in found
        if each.recall < FLOORS[each.kind][0] or each.precision < FLOORS[each.kind][1]
    ]


def is_hidden(text: str, start: int, end: int, hidden: set[int]) -> bool:
    """Tell whether nothing is left to read of what stands at a place, but signs and blanks."""
    return all(place in hidden or not text[place].isalnum() for place in range(start, end))


def missed(texts: Iterable[Marked]) -> Iterator[tuple[str, str, Sequence[Span]]]:
    """Yield what was not wholly found: kind, the text, and what was found in it."""
    for each in texts:
        found = found_in(each.text)
        hidden = {place for span in found for place in range(span.start + span.shown, span.end)}
        for kind, start, end in each.spans:
            if not is_hidden(each.text, start, end, hidden):
                yield f"{kind} {each.text[start:end]}", each.text, found


def read_corpus(path: Path) -> Sequence[Marked]:
    """Read a corpus of one's own: one JSON object a line, `text` and `spans` of [kind, start, end]."""
    texts = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = orjson.loads(line)
            spans = [(str(kind), int(start), int(end)) for kind, start, end in row["spans"]]
            texts.append(Marked(text=row["text"], spans=spans))
        except (ValueError, KeyError, TypeError) as wrong:
            raise _no_corpus(path, number) from wrong
        if strange := sorted({kind for kind, _, _ in spans} - set(KINDS)):
            raise _no_corpus(path, number, f"unknown kind {strange[0][:40]!r}")
    return texts


def _no_corpus(path: Path, line: int, problem: str = "no marked text") -> Misconfigured:
    hint = '{"text": "联系人张三", "spans": [["name", 3, 5]]}, kinds: ' + ", ".join(KINDS)
    return Misconfigured(Fault(code="privacy.corpus", problem=problem, file=str(path), line=line, hint=hint))
