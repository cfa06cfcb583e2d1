"""Publishes the generated city's catalogue: what its departments would put on their public site, with a flow chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.story import STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

CHARGED: Final = "社会保障卡申领"
"""The generated city's only matter with a fee. No case of it reports a payment, so that no rule asks about it."""


def published(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a department's document with every matter published, by the flow that its cases follow.

    The flow requires nothing: no rule finds another thing in the city by it.
    """
    return {**document, "matters": [_published(row) for row in document.get("matters", ())]}


def _published(row: Mapping[str, Any]) -> dict[str, Any]:
    days = row.get("promised_limit", {}).get("n", 0)
    return {
        "conditions": "申请人具备法定条件，材料齐全、符合法定形式。",
        **_charge(row["name"]),
        **row,
        "published_at": row["valid_from"],
        "flow": _flow(days),
    }


def _charge(name: str) -> dict[str, Any]:
    """Say what a matter costs: nothing, but for the one whose fee the site shows with its basis."""
    if name != CHARGED:
        return {"charged": False}
    item = {"code": "01", "name": "补领、换领工本费", "min": "20.00", "max": "20.00", "basis": "社会保障卡工本费标准"}
    return {"charged": True, "fee_items": [{**item, "standard": "每张；首次申领免费"}]}


def _flow(days: int) -> dict[str, Any]:
    """Return receipt, acceptance, review, an expert's review where it is needed, approval and delivery."""
    (review, review_name), (approval, approval_name) = STAGES
    limit = {"limit": {"n": max(1, days // 2), "unit": "working_day"}} if days > 1 else {}
    stages = [
        {"code": "01", "name": "收件登记", "office": "政务服务窗口", "post": "窗口"},
        {"code": "05", "name": "受理", "office": "政务服务窗口", "post": "窗口"},
        {"code": review, "name": review_name, "post": "审查岗", **limit},
        {"code": "15", "name": "专家评审（必要时）", "post": "审查岗"},
        {"code": approval, "name": approval_name, "post": "审批岗"},
        {"code": "30", "name": "送达", "office": "政务服务窗口", "post": "窗口"},
    ]
    steps = (
        ("01", "05"), ("05", review), (review, "15"), (review, approval), ("15", approval), (approval, review),
        (approval, "30"),
    )  # fmt: skip
    return {"stages": stages, "transitions": [{"from": start, "to": end} for start, end in steps]}
