"""Decides which words a filter knows: a misspelt one is told so, and never answered with an empty list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.problems import Problem
from gateway.words import ALERT_STATES, LEVELS, STATES
from hub.supervision.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FEED_KINDS: Final = ("alert", "case")
"""What the feed carries."""

CASE_WORDS: Final[Mapping[str, Collection[str]]] = {"state": STATES}
ALERT_WORDS: Final[Mapping[str, Collection[str]]] = {"state": ALERT_STATES, "level": LEVELS, "rule": RULES}
FEED_WORDS: Final[Mapping[str, Collection[str]]] = {"kind": FEED_KINDS}

_REGION: Final = re.compile(r"[0-9]{2,12}")
_ORGANISATION: Final = re.compile(r"[0-9A-Z]{18}|[0-9A-Z]{9}")


def checked(words: Mapping[str, Collection[str]], **asked: str | None) -> dict[str, str | None]:
    """Return what is `asked`, by filter; Problem 400 with the known words where one is not among its `words`."""
    for name, value in asked.items():
        if value is None:
            continue
        if name in words and value not in words[name]:
            raise _unknown(name, value, f"one of {', '.join(words[name])}")
        if name == "region" and not _REGION.fullmatch(value):
            raise _unknown(name, value, "digits of a region code: 321281 the county, 3212 all of its city")
        if name == "department" and not _ORGANISATION.fullmatch(value):
            raise _unknown(name, value, "an organisation code of 18 characters, e.g. 11321200014000028L")
    return asked


def _unknown(name: str, value: str, hint: str) -> Problem:
    return Problem(400, name, f"{name} {value[:40]!r} is not known", hint=hint)
