"""A reader keeps a source's troubles from the hub, tells of them, and stops between portions."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hub.clock import ManualClock
from hub.errors import Fault, Fenced, HubError, Misconfigured, Unavailable
from hub.intake import ReadTotals
from hub.model.values import Portion
from hub.pulse import Beating, Pulse, Pulses, lag_s, state_of
from hub.reader import Reader
from hub.troubles import Trouble, Troubles
from hub.turns import FAILURES, LONGEST_S, Hours, hours_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
NAME = "taizhou.test/odd name"
WRONG = Misconfigured(Fault(code="source.table", problem="there is no table t", file=NAME, hint="check connect.table"))
AWAY = Unavailable("connection refused", place=NAME, hint="check that it runs")


@dataclass
class World:
    """A source, a bus and an intake that fail as the test says."""

    folder: Path
    in_opening: Exception | None = None
    in_reading: Exception | None = None
    in_publishing: Exception | None = None
    in_leasing: Exception | None = None
    opened: int = 0
    closed: int = 0
    taken: int = 0
    probed: int = 0
    records: int = 0
    hours: str = ""
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    def reader(self) -> Reader:
        parts: Any = self
        return Reader(
            opened=self.open, intake=parts, bus=parts, clock=self.clock, troubles=Troubles(self.folder),
            pulse=Beating(self.pulses, NAME, every_s=60, quiet_s=3600), hours=hours_in(self.hours, UTC),
        )  # fmt: skip

    @property
    def pulses(self) -> Pulses:
        return Pulses(self.folder / "pulses")

    def probe(self) -> dict[str, str]:
        self.probed += 1
        _fail(self.in_opening)
        return {}

    def open(self) -> Any:
        self.opened += 1
        _fail(self.in_opening)
        return self

    def read(self, _checkpoint: object) -> Iterator[Portion]:
        for number in range(3):
            _fail(self.in_reading)
            yield Portion(records=[], checkpoint={"n": number}, final=number == 2)

    def acknowledge(self, _records: object) -> None:
        pass

    def close(self) -> None:
        self.closed += 1

    def run_once(self, source: Any, *, progress: Any) -> ReadTotals:
        for _ in source.read(None):
            _fail(self.in_publishing)
            self.taken += 1
            progress(self.taken)
        return ReadTotals(read_id="r", read=self.records)

    @contextmanager
    def lease(self, _name: str) -> Iterator[None]:
        _fail(self.in_leasing)
        yield

    def troubles(self) -> list[tuple[str, str, str]]:
        return [(each.connection, each.state, each.since) for each in Troubles(self.folder).all()]


def _fail(problem: Exception | None) -> None:
    if problem:
        raise problem


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "troubles")


@pytest.mark.parametrize("where", ["in_opening", "in_reading"])
@pytest.mark.parametrize(("problem", "state"), [(WRONG, "misconfigured"), (AWAY, "away")])
def test_what_ails_a_source_is_noted_and_only_waited_for(
    world: World, where: str, problem: HubError, state: str
) -> None:
    setattr(world, where, problem)
    with pytest.raises(Unavailable, match=NAME):
        world.reader().read()
    assert world.troubles() == [(NAME, state, "2026-03-02T04:00:00+00:00")]
    assert str(problem) in [each.problem for each in Troubles(world.folder).all()]


@pytest.mark.parametrize("where", ["in_opening", "in_reading"])
def test_a_connector_that_fails_sets_its_source_aside_and_quotes_no_record(
    world: World, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    setattr(world, where, ValueError("a record of 张三"))
    with pytest.raises(Unavailable):
        world.reader().read()
    (trouble,) = Troubles(world.folder).all()
    assert trouble.state == "misconfigured"
    assert "its connector failed: ValueError at test_reader.py:" in trouble.problem
    assert "张三" not in trouble.problem + caplog.text


@pytest.mark.parametrize("where", ["in_publishing", "in_leasing"])
@pytest.mark.parametrize("problem", [WRONG, AWAY, Fenced("another has it")])
def test_what_ails_the_bus_is_not_blamed_on_the_source(world: World, where: str, problem: Exception) -> None:
    setattr(world, where, problem)
    with pytest.raises(type(problem)) as raised:
        world.reader().read()
    assert raised.value is problem
    assert world.troubles() == []


def test_a_record_that_breaks_the_intake_sets_its_connection_aside_and_ends_nothing(world: World) -> None:
    world.in_publishing = TypeError("surrogates not allowed: 张三")
    with pytest.raises(Unavailable):
        world.reader().read()
    (trouble,) = Troubles(world.folder).all()
    assert "TypeError at " in trouble.problem
    assert "张三" not in trouble.problem


def test_a_source_in_trouble_is_opened_anew_and_its_note_goes_once_it_is_read(world: World) -> None:
    reader = world.reader()
    world.in_reading = WRONG
    for _ in range(2):
        with pytest.raises(Unavailable):
            reader.read()
    world.in_reading = None
    reader.read()
    reader.read()
    assert (world.opened, world.closed, world.taken) == (3, 2, 6)
    assert world.troubles() == []


def test_a_trouble_is_logged_when_it_begins_or_changes_and_dated_from_its_beginning(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    reader = world.reader()
    other = Misconfigured(Fault(code="source.table", problem="there is no table u"))
    for problem in (WRONG, WRONG, other):
        world.in_reading = problem
        with pytest.raises(Unavailable):
            reader.read()
        world.clock.move_to(world.clock.now() + timedelta(minutes=1))
    assert [record.message for record in caplog.records] == ["source cannot be read as declared"] * 2
    assert not any(record.exc_info for record in caplog.records)
    assert world.troubles() == [(NAME, "misconfigured", "2026-03-02T04:00:00+00:00")]


def test_a_restarted_reader_says_again_what_is_still_wrong(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.in_opening = WRONG
    for _ in range(2):
        with pytest.raises(Unavailable):
            world.reader().read()
    assert len(caplog.records) == 2


def test_a_read_stops_between_portions_when_the_process_is_to_end(world: World) -> None:
    world.reader().read(stopping=lambda: world.taken == 2)
    assert world.taken == 2


def test_notes_of_connections_nobody_reads_any_more_are_forgotten(world: World) -> None:
    troubles = Troubles(world.folder)
    for name in ("a", "b", "c"):
        troubles.note(name, AWAY, NOW)
    troubles.keep_only({"a", "c"})
    assert [each.connection for each in troubles.all()] == ["a", "c"]


def test_a_damaged_note_is_no_trouble(world: World) -> None:
    troubles = Troubles(world.folder)
    troubles.note("a", AWAY, NOW)
    (world.folder / "a.json").write_text("{", encoding="utf-8")
    assert list(troubles.all()) == []
    troubles.note("a", AWAY, NOW)
    assert [each.connection for each in troubles.all()] == ["a"]


def test_a_folder_that_may_not_be_written_hides_no_problem(world: World) -> None:
    world.folder.write_text("a file", encoding="utf-8")
    world.in_reading = WRONG
    with pytest.raises(Unavailable, match="there is no table t"):
        world.reader().read()


# --- when a source is asked ------------------------------------------------------------------------------------------


def test_a_source_that_fails_again_and_again_is_left_alone_then_tried_then_read(world: World) -> None:
    world.in_opening = AWAY
    reader = world.reader()
    for _ in range(FAILURES):
        with pytest.raises(Unavailable, match="refused"):
            reader.read()
    opened = world.opened
    for _ in range(3):
        with pytest.raises(Unavailable, match=f"left alone until .* after {FAILURES} failures"):
            reader.read()
    assert world.opened == opened
    world.clock.move_to(NOW + timedelta(seconds=61))
    with pytest.raises(Unavailable, match="refused"):
        reader.read()
    with pytest.raises(Unavailable, match="left alone"):
        reader.read()
    world.in_opening = None
    world.clock.move_to(NOW + timedelta(seconds=61 + LONGEST_S))
    reader.read()
    assert (world.probed, world.taken) == (1, 3)
    reader.read()
    assert (world.probed, world.taken) == (1, 6)


def test_a_source_that_answers_the_try_alone_counts_on(world: World) -> None:
    world.in_reading = WRONG
    reader = world.reader()
    for _ in range(FAILURES):
        with pytest.raises(Unavailable):
            reader.read()
    world.clock.move_to(NOW + timedelta(seconds=61))
    with pytest.raises(Unavailable, match="no table"):
        reader.read()
    with pytest.raises(Unavailable, match=f"after {FAILURES + 1} failures"):
        reader.read()


@pytest.mark.parametrize(
    ("text", "at", "is_open"),
    [
        ("", "12:00", True),
        ("20:00-06:00", "23:59", True),
        ("20:00-06:00", "05:59", True),
        ("20:00-06:00", "06:00", False),
        ("20:00-06:00, 12:00-13:00", "12:30", True),
        ("09:00-17:00", "17:00", False),
    ],
)
def test_hours_are_open_from_their_beginning_to_before_their_end(text: str, at: str, *, is_open: bool) -> None:
    assert hours_in(text, UTC).are_open(datetime.fromisoformat(f"2026-03-02T{at}:00+00:00")) == is_open


@pytest.mark.parametrize("text", ["20:00", "25:00-26:00", "night"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        hours_in(text, UTC)


def test_outside_its_hours_a_source_is_not_asked_and_a_read_that_outlasts_them_ends_at_a_portion(world: World) -> None:
    world.hours = "05:00-06:00"
    reader = world.reader()
    reader.read()
    assert world.opened == 0
    assert state_of(world.pulses.of(NAME), None, NOW) == "resting"
    world.clock.move_to(NOW + timedelta(hours=1))
    end = NOW + timedelta(hours=2)
    taken = world.run_once

    def slow(source: Any, *, progress: Any) -> ReadTotals:
        def late(count: int) -> None:
            progress(count)
            world.clock.move_to(end)

        return taken(source, progress=late)

    world.run_once = slow  # type: ignore[method-assign]
    reader.read()
    assert world.taken == 1


# --- how a connection is ---------------------------------------------------------------------------------------------


def test_what_is_quiet_is_told_from_what_nobody_reads(world: World) -> None:
    reader, told = world.reader(), []
    world.records = 3
    reader.read()
    world.records = 0
    for later in (0, 30, 240, 240 + 3500):
        world.clock.move_to(NOW + timedelta(seconds=later))
        if later != 240 + 3500:
            reader.read()
        told.append(state_of(world.pulses.of(NAME), None, world.clock.now()))
    reader.read()
    told.append(state_of(world.pulses.of(NAME), None, world.clock.now()))
    assert told == ["alive", "alive", "alive", "dead", "quiet"]
    assert world.pulses.of(NAME).records == 3


def test_a_connection_in_trouble_is_told_so_and_one_never_read_too(world: World) -> None:
    trouble = Trouble(connection=NAME, state="away", since="", problem="")
    assert state_of(world.pulses.of(NAME), None, NOW) == "never"
    assert state_of(world.pulses.of(NAME), trouble, NOW) == "away"
    world.in_reading = AWAY
    with pytest.raises(Unavailable):
        world.reader().read()
    assert state_of(world.pulses.of(NAME), trouble, NOW) == "away"
    assert state_of(world.pulses.of(NAME), trouble, NOW + timedelta(hours=1)) == "dead"


def test_how_far_behind_a_source_is_is_told_by_its_watermark() -> None:
    assert lag_s(Pulse(connection=NAME), NOW) is None
    watermark = (NOW - timedelta(minutes=2)).isoformat()
    assert lag_s(Pulse(connection=NAME, watermark=watermark), NOW) == 120


def test_a_note_that_is_broken_is_no_pulse(world: World) -> None:
    world.reader().read()
    (path,) = (world.folder / "pulses").iterdir()
    path.write_bytes(b"{")
    assert world.pulses.of(NAME) == Pulse(connection=NAME)


def test_hours_are_of_a_zone() -> None:
    assert Hours((), UTC).are_open(NOW)


# --- what must not end the hub ---------------------------------------------------------------------------------------


def test_a_source_that_cannot_even_be_let_go_of_is_set_aside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_world: World) -> None:
        raise EOFError("the line is dead")

    monkeypatch.setattr(World, "close", failing)
    world.in_reading = AWAY
    with pytest.raises(Unavailable, match="refused"):
        world.reader().read()
    assert [state for _, state, _ in world.troubles()] == ["away"]


def test_a_position_that_is_damaged_is_its_connections_trouble_and_not_the_hubs(world: World) -> None:
    world.in_publishing = Misconfigured(Fault(code="checkpoint.damaged", problem="no JSON", file="x.json"))
    with pytest.raises(Unavailable, match="no JSON"):
        world.reader().read()
    assert [state for _, state, _ in world.troubles()] == ["misconfigured"]
