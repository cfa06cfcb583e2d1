"""An owner keeps what it has in hand, lets go of what it lost, and lets no one case hold up the others."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from hub.bench import Bench
from hub.errors import Fenced, Unavailable
from hub.model import ids
from hub.model.queues import intake_queue
from hub.owner import Owner, Pace
from hub.store.sql import SqlStore
from hub.supervise import patrol
from tests.support.casework import CONNECTION, MATTER
from tests.support.spine import Read, Spine, a_spine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = "2026-03-02T09:00:00+08:00"
OVERDUE = datetime.fromisoformat("2026-05-01T00:00:00+08:00")


@pytest.fixture
def spine(tmp_path: Path) -> Iterator[Spine]:
    with a_spine(tmp_path, partitions=1) as spine:
        yield spine


def an_owner(spine: Spine, name: str = "other", *, batch: int = 500) -> Owner:
    return Owner(
        store=spine.hub.store,
        bus=spine.opened(spine.hub.settings.bus_url),
        clock=spine.clock,
        terms=spine.hub._terms(),
        owner=name,
        pace=Pace(batch=batch, lease_s=60, patrol_s=3600),
    )


def accepted(read: Read, *numbers: str) -> list[Any]:
    case = {"matter_code": MATTER}
    kinds = ("case.received", "case.accepted")
    return [read.event(kind, DAY, case_no=number, case=case) for number in numbers for kind in kinds]


def late(spine: Spine) -> set[str]:
    """Return the cases on which a missed promise stands."""
    return {case for (case, rule), state in spine.alerts().items() if (rule, state) == ("R14", "raised")}


def test_a_batch_is_no_larger_than_the_pace_asks(spine: Spine) -> None:
    owner = an_owner(spine, batch=3)
    read = Read()
    spine.bus.publish(accepted(read, "1", "2", "3", "4"))
    assert [owner.step(0, wait_s=0) for _ in range(4)] == [3, 3, 2, 0]


def test_two_owners_never_work_on_one_partition(spine: Spine) -> None:
    first, second = an_owner(spine, "first"), an_owner(spine, "second")
    spine.bus.publish(accepted(Read(), "1"))
    assert first.step(0, wait_s=0) == 2
    spine.bus.publish(accepted(Read(), "2"))
    assert second.step(0, wait_s=0) == 0
    assert second.patrol(0) == 0
    first.release()
    assert second.step(0, wait_s=0) == 2


def test_an_owner_that_is_fenced_gives_its_batch_back_and_stands_by(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = an_owner(spine)
    spine.bus.publish(accepted(Read(), "1"))

    def fenced(*_: Any, **__: Any) -> None:
        raise Fenced("another has it")

    with monkeypatch.context() as patch:
        patch.setattr(SqlStore, "unit", fenced)
        owner.step(0, wait_s=0)
    assert spine.bus.depth(intake_queue(0)) == 2
    assert [delivery.redelivered for delivery in spine.bus.consume(intake_queue(0), limit=9, wait_s=0)] == [True, True]


def test_a_batch_in_hand_goes_back_when_the_owner_lets_go(spine: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = an_owner(spine)
    spine.bus.publish(accepted(Read(), "1"))

    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(SqlStore, "unit", away)
        with pytest.raises(Unavailable):
            owner.step(0, wait_s=0)
    owner.release()
    assert an_owner(spine, "next").step(0, wait_s=0) == 2


def test_a_case_that_cannot_be_judged_holds_up_no_other(spine: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Read()
    spine.tell(*accepted(read, "1", "2", "3"), read.report())
    judge, tried = Bench.judge, []

    def faulty(bench: Bench, file: Any, alerts: Any, **how: Any) -> Any:
        if file.log().facts[0].attributes["case_no"] == "2":
            tried.append(how["now"])
            raise ZeroDivisionError("a fault of the hub")
        return judge(bench, file, alerts, **how)

    with monkeypatch.context() as patch:
        patch.setattr(Bench, "judge", faulty)
        spine.clock.move_to(OVERDUE)
        spine.line.settle()
        spine.line.settle()
        assert late(spine) == {"1", "3"}
        assert len(tried) == 1, "it is not tried over and over"
    case = spine.hub.queries.case(ids.case_id(CONNECTION, "2"))
    assert case is not None
    assert [each.state for each in case["clocks"] if each.kind == "promised"] == ["running"]
    news = Read()
    spine.tell(news.event("stage.completed", DAY, case_no="2", occurrence="1", stage_code="x"), news.report())
    assert late(spine) == {"1", "2", "3"}


def test_as_many_unfit_cases_as_a_batch_holds_stop_no_clock(spine: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Read()
    spine.tell(*accepted(read, *map(str, range(7))), read.report())
    judge = Bench.judge

    def faulty(bench: Bench, file: Any, alerts: Any, **how: Any) -> Any:
        if file.log().facts[0].attributes["case_no"] != "6":
            raise ZeroDivisionError
        return judge(bench, file, alerts, **how)

    monkeypatch.setattr(Bench, "judge", faulty)
    spine.clock.move_to(OVERDUE)
    epoch = spine.hub.store.claim("partition/0", owner=spine.hub.owner_name, lease_s=60)
    assert epoch
    terms = spine.hub._terms()()
    with spine.hub.store.unit(0, epoch=epoch) as unit:
        changes = patrol(unit, terms=terms, now=OVERDUE, limit=1, unfit=set())
        assert changes
        unit.write(changes)
    assert late(spine) == {"6"}


def test_a_case_that_could_not_be_judged_is_watched_again_once_something_is_said_of_it(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Read()
    spine.tell(*accepted(read, "1"), read.report())
    with monkeypatch.context() as patch:
        patch.setattr(Bench, "judge", lambda *_, **__: 1 / 0)
        spine.clock.move_to(datetime.fromisoformat("2026-03-13T00:00:00+08:00"))
        spine.line.settle()
    news = Read()
    spine.tell(news.event("stage.completed", DAY, case_no="1", occurrence="1", stage_code="x"), news.report())
    assert late(spine) == set()
    spine.clock.move_to(OVERDUE)
    spine.line.settle()
    assert late(spine) == {"1"}


def test_standing_by_takes_the_time_it_is_given(spine: Spine, monkeypatch: pytest.MonkeyPatch) -> None:
    an_owner(spine, "first").step(0, wait_s=0)
    slept: list[float] = []
    monkeypatch.setattr("hub.owner.time.sleep", slept.append)
    an_owner(spine, "second").step(0, wait_s=0.125)
    assert slept == [0.125]
