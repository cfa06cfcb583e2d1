"""Decides one batch in one partition: what every message changes, and how each case stands after it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from hub.admission import Act, Admitted, RejectionPaper, Report
from hub.batch_marks import BatchMarks
from hub.batch_terms import REUSED, Terms, entered, stranger
from hub.bench import CaseFile
from hub.errors import Refused, Rejection
from hub.model import ids
from hub.model.chain import Chain
from hub.model.documents import SHOWN
from hub.model.scores import SCORE_ENTERED, Entered
from hub.model.values import Changes, Opening, Outcome
from hub.paperwork import PAPER_ACT, Paperwork
from hub.reclassifying import changes_of_views
from hub.refused import RefusedMessage, charged_to, parked_name
from hub.supervision.alert_clocks import clocks_of_alert
from hub.supervision.blocking import CANARY_SEEN, EXPOSURE, sighting
from hub.supervision.recount import recounted
from hub.terms_desk import TermsDesk, import_act
from hub.trace import traced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.model.conduct import Conduct
    from hub.model.facts import CaseFacts
    from hub.model.terms import CatalogueChange, ClockChange
    from hub.model.values import (
        AlertRow,
        Arrival,
        CaseRow,
        ClockRow,
        ComplaintRole,
        Delivery,
        ManifestRow,
        QuarantineRow,
        ReadReport,
        Trace,
    )
    from hub.ports import Unit
    from hub.supervision.rules import Finding

Item: TypeAlias = Admitted | Report | RejectionPaper | Act | RefusedMessage

LOG: Final = logging.getLogger(__name__)

UNJUDGED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""`wake_at` of a case folded during a backfill: the first horizon after it judges the case."""


class Session:
    """One batch being decided. Everything it gathers leaves as one Changes."""

    def __init__(self, unit: Unit, terms: Terms, now: datetime) -> None:
        self.unit, self.terms, self.now = unit, terms, now
        self.chain = Chain(unit.head, now)
        self.partition = unit.head.partition
        self.marks = BatchMarks(unit, terms.connections, now)
        self.prior: dict[str, list[Arrival]] = {}
        self.is_reread = False
        self.entered: set[str] = set()
        self.reporters: dict[str, str] = {}
        self.files: dict[str, CaseFile] = {}
        self.acted: dict[str, AlertRow] = {}
        self.arrivals: list[Arrival] = []
        self.reports: list[ReadReport] = []
        self.manifests: list[ManifestRow] = []
        self.quarantine: list[QuarantineRow] = []
        self.replayed: list[str] = []
        self.score_marks: list[Entered] = []
        self.clocks: list[ClockRow] = []
        self.alerts: list[AlertRow] = []
        self.traces: list[Trace] = []
        self.roles: list[ComplaintRole] = []
        self.papers = Paperwork(unit=unit, office=terms.office, bench=terms.bench)
        self.facts: list[CaseFacts] = []
        self.conduct: list[Conduct] = []
        self.desk = TermsDesk(unit, now, terms.bench.calendar)
        self.imports: list[CatalogueChange] = []
        self.clock_changes: list[ClockChange] = []
        self.openings: list[Opening] = []
        self.unblocked: set[str] = set()
        self.sighted: dict[str, list[Finding]] = {}

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Take every delivery in the order it came: admit it, look up what is known of it, enter it."""
        items = [self._admit(delivery) for delivery in deliveries]
        self._look_up(items, deliveries)
        for item, delivery in zip(items, deliveries, strict=True):
            if isinstance(item, Admitted):
                self._take_event(item, delivery)
            elif isinstance(item, Report):
                self._take_report(item)
            elif isinstance(item, RejectionPaper):
                self._take_rejection(item)
            elif isinstance(item, Act):
                self._take_act(item)
            else:
                self._take_refused(item)
        self.marks.settle(self.arrivals)

    def tell(self, alerts: Iterable[AlertRow]) -> None:
        """Enter alerts that have moved."""
        for alert in alerts:
            self._tell(alert)

    def recount(self, alerts: Mapping[str, AlertRow]) -> None:
        """Count the deadlines of alerts' own steps anew by the present calendar."""
        before, bench = self.unit.clocks(alerts.keys()) if alerts else {}, self.terms.bench
        for name, alert in alerts.items():
            after = clocks_of_alert(alert, bench.calendar, self.now)
            self.clocks.extend(after)
            self.clock_changes += recounted(before.get(name, ()), after, now=self.now, sources=bench.sources)

    def enter_imports(self, imports: Sequence[CatalogueChange]) -> None:
        """Tell the ledger of first documents of departments, which were loaded before it could be told."""
        for change in imports:
            name, body = import_act(change, self.terms.bench.calendar.zone)
            self._enter("act", name, "catalogue.import", body)
            self.imports.append(replace(change, is_ledgered=True))

    def keep(self, refused: RefusedMessage) -> None:
        """Take a message that is known to be unfit."""
        self.entered = set(self.unit.entered({refused.subject}))
        self._take_refused(refused)
        self.marks.settle(self.arrivals)

    def _admit(self, delivery: Delivery) -> Item:
        """Admit a message; nobody is refused by a registration that has changed meanwhile."""
        try:
            return self._entering(delivery)
        except Refused as refused:
            if refused.rejection.stage == "authorise" and self._reread():
                return self._admit(delivery)
            LOG.warning("message refused", extra={"code": refused.rejection.code, "message_id": delivery.message_id})
            return RefusedMessage(delivery=delivery, rejection=refused.rejection)

    def _reread(self) -> bool:
        """Look once a batch: whoever registered before publishing did so before the batch was begun."""
        first, self.is_reread = not self.is_reread, True
        return first and self.terms.reread()

    def _entering(self, delivery: Delivery) -> Item:
        admission = self.terms.admission(self.partition)
        if delivery.kind == "event":
            return admission.event(delivery)
        if delivery.kind == "report":
            return admission.report(delivery)
        if delivery.kind == "act":
            return admission.act(delivery, self.now)
        return admission.rejection(delivery, self.now)

    def _look_up(self, items: Sequence[Item], deliveries: Sequence[Delivery]) -> None:
        events = [item for item in items if isinstance(item, Admitted)]
        known = self.unit.arrivals({event.event_id for event in events})
        self.prior = {event_id: list(arrivals) for event_id, arrivals in known.items()}
        acts = {item.done_to for item in items if isinstance(item, Act)}
        self.acted = dict(self.unit.alerts_named(acts)) if acts else {}
        blocking = {alert.subject for alert in self.acted.values() if alert.rule_id == EXPOSURE}
        blocking |= {item.done_to for item in items if isinstance(item, Act) and item.act == CANARY_SEEN}
        cases = {event.case_id for event in events}
        rows = self.unit.cases(cases | blocking)
        self.files = {case_id: CaseFile(rows.get(case_id)) for case_id in cases | rows.keys()}
        self.reporters = {case_id: row.connection_id for case_id, row in rows.items()}
        papers = {item.subject for item in items if not isinstance(item, Admitted)}
        papers |= {parked_name(delivery) for delivery in deliveries if delivery.redelivered}
        self.entered = set(self.unit.entered(papers)) if papers else set()

    def _take_event(self, event: Admitted, delivery: Delivery) -> None:
        """Give an event its outcome, its entry and its place in its case. A redelivered message changes nothing."""
        prior = self.prior.setdefault(event.event_id, [])
        same = [arrival for arrival in prior if (arrival.read_id, arrival.ordinal) == event.message]
        if any(arrival.digest == event.digest for arrival in same):
            return
        if delivery.redelivered and parked_name(delivery) in self.entered:
            return
        reporter = self.reporters.setdefault(event.case_id, event.connection_id)
        refused = REUSED if same else stranger(event, self.files[event.case_id], reporter, self.terms.connections)
        if refused is not None:
            self._take_refused(RefusedMessage(delivery=delivery, rejection=refused))
            return
        outcome, position = self._file(event, prior)
        arrival = event.arrival(outcome, position)
        prior.append(arrival)
        self.arrivals.append(arrival)
        self.marks.begin(event)

    def _file(self, event: Admitted, prior: Sequence[Arrival]) -> tuple[Outcome, int | None]:
        """Weigh an event against what arrived before it; enter it and put it on file if it says anything new."""
        file = self.files[event.case_id]
        fact = self.terms.bench.fact(event, position=None, ledgered_at=self.now)
        outcome = file.weigh(fact, prior)
        if outcome is Outcome.DUPLICATE:
            return outcome, None
        position = self._enter("event", event.case_id, outcome, event.body)
        file.add(replace(fact, position=position))
        return outcome, position

    def _take_report(self, item: Report) -> None:
        """File a read-report, and move the watermark where it ends a read. Filing it twice changes nothing."""
        report = item.report
        self.reports.append(report)
        if report.final:
            awaited = item.awaited(self.partition, self.terms.partitions)
            self.marks.reported(report.connection_id, awaited)
        if self.terms.home(report.connection_id) == self.partition:
            self._enter_once("report", item.subject, "", report.body)
            self.manifests += item.said(self.now)

    def _take_rejection(self, item: RejectionPaper) -> None:
        if self._enter_once("rejection", item.subject, item.row.code, item.evidence):
            self.quarantine.append(item.row)

    def _take_act(self, item: Act) -> None:
        """Enter what a person did; what they may not do to an alert is entered too, as refused."""
        if item.subject in self.entered:
            return
        if item.act.startswith(PAPER_ACT):
            taken = self.papers.take(item, self.acted.get(item.done_to))
            self._enter_once("act", item.subject, taken.outcome, taken.body)
            return
        done: AlertRow | Rejection | Entered | None = None
        if item.is_on_terms:
            done = self.desk.take(item)
        elif item.is_on_alert:
            done = self.terms.bench.act(self.acted.get(item.done_to), item.deed)
        elif item.act == SCORE_ENTERED:
            done = entered(item)
        if isinstance(done, Rejection):
            LOG.info("act refused", extra={"act": item.act, "subject": item.done_to, "code": done.code})
            self._enter_once("act", item.subject, f"refused: {done.code}: {done.problem}", item.body)
            return
        self._enter_once("act", item.subject, item.act, item.body)
        self._follow(item, done)

    def _follow(self, item: Act, done: AlertRow | Entered | None) -> None:
        """Do what an act that is entered brings about."""
        if isinstance(done, Entered):
            self.score_marks.append(done)
        elif done is not None:
            self.acted[item.done_to] = self._tell(done)
            self.unblocked |= {done.subject} if done.rule_id == EXPOSURE else set()
        elif item.act == CANARY_SEEN:
            canary, _, where = str(item.data.get("note", "")).partition(" ")
            self.sighted.setdefault(item.done_to, []).append(sighting(canary, where))
            self.unblocked.add(item.done_to)
        elif item.act == "quarantine.replayed":
            self.replayed.append(item.done_to)

    def _take_refused(self, item: RefusedMessage) -> None:
        """Keep a message that may not enter: accounted for as parked, its bytes in the quarantine."""
        connection = charged_to(item.delivery, self.terms.connections, self.terms.trusted)
        row = item.row(connection, self.now, self.terms.seal)
        if not self._enter_once("rejection", item.subject, row.code, item.evidence):
            return
        self.quarantine.append(row)
        if item.delivery.kind == "event":
            self.arrivals.append(item.arrival(connection))

    def touched(self) -> dict[str, CaseFile]:
        """Return the cases to which this batch adds something, or whose publication it settles."""
        return {case_id: file for case_id, file in self.files.items() if file.changed or case_id in self.unblocked}

    def judge(self, files: Mapping[str, CaseFile]) -> list[CaseRow]:
        """Judge cases; while a connection's backfill is open its cases are folded only. Return them as they are now."""
        known = self.unit.alerts(files.keys()) if files else {}
        before = self._before(file.row for file in files.values() if file.row is not None)
        return [
            self._judge(file, self._as_acted(known.get(case_id, ())), before.get(case_id))
            for case_id, file in files.items()
        ]

    def _before(self, cases: Iterable[CaseRow]) -> Mapping[str, Sequence[ClockRow]]:
        """Return the clocks, as they stand, of those `cases` that were woken because their terms changed."""
        woken = {row.case_id for row in cases if row.wake_at == UNJUDGED}
        held = self.unit.clocks(woken) if woken else {}
        return {case_id: held.get(case_id, ()) for case_id in woken}

    def _as_acted(self, alerts: Sequence[AlertRow]) -> Sequence[AlertRow]:
        """Return alerts as people have left them in this very batch."""
        return [self.acted.get(alert.alert_id, alert) for alert in alerts]

    def judge_due(self, due: Sequence[CaseRow], unfit: set[str]) -> list[CaseRow]:
        """Judge cases each for itself; return those that could be judged, as they are now."""
        known, judged = self.unit.alerts({row.case_id for row in due}) if due else {}, []
        before = self._before(due)
        for row in due:
            try:
                judged.append(self._judge(CaseFile(row), known.get(row.case_id, ()), before.get(row.case_id)))
            except Exception as fault:  # noqa: BLE001 - one case of many, passed over
                LOG.error("case cannot be judged", extra={"case_id": row.case_id, "fault": traced(fault)})  # noqa: TRY400
                unfit.add(row.case_id)
        return judged

    def _judge(self, file: CaseFile, alerts: Sequence[AlertRow], before: Sequence[ClockRow] | None) -> CaseRow:
        """Judge a case; `before` are its clocks as they stood, where its terms have changed since."""
        at, bench = self.marks.horizon(file.connection_id), self.terms.bench
        sighted = self.sighted.get(file.row.case_id, ()) if file.row is not None else ()
        verdict = bench.judge(
            file, alerts, horizon=at, now=self.now, connections=self.terms.connections, sighted=sighted
        )
        if before is not None:
            stood = bench.clocks(file, horizon=at, connections=self.terms.connections) if file.changed else None
            after = verdict.clocks if stood is None else stood
            self.clock_changes += recounted(before, after, now=self.now, sources=bench.sources)
        self.clocks.extend(verdict.clocks)
        self.traces.extend(verdict.traces)
        self.roles.extend(verdict.roles)
        self.facts.extend([verdict.facts] if verdict.facts else ())
        self.conduct.append(verdict.conduct)
        self.tell(verdict.alerts)
        self._show(file.row, verdict.row)
        return verdict.row if at is not None else replace(verdict.row, wake_at=UNJUDGED)

    def _show(self, before: CaseRow | None, after: CaseRow) -> None:
        """Enter that views show a case no more, or again."""
        zone = self.terms.bench.calendar.zone
        for outcome, views, body in changes_of_views(before, after, self.now, zone):
            place = self._enter("act", after.case_id, outcome, body)
            if outcome == SHOWN:
                generation = self.chain.head.generation
                self.openings += [
                    Opening(case_id=after.case_id, view=view, generation=generation, position=place) for view in views
                ]

    def _tell(self, moved: AlertRow) -> AlertRow:
        """Enter an alert that has moved, with its document and the clocks of its own steps."""
        head = self.chain.head
        number = ids.supervision_no(moved.raised_at.year, head.generation, head.partition, head.position + 1)
        alert, clocks, body = self.terms.bench.tell(moved, number, self.now)
        self._enter("alert", alert.subject, alert.state, body)
        self.alerts.append(alert)
        self.clocks.extend(clocks)
        return alert

    def _enter(self, kind: str, subject: str, outcome: str, body: bytes) -> int:
        return self.chain.append(kind=kind, subject=subject, outcome=outcome, body=body).position

    def _enter_once(self, kind: str, subject: str, outcome: str, body: bytes) -> bool:
        if subject in self.entered:
            return False
        self.entered.add(subject)
        self._enter(kind, subject, outcome, body)
        return True

    def changes(self, cases: Sequence[CaseRow]) -> Changes:
        """Return everything gathered, with `cases` as they are now."""
        return Changes(
            head=self.chain.head,
            entries=self.chain.entries,
            arrivals=self.arrivals,
            cases=cases,
            clocks=self.clocks,
            alerts=self.alerts,
            conduct=self.conduct,
            traces=self.traces,
            roles=self.roles,
            facts=self.facts,
            watermarks=self.marks.changed(),
            reports=self.reports,
            manifests=self.manifests,
            quarantine=self.quarantine,
            replayed=self.replayed,
            notices=self.desk.notices,
            catalogue_changes=[*self.desk.changes.values(), *self.imports],
            catalogue=self.desk.documents,
            touched=self.desk.touched,
            clock_changes=self.clock_changes,
            papers=self.papers.written,
            score_marks=self.score_marks,
            openings=self.openings,
        )
