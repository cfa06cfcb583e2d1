"""Proposes which column fills which field, with confidence and reason: by what it is called and what stands in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.mapping.drafting.words import KNOWN, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.mapping.drafting.profile import Column

TIMES: Final = (
    *("received", "accepted", "promised", "decided", "closed", "delivered", "recorded"),
    *("stage_at", "stage_begins", "special_begins", "special_ends"),
)
EXACT, LISTED, INITIALS, PART = 0.95, 0.9, 0.8, 0.5
"""Confidence by how a name matched: the best word, another word, pinyin initials, or a part of it."""

BOTH_NAMES: Final = 0.02
"""What is taken off where the column bears two names, as `受理时间/SLSJ`, and one of them matched."""

_LEAST: Final = 0.5
_INITIALS: Final = re.compile(r"[a-z]{2,9}")
_TWO_NAMES: Final = re.compile(r"[/／|(（)）【】\[\]]+")
_ENGLISH: Final = frozenset(
    {"title", "channel", "department", "agency", "applicant", "mobile", "phone", "deadline", "note", "no"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One column for one target."""

    target: str
    column: str
    confidence: float
    reason: str


def proposals(columns: Sequence[Column]) -> dict[str, Proposal]:
    """Return the best column for each target; each column is used once, by the target that it fits best."""
    found = sorted(
        (each for column in columns for each in _of_column(column)), key=lambda each: (-each.confidence, each.target)
    )
    chosen: dict[str, Proposal] = {}
    used: set[str] = set()
    for each in found:
        if each.target not in chosen and each.column not in used:
            chosen[each.target] = each
            used.add(each.column)
    return chosen


def _of_column(column: Column) -> Iterator[Proposal]:
    for target, words in KNOWN.items():
        confidence, reason = _by_name(column.path[-1], words)
        if target in TIMES and column.filled and column.time_format() is None:
            confidence, reason = confidence - 0.5, f"{reason}, but its values are no times"
        if confidence >= _LEAST:
            yield Proposal(target=target, column=column.name, confidence=round(confidence, 2), reason=reason)


def _by_name(name: str, words: Mapping[str, int]) -> tuple[float, str]:
    """Compare a name, and where it is two names beside each other, each of them."""
    whole = _likeness(plain(name), words)
    names = [plain(part) for part in _TWO_NAMES.split(name) if part.strip()]
    parts = [_likeness(part, words) for part in names] if len(names) > 1 else []
    best = max(parts, default=(0.0, ""))
    return max(whole, (best[0] - BOTH_NAMES, best[1]))


def _likeness(name: str, words: Mapping[str, int]) -> tuple[float, str]:
    if name in words:
        if _INITIALS.fullmatch(name) and words[name] and name not in _ENGLISH:
            return INITIALS, f"{name.upper()} are the initials of pinyin"
        return (EXACT if words[name] == 0 else LISTED), f"{name} is a known name for it"
    parts = [word for word in words if len(word) > 2 and (word in name or (len(name) > 3 and name in word))]  # noqa: PLR2004
    return (PART, f"the name holds {parts[0]}" if parts[0] in name else f"part of {parts[0]}") if parts else (0.0, "")
