"""Keeps the criteria of every certified connection: looks at each day once it is over, and at some things at once."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from conformance.certificate.status import FINAL
from conformance.criteria.machine import Move, Observation, Row, Seen, fold, roll_up
from conformance.criteria.observe import INCIDENT, DayFacts, observe
from conformance.criteria.policy import CRITERIA, policies_on
from hub.errors import Misconfigured
from hub.model.certified import Looks, ObservationRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from conformance.certificate.office import Office
    from conformance.criteria.machine import RollUp
    from conformance.criteria.policy import Policy
    from hub.model.certified import CertificateChange, CertificateRow
    from hub.supervision.calendar import WorkCalendar

LOG: Final = logging.getLogger(__name__)

WINDOW_DAYS: Final = 45
"""Days of facts that a look may need: twenty working days reach that far over the longest holidays."""

NEXT_DAY: Final = ("K6",)
"""Criteria that look at a day when the day after it is over: what a department says of a day, it says after it."""

NIGHTLY: Final = tuple(name for name in CRITERIA if name not in NEXT_DAY)

AT_ONCE: Final = ("K9", "K10", "K12")
"""Criteria that do not wait for the day's end: leaks, drift, and what has run out."""


class Facts(Protocol):
    """Counts what a connection did (hub/store/day_facts.py)."""

    def day(self, certificate: CertificateRow, day: date) -> DayFacts:
        """Count one local day of the connection of a certificate."""

    def incidents(self) -> Collection[date]:
        """Return the days on which the hub was at fault, as far as anybody has said so by now."""


class Keeping(Protocol):
    """Where observations are kept (hub/store/certification.py)."""

    def latest(self) -> Mapping[str, CertificateRow]:
        """Return the certificate that counts for each connection."""

    def observations(self, connection_id: str, criterion: str = "") -> Sequence[ObservationRow]:
        """Return everything observed of a connection, in order."""

    def observe(self, looks: Looks, notices: Sequence[CertificateChange] = ()) -> bool:
        """Append observations with what is to be told of them; False where others have been made since these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How the criteria of one connection stand, with every move ever made."""

    rows: Mapping[str, Row]
    moves: Sequence[Move]
    rolled: RollUp


class Keeper:
    """Looks, keeps what was seen, and lets certificates follow. Holds the facts of past days, which do not change."""

    def __init__(
        self, keeping: Keeping, facts: Facts, office: Office, calendar: WorkCalendar, now: Callable[[], datetime]
    ) -> None:
        """Look through `facts` and keep in `keeping`; `office` moves the certificates."""
        self._keeping, self._facts, self._office, self._calendar, self._now = keeping, facts, office, calendar, now
        self._known: dict[tuple[str, date], DayFacts] = {}
        self._seen_of: dict[str, tuple[CertificateRow, list[ObservationRow]]] = {}
        self._stood: dict[str, tuple[date, Kept]] = {}

    def step(self) -> int:
        """Look at every certified connection; return how many certificates moved. What ails one holds up no other."""
        today = self._calendar.day_of(self._now())
        certificates = [row for row in self._keeping.latest().values() if row.state not in FINAL]
        incidents = self._facts.incidents()
        return sum(self._tried(row, today, incidents) for row in certificates)

    def _tried(self, certificate: CertificateRow, today: date, incidents: Collection[date]) -> bool:
        try:
            return self._look(certificate, today, incidents)
        except Misconfigured as problem:
            self._seen_of.pop(certificate.connection_id, None)
            said = {"connection": certificate.connection_id, "problem": str(problem)}
            LOG.warning("criteria not looked at", extra=said)
            return False

    def _look(self, certificate: CertificateRow, today: date, incidents: Collection[date]) -> bool:
        """Look at one connection: at every day that is over and not looked at, and at today as far as it matters."""
        begun = self._calendar.day_of(certificate.issued_at)
        kept = self._observed(certificate)
        last = by_the_rules(kept)
        looked = last.keys()
        first = max(begun, today - timedelta(days=WINDOW_DAYS))
        changed = sorted(
            day
            for criterion, day in last
            if criterion == "K1" and day >= first and _is_excused(last[("K1", day)]) != (day in incidents)
        )
        added = self._judged_anew(certificate, changed, begun, looked)
        for offset in range((today - first).days):
            day = first + timedelta(days=offset)
            if ("K1", day) not in looked:
                added += self._seen(certificate, day, begun, NIGHTLY)
            if day < today - timedelta(days=1) and ("K6", day) not in looked:
                self._known.pop((certificate.connection_id, day), None)
                added += self._seen(certificate, day, begun, NEXT_DAY)
        added += self._seen(certificate, today, begun, AT_ONCE)
        return self._follow(certificate, kept, numbered(kept, _news(kept, added, today)), today)

    def _judged_anew(
        self, certificate: CertificateRow, changed: Sequence[date], begun: date, looked: Collection[tuple[str, date]]
    ) -> list[ObservationRow]:
        """Return how days look of which it was said since that the hub was at fault on them, or was not after all.

        The days after such a day are judged anew with it: it was in their windows, or was left out of them.
        """
        for day in changed:
            self._known.pop((certificate.connection_id, day), None)
        again = sorted(day for criterion, day in looked if criterion == "K1" and changed and day >= changed[0])
        return [
            each
            for day in again
            for each in self._seen(certificate, day, begun, CRITERIA)
            if each.criterion not in AT_ONCE and (each.criterion, day) in looked
        ]

    def _observed(self, certificate: CertificateRow) -> list[ObservationRow]:
        """Return everything observed of a connection: read anew where its certificate moved, by a person say."""
        known = self._seen_of.get(certificate.connection_id)
        if known is None or known[0] != certificate:
            known = certificate, list(self._keeping.observations(certificate.connection_id))
            self._seen_of[certificate.connection_id] = known
            self._stood.pop(certificate.connection_id, None)
        return known[1]

    def _seen(
        self, certificate: CertificateRow, day: date, begun: date, criteria: Sequence[str]
    ) -> list[ObservationRow]:
        first = max(begun, day - timedelta(days=WINDOW_DAYS))
        facts = [self._day(certificate, first + timedelta(days=n)) for n in range((day - first).days + 1)]
        now = self._now()
        return [
            ObservationRow(
                connection_id=certificate.connection_id,
                criterion=each.criterion,
                day=day,
                n=0,
                seen=each.seen.value,
                by="",
                measure=dict(each.measure),
                observed_at=now,
            )
            for each in observe(facts, policies_on(day))
            if each.criterion in criteria
        ]

    def _day(self, certificate: CertificateRow, day: date) -> DayFacts:
        key = (certificate.connection_id, day)
        if key in self._known:
            return self._known[key]
        facts = replace(self._facts.day(certificate, day), is_workday=self._calendar.is_workday(day))
        if day < self._calendar.day_of(self._now()):
            self._known[key] = facts
        return facts

    def _follow(
        self, certificate: CertificateRow, kept: list[ObservationRow], added: Sequence[ObservationRow], today: date
    ) -> bool:
        before = self.standing(kept, today).moves if added else ()
        standing = self._standing_of(certificate, [*kept, *added], today, is_changed=bool(added))
        if added:
            notices = self._notices(certificate, before, standing.moves)
            if not self._keeping.observe(_looks(certificate, added, standing), notices):
                self._forget(certificate)
                return False
            kept += added
        moved = self._office.follow(certificate, standing.rolled, today)
        if moved is not None:
            LOG.info("certificate moved", extra={"certificate": moved.certificate_id, "state": moved.state})
        return moved is not None

    def _forget(self, certificate: CertificateRow) -> None:
        """Read everything anew at the next look: somebody else has looked in between, or a person has vouched."""
        self._seen_of.pop(certificate.connection_id, None)
        self._stood.pop(certificate.connection_id, None)

    def _notices(
        self, certificate: CertificateRow, before: Sequence[Move], now: Sequence[Move]
    ) -> Sequence[CertificateChange]:
        """Write, once for each criterion, the moves that are new and change no certificate by themselves."""
        told: dict[str, list[str]] = {}
        for move in now:
            if move not in before and (words := notice_of(move)):
                told.setdefault(move.criterion, []).append(words)
        return [self._office.notice(certificate, name, "; ".join(words)) for name, words in told.items()]

    def _standing_of(
        self, certificate: CertificateRow, observations: Sequence[ObservationRow], today: date, *, is_changed: bool
    ) -> Kept:
        """Fold anew only where something was seen, or another day has come."""
        known = self._stood.get(certificate.connection_id)
        if known is None or is_changed or known[0] != today:
            known = self._stood[certificate.connection_id] = (today, self.standing(observations, today))
        return known[1]

    def standing(self, observations: Sequence[ObservationRow], today: date) -> Kept:
        """Fold everything that was observed of one connection."""
        rows, moves = {}, []
        for name in CRITERIA:
            own = in_force([each for each in observations if each.criterion == name])
            own.sort(key=lambda each: each.day)
            rows[name], made = fold(map(_observation, own), _policy(name), self._calendar.is_workday, criterion=name)
            moves += made
        moves.sort(key=lambda move: move.day)
        return Kept(rows=rows, moves=moves, rolled=roll_up(rows.values(), policies_on(today)))

    def vouched(self, certificate: CertificateRow, by: str) -> Looks:
        """Return what ends, by a person's reinstatement, the suspension of every suspended criterion: probation begins.

        It is kept with the reinstatement itself (conformance.certificate.office).
        """
        kept = self._keeping.observations(certificate.connection_id)
        rows = self.standing(kept, self._calendar.day_of(self._now())).rows
        suspended = [name for name, row in rows.items() if row.phase == "suspended"]
        return self._by_a_person(certificate, kept, suspended, Seen.PASS, by)

    def reviewed(self, certificate: CertificateRow, criterion: str, by: str) -> Looks | None:
        """Return what ends the review that a criterion asks for; None where it asks for none."""
        kept = self._keeping.observations(certificate.connection_id)
        row = self.standing(kept, self._calendar.day_of(self._now())).rows.get(criterion)
        if row is None or not row.needs_review:
            return None
        return self._by_a_person(certificate, kept, [criterion], Seen.UNKNOWN, by)

    def _by_a_person(
        self,
        certificate: CertificateRow,
        kept: Sequence[ObservationRow],
        criteria: Sequence[str],
        seen: Seen,
        by: str,
    ) -> Looks:
        today, now = self._calendar.day_of(self._now()), self._now()
        said = [
            ObservationRow(
                connection_id=certificate.connection_id,
                criterion=name,
                day=today,
                n=0,
                seen=seen.value,
                by=by,
                measure={},
                observed_at=now,
            )
            for name in criteria
        ]
        added = numbered(kept, said)
        return _looks(certificate, added, self.standing([*kept, *added], today))


def _looks(certificate: CertificateRow, added: Sequence[ObservationRow], standing: Kept) -> Looks:
    cached = {(certificate.connection_id, name): (row.phase, as_json(row)) for name, row in standing.rows.items()}
    return Looks(seen=added, cached=cached)


def by_the_rules(kept: Sequence[ObservationRow]) -> dict[tuple[str, date], ObservationRow]:
    """Return what the rules saw last of each criterion on each day."""
    return {(each.criterion, each.day): each for each in kept if not each.by}


def in_force(own: Sequence[ObservationRow]) -> list[ObservationRow]:
    """Return what counts of one criterion's observations.

    A day that was judged anew counts as it was judged last; what is looked at at once counts in its order, as does what
    people vouch for.
    """
    last = by_the_rules(own)
    return [each for each in own if each.by or each.criterion in AT_ONCE or last[(each.criterion, each.day)] is each]


def _news(kept: Sequence[ObservationRow], added: Sequence[ObservationRow], today: date) -> list[ObservationRow]:
    """Return what is not what the rules saw last of the same day, which may have been answered by a person since.

    Today is looked at again and again: it is worth telling only where it differs from whatever was seen last.
    """
    last, found = by_the_rules(kept), []
    latest = {criterion: each for (criterion, _), each in last.items()}
    for each in added:
        before = latest.get(each.criterion) if each.day == today else last.get((each.criterion, each.day))
        if before is None or (before.seen, before.measure) != (each.seen, each.measure):
            found.append(each)
        latest[each.criterion] = each
    return found


def _is_excused(row: ObservationRow) -> bool:
    return row.measure.get("why") == INCIDENT


def numbered(kept: Sequence[ObservationRow], added: Sequence[ObservationRow]) -> list[ObservationRow]:
    """Number new observations behind those of the same criterion and day."""
    last: dict[tuple[str, date], int] = {}
    for each in kept:
        key = (each.criterion, each.day)
        last[key] = max(last.get(key, -1), each.n)
    found = []
    for each in added:
        key = (each.criterion, each.day)
        last[key] = last.get(key, -1) + 1
        found.append(replace(each, n=last[key]))
    return found


def notice_of(move: Move) -> str:
    """Say in words what a move is that nobody is told of otherwise; empty where a certificate's own change tells it."""
    what, _, days = move.what.partition("_") if move.what.startswith("warn_") else (move.what, "", "")
    words = _NOTICES.get(what, "")
    seen = ", ".join(f"{name} {value}" for name, value in sorted(move.measure.items()))
    return f"{move.day} {move.criterion} {words.format(days=days)} ({seen})" if words else ""


_NOTICES: Final = {
    "observed": "首次不达标 failed for the first time",
    "half_grace": "宽限期已过半 half of its grace is over",
    "warn": "剩余不足 {days} 日 ends within {days} days",
    "review": "请人工复核 somebody should look",
    "revocation_review": "一年内第三次，请复核是否撤销 third time in a year: review whether to revoke",
}


def _observation(row: ObservationRow) -> Observation:
    return Observation(criterion=row.criterion, day=row.day, seen=Seen(row.seen), measure=row.measure, by=row.by)


def _policy(criterion: str) -> Callable[[date], Policy]:
    return lambda day: policies_on(day)[criterion]


def as_json(row: Row) -> str:
    """Write a criterion's row for the cache."""
    values: dict[str, Any] = asdict(row)
    return orjson.dumps(values).decode()
