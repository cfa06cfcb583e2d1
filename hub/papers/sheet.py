"""Decides what is read on a paper and in which order: its content as blocks, which both kinds of file set alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Kind = Literal["issuer", "title", "number", "heading", "text", "table", "right", "rule"]

LEVELS: Final[Mapping[str, str]] = {
    "notice": "提醒告知 notice",
    "yellow": "黄牌（超时警示） yellow",
    "red": "红牌（违规查纠） red",
}


_UNDRAWABLE: Final = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What no XML can hold (XML 1.0, 2.2), and so no DOCX; people paste it, and systems report it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One part of a sheet: a text, or the rows of a table, the first of which are its headings."""

    kind: Kind
    text: str = ""
    rows: Sequence[Sequence[str]] = ()

    def drawable(self) -> Block:
        """Return it with U+FFFD for every character that no file can hold."""
        rows = [[_drawable(cell) for cell in row] for row in self.rows]
        return Block(kind=self.kind, text=_drawable(self.text), rows=rows)


def _drawable(text: str) -> str:
    return _UNDRAWABLE.sub("\ufffd", text)


def blocks(content: Mapping[str, Any]) -> list[Block]:
    """Return what is read on a paper, from top to bottom."""
    parts = (*_head(content), *_body(content), *_foot(content), *_slip(content))
    return [block.drawable() for block in parts]


def _head(content: Mapping[str, Any]) -> Iterator[Block]:
    title = content["title"]
    yield Block(kind="issuer", text=content["issuer"])
    yield Block(kind="title", text=f"{title['zh']} {title['en']}")
    yield Block(kind="number", text=content["no"])
    yield Block(kind="text", text=f"{content['addressee']['name']}（{content['addressee']['department_id']}）：")


def _body(content: Mapping[str, Any]) -> Iterator[Block]:
    alert, finding = content["alert"], content["finding"]
    yield _facts(
        ("监察编号 supervision no.", alert["supervision_no"]),
        ("预警 alert", f"{alert['rule_id']} {alert['name_zh']} {alert['name_en']}"),
        ("级别 level", LEVELS[alert["level"]]),
        ("对象 about", alert["about"]),
        ("发出日期 issued on", _day(content["issued_on"])),
    )
    yield Block(kind="heading", text="一、监察结果 Finding")
    yield Block(kind="text", text=finding["zh"])
    yield Block(kind="text", text=finding["en"])
    yield Block(kind="heading", text="二、证据 Evidence")
    yield Block(kind="table", rows=[("字段 field", "实际 value", "应为 expected", "事件 event"), *_evidence(content)])
    yield Block(kind="heading", text="三、依据 Legal basis")
    yield Block(kind="text", text=content["basis"] or "—")
    yield Block(kind="text", text=f"本文书依据 this instrument: {content['authority_basis']}")


def _evidence(content: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for each in content["evidence"]:
        yield each["field"], each["value"], each.get("expected", "—"), each.get("event_id", "—")


def _foot(content: Mapping[str, Any]) -> Iterator[Block]:
    yield Block(kind="heading", text="四、要求 What is asked")
    if "order" in content:
        order = content["order"]
        yield Block(kind="text", text=f"督办事项（第{order['n']}次） order {order['n']}: {order['content']}")
    if content["note"]:
        yield Block(kind="text", text=content["note"])
    yield Block(kind="text", text=_answer(content))
    yield Block(kind="heading", text="五、申诉 Appeal")
    yield Block(kind="text", text=_appeal(content))
    yield Block(kind="right", text=content["issuer"])
    yield Block(kind="right", text=_day(content["issued_on"]))


def _answer(content: Mapping[str, Any]) -> str:
    by = content.get("answer_by")
    if by is None:
        return "本预警为提醒，无须反馈。 No answer is asked for."
    return (
        f"请于{_day(by)}24时前在监督平台签收，并反馈处理情况。 "
        f"Sign for it on the platform and answer by the end of {by}."
    )


def _appeal(content: Mapping[str, Any]) -> str:
    by = content.get("appeal_by")
    if by is None:
        return (
            "申诉期限已过或已在复核；如有异议，可书面请求复核。 The time for an appeal is over, or it is under review; "
            "a review can be asked for in writing."
        )
    return (
        f"如有异议，可于{_day(by)}24时前在监督平台提出申诉，由未经手本预警的人员复核。 "
        f"An appeal is open on the platform until the end of {by}; it is reviewed by somebody who had no part."
    )


def _slip(content: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the slip that is signed 回执; the signature in the platform counts as much."""
    yield Block(kind="rule")
    yield Block(kind="heading", text="回执 Receipt")
    yield _facts(
        ("文号 number", content["no"]),
        ("受文单位 addressee", content["addressee"]["name"]),
        ("签收人 signed by", ""),
        ("签收时间 at", ""),
        ("反馈 answer", ""),
    )
    yield Block(
        kind="text", text="在平台上签收、反馈的，视为回执。 Signing and answering on the platform is the receipt."
    )


def _facts(*rows: Sequence[str]) -> Block:
    return Block(kind="table", rows=[("", ""), *rows])


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日"
