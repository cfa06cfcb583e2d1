"""Statuses: the answer is complete and reaches the centre, which confirms; what comes again or late, converges."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import wrong
from conformance.checks.complaint_handling import said_of
from conformance.finding import Finding, passed
from conformance.roundtrip.centre import read
from conformance.roundtrip.course import IT, course
from conformance.roundtrip.script import BY_KEY
from hub.mapping.outbound import as_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.lab import Lab
    from conformance.roundtrip.course import Course

EVERY: Final = 100_000
SHUFFLES: Final = 20
_REPLY: Final[Mapping[str, Any]] = {"outcome": "substantiated", "reply": "已整改", "staff_code": "TST001"}


def replies_reach_the_centre(lab: Lab) -> Finding:
    """CPL-05: the answer says what came of it and what the complainant is told; the centre gets it and confirms."""
    trip, case_no = lab.complaints, BY_KEY["whole"].case_no(lab.session)
    found, waiting = said_of(lab, "whole", "replied")
    if waiting is not None:
        return waiting
    said = found[0].get("handling", {})
    if not said.get("outcome") or not said.get("reply"):
        return wrong(
            "department",
            "答复缺少处理结果或答复内容",
            "an answer lacks what came of it, or what the complainant is told",
            expected="handling.outcome and handling.reply",
            got=said,
            pointer="/data/handling",
            fix=("答复须填处理结果与答复内容", "map handling.outcome and handling.reply of an answer"),
        )
    told = [each for each in trip.centre.book.of(case_no) if each["move"] == "replied"]
    receipts = lab.pilot.hub.deliveries.of(trip.side.statuses.declaration.connection, limit=EVERY)
    lab.keep("RAW", "statuses.json", told)
    lab.keep("RCP", "receipts.json", [[each.document_id, each.state, each.said] for each in receipts])
    lab.keep("STT", "answer.json", said)
    unconfirmed = [each.document_id for each in receipts if each.state != "delivered" or "receipt" not in each.said]
    if not told or told[-1].get("reply") != said["reply"] or unconfirmed:
        return wrong(
            "hub",
            "答复未转回来源平台，或未获确认",
            "the answer did not reach the centre, or was not confirmed",
            expected=said["reply"],
            got={"told": len(told), "unconfirmed": unconfirmed[:5]},
        )
    return _relayed(lab)


def _relayed(lab: Lab) -> Finding:
    """See that every move of a department is told to the centre, with the answer in it."""
    one = _answered(lab)
    moves = [each["data"]["move"] for each in one.letters(lab.complaints.side.statuses)]
    if moves != ["signed", "started", "replied"]:
        return wrong(
            "hub",
            "部门动作未逐一回传",
            "a department's move is not told to the centre",
            expected=["signed", "started", "replied"],
            got=moves,
        )
    return passed("答复要素齐全，已转回并确认", "the answer is complete, was relayed and confirmed")


def _answered(lab: Lab) -> Course:
    one = course(lab)
    one.sent()
    one.move("signed", by=IT)
    one.move("started", by=IT, staff_code="TST001")
    one.move("replied", by=IT, **_REPLY)
    return one


def statuses_converge(lab: Lab) -> Finding:
    """CPL-06: statuses in any order, some twice, leave the centre where the hub is; made again they are the same."""
    one = course(lab)
    one.sent()
    late = one.stand.hub.clock.now()
    one.wait(hours=2)
    one.move("replied", by=IT, **_REPLY)
    one.move("signed", by=IT, at=late.replace(microsecond=0))
    one.move("followed_up", solved=True)
    statuses = lab.complaints.side.statuses
    first, again = (_written(one, statuses) for _ in range(2))
    ends = {_end(first), *(_end(_shuffled(first, again, seed)) for seed in range(SHUFFLES))}
    lab.keep("STT", "ends.json", {"documents": len(first), "orders tried": SHUFFLES, "ends": sorted(map(str, ends))})
    if [each["status_id"] for each in first] != [each["status_id"] for each in again]:
        return wrong(
            "hub",
            "同一状态两次发送编号不同",
            "the same status bears another number the second time",
            expected="the same",
            got="another",
            pointer="/data/status_id",
        )
    lengths = {len(read(_shuffled(first, again, seed)).seen) for seed in range(SHUFFLES)}
    if len(ends) != 1 or lengths != {len(first)}:
        return wrong(
            "hub",
            "重复、乱序的状态不收敛",
            "statuses out of order do not converge",
            expected=_end(first),
            got=sorted(map(str, ends)),
        )
    return passed(f"{SHUFFLES} 种次序均收敛", f"{SHUFFLES} orders of arrival end alike")


def _written(one: Course, statuses: Any) -> Sequence[Mapping[str, Any]]:
    made = (statuses.write(as_record(each)) for each in one.letters(statuses))
    return [each for each in made if each is not None]


def _shuffled(
    first: Sequence[Mapping[str, Any]], again: Sequence[Mapping[str, Any]], seed: int
) -> Sequence[Mapping[str, Any]]:
    """Return every document at least once, some twice, in some order."""
    chance = Random(seed)  # noqa: S311 - an order, no secret
    found = [*first, *(each for each in again if chance.random() < 0.5)]  # noqa: PLR2004 - a coin
    chance.shuffle(found)
    return found


def _end(documents: Sequence[Mapping[str, Any]]) -> tuple[str, tuple[str, ...]]:
    """Return where a centre ends that was told these documents: the state, and the moves that hold."""
    book = read(documents)
    number = str(documents[0]["complaint_no"])
    return book.state(number), tuple(book.moves(number))
