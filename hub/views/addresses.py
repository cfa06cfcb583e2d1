"""Finds where somebody lives in a text: from the road, estate or village down; province to town stay readable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import re2

from hub.views.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_N: Final = r"[0-9A-Za-z一二三四五六七八九十百零〇甲乙丙丁东西南北]"
_UNIT: Final = rf"(?:{_N}{{1,6}} ?(?:号楼|栋楼|号院|幢楼|单元|弄|支弄|号|幢|栋|座|楼|层|室|户|门|排|组|队|#)[-—]?)"
_ROADS: Final = "路|街|大道|大街|巷|弄|胡同|里弄|公路|国道|省道"
_ESTATES: Final = "小区|花园|花苑|新村|新城|公寓|家园|嘉园|佳苑|雅苑|华庭|名都|山庄|大厦|广场|商城|苑|府|湾|居|庭"
_VILLAGES: Final = "村|庄|社区|居委会|村委会|[一二三四五六七八九十]区"
_PLACE: Final = f"(?:{_ROADS}|{_ESTATES}|{_VILLAGES})"
_ADDRESS: Final = re2.compile(
    rf"([\p{{Han}}A-Za-z0-9]{{1,12}}?{_PLACE})(?:[\p{{Han}}]{{0,8}}{_PLACE})?[ ,，]?"
    rf"(?:{_UNIT}{{1,6}}(?:[0-9]{{2,4}}(?:室|户)?)?|[0-9]{{1,3}}[-—][0-9]{{1,4}}(?:[-—][0-9]{{1,4}})?(?:号|室)?)"
)
_ROOM: Final = re2.compile(
    rf"[0-9一二三四五六七八九十]{{1,3}} ?(?:号楼|幢|栋|座)[ -]?(?:{_N}{{1,3}} ?单元[ -]?)?[0-9]{{2,4}} ?(?:室|户|房)?"
)
_ADMIN: Final = re2.compile(r"^.*(?:省|自治区|市|区|县|旗|镇|乡|街道办事处|街道|办事处|开发区)")
_NO_ADMIN: Final = re2.compile(r"[小社园校厂片一二三四五六七八九十]区")
"""What ends like a district and is an estate, a community or a part of one."""

_STOP: Final = frozenset("在住于到至为是的从位系址:：，,。；;、（( ")


def addresses_in(text: str) -> Iterator[Span]:
    """Yield the addresses in a folded text, each from below the town on."""
    for pattern in (_ADDRESS, _ROOM):
        for found in pattern.finditer(text):
            start = found.start() + _lead(found.group())
            if start < found.end():
                yield Span(kind="address", start=start, end=found.end())


def _lead(words: str) -> int:
    """Return how many characters before the address itself a match holds: province to town, and the sentence's own."""
    stop = max((place + 1 for place, each in enumerate(words[:-1]) if each in _STOP), default=0)
    first = next((place for place, each in enumerate(words) if each.isdecimal()), len(words))
    stop = stop if stop <= first else 0
    admin = _ADMIN.search(_NO_ADMIN.sub("＊＊", words[stop:first]))
    return stop + (admin.end() if admin and admin.end() < len(words) - stop else 0)
