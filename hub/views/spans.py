"""What the detector hands on: a place in a text, of what kind, and what stays readable of it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS: Final = (
    "citizen",
    "trader",
    "mobile",
    "landline",
    "email",
    "account",
    "card",
    "passport",
    "plate",
    "name",
    "address",
)
"""Kinds of personal data that are looked for: citizen numbers 公民身份号码, the code of a sole trader 个体工商户,
telephones, e-mail, names at messengers, bank cards, passports and permits, number plates, names, and addresses below
the town."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text, of which the first `shown` may stay readable."""

    kind: str
    start: int
    end: int
    shown: int = 0


UNSEEN: Final = "\u200b"
"""Stands in a folded text for whatever nobody sees."""

_FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that are blank: Hangul fillers, the empty pattern of Braille."""


class _Folds(dict[int, str]):
    """Says of every character what it is read as; each is looked up once."""

    def __missing__(self, code: int) -> str:
        self[code] = read = _read_as(chr(code))
        return read


def _read_as(char: str) -> str:
    if char in "\t\n\r":
        return char
    if char in _FILLERS or unicodedata.category(char) in ("Cc", "Cf", "Mn", "Me"):
        return UNSEEN
    digit = unicodedata.digit(char, None)
    plain = str(digit) if digit is not None else unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char


_FOLDS: Final = _Folds()


def folded(text: str) -> str:
    """Return a text as it is read, character for character.

    Letters and digits of whatever shape or script are plain ones (１ ① ١ 𝟏), blanks are blanks; UNSEEN is what nobody
    sees and messengers put between (Unicode Cf, Mn, Me).
    """
    return text.translate(_FOLDS)


def seen(plain: str) -> tuple[str, Sequence[int]]:
    """Return what is seen of a folded text, and where in it each character stands."""
    if UNSEEN not in plain:
        return plain, range(len(plain))
    places = [place for place, char in enumerate(plain) if char != UNSEEN]
    return "".join(plain[place] for place in places), places
