"""Planning whom to tell, by what holds at the moment of planning and not when the process began."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.clock import ManualClock
from hub.model.documents import alert_document
from hub.notifying import Planner
from hub.supervision.calendar import WorkCalendar
from tests.support.casework import CALENDAR, at
from tests.unit.supervision.test_duty import NOON, a_duty, the_terms
from tests.unit.supervision.test_instruments import an_alert

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from hub.model.values import NotificationRow

ALERT = an_alert()


@dataclass
class World:
    """A feed of one document, an outbox that keeps what is planned, and a bus that lends."""

    planned: list[NotificationRow] = field(default_factory=list)
    calendar: WorkCalendar = CALENDAR
    at: int = 0

    def lease(self, _name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def after(self, _sequence: int, kind: str, _limit: int) -> Sequence[dict[str, Any]]:
        body = orjson.dumps(alert_document(ALERT.document))
        return [{"sequence": self.at + 1, "kind": kind, "body": body}] if kind == "alert" else []

    def cursor(self) -> int:
        return self.at

    def add(self, notices: Sequence[NotificationRow], cursor: int | None = None) -> None:
        self.planned += notices
        self.at = cursor or self.at

    def watched(self) -> Sequence[Any]:
        return ()


def test_a_day_of_rest_that_is_announced_while_the_planner_runs_is_quiet() -> None:
    world: Any = World()
    planner = Planner(
        feed=world, outbox=world, alert=lambda _: ALERT, terms=the_terms, calendar=lambda: world.calendar,
        clock=ManualClock(at(NOON)), bus=world,
    )  # fmt: skip
    assert planner.step()
    world.calendar = WorkCalendar({date(2026, 3, 18): False})
    assert planner.step()
    assert [each.not_before for each in world.planned] == [at(NOON), at("2026-03-19T08:00:00")]


@pytest.mark.parametrize(("addressed", "told"), [("department", {"钱八"}), ("centre", {"王五"})])
def test_an_alert_about_a_report_of_its_own_department_is_told_to_the_centre_alone(
    addressed: str, told: set[str]
) -> None:
    world: Any = World()
    terms = the_terms(a_duty("钱八", department_id=ALERT.department_id), a_duty("王五", 2))
    planner = Planner(
        feed=world, outbox=world, alert=lambda _: ALERT, terms=lambda: terms, calendar=lambda: world.calendar,
        clock=ManualClock(at(NOON)), bus=world,
        addressed=lambda alert: replace(alert, department_id="") if addressed == "centre" else alert,
    )  # fmt: skip
    assert planner.step()
    assert {each.person for each in world.planned} == told
