"""Time alone makes clocks fall due: in order, never early, once at the end of a backfill, and the same at any pace."""

from __future__ import annotations

import contextlib
import copy
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hub.replay import History, Replay
from hub.supervision.calendar import WorkCalendar
from hub.wiring import Hub, build
from tests.support.casework import MATTER
from tests.support.spine import CATALOGUE_DOCUMENT, CONNECTION, Read, Spine, a_connection, a_spine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hub.model.values import Message

DAY = timedelta(days=1)
ACCEPTED = "2026-03-02T09:00:00+08:00"
"""A Monday; ten working days later is Monday the 16th, and 20% of ten before it begins the notice."""
WARNED = "2026-03-12T00:00:00+08:00"
DUE = "2026-03-17T00:00:00+08:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def spine(tmp_path: Path) -> Iterator[Spine]:
    with a_spine(tmp_path, now=at("2026-03-03T00:00:00+08:00"), partitions=2) as spine:
        yield spine


def accepted(read: Read, *, on: str = ACCEPTED, case_no: str = "1", **fields: Any) -> list[Message]:
    """Return a case received and accepted in one stroke."""
    received = read.event("case.received", on, case_no=case_no, case={"matter_code": MATTER})
    return [received, read.event("case.accepted", on, case_no=case_no, case={"matter_code": MATTER}, **fields)]


def silent(spine: Spine, **fields: Any) -> None:
    """Register the connection with an allowed delay of a day."""
    spine.hub.store.register([a_connection(**{"allowed_delay_s": 86_400, **fields})])


def wait_until(spine: Spine, moment: datetime | str) -> None:
    """Let time pass, and the hub look."""
    spine.clock.move_to(at(moment) if isinstance(moment, str) else moment)
    spine.line.settle()


def moves(spine: Spine) -> list[tuple[str, str, str]]:
    """Return every alert document of the ledger as (case number, rule, state), in order of time."""
    found = [entry["data"] for entry in spine.entries("alert")]
    found.sort(key=lambda data: str(data.get("changed_at") or data["raised_at"]))
    return [(data["case"]["case_no"], data["rule_id"], data["state"]) for data in found]


def clock(spine: Spine, kind: str = "promised") -> dict[str, Any]:
    query = "SELECT state, provisional, due_at FROM clocks WHERE kind = :kind"
    ((state, provisional, due_at),) = spine.rows(query, kind=kind)
    return {"state": state, "provisional": bool(provisional), "due_at": due_at}


def test_a_clock_warns_then_is_breached_by_the_mere_passing_of_time(spine: Spine) -> None:
    read = Read()
    spine.tell(*accepted(read), read.report())
    assert spine.alerts() == {}
    wait_until(spine, at(WARNED))
    assert moves(spine) == [], "at its warning's instant nothing has passed yet"
    wait_until(spine, at(WARNED) + timedelta(microseconds=1))
    assert moves(spine) == [("1", "R13", "raised")]
    wait_until(spine, at(DUE))
    assert clock(spine)["state"] == "running"
    wait_until(spine, at(DUE) + timedelta(microseconds=1))
    assert clock(spine)["state"] == "breached"
    assert moves(spine)[0] == ("1", "R13", "raised")
    assert ("1", "R14", "raised") in moves(spine)
    before = moves(spine)
    wait_until(spine, at(DUE) + timedelta(microseconds=2))
    assert moves(spine) == before, "once is enough"


def test_every_clock_that_fell_due_in_a_long_silence_is_found_at_one_look(spine: Spine) -> None:
    read = Read()
    days = [f"2026-03-{day:02}T09:00:00+08:00" for day in (2, 3, 4, 5)]
    cases = [message for number, day in enumerate(days) for message in accepted(read, on=day, case_no=str(number))]
    spine.tell(*cases, read.report())
    wait_until(spine, "2026-05-01T00:00:00+08:00")
    assert {case for case, rule in spine.alerts() if rule == "R14"} == {"0", "1", "2", "3"}
    assert spine.line.settle() == 0


def test_clocks_fall_due_in_order_though_no_message_comes(spine: Spine) -> None:
    read = Read()
    spine.tell(*accepted(read, case_no="early"), *accepted(read, on="2026-03-04T09:00:00+08:00", case_no="late"))
    spine.tell(read.report())
    wakes = []
    while (wake := spine.hub.queries.next_wake()) is not None:
        wakes.append(wake)
        wait_until(spine, wake + timedelta(microseconds=1))
        assert len(wakes) < 50, "time stands still"
    assert wakes == sorted(wakes)
    raised = [case for case, rule, state in moves(spine) if (rule, state) == ("R14", "raised")]
    assert raised == ["early", "late"]


def test_nothing_is_judged_beyond_what_a_lagging_source_has_delivered(spine: Spine) -> None:
    silent(spine, allowed_delay_s=30 * 86_400)
    read = Read()
    spine.tell(*accepted(read), read.report("2026-03-03T00:00:00+08:00"))
    wait_until(spine, at(DUE) + 2 * DAY)
    assert clock(spine)["state"] == "running"
    spine.tell(Read().report(DUE))
    assert clock(spine)["state"] == "running", "the due instant itself is not delivered yet"
    spine.tell(Read().report("2026-03-17T00:00:01+08:00"))
    assert clock(spine)["state"] == "breached"


def test_a_watermark_in_the_future_judges_nothing_before_its_time(spine: Spine) -> None:
    silent(spine)
    read = Read()
    spine.tell(*accepted(read), read.report("2027-01-01T00:00:00+08:00"))
    assert clock(spine)["state"] == "running"
    wait_until(spine, at(DUE) + timedelta(seconds=1))
    assert clock(spine)["state"] == "breached"


def test_a_source_that_falls_silent_is_judged_after_its_allowed_delay_and_not_before(spine: Spine) -> None:
    silent(spine)
    read = Read()
    spine.tell(*accepted(read), read.report("2026-03-03T00:00:00+08:00"))
    wait_until(spine, at(DUE) + DAY)
    assert clock(spine)["state"] == "running"
    wait_until(spine, at(DUE) + DAY + timedelta(seconds=1))
    assert clock(spine)["state"] == "breached"


def test_one_connections_silence_stops_no_other(spine: Spine) -> None:
    silent(spine, allowed_delay_s=300 * 86_400)
    spine.hub.store.register([a_connection("second")])
    quiet, prompt = Read(), Read(connection="second")
    spine.tell(*accepted(quiet, case_no="quiet"), *accepted(prompt, case_no="prompt"))
    spine.tell(quiet.report("2026-03-03T00:00:00+08:00"), prompt.report("2026-03-03T00:00:00+08:00"))
    wait_until(spine, at(DUE) + timedelta(seconds=1))
    assert [case for case, rule in spine.alerts() if rule == "R14"] == ["prompt"]


def test_late_evidence_revokes_with_a_reason(spine: Spine) -> None:
    read = Read()
    spine.tell(*accepted(read), read.report())
    wait_until(spine, at(DUE) + timedelta(seconds=1))
    assert spine.alerts()["1", "R14"] == "raised"
    late = Read()
    spine.tell(late.event("case.closed", "2026-03-13T09:00:00+08:00", case_no="1"), late.report())
    assert spine.alerts()["1", "R14"] == "revoked"
    assert clock(spine)["state"] == "met"
    revoked = [entry["data"] for entry in spine.entries("alert") if entry["data"]["state"] == "revoked"]
    assert [data["reason"] for data in revoked if data["rule_id"] == "R14"] == ["data_error"]


@pytest.mark.parametrize("delay_s", [0, 86_400])
def test_a_declared_backfill_is_judged_once_at_its_end(spine: Spine, delay_s: int) -> None:
    """While it comes in, minutes pass; its cases' deadlines passed long ago, and their closings are still to come."""
    silent(spine, allowed_delay_s=delay_s)
    wait_until(spine, "2026-06-01T00:00:00+08:00")
    read = Read(backfill=True)
    spine.tell(*accepted(read, case_no="closed"), *accepted(read, case_no="open"), read.report(final=False))
    for _ in range(3):
        wait_until(spine, spine.clock.now() + timedelta(minutes=7))
    assert spine.entries("alert") == []
    closing = read.event("case.closed", "2026-03-05T09:00:00+08:00", case_no="closed")
    spine.tell(closing, read.report("2026-06-01T00:00:00+08:00"))
    assert {case for case, rule in spine.alerts() if rule == "R14"} == {"open"}
    assert "revoked" not in spine.alerts().values()


def test_a_read_coming_in_is_not_judged_by_half(spine: Spine) -> None:
    """The first portion opens the cases, the second closes them; between the two their deadlines are long over."""
    wait_until(spine, "2026-06-01T00:00:00+08:00")
    read = Read()
    spine.tell(*accepted(read), read.report(final=False))
    wait_until(spine, spine.clock.now() + timedelta(minutes=5))
    assert spine.entries("alert") == []
    closing = read.event("case.closed", "2026-03-05T09:00:00+08:00", case_no="1")
    spine.tell(closing, read.report("2026-06-01T00:00:00+08:00"))
    assert "R14" not in {rule for _, rule in spine.alerts()}


def test_a_read_that_never_ends_is_given_up(spine: Spine) -> None:
    silent(spine)
    read = Read()
    spine.tell(*accepted(read), read.report(final=False))
    wait_until(spine, "2026-06-01T00:00:00+08:00")
    assert clock(spine)["state"] == "breached"


def test_a_deadline_in_a_year_without_working_days_is_provisional_and_never_breached(spine: Spine) -> None:
    wait_until(spine, "2026-12-20T00:00:00+08:00")
    read = Read()
    spine.tell(*accepted(read, on="2026-12-18T09:00:00+08:00"), read.report())
    assert clock(spine) | {"due_at": 0} == {"state": "running", "provisional": True, "due_at": 0}
    wait_until(spine, "2027-12-31T00:00:00+08:00")
    assert clock(spine)["state"] == "running"
    assert clock(spine, "statutory")["state"] == "running"
    assert "R14" not in {rule for _, rule in spine.alerts()}
    assert "R15" not in {rule for _, rule in spine.alerts()}


def test_what_was_provisional_is_judged_once_the_years_working_days_are_known(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until(spine, "2026-12-20T00:00:00+08:00")
    read = Read()
    spine.tell(*accepted(read, on="2026-12-18T09:00:00+08:00"), read.report())
    wait_until(spine, "2027-12-31T00:00:00+08:00")
    assert clock(spine)["provisional"]
    spine.line.release()
    monkeypatch.setattr(Hub, "calendar", lambda _: WorkCalendar({date(2027, 1, 1): False}, announced=[2027]))
    with contextlib.closing(build(spine.hub.settings, clock=spine.clock)) as again:
        line = again.line(spine.bus)
        line.settle()
        line.release()
    assert clock(spine) | {"due_at": 0} == {"state": "breached", "provisional": False, "due_at": 0}
    assert "R14" in {rule for _, rule in spine.alerts()}


def test_a_changed_limit_is_judged_by_though_nobody_says_anything_of_the_case(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.bench_keeper.KEEP_S", 0)
    read = Read()
    spine.tell(*accepted(read), read.report("2026-03-05T00:00:00+08:00"))
    before = clock(spine, "statutory")["due_at"]
    document: Any = copy.deepcopy(CATALOGUE_DOCUMENT)
    document["matters"][0]["statutory_limit"]["n"] = 15
    spine.hub.store.load_catalogue([document])
    spine.line.settle()
    assert clock(spine, "statutory")["due_at"] < before


def test_a_reported_deadline_in_such_a_year_is_firm(spine: Spine) -> None:
    wait_until(spine, "2026-12-20T00:00:00+08:00")
    read = Read()
    messages = accepted(read, on="2026-12-18T09:00:00+08:00", promised_due_at="2027-01-08T17:00:00+08:00")
    spine.tell(*messages, read.report())
    wait_until(spine, "2027-01-08T17:00:01+08:00")
    assert clock(spine) | {"due_at": 0} == {"state": "breached", "provisional": False, "due_at": 0}


# --- the replay ------------------------------------------------------------------------------------------------------

STORY: list[tuple[str, str, str]] = [
    ("2026-03-02T09:00:00+08:00", "1", "case.received"),
    ("2026-03-02T09:30:00+08:00", "1", "case.accepted"),
    ("2026-03-03T09:00:00+08:00", "2", "case.received"),
    ("2026-03-04T09:00:00+08:00", "2", "case.accepted"),
    ("2026-03-13T09:00:00+08:00", "1", "case.closed"),
    ("2026-03-30T09:00:00+08:00", "2", "case.closed"),
]


class Told:
    """A department whose events are known the moment they happen, and read at every poll."""

    def __init__(self, spine: Spine) -> None:
        self.spine, self.known, self.read_up_to = spine, 0, 0

    def reveal(self, moment: datetime) -> None:
        self.known = sum(at(when) <= moment for when, _, _ in STORY)

    def next_after(self, moment: datetime) -> datetime | None:
        return next((at(when) for when, _, _ in STORY if at(when) > moment), None)

    def poll(self) -> int:
        read = Read()
        news = [read.event(kind, when, case_no=number) for when, number, kind in STORY[self.read_up_to : self.known]]
        self.read_up_to = self.known
        self.spine.bus.publish([*news, read.report(self.spine.clock.now().isoformat())])
        return len(news) + 1


def replayed(spine: Spine, shown: Callable[[datetime], None], every: timedelta) -> list[datetime]:
    """Replay the story; return the instants that were settled."""
    told, instants = Told(spine), []

    def show(moment: datetime) -> None:
        instants.append(moment)
        shown(moment)

    replay = Replay(
        clock=spine.clock, line=spine.line, reads=[told.poll], next_wake=spine.hub.queries.next_wake, every=every
    )
    start, end = at("2026-03-02T00:00:00+08:00"), at("2026-05-01T00:00:00+08:00")
    steps = replay.run(History(start=start, end=end, reveal=told.reveal, next_after=told.next_after), show)
    assert steps == len(instants)
    return instants


def test_a_replay_steps_from_news_to_deadline_in_order_and_is_the_same_at_any_pace(tmp_path: Path) -> None:
    pictures = []
    for name, pace in (("fast", lambda _: None), ("slow", lambda _: sum(range(20_000)))):
        with a_spine(tmp_path / name, now=at("2026-03-02T00:00:00+08:00"), partitions=2) as spine:
            instants = replayed(spine, pace, timedelta(minutes=30))
            assert instants == sorted(instants)
            said = [
                [{**e, "data": {**e["data"], "provenance": 0}} for e in spine.entries(k)] for k in ("event", "alert")
            ]
            pictures.append((instants, said, moves(spine), spine.outcomes()))
    assert pictures[0] == pictures[1]
    instants, _, alerts, outcomes = pictures[0]
    assert outcomes == {"new": len(STORY)}
    assert [case for case, rule, state in alerts if (rule, state) == ("R14", "raised")] == ["2"]
    assert len(instants) < 30, "it steps to what happens next, not through every half hour of two months"
    breached = at("2026-03-19T00:00:00+08:00")
    assert any(breached < moment <= breached + timedelta(seconds=1) for moment in instants)


def test_a_replay_polls_at_its_own_times(tmp_path: Path) -> None:
    """News at nine is read at the next poll, not when it happens; with coarse polls the watch is as coarse."""
    with a_spine(tmp_path, now=at("2026-03-02T00:00:00+08:00"), partitions=1) as spine:
        replayed(spine, lambda _: None, timedelta(days=7))
        ledgered = {when for (when,) in spine.rows("SELECT DISTINCT ledgered_at FROM ledger WHERE kind = 'event'")}
        assert len(ledgered) == 3
        assert spine.outcomes(CONNECTION) == {"new": len(STORY)}
