"""Rules on clocks: which are near their limit, which have missed it, and when being late is graver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.deadline import spoken
from hub.supervision.instants import written
from hub.supervision.rules.rule import Finding, Rule, View, evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.supervision.clocks import Clock

DUE: Final = "due_at"
"""Name of the evidence that holds the due moment; by it an alert is known to stand on the same deadline."""


def near(rule: Rule, view: View) -> Iterator[Finding]:
    """Find clocks of the rule's kind that run, unbreached, with no more left than the notice asks for.

    A breached clock is no longer near its limit: R14 and its like take over, and the notice is cleared.
    """
    for clock in of_kind(rule.clock, view):
        if clock.noticed:
            yield called(rule, view, clock)


def missed(rule: Rule, view: View) -> Iterator[Finding]:
    """Find clocks of the rule's kind that are breached: stopped late, or running past their due moment."""
    for clock in of_kind(rule.clock, view):
        if clock.row.state == "breached":
            yield overrun(rule, view, clock)


def called(rule: Rule, view: View, clock: Clock, *, part: str = "", level: str = "") -> Finding:
    """Say that a clock is near its limit."""
    due = spoken(clock.due)
    zh, en = f"应于{due}前办理，期限临近。", f"Due {due}: the limit is near."
    return timed(rule, view, clock, zh, en, part=part, level=level)


def overrun(rule: Rule, view: View, clock: Clock, *, part: str = "", level: str = "") -> Finding:
    """Say that a clock is breached, and by how much."""
    due = spoken(clock.due)
    if clock.stop is None:
        zh, en = f"应于{due}前办理，发现时尚未办理。", f"Due {due}, and still open when found."
        return timed(rule, view, clock, zh, en, part=part, level=level)
    done = view.calendar.day_of(clock.stop.occurred_at)
    days = view.calendar.workdays_between(clock.due.day, done)
    late_zh = f"超期{days}个工作日" if days else "超期不足1个工作日"
    late_en = f"{days} working day{'s' if days > 1 else ''} late" if days else "less than a working day late"
    zh = f"应于{due}前办理，实际于{done.isoformat()}办理，{late_zh}。"
    return timed(rule, view, clock, zh, f"Due {due}, done on {done.isoformat()}: {late_en}.", part=part, level=level)


def is_graver(clock: Clock, view: View) -> bool:
    """Tell whether a breached clock is late beyond the moment at which that is graver."""
    if clock.row.state != "breached" or clock.later is None:
        return False
    if clock.stop is not None:
        return clock.stop.occurred_at >= clock.later
    return view.horizon is not None and clock.later < view.horizon


def of_kind(kind: str, view: View) -> Iterator[Clock]:
    """Yield the clocks of a kind."""
    return (clock for clock in view.clocks if clock.row.kind == kind)


def timed(rule: Rule, view: View, clock: Clock, zh: str, en: str, *, part: str = "", level: str = "") -> Finding:
    """Return a finding that stands on a clock; `part` tells apart several of one clock."""
    return Finding(
        rule_id=rule.rule_id,
        occurrence=f"{clock.row.occurrence}+{clock.extensions}{part}",
        level=level or rule.level,
        clock_id=clock.row.clock_id,
        zh=f"{rule.zh}：{zh}",
        en=f"{rule.en}: {en}",
        evidence=tuple(_evidence(view, clock)),
    )


def _evidence(view: View, clock: Clock) -> Iterator[Mapping[str, str]]:
    zone = view.calendar.zone
    due = written(clock.row.due_at, zone)
    yield evidence(clock.start, clock.start.type, written(clock.start.occurred_at, zone))
    yield {"field": DUE, "value": due}
    if clock.stop is not None:
        yield evidence(clock.stop, clock.stop.type, written(clock.stop.occurred_at, zone), expected=due)
