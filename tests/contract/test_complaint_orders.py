"""How many complaint orders of a department ended on a day, and how many were kept; how far a sender's clock is off."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest

from hub.model.values import ComplaintRole
from hub.store.day_facts import DayCounts, skew_s
from hub.supervision import caselog
from tests.support.casework import a_fact, a_log
from tests.support.stores import DATABASES, StorePlace, a_case, a_clock, empty_place, held, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS, OTHERS = "11321200014000028L", "1132120001400001XL"
ZONE: Final = ZoneInfo("Asia/Shanghai")
DAY: Final = date(2026, 3, 9)
SENT: Final = ("2026-03-02T10:00:00+08:00", "2026-03-03T10:00:00+08:00")
NOON: Final = datetime(2026, 3, 9, 4, tzinfo=UTC)


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


def order(name: str, *receivers: str, **states: Any) -> tuple[Any, list[Any], list[ComplaintRole]]:
    """A complaint that was sent to these departments in turn, with clocks of these states; the last one handles it."""
    ended, is_back = states.pop("ended", NOON), states.pop("given_back", False)
    roles = [ComplaintRole(case_id=name, department_id=each, role="handler") for each in receivers[-1:] if not is_back]
    facts = [
        a_fact("complaint.dispatched" if n == 0 else "complaint.redispatched", SENT[n], occurrence=str(n),
               handling={"department_id": receiver}, position=n + 1)
        for n, receiver in enumerate(receivers)
    ]  # fmt: skip
    if "forged_to" in states:
        sent = {"department_id": states.pop("forged_to")}
        forged = a_fact("complaint.redispatched", SENT[1], occurrence="9", position=9, handling=sent,
                        case={"department_id": OTHERS})  # fmt: skip
        facts.append(forged)
    starts = {"complaint_signing": facts[states.pop("signed_by", 0)].occurred_at} if facts else {}
    clocks = [
        a_clock(f"{name}-{kind}", name, kind=kind, state=state, started_at=starts.get(kind, NOON - timedelta(days=7)),
                due_at=ended, stopped_at=ended if state == "met" else None, provisional=False)
        for kind, state in states.items()
    ]  # fmt: skip
    return a_case(name, case_no=name, log=caselog.encode(a_log(*facts)), wake_at=None), clocks, roles


KEPT: Final = {"complaint_signing": "met", "complaint": "met"}
ORDERS: Final = (
    order("kept", OURS, **KEPT),
    order("petition", OURS, petition="met", complaint_acceptance="met"),
    order("unsigned", OURS, **{**KEPT, "complaint_signing": "breached"}),
    order("late", OURS, complaint_signing="met", complaint="breached"),
    order("accepted late", OURS, complaint_acceptance="breached", complaint="met"),
    order("others", OTHERS, complaint="breached"),
    order("sent on", OURS, OTHERS, complaint="breached"),
    order("taken over", OTHERS, OURS, **{**KEPT, "complaint_signing": "breached"}),
    order("given back", OURS, given_back=True, complaint_signing="met", complaint="breached"),
    order("forged", OURS, forged_to=OTHERS, **KEPT),
    order("ends tomorrow", OURS, complaint="breached", ended=NOON + timedelta(days=1)),
    order("runs still", OURS, complaint="running"),
)


def test_the_orders_of_a_day_are_those_of_their_last_handler_and_in_time_by_every_limit(place: StorePlace) -> None:
    store = place.open()
    counts = DayCounts(place.url, ZONE)
    assert "orders" not in counts.count("conn", DAY, department_id=OURS), "no complaint is followed here"
    with store.unit(0, epoch=held(store)) as unit:
        cases, clocks, roles = zip(*ORDERS, strict=True)
        written(unit, cases=cases, clocks=[*chain(*clocks)], roles=[*chain(*roles)])

    def told(department: str, day: date = DAY) -> tuple[int, int]:
        found = counts.count("conn", day, department_id=department)
        return found["orders"], found["orders_in_time"]

    assert told(OURS) == (7, 4), "kept, petition, what another had not signed for, and what another says it was sent"
    assert told(OTHERS) == (2, 0)
    assert told(OURS, DAY + timedelta(days=1)) == (1, 0)
    assert told(OURS, DAY + timedelta(days=2)) == (0, 0)
    assert "orders" not in counts.count("conn", DAY)
    assert "orders" not in counts.count("conn", DAY, department_id=OURS, is_over=False)
    counts.close()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"sent_at": "2026-03-09T12:00:00+08:00"}, 0),
        ({"sent_at": "2026-03-09T11:57:00+08:00", "recorded_at": "2026-03-01T11:57:00+08:00"}, 180),
        ({"sent_at": "2026-03-09T12:05:00+08:00"}, 300),
        ({"recorded_at": "2026-03-01T12:00:00+08:00"}, 0),
        ({"recorded_at": "2026-03-09T12:02:01+08:00"}, 121),
        ({"recorded_at": "2026-03-09"}, None),
        ({}, None),
    ],
)
def test_a_senders_clock_is_told_by_what_it_sent_and_by_records_from_our_future(
    said: dict[str, str], seconds: float | None
) -> None:
    assert skew_s(said, "2026-03-09T12:00:00+08:00") == seconds
