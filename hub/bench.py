"""Joins the pure supervision core to a catalogue, a calendar and the documents: what a batch is judged with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.errors import Rejection
from hub.model.documents import alert_document
from hub.model.values import Outcome
from hub.supervision.alert_clocks import clocks_of_alert
from hub.supervision.alert_cycle import done, refusal
from hub.supervision.alerts import reconcile
from hub.supervision.blocking import blocked
from hub.supervision.caselog import EMPTY, Fact, Log, decode, fact_from, in_force, merge, outcome_of, reclassifies
from hub.supervision.clocks import Docket, clocks_of
from hub.supervision.conduct import conduct_of
from hub.supervision.facts import facts_of
from hub.supervision.families.complaint import ANSWERS, SENDING
from hub.supervision.families.holding import Practice, roles_in
from hub.supervision.fold import fold
from hub.supervision.instants import written
from hub.supervision.judge import judge, practice_of
from hub.supervision.law import LAW
from hub.supervision.rules import RULES
from hub.supervision.traces import traces_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.admission import Admitted
    from hub.model.conduct import Conduct
    from hub.model.facts import CaseFacts
    from hub.model.values import AlertRow, Arrival, CaseRow, ClockRow, ComplaintRole, Connection, Trace
    from hub.supervision.alert_cycle import Deed
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.catalogue import Catalogue
    from hub.supervision.law import LawParameter
    from hub.supervision.rules import Finding, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What judging one case came to: its row, its clocks, and the alerts that changed with their documents."""

    row: CaseRow
    clocks: Sequence[ClockRow]
    alerts: Sequence[AlertRow]
    traces: Sequence[Trace]
    roles: Sequence[ComplaintRole]
    facts: CaseFacts | None
    conduct: Conduct


class CaseFile:
    """One case in hand during a batch: what its log held, and the facts that the batch adds."""

    def __init__(self, row: CaseRow | None) -> None:
        """Open the file of a known case, or a new one."""
        self.row = row
        self._log = decode(row.log) if row else EMPTY
        self._added: list[Fact] = []
        self._corrected = set(self._log.corrected())

    def weigh(self, fact: Fact, prior: Sequence[Arrival]) -> Outcome:
        """Decide what an arriving fact is, given what arrived before it."""
        outcome = outcome_of(prior, fact, self._corrected)
        if outcome is Outcome.DUPLICATE and reclassifies((*self._log.facts, *self._added), fact):
            same = any(arrival.record_digest == fact.record_digest for arrival in prior)
            return Outcome.REMAPPED if same else Outcome.REVISED
        return outcome

    def add(self, fact: Fact) -> None:
        """Put a fact on file."""
        self._added.append(fact)
        if "correction_of" in fact.detail:
            self._corrected.add(fact.detail["correction_of"])

    @property
    def changed(self) -> bool:
        """Tell whether the batch added anything."""
        return bool(self._added)

    @property
    def connection_id(self) -> str:
        """Return the connection by whose horizon the case is judged: the one it came by first."""
        return self.row.connection_id if self.row else self._added[0].connection_id

    def takes_answer(self, data: Mapping[str, Any], departments: frozenset[str]) -> bool:
        """Tell whether somebody who shares no department with its reporter may speak of it all the same.

        Of a complaint several departments speak, and what each may say its machine decides; but it is registered once.
        """
        known = [*self._log.facts, *self._added]
        if not known or {data["case"]["family"], known[0].attributes["family"]} != {"complaint"}:
            return False
        registered = {fact.department_id for fact in known if fact.type == data["type"] == "complaint.registered"}
        return registered <= departments

    def log(self) -> Log:
        """Return the log with what was added."""
        return merge(self._log, self._added)

    def stored(self) -> Log:
        """Return the log without what was added."""
        return self._log


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Judges cases under one catalogue and one calendar."""

    catalogue: Catalogue
    calendar: WorkCalendar
    rules: Mapping[str, Rule] = field(default_factory=lambda: RULES)
    """The rules on one case, as the operator has tuned them."""
    law: Sequence[LawParameter] = LAW
    sources: Mapping[str, str] = field(default_factory=dict)
    """What the terms came by: `calendar:<year>` a notice, `catalogue:<matter code>` the last change of it."""

    def fact(self, admitted: Admitted, *, position: int | None, ledgered_at: datetime) -> Fact:
        """Read the fact that an admitted event states."""
        return fact_from(
            admitted.data,
            event_id=admitted.event_id,
            position=position,
            ledgered_at=ledgered_at,
            digest=admitted.digest,
            fingerprint=admitted.fingerprint,
            zone=self.calendar.zone,
        )

    def judge(
        self,
        file: CaseFile,
        alerts: Sequence[AlertRow],
        *,
        horizon: datetime | None,
        now: datetime,
        connections: Mapping[str, Connection],
        sighted: Sequence[Finding] = (),
    ) -> Verdict:
        """Fold the case, run its clocks and rules at `horizon` and reconcile its alerts; without one, fold only.

        `sighted` is what was found of the case in the world, beside what its events say.
        """
        log = file.log()
        offers = _offered(log, connections)
        judgement = judge(
            log,
            catalogue=self.catalogue,
            calendar=self.calendar,
            horizon=horizon,
            rules=self.rules,
            offers=offers,
            law=self.law,
        )
        judgement = replace(judgement, findings=(*judgement.findings, *sighted)) if sighted else judgement
        moved = reconcile(judgement, alerts, now=now, rules=self.rules)
        judgement = blocked(judgement, (*alerts, *moved), self.rules)
        traces = traces_of(judgement.case, self.calendar)
        facts = facts_of(judgement, self.catalogue, self.calendar, self.law)
        return Verdict(
            row=judgement.row,
            clocks=judgement.clock_rows,
            alerts=moved,
            traces=traces,
            roles=roles_in(judgement.case.case_id, judgement.case.holding),
            facts=facts,
            conduct=conduct_of(judgement, log, self.calendar, offers),
        )

    def clocks(
        self, file: CaseFile, *, horizon: datetime | None, connections: Mapping[str, Connection]
    ) -> Sequence[ClockRow]:
        """Run the clocks of a case by what was known of it before this batch."""
        log = file.stored()
        facts = in_force(log)
        case = fold(facts, self.calendar.zone, self.practice(facts))
        offers = _offered(log, connections)
        docket = Docket(case=case, catalogue=self.catalogue, calendar=self.calendar, horizon=horizon, offers=offers,
                        law=self.law)  # fmt: skip
        return [clock.row for clock in clocks_of(docket)]

    def practice(self, facts: Sequence[Fact]) -> Practice:
        """Return what the city lays down for a complaint of these facts."""
        return practice_of(self.rules, self.catalogue.report_bodies(), facts, self.calendar.zone)

    def act(self, alert: AlertRow | None, deed: Deed) -> AlertRow | Rejection:
        """Do what a person wants done to an alert, or say why not."""
        if alert is None:
            return _NO_ALERT
        return refusal(alert, deed, self.calendar) or done(alert, deed, self.calendar)

    def tell(self, alert: AlertRow, number: str, now: datetime) -> tuple[AlertRow, Sequence[ClockRow], bytes]:
        """Return an alert that has moved, numbered and with the deadlines of its steps; its clocks; its document."""
        clocks = clocks_of_alert(alert, self.calendar, now)
        deadlines = [_deadline(clock, self.calendar.zone) for clock in clocks]
        document = {"supervision_no": number, **alert.document, **({"deadlines": deadlines} if clocks else {})}
        return replace(alert, document=document), clocks, orjson.dumps(alert_document(document))


_NO_ALERT: Final = Rejection(
    stage="supervise", code="alert.unknown", problem="there is no such alert", hint="see `sunlight alerts --json`"
)


def _deadline(clock: ClockRow, zone: tzinfo) -> dict[str, str]:
    due = written(clock.due_at, zone)
    return {"kind": clock.kind, "occurrence": clock.occurrence, "due_at": due, "state": clock.state}


def _offered(log: Log, connections: Mapping[str, Connection]) -> frozenset[str] | None:
    """Return what the connections that speak of a case report between them; None where one of them is not known."""
    offered: frozenset[str] = frozenset()
    for name in {fact.connection_id for fact in log.facts}:
        connection = connections.get(name)
        if connection is None or connection.offers is None:
            return None
        offered |= connection.offers
    return offered | _awaited(log, connections)


def _awaited(log: Log, connections: Mapping[str, Connection]) -> frozenset[str]:
    """Return what departments that a complaint was sent to can report of it, though they are silent so far."""
    sent = {str(fact.detail.get("handling", {}).get("department_id", "")) for fact in log.facts if fact.type in SENDING}
    able = (each for each in connections.values() if sent & each.departments)
    is_able = any(each.offers is None or each.offers & ANSWERS for each in able)
    return ANSWERS if is_able else frozenset()
