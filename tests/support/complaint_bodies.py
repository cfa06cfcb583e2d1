"""Complaint centres and departments of a town for tests: how each says its moves, and how it is told of others'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

NUMBERING: Final = "city.complaints"
FIELDS: Final = ("id", "no", "move", "at", "n", "dept", "reason", "basis", "reply", "solved", "changed")

ONCE: Final = ("registered", "accepted", "withdrawn", "closed")
REPEATED: Final = ("dispatched", "redispatched", "signed", "returned", "started", "replied", "followed_up", "reworked")
MOVES: Final = (*ONCE, *REPEATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """One body with a system: a centre, or a department. `says` and `hears` are kinds of connections."""

    name: str
    department: str
    says: str
    hears: str
    centre: str = ""

    def word(self, move: str) -> str:
        """Return what it calls a move: each department has a vocabulary of its own."""
        return move if self.centre else f"{self.name[0].upper()}{10 * (MOVES.index(move) + 1)}"


NOW: Final = datetime(2026, 3, 3, 10, tzinfo=UTC)
HOME: Final = "11321200014005005D"

CENTRES: Final = (
    Who(name="hotline", department=HOME, says="soap", hears="soap", centre="city.hotline"),
    Who(name="mailbox", department=HOME, says="rest", hears="rest", centre="city.mailbox"),
    Who(name="online", department=HOME, says="push", hears="rest", centre="city.online"),
    Who(name="letters", department=HOME, says="files", hears="files", centre="city.letters"),
    Who(name="forum", department=HOME, says="database", hears="database", centre="city.forum"),
)
HOUSING: Final = Who(name="housing", department="11321200014000028L", says="push", hears="soap")
MARKET: Final = Who(name="market", department="113212000140010128", says="soap", hears="rest")
TRANSPORT: Final = Who(name="transport", department="11321281014100010P", says="database", hears="files")
WATER: Final = Who(name="water", department="113212830143000120", says="files", hears="database")
DEPARTMENTS: Final = (HOUSING, MARKET, TRANSPORT, WATER)

HOTLINE, MAILBOX, _, LETTERS, FORUM = CENTRES


def mapping_in(who: Who, connect: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping by which a body's words come in: one record is one move, in its own vocabulary of it."""
    complaint = {"channel": "'hotline'", "kind": "'complaint'", "track": "'hotline'"}
    if who.centre:
        complaint["centre_id"] = f"'{who.centre}'"
    return {
        "connection": f"town.{who.name}",
        "version": 1,
        "department": who.department,
        "kind": who.says,
        "connect": connect,
        "allowed_delay": "0s",
        "read": {"timezone": "Asia/Shanghai"},
        "case": {
            "key": "no", "numbering": NUMBERING, "case_no": "no", "family": "'complaint'", "region_code": "'321200'",
            "complaint": complaint,
        },
        "events": [_event(who, move) for move in MOVES],
    }  # fmt: skip


def _event(who: Who, move: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": f"complaint.{move}",
        "when": f'move == "{who.word(move)}"',
        "occurred_at": "time(at)",
    }
    if move in REPEATED:
        said["occurrence"] = "n"
        said["handling"] = {"department_id": "dept", "reason": "reason", "basis": "basis", "reply": "reply"}
    if move == "followed_up":
        said["handling"] = {"solved": 'solved == "yes"'}
    return said


def mapping_out(who: Who, connect: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping by which a body is told: orders of a department, statuses of a centre."""
    is_centre = bool(who.centre)
    said: dict[str, Any] = {
        "direction": "out",
        "of": "complaint-status" if is_centre else "complaint-order",
        "connection": f"town.{who.name}.told",
        "department": who.department,
        "kind": who.hears,
        "connect": {**connect, "begin": "all"},
        "write": {
            "ID": "status_id" if is_centre else "order_id", "NO": "complaint_no", "MOVE": "move", "HOLDS": "in_force",
            "SEQ": "sequence", "DUE": 'format_time(due_at, "%Y-%m-%d")', **({"REPLY": "reply"} if is_centre else {}),
        },
    }  # fmt: skip
    return {**said, "centre": who.centre} if is_centre else said
