"""Rule R44: what was entered after the fact 补录."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.caselog import first_seen
from hub.supervision.instants import written
from hub.supervision.rules.rule import Finding, Parameter, Rule, View, evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.supervision.caselog import Fact

TOLERATED_DAYS: Final = 1
"""Working days after the event's day within which keying it in is timely; a weekend or holiday behind the last counts
with it."""

PER_CASE: Final = "case"
"""Occurrence: one notice for a case, however many of its events were entered late."""

_PROMISE_CASE: Final = "2"
"""Case type 承诺件: accepted and closed in one breath is an entry after the fact, not a quick decision."""


def entered_late(rule: Rule, view: View) -> Iterator[Finding]:
    """Find events keyed in more than the tolerated working days after they happened, and cases first seen complete.

    What first came with a declared backfill is exempt: it is old on purpose.
    """
    contents = view.log.contents() if len(view.log.facts) > len(view.case.timeline) else {}
    live = [fact for fact in view.case.timeline if not _first(contents, fact).backfill]
    items = [item for fact in live for item in _keyed_late(rule, view, fact)]
    whole = _seen_whole(view, contents, live)
    if items or whole:
        zh = "业务发生后超过规定时间才录入。" if items else "受理与办结在同一次读取中首次出现。"
        en = "entered after the tolerated time." if items else "accepted and closed were first seen in one read."
        yield Finding(
            rule_id=rule.rule_id,
            occurrence=PER_CASE,
            level=rule.level,
            clock_id=None,
            zh=f"{rule.zh}：{zh}",
            en=f"{rule.en}: {en}",
            evidence=(*items, *whole),
        )


def _first(contents: Mapping[str, Sequence[Fact]], fact: Fact) -> Fact:
    """Return the first sighting of the fact's event."""
    return first_seen(contents[fact.event_id]) if contents else fact


def _keyed_late(rule: Rule, view: View, fact: Fact) -> Iterator[Mapping[str, str]]:
    recorded = fact.recorded_at
    if recorded is None or recorded <= fact.occurred_at:
        return
    calendar, day = view.calendar, view.calendar.day_of(fact.occurred_at)
    following, provisional = calendar.add_workdays(day, rule.value("tolerated_days", day) + 1)
    limit = calendar.start_of(following)
    if not provisional and recorded >= limit:
        yield evidence(fact, "recorded_at", _local(view, recorded), expected=f"< {_local(view, limit)}")


def _seen_whole(
    view: View, contents: Mapping[str, Sequence[Fact]], live: Sequence[Fact]
) -> tuple[Mapping[str, str], ...]:
    if view.case.attributes.get("case_type") != _PROMISE_CASE:
        return ()
    accepted = [_first(contents, fact) for fact in live if fact.type == "case.accepted"]
    closed = [_first(contents, fact) for fact in live if fact.type == "case.closed"]
    reads = {fact.read_id for fact in accepted}
    return tuple(
        evidence(fact, "read_id", fact.read_id) for fact in [*accepted, *closed] if _shared(fact, reads, closed)
    )


def _shared(fact: Fact, reads: set[str], closed: Sequence[Fact]) -> bool:
    return fact.read_id in reads and any(other.read_id == fact.read_id for other in closed)


def _local(view: View, moment: datetime) -> str:
    return written(moment, view.calendar.zone)


R44: Final = Rule(
    rule_id="R44",
    version=1,
    zh="补录",
    en="late entry",
    phase="post",
    class_="integrity",
    level="notice",
    type_code="8",
    basis="实施意见 2008: 动态、同步监督",
    reads=("recorded_at|case.closed",),
    find=entered_late,
    parameters=(Parameter(name="tolerated_days", value=TOLERATED_DAYS, unit="working_day", source="hub"),),
)
