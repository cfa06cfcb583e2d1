"""In any order, in any batches and however often its events come, a case, its clocks and its findings are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.supervision import caselog
from hub.supervision.caselog import EMPTY, Fact, Log, decode, encode, merge
from hub.supervision.judge import judge
from tests.support.casework import CALENDAR, CATALOGUE, a_fact, at

if TYPE_CHECKING:
    from datetime import datetime

TYPES: Final = (
    "case.received",
    "case.supplement_requested",
    "case.supplement_received",
    "case.accepted",
    "stage.completed",
    "special.started",
    "special.ended",
    "case.extended",
    "case.decided",
    "case.closed",
    "case.delivered",
    "case.reopened",
    "case.withdrawn",
    "case.renumbered",
)
FIELDS: Final[dict[str, dict[str, Any]]] = {
    "case.accepted": {"promised_due_at": "2026-03-20T12:00:00+08:00"},
    "special.started": {"special": {"kind": "hearing"}},
    "special.ended": {"special": {"kind": "hearing"}},
    "case.extended": {"extension": {"n": 3, "unit": "working_day"}},
    "case.decided": {"result": {"code": "granted"}},
    "case.renumbered": {"new_case_no": "2026-9999"},
}
DAYS: Final = st.integers(1, 28).map(lambda day: f"2026-03-{day:02}")
TIMES: Final = st.one_of(DAYS, st.builds("{}T{:02}:00:00+08:00".format, DAYS, st.integers(0, 23)))


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """Draw the facts of a case: any events, some of them revised, remapped, contradicted or corrected."""
    drawn: list[Fact] = []
    size = draw(st.integers(1, 9))
    for position in range(size):
        event_type = draw(st.sampled_from(TYPES))
        fields = FIELDS.get(event_type, {}) | {
            "occurrence": draw(st.sampled_from(["", "1"])),
            "source_version": draw(st.integers(0, 1)),
            "mapping_version": draw(st.integers(1, 2)),
            "raw": draw(st.sampled_from("abc")),
            "on_change": draw(st.sampled_from(["conflict", "revise"])),
            "read_id": draw(st.sampled_from(["one", "two"])),
            "case": {"title": draw(st.sampled_from(["甲", "乙"])), "case_type": "2"},
        }
        drawn.append(a_fact(event_type, draw(TIMES), position=position + 1, **fields))
    if draw(st.booleans()):
        drawn.append(a_fact("case.corrected", "2026-03-05", position=size + 1, correction_of=drawn[0].event_id))
    return drawn


def outcome(log: Log, horizon: datetime | None) -> tuple[Any, ...]:
    judgement = judge(log, catalogue=CATALOGUE, calendar=CALENDAR, horizon=horizon)
    return judgement.case, judgement.clocks, judgement.findings, judgement.row


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_any_order_any_batches_and_any_repetition_give_the_same_case(data: st.DataObject) -> None:
    events = data.draw(facts())
    horizon = data.draw(st.sampled_from([None, at("2026-03-10T00:00:00"), at("2026-12-31T00:00:00")]))
    shuffled = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=4))))
    cut = data.draw(st.integers(0, len(shuffled)))
    log = merge(EMPTY, shuffled[:cut])
    log = merge(decode(encode(log)), shuffled[cut:])
    assert outcome(log, horizon) == outcome(merge(EMPTY, events), horizon)


@settings(max_examples=60, deadline=None)
@given(facts())
def test_every_event_is_in_the_timeline_exactly_once(events: list[Fact]) -> None:
    judgement = judge(caselog.merge(EMPTY, events), catalogue=CATALOGUE, calendar=CALENDAR, horizon=None)
    timeline = [fact.event_id for fact in judgement.case.timeline]
    assert sorted(timeline) == sorted({fact.event_id for fact in events})


@settings(max_examples=60, deadline=None)
@given(facts(), st.integers(0, 60), st.integers(0, 60))
def test_a_later_horizon_only_adds_breaches(events: list[Fact], one: int, other: int) -> None:
    log = merge(EMPTY, events)
    base = at("2026-03-01T00:00:00").timestamp()
    breached = []
    for days in sorted((one, other)):
        horizon = at("2026-03-01T00:00:00").fromtimestamp(base + days * 86400, tz=CALENDAR.zone)
        judgement = judge(log, catalogue=CATALOGUE, calendar=CALENDAR, horizon=horizon)
        breached.append({clock.row.clock_id for clock in judgement.clocks if clock.row.state == "breached"})
    assert breached[0] <= breached[1]


@settings(max_examples=80, deadline=None)
@given(facts(), st.integers(0, 40))
def test_nothing_changes_before_the_case_asks_to_be_looked_at(events: list[Fact], days: int) -> None:
    log = merge(EMPTY, events)
    start = at(f"2026-03-{days % 28 + 1:02}T05:00:00")
    judgement = judge(log, catalogue=CATALOGUE, calendar=CALENDAR, horizon=start)
    until = judgement.wake_at or at("2027-01-01T00:00:00")
    asleep = judge(log, catalogue=CATALOGUE, calendar=CALENDAR, horizon=until)
    assert (asleep.clocks, asleep.findings) == (judgement.clocks, judgement.findings)
