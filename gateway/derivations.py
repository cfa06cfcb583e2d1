"""Says in Chinese how a due date came about: the sentences that clocks keep are written once, in English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS: Final = {"working day": "个工作日", "calendar day": "个自然日", "hour": "小时", "working hour": "个工作小时"}
_WORDS: Final = {
    "testing": "检测", "inspection": "检验", "hearing": "听证", "tender": "招标", "auction": "拍卖",
    "quarantine": "检疫", "appraisal": "鉴定", "expert_review": "专家评审", "other": "其他",
}  # fmt: skip
_BASES: Final = {
    "the limit set with it": "随派单或交办所定时限",
    "the special procedure's own limit": "特别程序自身时限",
    "the limit set for the opinion": "征求意见所定时限",
}


def _event(words: str) -> str:
    """Name an event: `case.accepted 受理 on 2026-03-02 09:00:00`."""
    named = re.fullmatch(r"\S+ (.+) on (\S+(?: \S+)?)", words)
    return f"{named[2]}“{named[1]}”" if named else words


def _basis(words: str) -> str:
    if words in _BASES:
        return _BASES[words]
    if words.startswith("reported "):
        return "部门报送的到期时间"
    said = re.sub(r"职权目录 catalogue (\S+) version (\S+?)(?:, stage (\S+))?$", _catalogue, words)
    said = re.sub(r"(?<=[》法例]) art\. ([\d()]+)", r"第\1条", said)
    return re.sub(r"^([\u4e00-\u9fff]+): [ -~]+$", r"\1规则", said)


def _catalogue(found: re.Match[str]) -> str:
    return f"职权目录 {found[1]} 第{found[2]}版" + (f" 环节 {found[3]}" if found[3] else "")


def _what(words: str) -> str:
    """Name a pause or an extension: `Special procedure 特别程序 testing`, or several with commas."""
    found = re.findall(r"([\u4e00-\u9fff]+)(?: ([a-z_]+)\b)?", words)
    return "、".join(f"{name}（{_WORDS[kind]}）" if kind in _WORDS else name for name, kind in found) or words


_PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"Starts with (.+); that day is not counted\.", lambda m: f"自{_event(m[1])}起算，当日不计。"),
        (r"Stops with (.+)\.", lambda m: f"于{_event(m[1])}停止计时。"),
        (r"Limit (\d+) (.+?)s by (.+): due (.+)\.",
         lambda m: f"时限{m[1]}{_UNITS.get(m[2], m[2])}（{_basis(m[3])}）：到期 {m[4]}。"),
        (r"(\d+) working days after (.+): due (.+)\.", lambda m: f"自 {m[2]} 起{m[1]}个工作日：到期 {m[3]}。"),
        (r"The department reported the due moment (.+); it is due then\.",
         lambda m: f"部门报送到期时间 {m[1]}，以此为准。"),
        (r"They agree; governed by (.+): (\d.+)\.", lambda m: f"各项一致，以{_basis(m[1])}为准：{m[2]}。"),
        (r"They disagree; governed by (.+): (\d.+)\.", lambda m: f"各项不一致，以{_basis(m[1])}为准：{m[2]}。"),
        (r"It reaches into a year whose working days are not announced.+",
         lambda _: "跨入节假日安排尚未公布的年份：到期日暂定，不判超时。"),
        (r"(.+) is not on the list of Licensing Law art\. 45: the limit runs on\.",
         lambda m: f"{_what(m[1])}不在《行政许可法》第45条所列之内，照常计时。"),
        (r"(.+) came after the limit was over: it changes nothing\.",
         lambda m: f"{_what(m[1])}在时限届满之后，不改变时限。"),
        (r"(.+) has not ended: the limit stands still\.", lambda m: f"{_what(m[1])}尚未结束，暂停计时。"),
        (r"(.+) from (\S+) to (\S+) adds (\d+) working days: due (.+)\.",
         lambda m: f"{_what(m[1])} {m[2]} 至 {m[3]}，顺延{m[4]}个工作日：到期 {m[5]}。"),
        (r"(.+) adds (\d+) (.+?)s: due (.+)\.",
         lambda m: f"{_what(m[1])}，延长{m[2]}{_UNITS.get(m[3], m[3])}：到期 {m[4]}。"),
        (r"(.+) names a new due: due (.+)\.", lambda m: f"{_what(m[1])}，另定到期 {m[2]}。"),
        (r"Not answered within the limit, so accepted from receipt .+",
         lambda _: "逾期未答复，视为自收件之日起受理（《行政许可法》第32条）。"),
        (r"Order (\d+) names (.+) as its last day\.", lambda m: f"第{m[1]}次督办限 {m[2]} 前完成。"),
    )
)  # fmt: skip


def in_chinese(sentence: str) -> str:
    """Say one sentence of a derivation in Chinese; the sentence itself where it is of no known form."""
    for pattern, said in _PATTERNS:
        found = pattern.fullmatch(sentence)
        if found is not None:
            return said(found)
    return sentence
