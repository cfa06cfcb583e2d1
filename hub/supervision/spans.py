"""Which deadlines each family has besides an application's own: what starts each clock, and what stops it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.supervision.matter import Limit, limit_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.supervision.caselog import Fact
    from hub.supervision.fold import Case
    from hub.supervision.matter import Matter

ONLY: Final = "1"
"""Occurrence of a clock that starts once in a case, and of the first of those that start again."""

ONLINE: Final = frozenset({"online", "mobile", "2", "3"})
"""Channels by which a case comes in over the internet."""

GONE: Final = ("case.withdrawn", "case.terminated", "case.voided", "complaint.withdrawn", "complaint.linked")
"""Events after which nothing more is owed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One clock's run: what starts it, what stops it, whether the stop makes it void."""

    kind: str
    occurrence: str
    start: Fact
    stop: Fact | None
    is_void: bool = False
    limit: Limit | None = None
    """The limit that its own event, stage or rule sets; None: the catalogue's or the law's."""
    basis: str = ""
    note: str = ""
    moves: bool = False
    """Whether special procedures and extensions move its due moment."""
    reported: str = ""
    """Field of its start that may name the due moment itself."""
    yields: bool = False
    """Its limit is for those starts alone that name no due moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A declared clock: from an event of `starts` to the next of `stops`, void with any of `voids`.

    `key` tells apart clocks that run beside one another; `holds` whether an event starts it at all; `again`: each
    start has its clock, else the first alone. Where a connection reports nothing of `told`, the clock does not run
    there: it could end in no other way than late.
    """

    kind: str
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    voids: tuple[str, ...] = GONE
    told: tuple[str, ...] = ()
    key: Callable[[Fact], str] = lambda _: ""
    holds: Callable[[Fact, Case], bool] = lambda _, __: True
    limit: Callable[[Fact], Limit | None] = lambda _: None
    basis: str = ""
    again: bool = False
    moves: bool = False
    own: str = ""
    """Part of the start whose `limit`, where it has one, goes before `limit`."""
    reported: str = ""
    yields: bool = False


def _days(n: int) -> Callable[[Fact], Limit]:
    limit = Limit(n=n, unit="working_day")
    return lambda _: limit


def _within(part: str) -> Callable[[Fact], Limit | None]:
    def limit(fact: Fact) -> Limit | None:
        row = fact.detail.get(part, {}).get("limit")
        return None if row is None else limit_from(row)

    return limit


def _at(part: str, name: str) -> Callable[[Fact], str]:
    return lambda fact: str(fact.detail.get(part, {}).get(name, ""))


def _is_bad_rating(fact: Fact, _: Case) -> bool:
    said = fact.detail.get("evaluation", {})
    return said.get("score_code") in ("4", "5") and said.get("real_name") is True


def _is_online(_: Fact, case: Case) -> bool:
    return case.attributes.get("channel") in ONLINE


def _is_public(_: Fact, case: Case) -> bool:
    return bool(case.attributes["disclosure"]["class"] == "public")


def _is_unsolved(fact: Fact, _: Case) -> bool:
    return fact.detail.get("handling", {}).get("solved") is False


def _is_instant(_: Fact, case: Case) -> bool:
    return case.attributes.get("case_type") == "1"


def _track(case: Case) -> str:
    return str(case.attributes.get("complaint", {}).get("track", "hotline"))


def _is_petition(_: Fact, case: Case) -> bool:
    return _track(case) == "petition"


def _is_no_petition(_: Fact, case: Case) -> bool:
    return _track(case) != "petition"


def _is_limited(fact: Fact, case: Case) -> bool:
    """Tell whether a dispatch is to be answered in time: the hotline's always, others where it says until when."""
    has_own = "limit" in fact.detail.get("handling", {}) or "promised_due_at" in fact.detail
    return _track(case) == "hotline" or (has_own and _track(case) != "petition")


def _assisting(fact: Fact) -> str:
    return str(fact.detail.get("handling", {}).get("department_id") or fact.department_id)


def _is_reviewed_first(_: Fact, case: Case) -> bool:
    return case.attributes.get("initial_review") is True


_HANDLED: Final = ("complaint.replied", "complaint.closed")
_DISPATCHED: Final = ("complaint.dispatched", "complaint.redispatched")
_SIGNED: Final = ("complaint.signed", "complaint.returned", "complaint.arbitrated", "complaint.started", *_HANDLED)
_ANSWERS: Final = ("complaint.signed", "complaint.started", "complaint.returned")
_TAKEN_UP: Final = ("complaint.accepted", "complaint.not_accepted", "complaint.dispatched")
_PENALTY_ENDS: Final = ("penalty.decided", "penalty.dismissed", "penalty.transferred")
_DECIDED: Final = ("case.decided", "case.closed")

WATCHES: Final = (
    Watch(kind="instant", starts=("case.accepted",), stops=("case.closed", "case.delivered"), holds=_is_instant,
          limit=_days(0), basis="行政许可法 art. 34", voids=(*GONE, "case.not_accepted")),
    Watch(kind="initial_review", starts=("case.accepted",), stops=("case.forwarded", *_DECIDED),
          holds=_is_reviewed_first),
    Watch(kind="special", starts=("special.started",), stops=("special.ended",), key=_at("special", "kind"),
          limit=_within("special"), basis="the special procedure's own limit", again=True,
          voids=(*GONE, *_DECIDED, "case.delivered")),
    Watch(kind="joint_opinion", starts=("joint.dispatched",), stops=("joint.opinion",), again=True,
          key=_at("joint", "department_id"), limit=_within("joint"), basis="the limit set for the opinion"),
    Watch(kind="feedback", starts=_DECIDED, stops=("case.fed_back",), told=("case.fed_back",), holds=_is_online,
          limit=_days(1), basis="实施意见 2008: 外网反馈"),
    Watch(kind="publication", starts=("case.decided", "penalty.decided"),
          stops=("case.published", "penalty.published"), told=("case.published", "penalty.published"), holds=_is_public,
          limit=_days(7), basis="国办发〔2018〕118号"),
    Watch(kind="penalty", starts=("penalty.filed",), stops=_PENALTY_ENDS, moves=True),
    Watch(kind="delivery", starts=("penalty.decided",), stops=("penalty.served", "penalty.executed"),
          voids=(*GONE, "penalty.revoked")),
    Watch(kind="deposit", starts=("penalty.collected",), stops=("penalty.deposited",), again=True,
          key=_at("payment", "receipt_no")),
    Watch(kind="coercion", starts=("coercion.imposed",), stops=("coercion.decided", "coercion.lifted"), moves=True),
    Watch(kind="rating_contact", starts=("case.evaluated",), stops=("evaluation.contacted", "evaluation.answered"),
          told=("evaluation.contacted",), holds=_is_bad_rating, limit=_days(1),
          basis="差评: contacted in 1 working day", again=True, voids=()),
    Watch(kind="rating_answer", starts=("case.evaluated",), stops=("evaluation.answered",),
          told=("evaluation.answered",), holds=_is_bad_rating, limit=_days(5),
          basis="差评: answered in 5 working days", again=True, voids=()),
    Watch(kind="complaint_acceptance", starts=("complaint.registered",), stops=_TAKEN_UP, holds=_is_no_petition,
          limit=_days(5), basis="投诉: accepted or not in 5 working days"),
    Watch(kind="petition_registered", starts=("complaint.registered",), stops=(*_TAKEN_UP, "complaint.transferred"),
          holds=_is_petition),
    Watch(kind="complaint_signing", starts=_DISPATCHED, stops=_SIGNED, told=_ANSWERS, limit=_days(1), again=True,
          basis="投诉: signed for in 1 working day"),
    Watch(kind="complaint", starts=("complaint.dispatched",), stops=_HANDLED, holds=_is_limited, own="handling",
          limit=_days(5), basis="热线: 5 working days from dispatch, by local rule", moves=True,
          reported="promised_due_at", yields=True),
    Watch(kind="petition", starts=("complaint.accepted", "complaint.dispatched"), stops=_HANDLED, holds=_is_petition,
          moves=True, reported="promised_due_at"),
    Watch(kind="complaint_assist", starts=("complaint.assist_asked",), stops=("complaint.assisted",), key=_assisting,
          own="handling", limit=_days(5), basis="协办: answered in 5 working days", again=True,
          voids=(*GONE, *_HANDLED)),
    Watch(kind="complaint_redo", starts=("complaint.reworked",), stops=_HANDLED, own="handling", limit=_days(5),
          basis="退回重办: done again in 5 working days", again=True, moves=True),
    Watch(kind="complaint_rework", starts=("complaint.followed_up",), stops=("complaint.reworked",),
          holds=_is_unsolved, limit=_days(2), basis="回访不满意: sent back in 2 working days", again=True),
)  # fmt: skip
"""Clocks of one start and one stop, by declaration. Where `limit` gives none, the catalogue's or the law's holds."""


def watched(case: Case, offers: frozenset[str] | None) -> Iterator[Span]:
    """Yield the spans of every declared clock of a case whose connection reports `offers` (None: everything)."""
    types = {fact.type for fact in case.timeline}
    for watch in WATCHES:
        is_told = offers is None or not watch.told or not offers.isdisjoint(watch.told)
        if is_told and not types.isdisjoint(watch.starts):
            yield from _spans(watch, case)


def staged(case: Case, matter: Matter | None) -> Iterator[Span]:
    """Yield the spans of the stages for which the catalogue sets a limit, where their start is reported."""
    if matter is None:
        return
    running: dict[str, Fact] = {}
    for fact in case.timeline:
        code = str(fact.detail.get("stage_code", ""))
        if fact.type == "stage.started":
            running.setdefault(code, fact)
        elif fact.type in ("stage.completed", "stage.returned") and code in running:
            yield from _stage(matter, code, running.pop(code), fact)
    ended = _first_after(case, (*GONE, "case.decided", "case.closed"))
    for code, start in running.items():
        yield from _stage(matter, code, start, ended)


def _stage(matter: Matter, code: str, start: Fact, stop: Fact | None) -> Iterator[Span]:
    stage = matter.stage(code)
    if stage is not None and stage.limit is not None:
        yield Span(
            kind="stage",
            occurrence=start.event_id,
            start=start,
            stop=stop,
            is_void=stop is not None and stop.type in GONE,
            limit=stage.limit,
            basis=f"职权目录 catalogue {matter.matter_code} version {matter.version}, stage {code}",
            moves=True,
        )


def _first_after(case: Case, types: tuple[str, ...]) -> Fact | None:
    return next((fact for fact in case.timeline if fact.type in types), None)


def _spans(watch: Watch, case: Case) -> Iterator[Span]:
    """Pair each start with the next stop of its key; starts while one runs begin nothing."""
    running: dict[str, Fact] = {}
    done: set[str] = set()
    for fact in case.timeline:
        key = watch.key(fact)
        if fact.type in watch.starts and key not in running and (watch.again or not done):
            if watch.holds(fact, case):
                running[key] = fact
                done.add(key)
        elif fact.type in watch.voids:
            yield from (_span(watch, start, fact, is_void=True) for start in running.values())
            running.clear()
        elif fact.type in watch.stops and running:
            start = running.pop(key if key in running else next(iter(running)))
            yield _span(watch, start, fact)
    yield from (_span(watch, start, None) for start in running.values())


def _span(watch: Watch, start: Fact, stop: Fact | None, *, is_void: bool = False) -> Span:
    own = _within(watch.own)(start) if watch.own else None
    return Span(
        kind=watch.kind,
        occurrence=start.event_id if watch.again else ONLY,
        start=start,
        stop=stop,
        is_void=is_void,
        limit=own or watch.limit(start),
        basis=watch.basis if own is None else "the limit set with it",
        moves=watch.moves,
        reported=watch.reported,
        yields=watch.yields and own is None,
    )
