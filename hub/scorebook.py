"""Keeps the scores: gathers a month, freezes it, books what changes later, and tells how every figure came about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub import periods
from hub.errors import Fault, HubError, Misconfigured
from hub.model import ids
from hub.model.documents import act_document
from hub.model.scores import SCORE_ENTERED, Frozen
from hub.model.values import Message
from hub.supervision.scoring import papers
from hub.supervision.scoring.adjusting import adjustments
from hub.supervision.scoring.formulas import FORMULAS
from hub.supervision.scoring.indicators import in_force, indicator_set
from hub.supervision.scoring.quality import quality
from hub.supervision.scoring.score import ranks, score
from hub.supervision.scoring.values import CENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from hub.ports import Clock, ScoreKeeping, ScoreReading
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.scoring.adjusting import Adjustment
    from hub.supervision.scoring.indicators import IndicatorSet
    from hub.supervision.scoring.quality import Quality
    from hub.supervision.scoring.values import Inputs, Obligation, Statement

HUB: Final = "hub"
"""Who freezes a month when nobody asks for it."""

Of = dict[str, "Inputs"]
"""Inputs by department."""


class Altered(HubError):
    """What a month was frozen from is not what it was: its document has another digest than was kept."""

    code = "score.altered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One department's month as it is told: its statement, what it books of earlier months, rank and data quality."""

    statement: Statement
    adjustments: Sequence[Adjustment]
    quality: Quality
    rank: int | None
    inputs: Inputs

    @property
    def adjustment(self) -> Decimal:
        """Return the sum of what is booked of earlier months."""
        return sum((each.points for each in self.adjustments), Decimal(0)).quantize(CENT)

    @property
    def carried(self) -> Decimal:
        """Return what counts in the half-year and the year: the score and what is booked."""
        return self.statement.score + self.adjustment


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A month of all departments. `digest` names what it was frozen from; empty while it is not."""

    period: str
    chosen: IndicatorSet
    accounts: Mapping[str, Account]
    digest: str = ""
    act_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What scores are made from: who gathers, who keeps, the sets, and who the departments are.

    `obligations` says what departments owe by when, and have now, as far as conformance of connections is followed.
    """

    reading: ScoreReading
    book: ScoreKeeping
    sets: Sequence[IndicatorSet]
    homes: Callable[[], Mapping[str, str]]
    """The region of every department of the catalogue."""
    calendar: WorkCalendar
    clock: Clock
    publish: Callable[[Message], None]
    revisit_months: int = 12
    obligations: Callable[[], Mapping[str, Obligation]] = dict


class Scorebook:
    """Scores months from `Sources`; the pure part is hub/supervision/scoring."""

    def __init__(self, sources: Sources) -> None:
        """Use `sources`."""
        self._from = sources

    def sheet(self, period: str, *, keep: Callable[[Any], bool] | None = None, book: str = "") -> Sheet:
        """Return a month as it was frozen, else as it stands now; `keep` takes a part of the inputs: a matter.

        What a month books of earlier ones is settled when it is frozen; before, it is looked for in the department
        `book` alone, as that means to gather all of them again. Of a part nothing is booked.
        """
        frozen = self._frozen(period)
        chosen = self._set_of(period, frozen)
        inputs = _inputs(frozen.document["departments"]) if frozen else self._gather(period, chosen)
        booked = self._booked(period, frozen, book) if (frozen or book) and not keep else {}
        if keep:
            inputs = {name: each.only(keep) for name, each in inputs.items()}
        scored = {name: score(period, each, chosen) for name, each in inputs.items()}
        places = ranks(list(scored.values()))
        accounts = {
            name: Account(statement=scored[name], adjustments=booked.get(name, ()), quality=quality(each),
                          rank=places.get(name), inputs=each)
            for name, each in inputs.items()
        }  # fmt: skip
        return Sheet(period=period, chosen=chosen, accounts=accounts, digest=frozen.digest if frozen else "",
                     act_id=frozen.act_id if frozen else "")  # fmt: skip

    def freeze(self, period: str, by: str) -> Frozen:
        """Freeze a month that is over, and tell the ledger of it; one that is frozen already stays as it is."""
        self._check_over(period)
        frozen = self._frozen(period) or self._from.book.freeze(self._freezing(period, by))
        if self._from.book.ledgered(frozen.act_id) is None:
            self._from.publish(_told(frozen))
        return frozen

    def freeze_due(self, day_of_month: int) -> Frozen | None:
        """Freeze last month once the day has come, if there was anything in it; None where nothing is to be done.

        A month that was frozen by a process which ended before it could tell the ledger is told of now.
        """
        self._tell_untold()
        today = self.today()
        period = periods.last_month(today)
        if not day_of_month or today.day < day_of_month or self._from.book.frozen(period) is not None:
            return None
        chosen = self._set_of(period, None)
        is_empty = not any(each.cells or each.cards for each in self._gather(period, chosen).values())
        return None if is_empty else self.freeze(period, HUB)

    def _tell_untold(self) -> None:
        """Tell the ledger of every frozen month that it does not know."""
        for period in self._from.book.periods():
            known = self._from.book.frozen(period)
            if known is not None and self._from.book.ledgered(known.act_id) is None:
                self._from.publish(_told(known))

    def enter(
        self, *, period: str, department_id: str, indicator_id: str, amount: Decimal, ground: str, by: str
    ) -> str:
        """Send a person's entry for a month that is not frozen to the ledger, with which it counts; return its id."""
        chosen, now = self._set_of(period, None), self._from.clock.now()
        self._check_entry(period, indicator_id, chosen)
        at = now.astimezone(self._from.calendar.zone).isoformat()
        said = {"period": period, "department_id": department_id, "indicator_id": indicator_id, "amount": str(amount),
                "note": ground}  # fmt: skip
        subject = ids.score_id(period, department_id, indicator_id)
        document = act_document(SCORE_ENTERED, subject=subject, by=by, at=at, said=said)
        self._from.publish(_message(document))
        return str(document["id"])

    def today(self) -> date:
        """Return the local day."""
        return self._from.calendar.day_of(self._from.clock.now())

    def is_ledgered(self, sheet: Sheet) -> bool:
        """Tell whether the ledger knows the digest that a month was frozen under; Altered where it knows another."""
        known = self._from.book.ledgered(sheet.act_id)
        if known is not None and known != sheet.digest:
            raise Altered("the ledger names another digest for it", place=sheet.period, hint=_ALTERED)
        return known is not None

    def _freezing(self, period: str, by: str) -> Frozen:
        chosen, now = self._set_of(period, None), self._from.clock.now()
        written = now.astimezone(self._from.calendar.zone).isoformat()
        inputs = self._gather(period, chosen)
        document = {
            "format": papers.FORMAT,
            "period": period,
            "gathered_at": written,
            "set": chosen.document,
            "departments": [papers.written(each) for each in inputs.values()],
            "revisits": [{"period": name, "departments": [papers.written(each) for each in changed.values()]}
                         for name, changed in self._revisits(period).items()],
        }  # fmt: skip
        digest = papers.digest(document)
        act_id = ids.act_id("score.frozen", ids.score_id(period), by, written)
        return Frozen(period=period, digest=digest, document=document, frozen_at=now, by=by, act_id=act_id)

    def _frozen(self, period: str) -> Frozen | None:
        frozen = self._from.book.frozen(period)
        if frozen is not None and papers.digest(frozen.document) != frozen.digest:
            raise Altered("what it was scored from is not what was frozen", place=period, hint=_ALTERED)
        return frozen

    def _set_of(self, period: str, frozen: Frozen | None) -> IndicatorSet:
        """Return the set a month is scored by: the one it was frozen with, else the one in force on its first day."""
        if frozen is not None:
            return indicator_set(frozen.document["set"], formulas=FORMULAS)
        return in_force(self._from.sets, periods.first_day(period))

    def _gather(
        self, period: str, chosen: IndicatorSet, department: str = "", known: Mapping[str, Inputs] | None = None
    ) -> Of:
        """Gather a month. What departments owed in it cannot be told later: of a month that is `known` it stays so."""
        charged = {rule: charge.charged_to for rule, charge in chosen.charges.items()}
        owed = self._from.obligations() if known is None else {name: each.obligation for name, each in known.items()}
        found = self._from.reading.month(period, self._from.calendar, self._from.homes(), charged, department)
        gathered = {each.department_id: replace(each, obligation=owed.get(each.department_id)) for each in found}
        return {name: papers.read(papers.written(each)) for name, each in gathered.items()}

    def _revisits(self, period: str, department: str = "") -> Mapping[str, Of]:
        """Return of every earlier frozen month the departments whose inputs are others now than were last known."""
        found = {}
        earlier = [each for each in self._from.book.periods() if each < period][-self._from.revisit_months :]
        for month in earlier:
            frozen = self._frozen(month)
            if frozen is not None:
                known = self._known(frozen, before=period)
                now = self._gather(month, self._set_of(month, frozen), department, known)
                changed = {name: each for name, each in now.items() if each != known.get(name)}
                if changed:
                    found[month] = changed
        return found

    def _known(self, frozen: Frozen, *, before: str) -> Of:
        """Return a frozen month's inputs as they were last booked before another month."""
        known = _inputs(frozen.document["departments"])
        for later in self._from.book.periods():
            if frozen.period < later < before:
                known |= _revisited(self._frozen(later), frozen.period)
        return known

    def _booked(self, period: str, frozen: Frozen | None, department: str) -> Mapping[str, Sequence[Adjustment]]:
        """Return by department what a month books of earlier ones: as frozen, else as it would be booked now."""
        visits = {each["period"]: _inputs(each["departments"]) for each in frozen.document["revisits"]} \
            if frozen else self._revisits(period, department)  # fmt: skip
        found: dict[str, list[Adjustment]] = {}
        for month, changed in visits.items():
            origin = self._frozen(month)
            if origin is not None:
                known, chosen = self._known(origin, before=period), self._set_of(month, origin)
                for name, now in changed.items():
                    before = score(month, known.get(name) or replace(now, cells=(), cards=(), marks=()), chosen)
                    found.setdefault(name, []).extend(adjustments(before, score(month, now, chosen)))
        return found

    def _check_over(self, period: str) -> None:
        if not periods.is_month(period):
            raise _wrong(f"{period!r} is no month", "months are frozen: 2026-10")
        if periods.following(period) > self.today():
            raise _wrong(f"{period} is not over", f"freeze it from {periods.following(period)} on")

    def _check_entry(self, period: str, indicator_id: str, chosen: IndicatorSet) -> None:
        known = [each.indicator_id for each in chosen.indicators if each.source in ("manual", "survey")]
        if indicator_id not in known:
            raise _wrong(f"nobody enters {indicator_id!r}", f"one of {', '.join(known)}")
        if self._from.book.frozen(period) is not None:
            raise _wrong(f"{period} is frozen", "enter it for a month that is not; it is booked there")


_ALTERED: Final = "compare with the ledger (`sunlight ledger verify`) and with a copy of the database"


def _inputs(documents: Sequence[Mapping[str, Any]]) -> Of:
    return {each["department_id"]: papers.read(each) for each in documents}


def _revisited(frozen: Frozen | None, month: str) -> Of:
    visits = frozen.document["revisits"] if frozen else ()
    return {
        name: each
        for visit in visits
        if visit["period"] == month
        for name, each in _inputs(visit["departments"]).items()
    }


def _told(frozen: Frozen) -> Message:
    said = {"period": frozen.period, "digest": frozen.digest}
    at = frozen.document["gathered_at"]
    return _message(act_document("score.frozen", subject=ids.score_id(frozen.period), by=frozen.by, at=at, said=said))


def _message(document: Mapping[str, Any]) -> Message:
    return Message(
        exchange="intake",
        key=str(ids.bucket_of(ids.CITY)),
        kind="act",
        message_id=document["id"],
        body=orjson.dumps(document),
    )


def _wrong(problem: str, hint: str) -> Misconfigured:
    return Misconfigured(Fault(code="score.period", problem=problem, hint=hint))
