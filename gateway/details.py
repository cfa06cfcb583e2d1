"""Decides what an event's own fields say on its case's page: a label in both languages and a text each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.words import Label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHOWN: Final = (
    "stage_name",
    "result",
    "special",
    "extension",
    "promised_due_at",
    "statutory_due_at",
    "correction_of",
    "new_case_no",
    "remarks",
)
"""Fields of an event's data that a reader of the timeline is told; persons and contacts are not among them."""

RESULTS: Final[Mapping[str, str]] = {
    "granted": "准予",
    "denied": "不予",
    "withdrawn": "撤回",
    "terminated": "终止",
    "penalised": "予以处罚",
    "not_penalised": "不予处罚",
    "transferred": "移送",
    "not_accepted": "不予受理",
}

SPECIAL: Final[Mapping[str, str]] = {
    "hearing": "听证",
    "tender": "招标",
    "auction": "拍卖",
    "inspection": "检验",
    "testing": "检测",
    "quarantine": "检疫",
    "appraisal": "鉴定",
    "expert_review": "专家评审",
    "other": "其他",
}
"""Special procedures whose time does not count (Licensing Law art. 45)."""

UNITS: Final[Mapping[str, str]] = {"working_day": "个工作日", "calendar_day": "日"}


def chosen(data: Mapping[str, Any]) -> dict[str, Any]:
    """Pick from an event's data what is shown of it; of objects without who approved and who was paid."""
    return {name: _public(data[name]) for name in SHOWN if data.get(name)}


def _public(value: Any) -> Any:  # noqa: ANN401 - whatever a document holds
    if not isinstance(value, dict):
        return value
    return {name: each for name, each in value.items() if name not in ("approver", "approved_by")}


def said(details: Mapping[str, Any]) -> list[tuple[Label, str]]:
    """Say an event's fields for people; the stage is said in the event's heading."""
    return [(label, say(details[name])) for name, label, say in _SAID if name in details]


def _result(value: Mapping[str, Any] | str) -> str:
    if isinstance(value, str):
        return value
    numbers = [str(value[name]) for name in ("document_no", "certificate_name", "certificate_no") if name in value]
    return " ".join([RESULTS.get(value["code"], value["code"]), *numbers])


def _special(value: Mapping[str, Any]) -> str:
    return str(value.get("type_name") or SPECIAL.get(value["kind"], value["kind"]))


def _extension(value: Mapping[str, Any]) -> str:
    return f"{value['n']} {UNITS.get(value['unit'], value['unit'])}"


def _moment(value: str) -> str:
    return value[:16].replace("T", " ")


_SAID: Final[tuple[tuple[str, Label, Callable[[Any], str]], ...]] = (
    ("result", Label("结果", "result"), _result),
    ("special", Label("特别程序", "special procedure"), _special),
    ("extension", Label("延长", "extended by"), _extension),
    ("promised_due_at", Label("承诺到期", "promised due"), _moment),
    ("statutory_due_at", Label("法定到期", "statutory due"), _moment),
    ("new_case_no", Label("新编号", "new number"), str),
    ("remarks", Label("备注", "remarks"), str),
)
