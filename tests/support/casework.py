"""Builders of case events' data and facts; a test states only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.model import ids
from hub.model.digest import content_digest, record_digest
from hub.model.values import Arrival, Outcome
from hub.supervision import caselog
from hub.supervision.calendar import WorkCalendar
from hub.supervision.caselog import Fact, Log, fact_from
from hub.supervision.catalogue import Catalogue
from hub.supervision.judge import Judgement, judge
from hub.supervision.law import LAW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.supervision.law import LawParameter

CONNECTION: Final = "taizhou.housing.permits"
DEPARTMENT: Final = "11321200014000028L"
CASE: Final = ids.case_id(CONNECTION, "2026-0001")
READ: Final = "11111111-1111-4111-8111-111111111111"
LEDGERED: Final = datetime(2026, 3, 1, tzinfo=UTC)
CALENDAR: Final = WorkCalendar()

MATTER: Final = "321200-housing-0001"
UNLIMITED: Final = "321200-housing-0002"
"""A matter without limits."""

CATALOGUE: Final = Catalogue(
    [
        {
            "department": {"department_id": DEPARTMENT, "name": "住房和城乡建设局", "region_code": "321200"},
            "matters": [
                {
                    "matter_code": MATTER,
                    "version": "1",
                    "name": "建筑工程施工许可",
                    "power_type": "01",
                    "valid_from": "2004-07-01",
                    "promised_limit": {"n": 10, "unit": "working_day"},
                    "statutory_limit": {"n": 20, "unit": "working_day"},
                },
                {
                    "matter_code": UNLIMITED,
                    "version": "1",
                    "name": "房屋租赁登记备案",
                    "power_type": "10",
                    "valid_from": "2004-07-01",
                },
            ],
        }
    ]
)


def a_case(**attributes: Any) -> dict[str, Any]:
    """Return the `case` object of an event: a licensing case of the housing department."""
    return {
        "case_id": CASE,
        "case_no": "2026-0001",
        "family": "application",
        "department_id": DEPARTMENT,
        "region_code": "321281",
        "matter_code": MATTER,
        "power_type": "01",
        "disclosure": {"class": "public"},
    } | attributes


def an_event(event_type: str, occurred_at: str, *, occurrence: str = "", **fields: Any) -> dict[str, Any]:
    """Return the data of a case event. `fields` may hold `read_id`, `raw`, `backfill` and any field of the schema."""
    provenance = {
        "read_id": fields.pop("read_id", READ),
        "portion": 0,
        "ordinal": 0,
        "record_digest": record_digest(str(fields.pop("raw", f"{event_type}{occurrence}")).encode()),
        "place": "table inf_apply, key 1",
        "backfill": fields.pop("backfill", False),
    }
    return {
        "type": event_type,
        "connection_id": CONNECTION,
        "source_event_key": "1",
        "occurrence": occurrence,
        "source_version": 0,
        "mapping_version": 1,
        "on_change": "conflict",
        "occurred_at": occurred_at,
        "case": a_case(**fields.pop("case", {})),
        "provenance": provenance,
    } | fields


def a_fact(event_type: str, occurred_at: str, *, occurrence: str = "", position: int = 1, **fields: Any) -> Fact:
    """Return the fact of an event, ledgered `position` seconds after a fixed start."""
    fingerprint = fields.pop("fingerprint", "a" * 64)
    data = an_event(event_type, occurred_at, occurrence=occurrence, **fields)
    return fact_from(
        data,
        event_id=ids.event_id(CONNECTION, "1", event_type, occurrence),
        position=position,
        ledgered_at=LEDGERED + timedelta(seconds=position),
        digest=content_digest(data),
        fingerprint=fingerprint,
    )


def a_log(*facts: Fact) -> Log:
    """Return the log of these facts."""
    return caselog.merge(caselog.EMPTY, facts)


def an_arrival(fact: Fact, outcome: Outcome = Outcome.NEW) -> Arrival:
    """Return the inbox row that a fact's message leaves."""
    return Arrival(
        event_id=fact.event_id,
        read_id=fact.read_id,
        portion=0,
        ordinal=0,
        connection_id=fact.connection_id,
        digest=fact.digest,
        source_version=fact.source_version,
        mapping_version=fact.mapping_version,
        record_digest=fact.record_digest,
        fingerprint=fact.fingerprint,
        outcome=outcome,
        position=fact.position,
    )


def at(text: str) -> datetime:
    """Read a local time of Taizhou."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


OFFERS: Final = frozenset(
    {
        "case.received",
        "case.supplement_requested",
        "case.supplement_received",
        "case.accepted",
        "case.not_accepted",
        "stage.completed",
        "special.started",
        "special.ended",
        "special.kind",
        "case.extended",
        "case.decided",
        "case.closed",
        "case.delivered",
        "case.reopened",
        "case.withdrawn",
        "case.terminated",
        "case.corrected",
        "case.matter_code",
        "recorded_at",
    }
)
"""What the housing department's system reports: no publication, no feedback, no reasons, no staff."""


def judged(
    *facts: Fact,
    horizon: str | None = "2026-12-31T00:00:00",
    catalogue: Catalogue = CATALOGUE,
    offers: frozenset[str] | None = OFFERS,
    law: Sequence[LawParameter] = LAW,
) -> Judgement:
    """Judge a case of these facts at a local horizon."""
    moment = None if horizon is None else at(horizon)
    return judge(a_log(*facts), catalogue=catalogue, calendar=CALENDAR, horizon=moment, offers=offers, law=law)


def found(judgement: Judgement) -> list[str]:
    """List the rules that found something."""
    return [finding.rule_id for finding in judgement.findings]


def states(judgement: Judgement) -> dict[str, str]:
    """Return the state of every clock by kind; of several of a kind, the last."""
    return {clock.row.kind: clock.row.state for clock in judgement.clocks}


def ordinary(*, closed: str = "2026-03-11T10:00:00+08:00") -> Sequence[Fact]:
    """Return six facts of a case handled in time."""
    return (
        a_fact("case.received", "2026-03-02T09:00:00+08:00", position=1),
        a_fact("case.accepted", "2026-03-03T09:00:00+08:00", position=2),
        a_fact("stage.completed", "2026-03-04T09:00:00+08:00", occurrence="1", position=3, stage_code="shencha"),
        a_fact("case.decided", "2026-03-10T09:00:00+08:00", position=4, result={"code": "granted"}),
        a_fact("case.closed", closed, position=5),
        a_fact("case.delivered", "2026-03-12T09:00:00+08:00", position=6),
    )
