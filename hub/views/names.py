"""Finds names of people in Chinese text: by the word before or after them, and by what names are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import re2

from hub.views.spans import Span
from hub.views.words import COMPOUND, FOLLOWING, GIVEN, LABELS, PRECEDING, SURNAMES, TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def _any(words: Sequence[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_LABELLED: Final = re2.compile(rf"(?:{_any(LABELS)})[姓名是为叫系:: \"“(（]{{0,4}}")
_TITLED: Final = re2.compile(_any(TITLES))
_FOREIGN: Final = re2.compile(r"\p{Han}{2,8}[·•・]\p{Han}{2,8}(?:[·•・]\p{Han}{2,8})?")
_BARE: Final = re2.compile(r"[\p{Han}]+")
_VERBS: Final = re2.compile(
    r"^(?:反映|投诉|举报|来电|来信|来访|申请|要求|拖欠|殴打|经营|开办|所有|承包|私自|擅自|违|收取|代理|办理|领取|签收)"
)
_LEADING: Final = frozenset("由据找与叫是告位到长")
"""What stands right before a name even of two characters."""

_FIELD: Final = re2.compile(r"(\p{Han}{2,4})(?:\P{Han}|$)")
_OFFICE: Final = re2.compile(
    r"(?:公司|局|厂|店|会|部|所|校|院|站|社|中心|银行|科|处|办|匿名|无|未知|不详|市民|群众|本人|个人|单位)$"
)
"""How what is no person ends, and what is said where nobody is named."""

_SPLIT: Final = "、和与及"
_NOT_AFTER_A_LABEL: Final = frozenset("单企公部机关登变提未应需可不已有无为等数量信职资权类情地办部代")
"""What follows a label where no name does: 申请人信息, 法人单位, 负责人应当."""


def names_in(text: str) -> Iterator[Span]:
    """Yield the names in a folded text; of each the surname may stay readable."""
    for label in _LABELLED.finditer(text):
        yield from _listed(text, label.end())
        yield from _value(text, label)
    for title in _TITLED.finditer(text):
        yield from _before(text, title.start())
    for found in _FOREIGN.finditer(text):
        yield Span(kind="name", start=found.start(), end=found.end(), shown=1)
    for words in _BARE.finditer(text):
        yield from _bare(text, words.start(), words.end())


def _value(text: str, label: re2._Match[str]) -> Iterator[Span]:
    """Yield what a form holds after a label and a colon, whatever the surname; no office or firm."""
    if not label.group().rstrip(' "“(（').endswith(":"):
        return
    found = _FIELD.match(text[label.end() : label.end() + 5])
    if found is not None and not _OFFICE.search(found.group(1)):
        yield Span(kind="name", start=label.end(), end=label.end() + len(found.group(1)), shown=1)


def _listed(text: str, at: int) -> Iterator[Span]:
    """Yield the names that stand in a row from `at`: 张三、李四和王五."""
    while (found := _name_at(text, at)) is not None:
        yield found
        at = found.end
        if text[at : at + 1] not in _SPLIT or at >= len(text):
            return
        at += 1


def _name_at(text: str, at: int) -> Span | None:
    """Return the name that begins at `at` after a label; None where none does."""
    surname = _surname(text, at)
    if not surname or text[at] in _NOT_AFTER_A_LABEL:
        return None
    given = at + surname
    while text[given : given + 1] == " " and given < len(text):
        given += 1
    if _starts_a_title(text, given):
        return None
    end = given
    while end - given < 2 and _is_han(text[end : end + 1]) and not (end > given and _goes_on(text, end)):  # noqa: PLR2004
        end += 1
    return Span(kind="name", start=at, end=end, shown=surname) if end > given else None


def _goes_on(text: str, at: int) -> bool:
    """Tell whether the sentence goes on at `at`, so that a name has ended before it."""
    if text[at] not in FOLLOWING:
        return _starts_a_title(text, at)
    after = text[at + 1 : at + 2]
    return text[at] not in GIVEN or _is_han(after)


def _starts_a_title(text: str, at: int) -> bool:
    return any(text.startswith(title, at) for title in TITLES)


def _before(text: str, end: int) -> Iterator[Span]:
    """Yield the name that stands before a title at `end`; a surname alone stays as it is: 张先生."""
    for length in (4, 3, 2):
        start = end - length
        if start < 0 or not all(map(_is_han, text[start:end])):
            continue
        surname = _surname(text, start)
        if surname and length - surname in (1, 2) and all(each not in _NEVER for each in text[start + surname : end]):
            yield Span(kind="name", start=start, end=end, shown=surname)
            return


_NEVER: Final = frozenset("的在于与和及要请向对被说称是为有不也就都把将从到给因由等之其此该副某")
"""What no given name holds."""


def _bare(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield names in a run of Han characters that nothing announces: by what they are made of and stand between."""
    at = start
    while at < end - 1:
        found = _unannounced(text, at, end) if at == start or text[at - 1] in PRECEDING else None
        if found is not None:
            yield found
            if found.end == end and text[end : end + 1] == "、":
                yield from _listed(text, end + 1)
        at = found.end if found is not None else at + 1


def _unannounced(text: str, at: int, end: int) -> Span | None:
    surname = _surname(text, at)
    given = at + surname
    if not surname or _starts_a_title(text, given):
        return None
    for length in (2, 1):
        stop = given + length
        is_sure = length > 1 or text[at - 1 : at] in _LEADING
        if stop <= end and all(each in GIVEN for each in text[given:stop]) and _ends_at(text, stop, end, sure=is_sure):
            return Span(kind="name", start=at, end=stop, shown=surname)
    return None


def _ends_at(text: str, stop: int, end: int, *, sure: bool) -> bool:
    """Tell whether a name may end here: where the run does, before a title, or where the sentence goes on.

    Where it is not `sure` that a name is there, a title or a number must follow.
    """
    if _starts_a_title(text, stop):
        return True
    if not sure:
        after = text[stop : stop + 2].lstrip(" :,，(（") if stop == end else ""
        return after[:1].isdecimal()
    return stop == end or text[stop] in FOLLOWING or _VERBS.search(text[stop : stop + 2]) is not None


def _surname(text: str, at: int) -> int:
    """Return how many characters of a surname stand at `at`; 0: none."""
    if text[at : at + 2] in COMPOUND:
        return 2
    return 1 if text[at : at + 1] in SURNAMES else 0


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"
