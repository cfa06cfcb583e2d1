"""What a case tells of how it was reported, read where its whole log is at hand: what happened, was keyed in, came."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.model.conduct import Conduct
from hub.supervision.facts import DECISION_CLOCKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.caselog import Fact, Log
    from hub.supervision.clocks import Clock
    from hub.supervision.judge import Judgement

CYCLE: Final = timedelta(hours=24)
"""The longest reporting cycle: what comes later than this after it happened is late (上报周期不超过24小时, Xuzhou)."""

PLACEHOLDERS: Final = frozenset(
    {"无", "暂无", "不详", "未知", "测试", "待补", "/", "\\", "-", "--", "—", "*", ".", "0", "x", "xx", "xxx",
     "n/a", "na", "none", "null", "nil", "test", "1900-01-01", "1970-01-01", "9999-12-31"}
)  # fmt: skip
"""Values that fill a field and say nothing, in lower case (conformance FLD-03)."""

_ANCIENT: Final = 1901
"""A year up to which a time is a placeholder."""

_SERIAL: Final = re.compile(r"(.*?)([0-9]{1,15})")

_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "operator": ("staff_code", "post", "office"),
    "result": ("reason", "document_no", "certificate_no"),
    "special": ("basis", "approver"),
    "handling": ("reply",),
}
"""What events fill in that people read, by the part of the event it stands in."""


def conduct_of(judgement: Judgement, log: Log, calendar: WorkCalendar, offers: frozenset[str] | None) -> Conduct:
    """Read how one judged case was reported; `offers` is what its connection reports (None: everything)."""
    case = judgement.case
    live = [fact for fact in case.timeline if not fact.backfill]
    filled = list(_filled(case.told))
    prefix, serial = serial_of(case.case_no)
    seen = _first_seen(log)
    return Conduct(
        case_id=case.case_id,
        department_id=judgement.row.department_id,
        is_backfill=int(not live),
        is_incomplete=int(_is_incomplete(judgement, filled, offers)),
        placeholders=sum(map(is_placeholder, filled)),
        is_late=int(any(seen[fact.event_id] - _known(fact, calendar) > CYCLE for fact in live)),
        backdated=sum(_is_backdated(clock, seen) for clock in judgement.clocks),
        vanished=sum(_has_vanished(clock, log) for clock in judgement.clocks),
        at_limit=int(_is_at_limit(judgement.clocks, calendar)),
        used_minutes=_used_minutes(judgement),
        handler=_handler(case.timeline),
        serial_of=prefix,
        serial=serial,
    )


def serial_of(case_no: str) -> tuple[str, int]:
    """Split a case number into what stands before its last figures, and those; 0 where it does not end with any."""
    found = _SERIAL.fullmatch(case_no)
    return (found[1], int(found[2])) if found else (case_no, 0)


def is_placeholder(value: object) -> bool:
    """Tell whether a value fills its place and says nothing."""
    return str(value).strip().lower() in PLACEHOLDERS


def _filled(timeline: Sequence[Fact]) -> Iterator[str]:
    """Yield what was filled in: of the case, of who handled it, of its result and reasons; and times of long ago."""
    about = timeline[-1].attributes
    yield from (about[name] for name in ("title", "handling_office") if about.get(name))
    for fact in timeline:
        for part, names in _PARTS.items():
            said: Mapping[str, Any] = fact.detail.get(part) or {}
            yield from (str(said[name]) for name in names if said.get(name))
        if fact.occurred_at.year <= _ANCIENT:
            yield "1900-01-01"


def _is_incomplete(judgement: Judgement, filled: Sequence[str], offers: frozenset[str] | None) -> bool:
    """Tell whether an ended case lacks matter, title or acceptance, as far as its connection reports them, or fakes."""
    case = judgement.case

    def is_reported(name: str) -> bool:
        return offers is None or name in offers

    if case.closed_at is None or case.state in ("withdrawn", "terminated", "voided"):
        return False
    lacks = any(not case.attributes.get(name) for name in ("matter_code", "title") if is_reported(f"case.{name}"))
    owes = case.family == "application" and case.state != "rejected" and is_reported("case.accepted")
    return lacks or (owes and case.accepted_at is None) or any(map(is_placeholder, filled))


def _known(fact: Fact, calendar: WorkCalendar) -> datetime:
    """Return the moment by which an event had happened: of a day alone its end."""
    return calendar.end_of(calendar.day_of(fact.occurred_at)) if fact.date_only else fact.occurred_at


def _first_seen(log: Log) -> Mapping[str, datetime]:
    """Return by event when the hub first heard of it."""
    found: dict[str, datetime] = {}
    for fact in log.facts:
        found[fact.event_id] = min(fact.ledgered_at, found.get(fact.event_id, fact.ledgered_at))
    return found


def _is_backdated(clock: Clock, seen: Mapping[str, datetime]) -> bool:
    """Tell whether a deadline was met by an event first heard of a reporting cycle after it had passed."""
    stop = clock.stop
    if clock.row.state != "met" or stop is None or stop.backfill:
        return False
    return stop.occurred_at <= clock.row.due_at and seen[stop.event_id] > clock.row.due_at + CYCLE


def _has_vanished(clock: Clock, log: Log) -> bool:
    """Tell whether a deadline is met by a change alone: an earlier content, not corrected by name, had missed it."""
    stop = clock.stop
    if clock.row.state != "met" or stop is None or stop.event_id in log.corrected():
        return False
    earlier = (fact for fact in log.facts if fact.event_id == stop.event_id and fact.ledgered_at < stop.ledgered_at)
    return any(fact.occurred_at > clock.row.due_at for fact in earlier)


def _is_at_limit(clocks: Sequence[Clock], calendar: WorkCalendar) -> bool:
    """Tell whether the first decision clock was met on its last day; a limit of one day has but one."""
    found = {clock.row.kind: clock for clock in clocks if clock.row.state == "met"}
    clock = next((found[kind] for kind in DECISION_CLOCKS if kind in found), None)
    if clock is None or clock.row.stopped_at is None:
        return False
    first, last = calendar.day_of(clock.row.started_at), clock.due.day
    return calendar.day_of(clock.row.stopped_at) == last and calendar.workdays_between(first, last) > 1


def _used_minutes(judgement: Judgement) -> int:
    case = judgement.case
    if case.closed_at is None:
        return -1
    return int((case.closed_at - (case.accepted_at or case.opened_at)).total_seconds() // 60) or -1


def _handler(timeline: Sequence[Fact]) -> str:
    codes = ((fact.detail.get("operator") or {}).get("staff_code") for fact in reversed(timeline))
    return next((str(code) for code in codes if code), "")
