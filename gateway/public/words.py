"""The words of the public site that codes stand for, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.complaint_words import CATEGORIES, KINDS
from gateway.words import CLOCK_STATES, CLOCKS, STATES, Label, event_label, label, region_label
from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CATEGORIES", "CLOCKS", "CLOCK_STATES", "FIELDS", "KINDS", "LEVELS", "NATURES", "OUTCOMES", "PROCEDURES",
    "PROGRESS", "SCORES", "STATUSES", "case_type", "event_label", "limit", "power", "region_label",
]  # fmt: skip

STATUSES: Final[Mapping[str, Label]] = {
    "active": Label("有效", "in force"),
    "suspended": Label("暂停实施", "suspended"),
    "cancelled": Label("已取消", "cancelled"),
    "merged": Label("已合并", "merged"),
}

LEVELS: Final[Mapping[str, Label]] = {
    "1": Label("国家级", "national"),
    "2": Label("省级", "province"),
    "3": Label("市级", "city"),
    "4": Label("县级", "county"),
    "5": Label("镇（乡、街道）级", "town"),
    "6": Label("村（社区）级", "village"),
    "7": Label("分级行使", "by grade"),
}
"""行使层级, GB/T 39046-2020 A.2."""

NATURES: Final[Mapping[str, Label]] = {
    "1": Label("法定机关", "statutory authority"),
    "2": Label("授权组织", "authorised by law"),
    "3": Label("受委托组织", "entrusted"),
    "9": Label("其他", "other"),
}
"""主体性质, GB/T 39046-2020 A.3."""

PROCEDURES: Final[Mapping[str, Label]] = {
    "hearing": Label("听证", "hearing"),
    "tender": Label("招标", "tender"),
    "auction": Label("拍卖", "auction"),
    "inspection": Label("检验", "inspection"),
    "testing": Label("检测", "testing"),
    "quarantine": Label("检疫", "quarantine"),
    "appraisal": Label("鉴定", "appraisal"),
    "expert_review": Label("专家评审", "expert review"),
    "other": Label("其他", "other"),
}
"""特别程序: time that is not counted in a limit (Licensing Law art. 45)."""

OUTCOMES: Final[Mapping[str, Label]] = {
    "substantiated": Label("属实", "found true"),
    "partly": Label("部分属实", "partly true"),
    "unsubstantiated": Label("不属实", "not found true"),
    "undetermined": Label("无法认定", "could not be determined"),
}

SCORES: Final[Mapping[str, Label]] = {
    "1": Label("非常满意", "very satisfied"),
    "2": Label("满意", "satisfied"),
    "3": Label("基本满意", "fairly satisfied"),
    "4": Label("不满意", "dissatisfied"),
    "5": Label("非常不满意", "very dissatisfied"),
}
"""满意度, GB/T 39046-2020 A.8; 4 and 5 are bad ratings 差评."""

FIELDS: Final[Mapping[str, Label]] = {
    "kind": Label("类别", "kind"),
    "department": Label("涉及部门", "department"),
    "category": Label("问题类型", "what about"),
    "region": Label("发生地区", "where"),
    "related": Label("相关办件编号", "case number"),
    "title": Label("标题", "title"),
    "content": Label("内容", "what happened"),
    "person": Label("涉及人员", "person concerned"),
    "name": Label("姓名", "name"),
    "phone": Label("电话", "phone"),
    "email": Label("电子邮箱", "e-mail"),
}
"""Fields of the form, in its order."""

PROGRESS: Final[Mapping[str, Label]] = {**STATES, "sent": Label("已提交，正在登记", "sent, being registered")}

_UNITS: Final[Mapping[str, Label]] = {
    "working_day": Label("个工作日", "working day"),
    "calendar_day": Label("日（自然日）", "calendar day"),
    "hour": Label("小时", "hour"),
    "working_hour": Label("个工作小时", "working hour"),
}


def limit(row: Mapping[str, Any]) -> Label:
    """Write a limit."""
    unit, n = label(_UNITS, row["unit"]), row["n"]
    return Label(f"{n} {unit.zh}", f"{n} {unit.en}{'' if n == 1 else 's'}")


def power(code: str) -> Label:
    """Name a power type."""
    return _coded("power_types", code)


def case_type(code: str) -> Label:
    """Name a case type: on the spot 即办件, within a promise 承诺件."""
    return _coded("case_types", code)


def _coded(name: str, code: str) -> Label:
    row = code_list(name).rows.get(code)
    return Label(str(row["zh"]), str(row.get("en") or row["zh"])) if row else Label(code, code)
