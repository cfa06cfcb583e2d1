"""The keeper looks at each day when it can be judged, and forgets nothing where keeping fails."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from conformance.criteria.keeper import Keeper
from conformance.criteria.observe import DayFacts
from hub.clock import ManualClock
from hub.errors import Fault, Misconfigured, Unavailable
from hub.supervision.calendar import WorkCalendar
from tests.support.certifying import a_certificate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.model.certified import CertificateRow, Looks, ObservationRow

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)
CALENDAR = WorkCalendar()


class Facts:
    """A connection whose department says of each day how many cases it had, at six on the day after."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.excused = clock, set[date]()

    def incidents(self) -> set[date]:
        return self.excused

    def day(self, _: CertificateRow, day: date) -> DayFacts:
        said_at = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
        is_said = self.clock.now() >= said_at
        return DayFacts(day=day, units=30, signs_of_life=30, source_count=30 if is_said else None, hub_count=30,
                        days_left=300)  # fmt: skip


class Keeping:
    """Keeps in memory; away when it is told to be."""

    def __init__(self, row: CertificateRow) -> None:
        self.row, self.rows, self.is_away = row, list[Any](), False

    def latest(self) -> Mapping[str, CertificateRow]:
        return {self.row.connection_id: self.row}

    def observations(self, _: str, criterion: str = "") -> Sequence[ObservationRow]:
        return [each for each in self.rows if criterion in ("", each.criterion)]

    def observe(self, looks: Looks, _notices: Any = ()) -> bool:
        if self.is_away:
            raise Unavailable("gone", place="store")
        self.rows += looks.seen
        return True


class Office:
    """Moves nothing."""

    def follow(self, *_: Any) -> None:
        return None

    def notice(self, *_: Any) -> Any:
        return None


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MONDAY)


@pytest.fixture
def keeping() -> Keeping:
    return Keeping(a_certificate(issued_at=MONDAY))


@pytest.fixture
def keeper(clock: ManualClock, keeping: Keeping) -> Keeper:
    office: Any = Office()
    return Keeper(keeping, Facts(clock), office, CALENDAR, clock.now)


def seen(keeping: Keeping, criterion: str) -> list[tuple[date, str]]:
    return [(each.day, each.seen) for each in keeping.rows if each.criterion == criterion]


def test_a_count_that_is_said_on_the_day_after_passes(keeper: Keeper, keeping: Keeping, clock: ManualClock) -> None:
    for _ in range(5 * 4):
        keeper.step()
        clock.move_to(clock.now() + timedelta(hours=6))
    days = [date(2026, 3, 2) + timedelta(days=n) for n in range(5)]
    assert seen(keeping, "K1") == [(day, "pass") for day in days]
    assert seen(keeping, "K6") == [(day, "pass") for day in days[:-1]]


def test_a_department_that_never_says_its_count_fails(
    keeper: Keeper, keeping: Keeping, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Facts, "day", lambda _, __, day: DayFacts(day=day, units=30, signs_of_life=30, hub_count=30))
    for _ in range(6):
        keeper.step()
        clock.move_to(clock.now() + timedelta(days=1))
    assert [word for _, word in seen(keeping, "K6")] == ["unknown", "unknown", "fail", "fail"]


def test_what_could_not_be_kept_is_kept_at_the_next_look(keeper: Keeper, keeping: Keeping, clock: ManualClock) -> None:
    clock.move_to(MONDAY + timedelta(days=1))
    keeping.is_away = True
    with pytest.raises(Unavailable):
        keeper.step()
    keeping.is_away = False
    keeper.step()
    assert seen(keeping, "K1") == [(date(2026, 3, 2), "pass")]


def test_what_ails_one_connection_holds_up_no_other(
    keeper: Keeper, keeping: Keeping, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, other = Facts.day, a_certificate(connection_id="another.connection", issued_at=MONDAY)
    monkeypatch.setattr(Keeping, "latest", lambda self: {"another.connection": other, "own": self.row})

    def day(facts: Facts, row: CertificateRow, of: date) -> DayFacts:
        if row == other:
            raise Misconfigured(Fault(code="ics.syntax", problem="its declaration is broken"))
        return real(facts, row, of)

    monkeypatch.setattr(Facts, "day", day)
    clock.move_to(MONDAY + timedelta(days=1))
    assert keeper.step() == 0
    assert seen(keeping, "K1") == [(date(2026, 3, 2), "pass")]


def outages(facts: Facts, *silent: int, invalid: tuple[int, ...] = ()) -> Any:
    """Let a connection be silent, or send what is invalid, on these days of March."""

    def day(_: CertificateRow, day: date) -> DayFacts:
        bad = 100 if day.day in invalid else 0
        return DayFacts(day=day, is_ingest_up=True, units=30 + bad, invalid=bad, days_left=300, drifted=(),
                        signs_of_life=0 if day.day in silent else 5, incident=day in facts.excused)  # fmt: skip

    return day


@pytest.fixture
def facts(clock: ManualClock) -> Facts:
    return Facts(clock)


def looked_at(keeping: Keeping, facts: Any, clock: ManualClock) -> Keeper:
    office: Any = Office()
    return Keeper(keeping, facts, office, CALENDAR, clock.now)


def test_an_incident_that_is_declared_the_next_day_takes_back_what_was_judged_and_the_days_after_it(
    facts: Facts, keeping: Keeping, clock: ManualClock
) -> None:
    facts.day = outages(facts, 3, 4, invalid=(3,))  # type: ignore[method-assign]
    keeper = looked_at(keeping, facts, clock)
    clock.move_to(MONDAY + timedelta(days=3))
    keeper.step()
    today = date(2026, 3, 5)
    assert keeper.standing(keeping.rows, today).rows["K4"].phase == "suspended"
    assert seen(keeping, "K1")[-2:] == [(date(2026, 3, 3), "fail"), (date(2026, 3, 4), "pass")]
    facts.excused = {date(2026, 3, 3), date(2026, 3, 4)}
    keeper.step()
    standing = keeper.standing(keeping.rows, today)
    assert (standing.rows["K4"].phase, standing.rows["K1"].phase, standing.rolled.state) == (
        "steady",
        "steady",
        "active",
    )
    kept = len(keeping.rows)
    keeper.step()
    assert len(keeping.rows) == kept, "once"
    facts.excused = set()
    keeper.step()
    assert keeper.standing(keeping.rows, today).rows["K4"].phase == "suspended", "taken back"
    assert looked_at(keeping, facts, clock).standing(keeping.rows, today).rows["K4"].phase == "suspended", (
        "by a rebuild"
    )


def test_a_day_for_which_a_person_vouched_is_judged_by_the_rules_all_the_same(
    facts: Facts, keeping: Keeping, clock: ManualClock
) -> None:
    facts.day = outages(facts, 2, 3)  # type: ignore[method-assign]
    keeper = looked_at(keeping, facts, clock)
    clock.move_to(MONDAY + timedelta(days=2))
    keeper.step()
    added = keeper.vouched(keeping.row, "张三").seen
    assert [each.criterion for each in added] == ["K4"]
    keeping.rows += added
    fresh = looked_at(keeping, facts, clock)
    clock.move_to(MONDAY + timedelta(days=3))
    fresh.step()
    assert [each.seen for each in keeping.rows if (each.criterion, each.day.day) == ("K4", 4)] == ["pass", "pass"]


def test_a_leak_that_a_person_answered_does_not_suspend_again_for_the_same_day(
    facts: Facts, keeping: Keeping, clock: ManualClock
) -> None:
    facts.day = lambda _, day: DayFacts(day=day, leaks=int(day.day == 2), days_left=300)  # type: ignore[method-assign]
    keeper = looked_at(keeping, facts, clock)
    keeper.step()
    assert keeper.standing(keeping.rows, date(2026, 3, 2)).rows["K9"].phase == "suspended"
    keeping.rows += keeper.vouched(keeping.row, "张三").seen
    for _ in range(3):
        fresh = looked_at(keeping, facts, clock)
        fresh.step()
        assert fresh.standing(keeping.rows, date(2026, 3, 2)).rows["K9"].phase == "on_probation"
        clock.move_to(clock.now() + timedelta(hours=13))


def test_a_review_ends_once_somebody_has_looked_and_begins_anew_with_another_failure(
    facts: Facts, keeping: Keeping, clock: ManualClock
) -> None:
    high = [True]
    facts.day = lambda _, day: DayFacts(  # type: ignore[method-assign]
        day=day, days_left=300, anomaly_share=0.5 if high[0] else 0.0, usual_share=0.1, sample=100
    )
    keeper = looked_at(keeping, facts, clock)

    def asks() -> bool:
        return keeper.standing(keeping.rows, date(2026, 3, 20)).rows["K13"].needs_review

    for is_high, expected in ((True, True), (True, False), (False, False), (True, True)):
        high[0] = is_high
        clock.move_to(clock.now() + timedelta(days=1))
        keeper.step()
        assert asks() is expected
        if (looks := keeper.reviewed(keeping.row, "K13", "王五")) is not None:
            keeping.rows += looks.seen
            keeper = looked_at(keeping, facts, clock)
            assert not asks()
    assert keeper.reviewed(keeping.row, "K1", "王五") is None
