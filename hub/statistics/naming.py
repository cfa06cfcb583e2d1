"""What the values of dimensions and the columns are called, in Chinese and in English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from hub.model.codes import code_list
from hub.supervision.rules import ALL_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Language = Literal["zh", "en"]

Pair = tuple[str, str]
"""Chinese, English."""

DIMENSIONS: Final[Mapping[str, Pair]] = {
    "period": ("期间", "period"),
    "region": ("地区", "region"),
    "department": ("部门", "department"),
    "matter": ("事项", "matter"),
    "power_type": ("权力类型", "power type"),
    "family": ("业务类别", "family"),
    "rule": ("规则", "rule"),
    "level": ("级别", "level"),
}

FAMILIES: Final[Mapping[str, Pair]] = {
    "application": ("依申请", "applications"),
    "punishment": ("行政处罚", "punishments"),
    "coercion": ("行政强制", "coercion"),
    "inspection": ("行政检查", "inspections"),
    "public_resource": ("公共资源", "public resources"),
    "complaint": ("投诉", "complaints"),
    "other": ("其他", "other"),
}

LEVELS: Final[Mapping[str, Pair]] = {
    "notice": ("提醒告知", "notice"),
    "yellow": ("超时警示", "yellow"),
    "red": ("违规查纠", "red"),
}

COLUMNS: Final[Mapping[str, tuple[str, str, str]]] = {
    "open_before": ("期初在办", "open before", "count"),
    "opened": ("收件", "received", "count"),
    "opened_online": ("网上收件", "received online", "count"),
    "entered_late": ("补录", "entered late", "count"),
    "supplemented": ("补正", "supplemented", "count"),
    "overdue": ("收件中现超期未办结", "received, now overdue", "count"),
    "accepted": ("受理", "accepted", "count"),
    "finished": ("办理完成", "finished", "count"),
    "on_time": ("按时", "on time", "count"),
    "early": ("提前", "early", "count"),
    "late": ("超时", "late", "count"),
    "finished_late_by_law": ("超法定时限", "late by law", "count"),
    "paused": ("特别程序", "with a pause", "count"),
    "extended": ("延期", "extended", "count"),
    "timed": ("计时件", "timed", "count"),
    "closed": ("办结", "closed", "count"),
    "reworked": ("退回重办", "reworked", "count"),
    "rated": ("评价", "rated", "count"),
    "dissatisfied": ("不满意", "dissatisfied", "count"),
    "open_after": ("期末在办", "open after", "count"),
    "on_time_rate": ("按时率", "on-time rate", "rate"),
    "early_rate": ("提前率", "early rate", "rate"),
    "late_by_law_rate": ("超法定率", "late-by-law rate", "rate"),
    "online_rate": ("网办率", "online rate", "rate"),
    "late_entry_rate": ("补录率", "late-entry rate", "rate"),
    "supplement_rate": ("补正率", "supplement rate", "rate"),
    "dissatisfied_rate": ("不满意率", "dissatisfied rate", "rate"),
    "rework_rate": ("重办率", "rework rate", "rate"),
    "mean_used_days": ("平均用时（工作日）", "mean used (working days)", "days"),
    "mean_promised_days": ("平均承诺（工作日）", "mean promised (working days)", "days"),
    "used_days_p50": ("用时中位数", "used, median", "count"),
    "used_days_p90": ("用时P90", "used, p90", "count"),
    "used_days_p95": ("用时P95", "used, p95", "count"),
    "alert_rate": ("预警率", "alert rate", "rate"),
    "breach_rate": ("违规率", "breach rate", "rate"),
    "raised": ("发出", "raised", "count"),
    "breaches": ("其中黄红", "of those yellow, red", "count"),
    "standing": ("未了结", "standing", "count"),
    "revoked": ("撤销", "revoked", "count"),
    "cases": ("涉及办件", "cases", "count"),
    "breached_cases": ("违规办件", "cases in breach", "count"),
}
"""Chinese, English, and what kind of figure it is: `count`, `rate` (a share, 0 to 1) or `days`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Names of departments and matters from the power catalogue; everything else has names of its own."""

    departments: Mapping[str, str]
    matters: Mapping[str, str]

    def of(self, dimension: str, code: str, language: Language = "zh") -> str:
        """Name one value of a dimension; its code where nobody knows a name."""
        if dimension == "department":
            return self.departments.get(code, code)
        if dimension == "matter":
            return self.matters.get(code, code) or ("未注明", "none named")[language == "en"]
        if dimension in ("region", "power_type"):
            row: Mapping[str, Any] = code_list(f"{dimension}s").rows.get(code, {})
            return str(row.get(language, code)) or ("未注明", "none named")[language == "en"]
        return _pair(dimension, code)[language == "en"]


def _pair(dimension: str, code: str) -> Pair:
    if dimension == "rule" and code in ALL_RULES:
        return f"{code} {ALL_RULES[code].zh}", f"{code} {ALL_RULES[code].en}"
    table: Mapping[str, Pair] = {"family": FAMILIES, "level": LEVELS}.get(dimension, {})
    return table.get(code, (code, code))


def naming(catalogue: Iterable[Mapping[str, Any]]) -> Naming:
    """Read names from the documents of the power catalogue."""
    departments: dict[str, str] = {}
    matters: dict[str, str] = {}
    for document in catalogue:
        departments[document["department"]["department_id"]] = str(document["department"]["name"])
        matters |= {row["matter_code"]: str(row["name"]) for row in document.get("matters", ())}
    return Naming(departments=departments, matters=matters)


def heading(name: str, language: Language = "zh") -> str:
    """Name one column or dimension."""
    known = DIMENSIONS.get(name) or COLUMNS.get(name)
    return known[language == "en"] if known else name
