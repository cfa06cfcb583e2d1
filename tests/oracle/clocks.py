"""Every clock of a case, found by walking over its events: when it was due, and whether it was kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.oracle.days import (
    LAST,
    SHANGHAI,
    between,
    day_of,
    is_worked,
    midnight_after,
    midnight_before,
    minus,
    plus,
    rolled,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.supervision.caselog import Fact

LAWFUL = {"hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert_review"}
ANSWERED = ("complaint", "petition", "complaint_assist", "complaint_redo")
GIVEN_UP = {"case.withdrawn", "case.terminated"}
OVER = {*GIVEN_UP, "case.voided", "complaint.withdrawn", "complaint.linked"}
ANSWERS = {"case.accepted", "case.not_accepted", "case.supplement_requested", "case.decided", "case.closed"}
LIMITS_OF_LAW = {
    ("01", "acceptance"): (5, "working_day", date(2004, 7, 1)),
    ("01", "joint"): (45, "working_day", date(2004, 7, 1)),
    ("01", "initial_review"): (20, "working_day", date(2004, 7, 1)),
    ("01", "delivery"): (10, "working_day", date(2004, 7, 1)),
    ("02", "penalty"): (90, "calendar_day", date(2021, 7, 15)),
    ("02", "delivery"): (7, "working_day", date(2021, 7, 15)),
    ("02", "deposit"): (4, "working_day", date(2021, 7, 15)),
    ("03", "coercion"): (30, "calendar_day", date(2012, 1, 1)),
    ("", "petition_registered"): (15, "calendar_day", date(2022, 5, 1)),
    ("", "petition"): (60, "calendar_day", date(2022, 5, 1)),
}
"""Limits as domain.md, section 5, states them, with the day from which they hold."""


@dataclass(slots=True, kw_only=True)
class Clock:
    kind: str
    start: Fact
    stop: Fact | None
    state: str = ""
    due: datetime | None = None
    due_day: date | None = None
    warned: bool = False
    graver: bool = False
    provisional: bool = False
    extensions: int = 0


@dataclass(slots=True, kw_only=True)
class Case:
    events: Sequence[Fact]
    about: dict[str, Any]
    matters: Sequence[dict[str, Any]]
    """Rows of the catalogue with the department that wrote them under `of`."""
    horizon: datetime
    told: Sequence[Fact] = ()
    """All that was said, that too which does not count."""
    faults: dict[str, str] = field(default_factory=dict)

    def matter(self, moment: datetime) -> dict[str, Any]:
        day, code = day_of(moment).isoformat(), self.about.get("matter_code", "")
        valid = [
            row
            for row in self.matters
            if row["matter_code"] == code
            and row["valid_from"] <= day
            and ("valid_to" not in row or day < row["valid_to"])
        ]
        own = [row for row in valid if row["of"] == self.about["department_id"]]
        return (own or valid or [{}])[0]

    def power(self) -> str:
        opened = [each.occurred_at for each in self.events if each.type == "case.received"]
        moment = opened[0] if opened else min(each.occurred_at for each in self.events or self.told)
        return str(self.about.get("power_type") or self.matter(moment).get("power_type", ""))

    def all(self, *types: str) -> list[Fact]:
        return [each for each in self.events if each.type in types]


def clocks_of(case: Case) -> list[Clock]:
    found = _acceptances(case)
    start = _accepted(case, found)
    if start is not None:
        found += [clock for kind in ("promised", "statutory") if (clock := _decision(case, kind, start))]
        if case.all("joint.dispatched"):
            clock = _limited(case, "joint", start, _end(case)[0], void=_end(case)[1], moves=True)
            found += [clock] if clock else []
    return [*found, *_delivery(case), *_watched(case), *_stages(case), *_idle(case)]


def _acceptances(case: Case) -> list[Clock]:
    found: list[Clock] = []
    waiting: Fact | None = None
    early: Fact | None = None
    first = True
    for each in case.events:
        if (each.type == "case.received" and waiting is None and first) or (
            each.type == "case.supplement_received" and waiting is None
        ):
            waiting = each
        elif waiting is None and first and each.type in ANSWERS:
            early = early or each
        elif waiting is not None and each.type in ANSWERS | GIVEN_UP:
            clock = _limited(case, "acceptance", waiting, each, void=each.type in GIVEN_UP)
            found += [clock] if clock else []
            if each.type != "case.supplement_requested":
                return found
            waiting, first = None, False
    if waiting is not None:
        clock = _limited(case, "acceptance", waiting, early)
        found += [clock] if clock else []
    return found


def _accepted(case: Case, acceptances: Sequence[Clock]) -> Fact | None:
    reported = (case.all("case.accepted") or [None])[0]
    if acceptances and acceptances[0].state == "breached" and case.power() == "01":
        first = acceptances[0]
        if first.stop is None or first.stop.type == "case.accepted":
            return first.start
    return reported


def _end(case: Case) -> tuple[Fact | None, bool]:
    """Return what ends the handling, and whether for nothing. (No case here is reopened.)"""
    done = next(
        (each[0] for kind in ("case.decided", "case.closed", "case.delivered") if (each := case.all(kind))), None
    )
    void = next(iter(case.all("case.withdrawn", "case.terminated", "case.not_accepted")), None)
    if done is None or (void is not None and void.occurred_at < done.occurred_at):
        return void, void is not None
    return done, False


def _decision(case: Case, kind: str, start: Fact) -> Clock | None:
    """Take the earlier of what the department reported and what the catalogue gives."""
    stop, void = _end(case)
    reported = [start, *case.events]
    text = next(
        (e.detail[f"{kind}_due_at"] for e in reported if f"{kind}_due_at" in e.detail and e.type != "case.extended"),
        None,
    )
    limit = case.matter(start.occurred_at).get(f"{kind}_limit")
    ways = []
    if text is not None:
        ways.append(_Due(date.fromisoformat(text), None) if len(text) == 10 else _at(datetime.fromisoformat(text)))
    if limit is not None:
        ways.append(_counted(start, limit["n"], limit["unit"]))
    clocks = [_run(case, kind, start, stop, due, void=void, moves=True) for due in ways]
    return min(clocks, key=lambda each: (each.provisional, each.due), default=None)


def _delivery(case: Case) -> list[Clock]:
    decided = next(iter(case.all("case.decided")), None)
    if decided is None or decided.detail.get("result", {}).get("code") != "granted":
        return []
    delivered = next(iter(case.all("case.delivered")), None)
    gone = next(iter(case.all("case.withdrawn", "case.terminated")), None)
    clock = _limited(case, "delivery", decided, delivered or gone, void=delivered is None and gone is not None)
    return [clock] if clock else []


def _watched(case: Case) -> list[Clock]:
    about, found = case.about, []
    complaint = about.get("complaint", {})
    track = complaint.get("track", "hotline")

    def add(kind: str, starts: set[str], stops: set[str], n: int | None = None, **more: Any) -> None:
        found.extend(_pairs(case, kind, starts, stops, n, **more))

    decided, dispatched = {"case.decided", "case.closed"}, {"complaint.dispatched", "complaint.redispatched"}
    handled = {"complaint.replied", "complaint.closed"}
    if about.get("case_type") == "1":
        add("instant", {"case.accepted"}, {"case.closed", "case.delivered"}, 0, voids=OVER | {"case.not_accepted"})
    if about.get("initial_review") is True:
        add("initial_review", {"case.accepted"}, {"case.forwarded"} | decided)
    add(
        "special",
        {"special.started"},
        {"special.ended"},
        own="special",
        again=True,
        voids=OVER | decided | {"case.delivered"},
    )
    add("joint_opinion", {"joint.dispatched"}, {"joint.opinion"}, own="joint", again=True)
    if about.get("channel") in ("online", "mobile", "2", "3"):
        add("feedback", decided, {"case.fed_back"}, 1)
    if about["disclosure"]["class"] == "public":
        add("publication", {"case.decided", "penalty.decided"}, {"case.published", "penalty.published"}, 7)
    add("penalty", {"penalty.filed"}, {"penalty.decided", "penalty.dismissed", "penalty.transferred"}, moves=True)
    add("delivery", {"penalty.decided"}, {"penalty.served", "penalty.executed"}, voids=OVER | {"penalty.revoked"})
    add("deposit", {"penalty.collected"}, {"penalty.deposited"}, again=True)
    add("coercion", {"coercion.imposed"}, {"coercion.decided", "coercion.lifted"}, moves=True)
    bad = {"score": True}
    add(
        "rating_contact",
        {"case.evaluated"},
        {"evaluation.contacted", "evaluation.answered"},
        1,
        again=True,
        voids=set(),
        only=bad,
    )
    add("rating_answer", {"case.evaluated"}, {"evaluation.answered"}, 5, again=True, voids=set(), only=bad)
    taken_up = {"complaint.accepted", "complaint.not_accepted", "complaint.dispatched"}
    if track == "petition":
        add("petition_registered", {"complaint.registered"}, taken_up | {"complaint.transferred"})
        add("petition", {"complaint.accepted", "complaint.dispatched"}, handled, moves=True)
    else:
        add("complaint_acceptance", {"complaint.registered"}, taken_up, 5)
    add(
        "complaint_assist",
        {"complaint.assist_asked"},
        {"complaint.assisted"},
        5,
        again=True,
        own="handling",
        voids=OVER | handled,
    )
    add(
        "complaint_signing",
        dispatched,
        {"complaint.signed", "complaint.returned", "complaint.arbitrated", "complaint.started"} | handled,
        1,
        again=True,
    )
    if track == "hotline":
        add("complaint", {"complaint.dispatched"}, handled, 5, moves=True, own="handling")
    add("complaint_redo", {"complaint.reworked"}, handled, 5, again=True, own="handling")
    add("complaint_rework", {"complaint.followed_up"}, {"complaint.reworked"}, 2, again=True, only={"unsolved": True})
    return found


def _pairs(  # noqa: PLR0913 - a table row
    case: Case, kind: str, starts: set[str], stops: set[str], n: int | None, *, voids: set[str] = OVER,
    again: bool = False, own: str = "", moves: bool = False, only: dict[str, bool] | None = None,
) -> list[Clock]:  # fmt: skip
    """Pair each start with the first stop after it; of a kind that does not start again, the first start alone."""
    found, used = [], set()
    for place, each in enumerate(case.events):
        if each.type not in starts or not _holds(each, only or {}) or (found and not again):
            continue
        stop = void = None
        for number, later in enumerate(case.events[place + 1 :], place + 1):
            if later.type in voids:
                stop, void = later, later
                break
            if later.type in stops and number not in used:
                stop = later
                used.add(number)
                break
        limit = each.detail.get(own, {}).get("limit") if own else None
        if kind == "complaint" and limit is None and "promised_due_at" in each.detail:
            named = _at(datetime.fromisoformat(each.detail["promised_due_at"]))
            clock = _run(case, kind, each, stop, named, void=void is not None, moves=moves)
        elif limit is not None:
            clock = _run(
                case, kind, each, stop, _counted(each, limit["n"], limit["unit"]), void=void is not None, moves=moves
            )
        elif n is not None:
            clock = _run(case, kind, each, stop, _counted(each, n, "working_day"), void=void is not None, moves=moves)
        else:
            clock = None if own else _limited(case, kind, each, stop, void=void is not None, moves=moves)
        found += [clock] if clock else []
    return found


def _holds(each: Fact, only: dict[str, bool]) -> bool:
    if "score" in only:
        said = each.detail.get("evaluation", {})
        return said.get("score_code") in ("4", "5") and said.get("real_name") is True
    return "unsolved" not in only or each.detail.get("handling", {}).get("solved") is False


def _stages(case: Case) -> list[Clock]:
    opened = case.all("case.received") or [min(case.events or case.told, key=lambda each: each.occurred_at)]
    limits = {
        s["code"]: s["limit"]
        for s in case.matter(opened[0].occurred_at).get("flow", {}).get("stages", ())
        if "limit" in s
    }
    found = []
    running: set[str] = set()
    for place, each in enumerate(case.events):
        code = each.detail.get("stage_code", "")
        if each.type in ("stage.completed", "stage.returned"):
            running.discard(code)
        if each.type != "stage.started" or code in running:
            continue
        running.add(code)
        later = case.events[place + 1 :]
        done = [
            e
            for e in later
            if e.type in ("stage.completed", "stage.returned") and e.detail.get("stage_code", "") == code
        ]
        stop = (
            done[0]
            if done
            else next((e for e in case.events if e.type in OVER | {"case.decided", "case.closed"}), None)
        )
        if code in limits:
            due = _counted(each, limits[code]["n"], limits[code]["unit"])
            found.append(_run(case, "stage", each, stop, due, void=stop is not None and stop.type in OVER, moves=True))
    return found


def _idle(case: Case) -> list[Clock]:
    if not case.events or case.events[-1].type != "special.started":
        return []
    last = case.events[-1]
    return [_run(case, "idle", last, None, _counted(last, 30, "working_day"))]


# --- when it is due, and how it stands -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Due:
    day: date
    at: datetime | None

    @property
    def instant(self) -> datetime:
        return self.at or midnight_after(self.day)

    def missed(self, moment: datetime) -> bool:
        return moment > self.at if self.at else moment >= self.instant

    def extended(self, days: int, unit: str | None) -> _Due:
        if unit == "calendar_day" and self.at is None:
            return _Due(rolled(self.day + timedelta(days=days)), None)
        return self.later(days)

    def later(self, days: int) -> _Due:
        day = plus(self.day, days)
        if self.at is None or not days:
            return _Due(day, None) if self.at is None else self
        wall = self.at.astimezone(SHANGHAI)
        return _Due(day, datetime.combine(day, wall.timetz()).astimezone(UTC))


def _at(moment: datetime) -> _Due:
    return _Due(day_of(moment), moment.astimezone(UTC))


def _counted(start: Fact, n: int, unit: str) -> _Due:
    day = day_of(start.occurred_at)
    if unit == "calendar_day":
        return _Due(rolled(day + timedelta(days=n)), None)
    assert unit == "working_day"
    return _Due(plus(day, n), None)


def _limited(
    case: Case, kind: str, start: Fact, stop: Fact | None, *, void: bool = False, moves: bool = False
) -> Clock | None:
    limit = case.matter(start.occurred_at).get(f"{kind}_limit")
    if limit is not None and kind in ("acceptance", "delivery"):
        return _run(case, kind, start, stop, _counted(start, limit["n"], limit["unit"]), void=void, moves=moves)
    power = case.about.get("power_type") or case.matter(start.occurred_at).get("power_type", "")
    law = LIMITS_OF_LAW.get((power, kind)) or LIMITS_OF_LAW.get(("", kind))
    if law is None or day_of(start.occurred_at) < law[2]:
        return None
    return _run(case, kind, start, stop, _counted(start, law[0], law[1]), void=void, moves=moves)


def _run(
    case: Case, kind: str, start: Fact, stop: Fact | None, due: _Due, *, void: bool = False, moves: bool = False
) -> Clock:
    base = due.day
    clock = Clock(kind=kind, start=start, stop=stop)
    paused = False
    if moves:
        due, paused = _moved(case, clock, due)
    clock.provisional = due.day > LAST and due.at is None
    missed = stop is not None and due.missed(stop.occurred_at)
    passed = due.instant < case.horizon and not clock.provisional
    if missed and not clock.provisional:
        clock.state = "breached"
    elif stop is not None:
        clock.state = "void" if void else "met"
    elif paused:
        clock.state = "paused"
    else:
        clock.state = "breached" if passed else "running"
    clock.due, clock.due_day = due.instant, due.day
    warn = _warning(kind, start, base, due.day)
    clock.warned = clock.state == "running" and warn is not None and warn < case.horizon
    clock.graver = clock.state == "breached" and _is_graver(case, clock)
    return clock


def _moved(case: Case, clock: Clock, due: _Due) -> tuple[_Due, bool]:  # noqa: C901 - one plain walk
    """Go through pauses and extensions in order of time; one that begins after the limit is over changes nothing."""
    allowed = case.matter(clock.start.occurred_at).get("special_procedures_allowed")
    lawful = LAWFUL if allowed is None else LAWFUL & set(allowed)
    changes: list[tuple[datetime, str, Any]] = []
    for each in case.events:
        if each.type == "special.started" and each.detail.get("special", {}).get("kind", "other") in lawful:
            ended = next(
                (e for e in case.events if e.type == "special.ended" and e.occurred_at >= each.occurred_at), None
            )
            changes.append((each.occurred_at, "pause", ended.occurred_at if ended else None))
        if each.type == "hearing.requested" and clock.kind == "penalty":
            held = next(iter(case.all("hearing.held")), None)
            changes.append((each.occurred_at, "pause", held.occurred_at if held else None))
        extends = each.type in ("case.extended", "penalty.extended", "coercion.extended", "complaint.extended")
        if (
            extends
            and clock.kind not in ("stage", "special")
            and (clock.stop is None or each.occurred_at <= clock.stop.occurred_at)
        ):
            changes.append((each.occurred_at, "extension", _granted(case, each)))
    paused = False
    for moment, what, said in sorted(changes, key=lambda change: (change[0], change[1])):
        if what == "extension":
            if not due.missed(moment):
                due = due.extended(said.get("n", 0), said.get("unit"))
                clock.extensions += 1
            continue
        begins, ends = max(moment, clock.start.occurred_at), said
        if clock.stop is not None:
            ends = clock.stop.occurred_at if ends is None else min(ends, clock.stop.occurred_at)
        if due.missed(begins) or (ends is not None and ends <= begins):
            continue
        if ends is None:
            paused = True
        else:
            due = due.later(between(day_of(begins), day_of(ends)))
    return due, paused


def _granted(case: Case, each: Fact) -> dict[str, Any]:
    """Return how much longer: as the extension says, else as it was asked for last."""
    asked = [e.detail.get("handling", {}).get("limit") for e in case.all("complaint.extension_requested")
             if e.occurred_at <= each.occurred_at]  # fmt: skip
    ways = [each.detail.get("extension"), each.detail.get("handling", {}).get("limit"), *asked[-1:]]
    return next((way for way in ways if way), {})


def _warning(kind: str, start: Fact, base: date, due: date) -> datetime | None:
    if kind == "penalty":
        return max(midnight_before(due - timedelta(days=14)), start.occurred_at)
    if kind in ("acceptance", *ANSWERED):
        lead = 1
    elif kind == "promised":
        lead = max(1, int(between(day_of(start.occurred_at), base) * 0.2))
    else:
        return None
    first = minus(due, lead if is_worked(due) else lead + 1)
    return max(midnight_before(first), start.occurred_at)


def _is_graver(case: Case, clock: Clock) -> bool:
    assert clock.due_day is not None
    days = {"complaint_signing": 1, **dict.fromkeys(ANSWERED, 5)}.get(clock.kind, 0)
    if clock.kind == "special":
        days = max(1, between(day_of(clock.start.occurred_at), clock.due_day))
    if not days:
        return False
    moment = midnight_after(plus(clock.due_day, days))
    return clock.stop.occurred_at >= moment if clock.stop is not None else moment < case.horizon
