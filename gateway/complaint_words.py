"""The words that codes of complaints stand for, in both languages: for citizens and for those who handle complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.words import Label

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Final[Mapping[str, Label]] = {
    "complaint": Label("投诉", "complaint"),
    "report": Label("举报", "report of misconduct"),
    "help": Label("求助", "request for help"),
    "suggestion": Label("建议", "suggestion"),
    "enquiry": Label("咨询", "enquiry"),
}
"""What a citizen sends (schemas/case-event.v1, case.complaint.kind)."""

CATEGORIES: Final[Mapping[str, Label]] = {
    "delay": Label("办理超时", "delay"),
    "conduct": Label("服务态度", "conduct"),
    "fee": Label("收费问题", "fees"),
    "refusal": Label("推诿、不受理", "refusal"),
    "procedure": Label("程序问题", "procedure"),
    "integrity": Label("廉洁问题", "integrity"),
    "other": Label("其他", "other"),
}
"""What it is about (case.complaint.category)."""

CHANNELS: Final[Mapping[str, Label]] = {
    "mailbox": Label("电子信箱", "mailbox"),
    "forum": Label("市民论坛", "forum"),
    "online_centre": Label("网上投诉中心", "online centre"),
    "hotline": Label("12345热线", "hotline"),
    "consultation": Label("意见征询", "consultation"),
    "dialogue": Label("网上对话", "dialogue"),
    "letter_visit": Label("来信来访", "letter or visit"),
    "rating": Label("评价", "rating"),
    "referral": Label("转办", "referral"),
}
"""How it came in (case.complaint.channel)."""

TRACKS: Final[Mapping[str, Label]] = {
    "hotline": Label("热线件", "hotline"),
    "petition": Label("信访件", "petition"),
    "report": Label("检举控告", "report"),
    "opinion": Label("意见建议", "opinion"),
}
"""By which limits it goes (case.complaint.track)."""
