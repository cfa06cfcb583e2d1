"""Decides which words a filter knows: a misspelt one is told so, and never answered with an empty list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.problems import Problem
from gateway.words import ALERT_STATES, LEVELS, STATES, county_of
from hub.model.codes import code_list
from hub.supervision.rules import ALL_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from gateway.reading import Row

FEED_KINDS: Final = ("alert", "case")
"""What the feed carries."""

CASE_WORDS: Final[Mapping[str, Collection[str]]] = {"state": STATES}
ALERT_WORDS: Final[Mapping[str, Collection[str]]] = {"state": ALERT_STATES, "level": LEVELS, "rule": ALL_RULES}
FEED_WORDS: Final[Mapping[str, Collection[str]]] = {"kind": FEED_KINDS}

_REGION: Final = re.compile(r"[0-9]{2,12}")
_ORGANISATION: Final = re.compile(r"[0-9A-Z]{18}|[0-9A-Z]{9}")


def checked(
    words: Mapping[str, Collection[str]], held: Callable[[], Iterable[Row]], **asked: str | None
) -> dict[str, str | None]:
    """Return what is `asked`, by filter; Problem 400 with the known words where one is not among its `words`.

    A region is known by the code list, or by a department of `held` whose cases lie in it.
    """
    for name, value in asked.items():
        if value is None:
            continue
        if name in words and value not in words[name]:
            raise _unknown(name, value, f"one of {', '.join(words[name])}")
        if name == "region" and not _is_region(value, held):
            raise _unknown(name, value, "the beginning of a region code: 321281 the county, 3212 all of its city")
        if name == "department" and not _ORGANISATION.fullmatch(value):
            raise _unknown(name, value, "an organisation code of 18 characters, e.g. 11321200014000028L")
    return asked


def _is_region(value: str, held: Callable[[], Iterable[Row]]) -> bool:
    """Tell whether `value` begins a known code, or lies within a known county."""
    if not _REGION.fullmatch(value):
        return False
    codes = code_list("regions").rows
    if county_of(value) in codes or any(code.startswith(value) for code in codes):
        return True
    return any(row["region_code"].startswith(value) for row in held())


def _unknown(name: str, value: str, hint: str) -> Problem:
    return Problem(400, name, f"{name} {value[:40]!r} is not known", hint=hint)
