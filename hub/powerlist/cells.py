"""How the cells of a power list say what a catalogue entry holds, read and written: each pair is its own inverse.

A cell with several items has one a line. Within an item fields are parted by `|`; the first names it, the others are
`标签=value`. ValueError says what is wrong with a cell, and what to write.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

EXACT_DIGITS: Final = 15
"""Digits that a spreadsheet keeps of a number: of a longer code the last ones are zeros already."""

_CHINESE: Final = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_TENS: Final = {"十": 10, "百": 100}
_NUMBER: Final = r"[0-9]{1,4}|[零〇一二两三四五六七八九十百]{1,7}"
_LIMIT: Final = re.compile(rf"({_NUMBER})\s*个?\s*(\D*?)\s*(?:（(.*)）)?", re.DOTALL)
_UNITS: Final = {
    "工作日": "working_day", "自然日": "calendar_day", "日历日": "calendar_day",
    "小时": "hour", "工作小时": "working_hour",
}  # fmt: skip
_UNIT_NAMES: Final = {code: name for name, code in reversed(_UNITS.items())}
_AT_ONCE: Final = frozenset({"即办", "当场办结", "当场"})
_ARTICLE: Final = re.compile(rf"第({_NUMBER})条")
_TITLE: Final = re.compile(r"《(.+)》(.*)", re.DOTALL)
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_MIDNIGHT: Final = "T00:00:00"
_YES, _NO = ("是", "需要", "收费", "true", "有"), ("否", "不需要", "不收费", "false", "无")


def text(cell: Any) -> str:  # noqa: ANN401 - whatever a cell holds
    """Read plain text; a number as it is shown, where the spreadsheet has kept all of it."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int) and len(str(abs(cell))) > EXACT_DIGITS:
        raise ValueError("a number whose last digits the spreadsheet has lost: format the column as text, type it anew")
    said = str(cell).strip()
    return said.removesuffix(_MIDNIGHT)


def day(cell: Any) -> str:  # noqa: ANN401 - whatever a cell holds
    """Read a day: 2026-07-01, 2026/7/1, 2026年7月1日, or a date cell."""
    found = _DATE.fullmatch(text(cell))
    try:
        year, month, number_ = (int(part) for part in found.groups()) if found else (0, 0, 0)
        return date(year, month, number_).isoformat()
    except ValueError as wrong:
        raise ValueError(f"{str(cell)[:40]!r}: write a day as 2026-07-01") from wrong


def truth(cell: Any) -> bool:  # noqa: ANN401 - whatever a cell holds
    """Read 是 or 否."""
    said = text(cell)
    if said not in (*_YES, *_NO):
        _wrong(cell, "write 是 or 否")
    return said in _YES


def yes(value: bool) -> str:  # noqa: FBT001 - it is written
    """Write 是 or 否."""
    return "是" if value else "否"


def code(list_name: str) -> tuple[Callable[[Any], str], Callable[[str], str]]:
    """Return how to read and write a code of a list: `01 行政许可`, its code or its name alone."""
    rows = code_list(list_name).rows
    names = {str(row["zh"]): each for each, row in rows.items()}
    width = max(map(len, rows))

    def read(cell: Any) -> str:  # noqa: ANN401 - whatever a cell holds
        said = text(cell)
        first = said.partition(" ")[0]
        padded = first.zfill(width) if first.isdigit() else first
        if said in names:
            return names[said]
        known = padded in rows and (first == said or said == f"{first} {rows[padded]['zh']}")
        return padded if known else _wrong(cell, f"write one of {'、'.join(names)}")

    return read, lambda value: f"{value} {rows[value]['zh']}"


def named(names: Mapping[str, str]) -> tuple[Callable[[Any], str], Callable[[str], str]]:
    """Return how to read and write one of some words; `names` are Chinese by code. The code itself is read too."""
    codes = {name: each for each, name in names.items()}

    def read(cell: Any) -> str:  # noqa: ANN401 - whatever a cell holds
        said = text(cell)
        return codes.get(said) or (said if said in names else _wrong(cell, f"write one of {'、'.join(codes)}"))

    return read, lambda value: names[value]


def limit(cell: Any, unit: Any = None) -> dict[str, Any]:  # noqa: ANN401 - whatever cells hold
    """Read a limit: 20工作日, 九十个自然日, 即办; or a number, with its unit in a column of its own."""
    said = text(cell)
    if said in _AT_ONCE:
        return {"n": 0, "unit": "working_day"}
    found = _LIMIT.fullmatch(said)
    word = (found[2] if found else "") or (text(unit) if unit is not None else "")
    if found is None or word not in _UNITS:
        hint = "write 20工作日 or 20自然日: 天 and 日 alone do not say which days count"
        return _wrong(cell, hint)  # type: ignore[no-any-return]  # raises
    return {"n": number(found[1]), "unit": _UNITS[word], **({"note": found[3]} if found[3] else {})}


def limit_text(value: Mapping[str, Any]) -> str:
    """Write a limit."""
    note = f"（{value['note']}）" if "note" in value else ""
    return f"{value['n']}{_UNIT_NAMES[value['unit']]}{note}"


def number(said: str) -> int:
    """Read a number written in digits or in Chinese, up to 999."""
    if said.isdigit():
        return int(said)
    total, digit = 0, 0
    for sign in said:
        if sign in _TENS:
            total, digit = total + (digit or 1) * _TENS[sign], 0
        else:
            digit = _CHINESE[sign]
    return total + digit


def items(cell: Any) -> Sequence[str]:  # noqa: ANN401 - whatever a cell holds
    """Part a cell into its items: one a line, or, where it is one line without fields, by ；."""
    said = text(cell)
    if "\n" in said or "|" in said or "｜" in said:
        return [line.strip() for line in said.splitlines() if line.strip()]
    return [part.strip() for part in re.split("[；;]", said) if part.strip()]


def lines(written: Sequence[str]) -> str:
    """Write items so that they are parted as they were."""
    joined = "\n".join(written)
    return f"{joined}|" if len(written) == 1 and re.search("[；;]", joined) and "|" not in joined else joined


def words(cell: Any) -> list[str]:  # noqa: ANN401 - whatever a cell holds
    """Read a list of words parted by commas, 、 or lines."""
    return [part.strip() for part in re.split("[,，、;；\n]", text(cell)) if part.strip()]


def law(item: str) -> dict[str, Any]:
    """Read one legal basis: 《行政许可法》第三十二条|自=2019-04-23|至=…."""
    head, said = _fields(item, {"自": "from", "至": "to"})
    found = _TITLE.fullmatch(head)
    title, rest = (found[1], found[2].strip()) if found else (head, "")
    exact = _ARTICLE.fullmatch(rest)
    article = str(number(exact[1])) if exact else rest
    days = {name: day(value) for name, value in said.items()}
    return {"title": title, **({"article": article} if article else {}), **days}


def law_text(value: Mapping[str, Any]) -> str:
    """Write one legal basis."""
    article = value.get("article", "")
    said = f"《{value['title']}》" + (f"第{article}条" if article.isdigit() else article)
    return _item(said, value, {"from": "自", "to": "至"})


def record(labels: Mapping[str, str], *, head: Sequence[str], kinds: Mapping[str, str]) -> tuple[Any, Any]:
    """Return how to read and write one item: `head` fields before the first `|`, then `labels` by field.

    `kinds` names the fields that are no text: truth, integer, limit, words.
    """
    by_label = {label: name for name, label in labels.items()}

    def read(item: str) -> dict[str, Any]:
        first, said = _fields(item, by_label)
        parts = first.split(" ", len(head) - 1)
        if len(parts) < len(head) or not all(parts):
            _wrong(item, f"begin with {' and '.join(head)}, parted by a space")
        value: dict[str, Any] = dict(zip(head, parts, strict=True))
        return value | {name: _READERS[kinds.get(name, "text")](each) for name, each in said.items()}

    def write(value: Mapping[str, Any]) -> str:
        shown = {name: _WRITERS[kinds.get(name, "text")](each) for name, each in value.items() if name in labels}
        return _item(" ".join(str(value[name]) for name in head), shown, labels)

    return read, write


def transition(item: str) -> dict[str, str]:
    """Read one transition: a>b."""
    start, found, end = item.partition(">")
    if not (found and start.strip() and end.strip()):
        _wrong(item, "write code>code, one a line")
    return {"from": start.strip(), "to": end.strip()}


def _integer(said: str) -> int:
    return int(said) if said.isdigit() else _wrong(said, "write a number")


def _fields(item: str, labels: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    head, *rest = [part.strip() for part in item.replace("｜", "|").split("|")]
    found: dict[str, str] = {}
    for part in rest:
        label, is_said, value = part.partition("=")
        if part and (not is_said or label.strip() not in labels):
            _wrong(part, f"write one of {'、'.join(f'{each}=…' for each in labels)}")
        if part:
            found[labels[label.strip()]] = value.strip()
    return head, found


def _item(head: str, value: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    return "|".join([head, *(f"{labels[name]}={value[name]}" for name in labels if name in value)])


def _wrong(cell: Any, hint: str) -> Any:  # noqa: ANN401 - it raises
    raise ValueError(f"{str(cell)[:40]!r}: {hint}")


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "text": str, "truth": truth, "integer": _integer, "limit": limit, "words": words,
}  # fmt: skip
_WRITERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "text": str, "truth": yes, "integer": str, "limit": limit_text, "words": ",".join,
}  # fmt: skip
