# ruff: noqa: E501 - the machine is a table: one move a line
"""Complaints 投诉件: 登记, 受理, 派单, 签收 or 退单, 办理, 反馈, 回访, 退回重办, 办结, 归档: by whom, when, on what terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.families.holding import ASSISTING, CENTRE, HANDLER, ORIGIN, named, said, staff_of
from hub.supervision.families.transition import Guard, Transition, made_by, move, within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.supervision.caselog import Fact
    from hub.supervision.families.holding import Holding


def _spares_respondent(fact: Fact, held: Holding) -> bool:
    """Tell whether neither the person complained of nor, of a report, the unit gets it (Petition Regulation art. 30)."""
    person, unit = held.about.get("respondent_person"), held.about.get("respondent_department")
    return (not person or person not in staff_of(fact)) and not (held.is_report and unit and unit == named(fact))


def _is_reasoned(fact: Fact, held: Holding) -> bool:
    """Tell whether a return says why and on what basis; what the centre itself reports it has taken back."""
    handling = said(fact)
    is_given = bool(str(handling.get("reason", "")).strip() and str(handling.get("basis", "")).strip())
    return is_given or CENTRE in held.roles(fact.department_id)


def approver_of(fact: Fact) -> str:
    """Return who approved an extension."""
    return str(said(fact).get("approved_by") or fact.detail.get("extension", {}).get("approved_by") or "")


def _is_approved(fact: Fact, held: Holding) -> bool:
    """Tell whether an extension is approved, and by somebody else than whoever asked for it."""
    asked = staff_of(held.request) if held.request is not None else frozenset()
    return bool(approver_of(fact)) and approver_of(fact) not in asked


LEAK: Final = "R66"
"""The rule on complaints that reach those they are about."""

NAMED: Final = Guard(expected="a department", zh="须写明承办单位", holds=lambda fact, _: bool(named(fact)))
SPARED: Final = Guard(
    expected="anybody but whom it is about", zh="不得交被投诉人、被举报单位办理", rule=LEAK, holds=_spares_respondent
)
CONFINED: Final = Guard(
    expected="a discipline-inspection body", zh="举报件须交纪检监察机关办理", rule=LEAK,
    holds=lambda fact, held: goes_to(named(fact) or held.designee, held),
)  # fmt: skip
REASONED: Final = Guard(
    expected="a reason and its legal basis", zh="退单须写明理由和依据", rule="R63", holds=_is_reasoned
)
BOUNDED: Final = Guard(
    expected="once only",
    zh="退单次数已满，请由中心仲裁",
    is_of_state=True,
    rule="R63",
    holds=lambda _, held: held.returns < held.practice.returns,
)
FREE: Final = Guard(
    expected="not after designation",
    zh="已指定承办，不得退单",
    is_of_state=True,
    rule="R63",
    holds=lambda _, held: not held.designated,
)
DISPUTED: Final = Guard(
    expected="as many returns as are allowed",
    zh="退单次数未满，不予仲裁",
    is_of_state=True,
    holds=lambda _, held: held.returns >= held.practice.returns,
)
MEANT: Final = Guard(
    expected="the department that was designated",
    zh="只能派给指定的承办单位",
    holds=lambda fact, held: named(fact) in ("", held.designee or named(fact)),
)
PENDING: Final = Guard(
    expected="an extension asked for",
    zh="没有待批的延期申请",
    is_of_state=True,
    holds=lambda _, held: held.request is not None,
)
APPROVED: Final = Guard(
    expected="approved by somebody else than who asks", zh="延期须由申请人以外的人批准", rule="R18", holds=_is_approved
)
PASSED: Final = Guard(
    expected="another centre",
    zh="须转送其他中心",
    holds=lambda fact, held: said(fact).get("centre_id", "") not in ("", held.centre_id),
)
ORIGINAL: Final = Guard(
    expected="the number of another complaint",
    zh="须写明另一投诉件编号",
    holds=lambda fact, _: original_of(fact) not in ("", fact.attributes.get("case_no")),
)


def goes_to(department: str, held: Holding) -> bool:
    """Tell whether a complaint may be sent to a department: a report 举报 to bodies that take reports alone."""
    return not held.is_report or held.practice.bodies is None or not department or department in held.practice.bodies


def original_of(fact: Fact) -> str:
    """Return the number of the complaint of which a linked one is a duplicate."""
    return str(fact.detail.get("refers_to") or fact.attributes.get("complaint", {}).get("duplicate_of") or "")


_C: Final = frozenset({CENTRE})
_H: Final = frozenset({CENTRE, HANDLER})
_A: Final = frozenset({CENTRE, ASSISTING})
"""A centre may report the moves of a department that has no connection of its own."""

_O: Final = frozenset({CENTRE, ORIGIN})
"""What the complainant says comes over the centre that took it in, whoever has the complaint by now."""

_COMPLAINANTS: Final = frozenset({"case.evaluated"})
"""What a complainant says that is no move of the complaint."""

_SENT: Final = ("dispatched", "signed_for")
_HANDLED: Final = (*_SENT, "in_progress")
_UNDONE: Final = ("registered", "accepted", *_HANDLED, "returned")
_OPEN: Final = (*_UNDONE, "replied", "followed_up")

COMPLAINT: Final[Mapping[str, Transition]] = {
    "complaint.registered": made_by(_C, move(0, ("",), "registered")),
    "complaint.accepted": made_by(_C, move(1, ("registered",), "accepted")),
    "complaint.not_accepted": made_by(_C, move(2, ("registered",), "rejected")),
    "complaint.transferred": made_by(
        _C, move(3, ("registered", "accepted", "returned"), "registered"), PASSED, SPARED, only_lawful=True
    ),
    "complaint.dispatched": made_by(
        _C, move(4, ("registered", "accepted", "returned"), "dispatched"), SPARED, CONFINED, MEANT
    ),
    "complaint.assist_asked": made_by(_C, within(5, _HANDLED), NAMED, SPARED, CONFINED, only_lawful=True),
    "complaint.returned": made_by(_H, move(6, _SENT, "returned"), REASONED, BOUNDED, FREE, only_lawful=True),
    "complaint.arbitrated": made_by(
        _C, move(7, (*_SENT, "returned"), "returned"), NAMED, SPARED, CONFINED, DISPUTED, only_lawful=True
    ),
    "complaint.redispatched": made_by(
        _C, move(8, ("returned",), "dispatched"), SPARED, CONFINED, MEANT, only_lawful=True
    ),
    "complaint.signed": made_by(_H, move(9, ("dispatched",), "signed_for"), SPARED),
    "complaint.started": made_by(_H, move(10, _SENT, "in_progress"), SPARED),
    "complaint.extension_requested": made_by(_H, within(11, _HANDLED), only_lawful=True),
    "complaint.extension_refused": made_by(_C, within(12, _HANDLED), PENDING, only_lawful=True),
    "complaint.extended": made_by(_C, within(13, _HANDLED), APPROVED, only_lawful=True),
    "complaint.assisted": made_by(_A, within(14, _HANDLED)),
    "complaint.replied": made_by(_H, move(15, _HANDLED, "replied"), SPARED),
    "complaint.followed_up": made_by(_C, move(16, ("replied",), "followed_up")),
    "complaint.reworked": made_by(_C, move(17, ("replied", "followed_up"), "in_progress")),
    "complaint.linked": made_by(_C, move(18, _UNDONE, "linked"), ORIGINAL),
    "complaint.withdrawn": made_by(_O, move(19, _OPEN, "withdrawn")),
    "complaint.closed": made_by(_C, move(20, ("replied", "followed_up"), "closed")),
    "complaint.archived": made_by(_C, within(21, ("closed", "rejected", "withdrawn", "linked"))),
}
"""Centres that report no acceptance dispatch straight from registration, those that have one word for dispatching and
dispatching again use it after a return too; handlers that report no signing reply."""


ANSWERS: Final = frozenset(name for name, each in COMPLAINT.items() if each.by != _C)
"""What departments say that handle a complaint or assist."""

SENDING: Final = frozenset({"complaint.dispatched", "complaint.redispatched", "complaint.assist_asked"})
"""Moves by which a department gets a complaint."""


def refusal(move_: Transition, fact: Fact, held: Holding) -> Guard | None:
    """Return what a move lacks to be in force: who may make it, or the first of its conditions that is not met."""
    roles = held.roles(fact.department_id)
    by = move_.by or (_O if fact.type in _COMPLAINANTS else _C)
    if roles.isdisjoint(by):
        expected = " or ".join(f"the {role}" for role in sorted(by - {ORIGIN}))
        return Guard(expected=expected, zh="无权办理此环节", holds=lambda *_: False)
    return next((guard for guard in move_.guards if not guard.holds(fact, held)), None)
