"""What may happen to an alert, and by whom: a declared machine of people's moves, each with what it demands.

raised 已发出 → signed 已签收 → answered 已反馈 → rectified 已整改 → verified 已核实 → closed 销号. Beside it: an appeal
申诉 or a review of the centre's own motion 复核, by someone else, which upholds, downgrades or revokes on a ground; a
supervision order 督办单; a step up; its cause attributed 归因 to department, connector or hub. What the hub does by
itself (raise, clear, excuse) is decided in alerts.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

from hub.errors import Rejection
from hub.supervision.alert_clocks import appeal_ends
from hub.supervision.instants import written
from hub.supervision.persons import same_person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from hub.model.values import AlertRow
    from hub.supervision.calendar import WorkCalendar

Role = Literal["department", "supervisor", "reviewer"]
"""Who moves: the responsible department 责任部门, an officer of the centre 监察人员, or whoever reviews 复核人员."""

STATES: Final = (
    "shadow",
    "pending",
    "raised",
    "signed",
    "answered",
    "rectified",
    "verified",
    "closed",
    "appealed",
    "under_review",
    "upheld",
    "downgraded",
    "cleared",
    "revoked",
)
"""Every state of an alert: `shadow` is what a rule on trial found, `pending` waits for a person."""

GROUNDS: Final = (
    "applicant_fault",
    "force_majeure",
    "data_error",
    "system_fault",
    "rule_error",
    "self_corrected",
)
"""Grounds on which an alert is dismissed or revoked, after the exemptions that cities publish."""

LOWER: Final[Mapping[str, str]] = {"red": "yellow", "yellow": "notice"}
"""What a level is downgraded to."""

PARTIES: Final = ("department", "connector", "hub")
"""Whom the cause of an alert can be attributed to 归因: only the department's own lower its score."""

_OPEN: Final = frozenset({"raised", "signed", "answered", "rectified", "upheld", "downgraded"})
_ISSUED: Final = _OPEN | {"verified", "closed", "appealed", "under_review"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move: from which states, to which (empty: it stays), who may make it, and what must be said with it."""

    name: str
    zh: str
    en: str
    after: frozenset[str]
    state: str
    role: Role
    needs: tuple[str, ...] = ()


def _move(name: str, zh: str, en: str, after: frozenset[str] | set[str], state: str, role: Role, *needs: str) -> Move:
    return Move(name=name, zh=zh, en=en, after=frozenset(after), state=state, role=role, needs=needs)


_ROWS: Final = (
    _move("confirm", "确认发出", "confirmed", {"pending"}, "raised", "supervisor", "note"),
    _move("dismiss", "不予发出", "dismissed", {"pending"}, "revoked", "supervisor", "ground", "note"),
    _move("sign", "签收", "signed for", {"raised"}, "signed", "department"),
    _move("answer", "反馈", "answered", {"signed", "upheld", "downgraded"}, "answered", "department", "note"),
    _move("rectify", "整改", "rectified", {"answered"}, "rectified", "department", "note"),
    _move("return", "退回", "sent back", {"answered", "rectified"}, "signed", "supervisor", "note"),
    _move("verify", "核实", "verified", {"rectified"}, "verified", "supervisor", "note"),
    _move("close", "销号", "closed", {"verified"}, "closed", "supervisor"),
    _move("appeal", "申诉", "appealed", {"raised", "signed", "answered"}, "appealed", "department", "note"),
    _move("review", "复核", "taken up for review", {"appealed", "raised", "signed", "answered", "rectified"},
          "under_review", "reviewer"),
    _move("uphold", "维持", "upheld", {"under_review"}, "upheld", "reviewer", "note"),
    _move("downgrade", "降级", "downgraded", {"under_review"}, "downgraded", "reviewer", "note"),
    _move("revoke", "撤销", "revoked", {"under_review"}, "revoked", "reviewer", "ground", "note"),
    _move("order", "督办", "put under a supervision order", _OPEN, "", "supervisor", "note", "due_on"),
    _move("escalate", "升级", "escalated", _OPEN, "", "supervisor", "note", "to"),
    _move("attribute", "归因", "attributed", _ISSUED, "", "supervisor", "note", "to"),
)  # fmt: skip

MOVES: Final[Mapping[str, Move]] = {move.name: move for move in _ROWS}
"""Every move that a person can make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What one person wants to do to one alert.

    `department_id` is theirs; `due_on` a day; `to` who it goes up to, or whose its cause is.
    """

    move: str
    by: str
    role: str
    at: datetime
    department_id: str = ""
    note: str = ""
    ground: str = ""
    due_on: str = ""
    to: str = ""


def legal(state: str) -> Sequence[Move]:
    """Return the moves that people may make from a state."""
    return [move for move in MOVES.values() if state in move.after]


def refusal(alert: AlertRow, deed: Deed, calendar: WorkCalendar) -> Rejection | None:
    """Say why a deed is refused; None where it is lawful. The first reason found is said."""
    move = MOVES.get(deed.move)
    if move is None:
        return _no("move", f"nobody can {deed.move!r} an alert", f"one of {', '.join(MOVES)}")
    return next((why for check in _CHECKS if (why := check(alert, deed, move, calendar)) is not None), None)


def done(alert: AlertRow, deed: Deed, calendar: WorkCalendar) -> AlertRow:
    """Return the alert after a lawful deed; its document tells the whole history."""
    move = MOVES[deed.move]
    state, level = move.state or alert.state, alert.level
    when = written(deed.at, calendar.zone)
    document = {
        **alert.document,
        "state": state,
        "changed_at": when,
        "history": [*alert.document.get("history", ()), _entry(alert, deed, state, when)],
    }
    if move.name == "downgrade":
        level = document["level"] = LOWER[alert.level]
    if move.name == "confirm":
        document["issued_at"] = when
    if state == "revoked":
        document["reason"] = deed.ground
    if move.name == "order":
        document["orders"] = [*alert.document.get("orders", ()), _order(alert, deed, when)]
    return replace(alert, state=state, level=level, changed_at=deed.at, document=document)


def last_move(document: Mapping[str, Any]) -> str:
    """Name the last move of an alert's history; empty where none is told."""
    history = document.get("history", ())
    return str(history[-1]["move"]) if history else ""


def attributed_to(document: Mapping[str, Any]) -> str:
    """Return whom a person attributed the cause of an alert to, last; empty where nobody did, and its rule says."""
    told = [str(each["to_whom"]) for each in document.get("history", ()) if each["move"] == "attribute"]
    return told[-1] if told else ""


def is_settled(alert: AlertRow) -> bool:
    """Tell whether a person took the alert back: the same finding does not raise it again."""
    return alert.state == "revoked" and last_move(alert.document) in ("dismiss", "revoke")


def _entry(alert: AlertRow, deed: Deed, state: str, when: str) -> dict[str, str]:
    said = {"note": deed.note, "ground": deed.ground, "due_on": deed.due_on, "to_whom": deed.to}
    who = {"move": deed.move, "by": deed.by, "role": deed.role, "at": when, "from": alert.state, "to": state}
    return {**who, **{name: value for name, value in said.items() if value}}


def _order(alert: AlertRow, deed: Deed, when: str) -> dict[str, Any]:
    number = len(alert.document.get("orders", ())) + 1
    return {"n": number, "content": deed.note, "issued_at": when, "due_on": deed.due_on, "by": deed.by}


def _no(code: str, problem: str, hint: str) -> Rejection:
    return Rejection(stage="supervise", code=f"alert.{code}", problem=problem, hint=hint)


def _of_state(alert: AlertRow, _deed: Deed, move: Move, _calendar: WorkCalendar) -> Rejection | None:
    if alert.state in move.after:
        return None
    can = ", ".join(each.name for each in legal(alert.state)) or "nothing any more"
    return _no("state", f"an alert that is {alert.state} cannot be {move.en}", f"what can be done now: {can}")


def _of_role(_alert: AlertRow, deed: Deed, move: Move, _calendar: WorkCalendar) -> Rejection | None:
    if deed.role == move.role:
        return None
    return _no("role", f"a {deed.role} cannot {move.name} an alert", f"that is for a {move.role}")


def _of_department(alert: AlertRow, deed: Deed, move: Move, _calendar: WorkCalendar) -> Rejection | None:
    if move.role == "department" and deed.department_id != alert.department_id:
        return _no("department", "this alert is another department's", f"only {alert.department_id} can {move.name} it")
    if move.role != "department" and deed.department_id == alert.department_id:
        return _no("department", f"nobody of the responsible department can {move.name} it", "let the centre do it")
    return None


def _of_person(alert: AlertRow, deed: Deed, move: Move, _calendar: WorkCalendar) -> Rejection | None:
    """Hold reviews to a second person, whatever key they use: never who issued the alert, ordered or appealed."""
    others = (each["by"] for each in alert.document.get("history", ()) if each["move"] in _ACTED)
    if move.role == "reviewer" and any(same_person(deed.by, other) for other in others):
        return _no("same-person", f"{deed.by} has acted on this alert", "a review is made by somebody else")
    return None


_ACTED: Final = frozenset({"confirm", "return", "verify", "order", "escalate", "appeal", "answer", "sign", "rectify"})


def _of_words(_alert: AlertRow, deed: Deed, move: Move, _calendar: WorkCalendar) -> Rejection | None:
    missing = next((name for name in move.needs if not str(getattr(deed, name)).strip()), None)
    if missing is not None:
        return _no(missing.replace("_", "-"), f"{move.name} needs {_NEEDS[missing]}", "say it and send again")
    if deed.ground and deed.ground not in GROUNDS:
        return _no("ground", f"{deed.ground!r} is no ground", f"one of {', '.join(GROUNDS)}")
    if move.name == "attribute" and deed.to not in PARTIES:
        return _no("to", f"nothing is attributed to {deed.to!r}", f"one of {', '.join(PARTIES)}")
    if deed.due_on and not _is_day(deed.due_on):
        return _no("due-on", f"{deed.due_on!r} is no day", "write it as 2026-12-01")
    return None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_NEEDS: Final[Mapping[str, str]] = {
    "note": "a reason in words",
    "ground": f"a ground: {', '.join(GROUNDS)}",
    "due_on": "the day it must be done by, YYYY-MM-DD",
    "to": "to whom it goes, or whose its cause is",
}


def _of_time(alert: AlertRow, deed: Deed, move: Move, calendar: WorkCalendar) -> Rejection | None:
    if move.name == "appeal" and deed.at >= (ends := appeal_ends(alert, calendar)):
        return _no(
            "appeal-over", f"an appeal was open until {written(ends, calendar.zone)}", "ask for a review instead"
        )
    if move.name == "order" and deed.due_on <= calendar.day_of(deed.at).isoformat():
        return _no("due-on", f"{deed.due_on} is no later day", "give the department at least until tomorrow")
    return None


def _of_level(alert: AlertRow, _deed: Deed, move: Move, _calendar: WorkCalendar) -> Rejection | None:
    if move.name == "downgrade" and alert.level not in LOWER:
        return _no("level", f"a {alert.level} cannot be downgraded", "uphold or revoke it")
    return None


_CHECKS: Final[tuple[Callable[[AlertRow, Deed, Move, WorkCalendar], Rejection | None], ...]] = (
    _of_role,
    _of_department,
    _of_state,
    _of_person,
    _of_words,
    _of_time,
    _of_level,
)
"""Why a move may be refused, the reason said first first."""
