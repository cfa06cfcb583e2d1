"""Rules on clocks: R10 and R13 call near limits, R14, R15 and R40 call missed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.clocks import ACCEPTANCE_LEAD_DAYS, PROMISE_LEAD_DAYS, PROMISE_LEAD_SHARE
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
    for clock in _of_kind(rule, view):
        if clock.noticed:
            due = spoken(clock.due)
            yield _finding(rule, view, clock, f"应于{due}前办理，期限临近。", f"Due {due}: the limit is near.")


def missed(rule: Rule, view: View) -> Iterator[Finding]:
    """Find clocks of the rule's kind that are breached: stopped late, or running past their due moment."""
    for clock in _of_kind(rule, view):
        if clock.row.state == "breached":
            yield _missed(rule, view, clock)


def _missed(rule: Rule, view: View, clock: Clock) -> Finding:
    due = spoken(clock.due)
    if clock.stop is None:
        return _finding(
            rule, view, clock, f"应于{due}前办理，发现时尚未办理。", f"Due {due}, and still open when found."
        )
    done = view.calendar.day_of(clock.stop.occurred_at)
    days = view.calendar.workdays_between(clock.due.day, done)
    late_zh = f"超期{days}个工作日" if days else "超期不足1个工作日"
    late_en = f"{days} working day{'s' if days > 1 else ''} late" if days else "less than a working day late"
    zh = f"应于{due}前办理，实际于{done.isoformat()}办理，{late_zh}。"
    return _finding(rule, view, clock, zh, f"Due {due}, done on {done.isoformat()}: {late_en}.")


def _of_kind(rule: Rule, view: View) -> Iterator[Clock]:
    kind = rule.parameters["clock"]
    return (clock for clock in view.clocks if clock.row.kind == kind)


def _finding(rule: Rule, view: View, clock: Clock, zh: str, en: str) -> Finding:
    return Finding(
        rule_id=rule.rule_id,
        occurrence=f"{clock.row.occurrence}+{clock.extensions}",
        level=rule.level,
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


R10: Final = Rule(
    rule_id="R10",
    version=1,
    zh="受理临期提醒",
    en="acceptance near its limit",
    phase="in",
    class_="efficiency",
    level="notice",
    type_code="1",
    basis="行政许可法 art. 32",
    reads=("case.received", "clock:acceptance"),
    find=near,
    clears=True,
    parameters={"clock": "acceptance", "lead_days": ACCEPTANCE_LEAD_DAYS},
)
R13: Final = Rule(
    rule_id="R13",
    version=1,
    zh="办理临期提醒",
    en="handling near its promised limit",
    phase="in",
    class_="efficiency",
    level="notice",
    type_code="1",
    basis="实施意见 2008: 提醒告知",
    reads=("case.accepted", "clock:promised"),
    find=near,
    clears=True,
    parameters={"clock": "promised", "lead_days": PROMISE_LEAD_DAYS, "lead_share": PROMISE_LEAD_SHARE},
)
R14: Final = Rule(
    rule_id="R14",
    version=1,
    zh="承诺超时",
    en="promise overrun",
    phase="in",
    class_="efficiency",
    level="yellow",
    type_code="1",
    basis="实施意见 2008: 超时警示",
    reads=("case.accepted", "clock:promised"),
    find=missed,
    parameters={"clock": "promised"},
)
R15: Final = Rule(
    rule_id="R15",
    version=1,
    zh="法定超时",
    en="statutory limit overrun",
    phase="in",
    class_="enforcement",
    level="red",
    type_code="1",
    basis="行政许可法 art. 42; 实施意见 2008: 违规查纠",
    reads=("case.accepted", "clock:statutory"),
    find=missed,
    parameters={"clock": "statutory"},
)
R40: Final = Rule(
    rule_id="R40",
    version=1,
    zh="送达超时",
    en="delivery overrun",
    phase="post",
    class_="efficiency",
    level="yellow",
    type_code="1",
    basis="行政许可法 art. 44; 行政处罚法 art. 61",
    reads=("case.decided", "case.delivered", "clock:delivery"),
    find=missed,
    parameters={"clock": "delivery"},
)
