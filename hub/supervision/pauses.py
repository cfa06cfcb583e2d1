"""What moves a case's deadlines: special procedures that pause them, extensions, and reopenings after an end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.deadline import Adjustment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from hub.supervision.caselog import Fact
    from hub.supervision.fold import Case

LAWFUL_PAUSES: Final = frozenset(
    {"hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert_review"}
)
"""Procedures whose time is excluded from the limit: Licensing Law art. 45. Public notice 公示 is not among them."""

_DONE: Final = ("case.decided", "case.closed", "case.delivered")
"""What meets a decision's clock, best first: closing where no decision is reported, delivery where neither is."""

_VOID: Final = ("case.withdrawn", "case.terminated", "case.not_accepted")
_ENDS: Final = frozenset({*_DONE, *_VOID})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the decision's clocks stop: by whom, whether for nothing, and what of the last round is reported."""

    stop: Fact | None
    is_void: bool
    reopenings: tuple[Adjustment, ...]
    last_round: Mapping[str, Fact]
    """First event of each ending type since the last reopening."""


def ending_of(case: Case) -> Ending:
    """Find the end that counts: that of the last round, each reopening having undone the end before it."""
    ends: dict[str, Fact] = {}
    reopenings = []
    for fact in case.timeline:
        if fact.type in _ENDS:
            ends.setdefault(fact.type, fact)
        elif fact.type == "case.reopened" and ends:
            reopenings.append(_reopening(_end(ends), fact))
            ends = {}
    stop = _end(ends) if ends else None
    is_void = stop is not None and stop.type in _VOID
    return Ending(stop=stop, is_void=is_void, reopenings=tuple(reopenings), last_round=ends)


def adjustments_of(
    case: Case, kind: str, start: Fact, ending: Ending, allowed: frozenset[str] | None = None
) -> Sequence[Adjustment]:
    """List what moves the `kind` clock between its start and its stop.

    `allowed` are the special procedures that the matter's catalogue entry knows; None: all that the law knows.
    """
    found = [*special_procedures(case, allowed), *ending.reopenings]
    if kind == "penalty":
        found += _hearings(case)
    clipped = (_clipped(pause, start.occurred_at, ending.stop) for pause in found)
    pauses = _united([pause for pause in clipped if pause is not None])
    return [*pauses, *_extensions(case, kind, start, ending.stop)]


def _end(ends: Mapping[str, Fact]) -> Fact:
    done = next((ends[name] for name in _DONE if name in ends), None)
    void = min((ends[name] for name in _VOID if name in ends), key=_when, default=None)
    if done is None or (void is not None and void.occurred_at < done.occurred_at):
        return void or next(iter(ends.values()))
    return done


def _when(fact: Fact) -> tuple[datetime, str]:
    return fact.occurred_at, fact.event_id


def _reopening(end: Fact, reopened: Fact) -> Adjustment:
    return Adjustment(
        kind="reopening", at=end.occurred_at, until=reopened.occurred_at, word="Reopening 重新办理 after an end"
    )


def special_procedures(case: Case, allowed: frozenset[str] | None = None) -> Sequence[Adjustment]:
    """Pair starts with ends by kind; an end that names no open kind closes the one open longest."""
    lawful = LAWFUL_PAUSES if allowed is None else LAWFUL_PAUSES & allowed
    running: dict[str, Fact] = {}
    found = []
    for fact in case.special_procedures:
        kind = fact.detail.get("special", {}).get("kind", "other")
        if fact.type == "special.started":
            running.setdefault(kind, fact)
        elif running:
            ended = kind if kind in running else next(iter(running))
            found.append(_special(ended, running.pop(ended), fact.occurred_at, lawful))
    return [*found, *(_special(kind, fact, None, lawful) for kind, fact in running.items())]


def _special(kind: str, start: Fact, until: datetime | None, lawful: frozenset[str]) -> Adjustment:
    word = f"Special procedure 特别程序 {kind}"
    return Adjustment(kind="pause", at=start.occurred_at, until=until, word=word, lawful=kind in lawful)


def _hearings(case: Case) -> Sequence[Adjustment]:
    """Return the hearing of a penalty as a pause: from its request until it is held (Penalty Law art. 60)."""
    asked, held = case.first("hearing.requested"), case.first("hearing.held")
    if asked is None:
        return ()
    until = held.occurred_at if held is not None else None
    return (Adjustment(kind="pause", at=asked.occurred_at, until=until, word="Hearing 听证"),)


def _clipped(pause: Adjustment, start: datetime, stop: Fact | None) -> Adjustment | None:
    """Cut a pause to the time the clock ran; None where nothing is left of it."""
    at, until = max(pause.at, start), pause.until
    if stop is not None:
        until = stop.occurred_at if until is None else min(until, stop.occurred_at)
    if until is not None and until <= at:
        return None
    return pause if (at, until) == (pause.at, pause.until) else replace(pause, at=at, until=until)


def _united(pauses: Iterable[Adjustment]) -> Sequence[Adjustment]:
    """Join lawful pauses that overlap, so that no day is given twice."""
    united: list[Adjustment] = []
    for pause in sorted(pauses, key=lambda each: (not each.lawful, each.at, each.word)):
        last = united[-1] if united else None
        if last is None or not (last.lawful and pause.lawful) or (last.until is not None and pause.at > last.until):
            united.append(pause)
        elif last.until is not None and (pause.until is None or pause.until > last.until):
            united[-1] = replace(last, until=pause.until, word=f"{last.word}, {pause.word}")
    return united


def _extensions(case: Case, kind: str, start: Fact, stop: Fact | None) -> Sequence[Adjustment]:
    moving = [fact for fact in case.extensions if stop is None or fact.occurred_at <= stop.occurred_at]
    if kind in ("stage", "special"):
        return []
    if case.holding is not None:
        granted = (_granted(case, fact) for fact in moving if fact.occurred_at >= start.occurred_at)
        return [each for each in granted if each.days or each.due_text]
    return [_extension(fact, kind) for fact in moving if "extension" in fact.detail or f"{kind}_due_at" in fact.detail]


def _extension(fact: Fact, kind: str) -> Adjustment:
    extension = fact.detail.get("extension", {})
    return Adjustment(
        kind="extension",
        at=fact.occurred_at,
        word="Extension 延长审批",
        days=extension.get("n", 0),
        unit=extension.get("unit", "working_day"),
        due_text=fact.detail.get(f"{kind}_due_at", ""),
    )


def _granted(case: Case, fact: Fact) -> Adjustment:
    """Return an approved extension of a complaint: by what it says itself, else by what was asked for."""
    asked = [each for each in case.all("complaint.extension_requested") if each.occurred_at <= fact.occurred_at]
    limits = [each.detail.get("handling", {}).get("limit") for each in (fact, *asked[-1:])]
    limit: Mapping[str, Any] = next((each for each in (fact.detail.get("extension"), *limits) if each), {})
    n, unit = limit.get("n", 0), limit.get("unit", "working_day")
    days, unit = (-(-n // HOURS[unit]), DAYS[unit]) if unit in HOURS else (n, unit)
    due = fact.detail.get("promised_due_at", "")
    return Adjustment(
        kind="extension", at=fact.occurred_at, word="Extension 延期批准", days=days, unit=unit, due_text=due
    )


HOURS: Final[Mapping[str, int]] = {"hour": 24, "working_hour": 8}
"""Hours of a day by which an extension asked for in hours is rounded up to days."""

DAYS: Final[Mapping[str, str]] = {"hour": "calendar_day", "working_hour": "working_day"}
