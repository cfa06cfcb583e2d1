"""Finds numbers of persons in a text: written plainly, grouped by blanks and dashes, or spoken in Chinese numerals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import re2

from hub.model.organisations import is_citizen_id, is_uscc
from hub.views.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_RUN: Final = re2.compile(r"[0-9](?:[ \-_.·—–/)]{0,2}[0-9Xx])*")
_GROUP: Final = re2.compile(r"[0-9]+[Xx]?")
_SPOKEN: Final = str.maketrans("零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖", "00123456789121" + "23456789")
_MOBILE: Final = re2.compile(r"(?:00)?(?:86)?1[3-9][0-9]{9}")
_LANDLINE: Final = re2.compile(r"(?:86)?0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}")
_CITIZEN: Final = re2.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])[0-9]{4}(?:18|19|20)[0-9]{2}"
                              r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]")  # fmt: skip
_OLD_CITIZEN: Final = re2.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])[0-9]{4}[0-9]{2}"
                                  r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}")  # fmt: skip
_CARD: Final = re2.compile(r"(?:62|4[0-9]|5[1-5]|9[0-9]|35|60)[0-9]{14,17}")
_MEASURES: Final = frozenset("元万亿吨米千平立方")
"""What follows an amount and never a telephone."""

_MOBILE_GROUPS: Final = frozenset({(3, 4, 4), (3, 3, 5), (4, 3, 4), (3, 8), (7, 4), (5, 6), (4, 4, 3), (3, 2, 3, 3)})
_YOUNGEST: Final = 2016
"""Year of birth up to which a number is a citizen's without a right check digit: of later ones case numbers, which
begin with region and day too, are far more than applicants."""

_GROUPS_MOST: Final = 18
_CARD_GROUP: Final = 4
_PASSPORT: Final = re2.compile(r"(?:[EDSPG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|[HMC][0-9]{8}(?:[0-9]{2})?)")
_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE: Final = re2.compile(rf"[{_PROVINCES}][A-HJ-NP-Z][·•. \-]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳]")
_EMAIL: Final = re2.compile(r"[A-Za-z0-9._%+\-]{1,64} ?@ ?[A-Za-z0-9\-]{1,63}(?: ?\. ?[A-Za-z0-9\-]{2,63}){1,4}")
_ACCOUNT: Final = re2.compile(
    r"(?i)(?:qq|微信|wechat|vx|支付宝)(?:号码|号|账号|帐号)?[是为:: ]{0,3}([A-Za-z0-9_\-]{5,20})"
)
_TRADER: Final = re2.compile(r"92[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_NEAR: Final = re2.compile(
    r"(?:电话|座机|固话|致电|拨打|tel|TEL|Tel)[号码是为:: .]{0,4}([2-8][0-9]{2,3}[ \-]?[0-9]{4})"
)


def numbers_in(text: str) -> Iterator[Span]:
    """Yield the numbers of persons in a folded text."""
    yield from _digits(text)
    spoken = text.translate(_SPOKEN)
    if spoken != text:
        yield from (span for span in _digits(spoken) if spoken[span.start : span.end] != text[span.start : span.end])
    yield from _shaped(text)


def _digits(text: str) -> Iterator[Span]:
    for run in _RUN.finditer(text):
        groups = [(run.start() + each.start(), run.start() + each.end()) for each in _GROUP.finditer(run.group())]
        at = 0
        while at < len(groups):
            found = _window(text, groups, at)
            if found is None:
                at += 1
                continue
            kind, until = found
            yield Span(kind=kind, start=groups[at][0], end=groups[until][1])
            at = until + 1


def _window(text: str, groups: Sequence[tuple[int, int]], at: int) -> tuple[str, int] | None:
    """Return what begins with group `at`, the longest first, and its last group."""
    start = groups[at][0]
    if _is_inside_a_word(text, start) or (at and text[groups[at - 1][1] : start] == "."):
        return None  # the digits of a serial number, or behind a decimal point
    for until in range(min(len(groups), at + _GROUPS_MOST) - 1, at - 1, -1):
        parts = [text[start:end] for start, end in groups[at : until + 1]]
        kind = _kind("".join(parts), tuple(map(len, parts)))
        if kind and not _goes_on(text, groups[until][1], kind):
            return kind, until
    return None


def _kind(digits: str, groups: tuple[int, ...]) -> str:
    """Name what digits, written in groups of these lengths, are; empty: nothing of a person's."""
    is_whole = len(groups) == 1
    if _CITIZEN.fullmatch(digits) and _is_citizen(digits.upper(), is_whole=is_whole):
        return "citizen"
    if is_whole and _OLD_CITIZEN.fullmatch(digits):
        return "citizen"
    if _MOBILE.fullmatch(digits) and (is_whole or _is_grouped(digits, groups)):
        return "mobile"
    if _LANDLINE.fullmatch(digits) and (is_whole or len(groups) <= 3):  # noqa: PLR2004 - area code, exchange, number
        return "landline"
    if _CARD.fullmatch(digits) and (is_whole or _is_by_fours(groups)) and is_luhn(digits):
        return "card"
    return ""


def _is_citizen(digits: str, *, is_whole: bool) -> bool:
    if is_citizen_id(digits):
        return True
    return int(digits[6:10]) < _YOUNGEST and (is_whole or digits[6:8] in ("18", "19"))


def _is_grouped(digits: str, groups: tuple[int, ...]) -> bool:
    """Tell whether a mobile number is written in groups as people write it, a country's code before it or not."""
    lead = len(digits) - 11
    if lead and groups[0] == lead:
        groups = groups[1:]
    return len(groups) == 1 or groups in _MOBILE_GROUPS or set(groups) == {1}


def _is_by_fours(groups: tuple[int, ...]) -> bool:
    return all(each == _CARD_GROUP for each in groups[:-1]) and groups[-1] <= _CARD_GROUP


def is_luhn(digits: str) -> bool:
    """Check the last digit of a bank card (ISO/IEC 7812-1, Luhn)."""
    if not digits.isdecimal():
        return False
    doubled = (int(each) * (1 + place % 2) for place, each in enumerate(reversed(digits)))
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def _is_inside_a_word(text: str, start: int) -> bool:
    """Tell whether digits go on a word that holds digits already, as in a digest or a serial number."""
    at = start
    while at and text[at - 1].isascii() and text[at - 1].isalpha():
        at -= 1
    return at < start and at > 0 and text[at - 1].isascii() and text[at - 1].isalnum()


def _goes_on(text: str, end: int, kind: str) -> bool:
    after = text[end : end + 1]
    return (after.isascii() and after.isalpha()) or (kind != "citizen" and after in _MEASURES and bool(after))


def _shaped(text: str) -> Iterator[Span]:
    """Yield what is told by its letters."""
    for kind, pattern in (("passport", _PASSPORT), ("plate", _PLATE), ("trader", _TRADER)):
        for found in pattern.finditer(text):
            if _is_apart(text, found.start(), found.end()) and (kind != "trader" or is_uscc(found.group())):
                yield Span(kind=kind, start=found.start(), end=found.end())
    for found in _EMAIL.finditer(text):
        yield Span(kind="email", start=found.start(), end=found.end())
    for kind, pattern in (("account", _ACCOUNT), ("landline", _NEAR)):
        for found in pattern.finditer(text):
            if _is_apart(text, found.start(1), found.end(1)) or kind == "account":
                yield Span(kind=kind, start=found.start(1), end=found.end(1))


def _is_apart(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not any(each.isascii() and each.isalnum() for each in (before, after) if each)
