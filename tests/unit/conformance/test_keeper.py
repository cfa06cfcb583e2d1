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
        self.clock = clock

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
