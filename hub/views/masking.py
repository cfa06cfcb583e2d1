"""Masks in free text what names a person or leads to one; how much of it is found is measured (conformance/privacy.py).

It is the last line, not the first: persons are masked in the mapping, before a record leaves its connector. What is
found is replaced character by character, so a masked text has the length that it had, and masking it again changes
nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hub.views.addresses import addresses_in
from hub.views.names import names_in
from hub.views.numbers import numbers_in
from hub.views.spans import KINDS, Span, folded, seen

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KINDS", "Span", "found_in", "masked"]

_REMEMBERED: Final = 4096
"""Texts whose masked form is kept at hand: the events of one case say the same title again and again."""


def found_in(text: str) -> Sequence[Span]:
    """Return what is personal in a text, in order and apart from one another; of what overlaps the longer stays."""
    plain, places = seen(folded(text))
    found = [*numbers_in(plain), *addresses_in(plain), *names_in(plain)]
    spans = found if len(plain) == len(text) else [_placed(span, places) for span in found]
    kept: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start - each.end, each.start)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda each: each.start)


def _placed(span: Span, places: Sequence[int]) -> Span:
    """Return a span of what is seen as it stands in the whole text, with all that nobody sees in between."""
    start, end = places[span.start], places[span.end - 1] + 1
    shown = places[span.start + span.shown - 1] + 1 - start if span.shown else 0
    return Span(kind=span.kind, start=start, end=end, shown=shown)


@lru_cache(maxsize=_REMEMBERED)
def masked(text: str) -> str:
    """Return a text with a star for every character that is personal; of a name the surname stays (张*)."""
    shown = list(text)
    for span in found_in(text):
        start = span.start + span.shown
        shown[start : span.end] = "*" * (span.end - start)
    return "".join(shown)
