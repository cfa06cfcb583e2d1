"""Finds what somebody holds the word for: a wrong word, a wrong number and what is closed are all answered alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.problems import Problem
from hub.citizens.complaint import cleaned
from hub.citizens.progress import case_told, complaint_told
from hub.citizens.sending import CASE, COMPLAINT
from hub.citizens.tracking import is_secret, number_in
from hub.model import ids

if TYPE_CHECKING:
    from gateway.public.parts import PublicParts

NOT_FOUND: Final = Problem(
    404, "no-match", "没有找到：编号与查询码不符。 Nothing found: number and code do not match.",
    hint="请核对编号和查询码。 Check both as they were given to you.",
)  # fmt: skip

NUMBER_CHARS: Final = 200

SENT: Final = "sent"
"""State of a complaint that the broker holds and the hub has not entered yet: a matter of seconds."""


class Found(NamedTuple):
    """What was found: its row (empty where it is not entered yet), and what its holder is told."""

    row: dict[str, Any]
    told: dict[str, Any]


def complaint(parts: PublicParts, number: str, secret: str) -> Found:
    """Find a complaint by number and secret; Problem NOT_FOUND.

    The secret is looked at first: without it nothing is asked of the store, and nothing is learnt of it.
    """
    name = number_in(number) or cleaned(number)[:NUMBER_CHARS]
    if parts.complaints is None or not is_secret(parts.key, COMPLAINT, name, secret) or not name:
        raise NOT_FOUND
    case_id = ids.case_id(parts.complaints.numbering, name)
    row = next((each for each in parts.reading.numbered(name) if each["case_id"] == case_id), None)
    if row is None:
        return Found({}, {"case_no": name, "state": SENT, "steps": [], "limits": []})
    told = complaint_told(row, parts.zone, parts.rules)
    if told is None:
        raise NOT_FOUND
    return Found(row, told)


def case(parts: PublicParts, number: str, secret: str) -> Found:
    """Find a case by number and token; Problem NOT_FOUND.

    Of several cases of one number it is the one whose token it is. Where there is none a token is compared as well, so
    that the time taken tells nothing.
    """
    name = cleaned(number)[:NUMBER_CHARS]
    rows = parts.reading.numbered(name) if name else []
    held = [row for row in rows or [{"case_id": ""}] if is_secret(parts.key, CASE, row["case_id"], secret)]
    told = case_told(held[0], parts.zone) if held and held[0]["case_id"] else None
    if told is None:
        raise NOT_FOUND
    return Found(held[0], told)
