"""Joins the pure supervision core to a catalogue, a calendar and the documents: what a batch is judged with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from hub.model.documents import alert_document
from hub.supervision.alerts import reconcile
from hub.supervision.caselog import EMPTY, Fact, Log, decode, fact_from, merge, outcome_of
from hub.supervision.judge import judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from hub.admission import Admitted
    from hub.model.values import AlertRow, Arrival, CaseRow, ClockRow, Connection, Outcome
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What judging one case came to: its row, its clocks, and the alerts that changed with their documents."""

    row: CaseRow
    clocks: Sequence[ClockRow]
    alerts: Sequence[tuple[AlertRow, bytes]]


class CaseFile:
    """One case in hand during a batch: what its log held, and the facts that the batch adds."""

    def __init__(self, row: CaseRow | None) -> None:
        """Open the file of a known case, or a new one."""
        self._row = row
        self._log = decode(row.log) if row else EMPTY
        self._added: list[Fact] = []
        self._corrected = set(self._log.corrected())

    def weigh(self, fact: Fact, prior: Sequence[Arrival]) -> Outcome:
        """Decide what an arriving fact is, given what arrived before it."""
        return outcome_of(prior, fact, self._corrected)

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
        return self._row.connection_id if self._row else self._added[0].connection_id

    def log(self) -> Log:
        """Return the log with what was added."""
        return merge(self._log, self._added)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Judges cases under one catalogue and one calendar."""

    catalogue: Catalogue
    calendar: WorkCalendar

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
    ) -> Verdict:
        """Fold the case, run its clocks and rules at `horizon` and reconcile its alerts; without one, fold only."""
        log = file.log()
        judgement = judge(
            log,
            catalogue=self.catalogue,
            calendar=self.calendar,
            horizon=horizon,
            offers=_offered(log, connections),
        )
        moved = reconcile(judgement, alerts, now=now)
        return Verdict(
            row=judgement.row,
            clocks=judgement.clock_rows,
            alerts=[(alert, orjson.dumps(alert_document(alert.document))) for alert in moved],
        )


def _offered(log: Log, connections: Mapping[str, Connection]) -> frozenset[str] | None:
    """Return what the connections that speak of a case report between them; None where one of them is not known."""
    offered: frozenset[str] = frozenset()
    for name in {fact.connection_id for fact in log.facts}:
        connection = connections.get(name)
        if connection is None or connection.offers is None:
            return None
        offered |= connection.offers
    return offered
