"""The real receipt log, read directly into facts: what supervision makes of it is known."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from hub.supervision.caselog import decode
from hub.supervision.catalogue import Catalogue
from hub.supervision.judge import Judgement, judge
from tests.support.casework import CALENDAR, LEDGERED, a_case, a_log, an_event, found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.supervision.caselog import Fact

from hub.model import ids
from hub.model.digest import content_digest
from hub.supervision.caselog import fact_from

RECEIPT = Path(__file__).parents[4] / "shared/data/eventlogs/receipt.xes.gz"
NS = "{http://www.xes-standard.org/}"
AS_OF = datetime.fromisoformat("2012-01-23T15:42:54.644+01:00").astimezone(UTC)


def values(node: Any) -> dict[str, str]:
    return {child.get("key"): child.get("value") for child in node if child.tag != f"{NS}event"}


def a_receipt_fact(name: str, event_type: str, occurred_at: str, occurrence: str = "", **fields: Any) -> Fact:
    case = a_case(case_id=ids.case_id("receipt", name), case_no=name)
    data = an_event(event_type, occurred_at, occurrence=occurrence, case=case, **fields)
    event_id = ids.event_id("receipt", name, event_type, occurrence)
    digest = content_digest(data)
    return fact_from(data, event_id=event_id, position=1, ledgered_at=LEDGERED, digest=digest, fingerprint="a" * 64)


def facts_of(trace: Any) -> Iterator[Fact]:
    about = values(trace)
    name = about["concept:name"]
    yield a_receipt_fact(name, "case.received", about["startdate"])
    yield a_receipt_fact(name, "case.accepted", about["startdate"], promised_due_at=about["deadline"])
    if "enddate" in about:
        yield a_receipt_fact(name, "case.closed", about["enddate"])
    for event in trace.findall(f"{NS}event"):
        said = values(event)
        yield a_receipt_fact(name, "stage.completed", said["time:timestamp"], said["concept:instance"])


@pytest.fixture(scope="module")
def judgements() -> list[Judgement]:
    if not RECEIPT.parent.is_dir():
        pytest.skip("the real event logs are not beside the checkout")
    with gzip.open(RECEIPT) as stream:
        traces = etree.parse(stream).getroot().findall(f"{NS}trace")
    logs = [a_log(*facts_of(trace)) for trace in traces]
    return [judge(log, catalogue=Catalogue(), calendar=CALENDAR, horizon=AS_OF) for log in logs]


def test_every_case_is_there_with_all_its_events(judgements: list[Judgement]) -> None:
    assert len(judgements) == 1434
    assert sum(len(judgement.case.timeline) for judgement in judgements) == 12_774


def test_what_ended_is_closed_even_where_it_ends_before_it_starts(judgements: list[Judgement]) -> None:
    assert Counter(judgement.case.state for judgement in judgements)["closed"] == 1329


def test_the_promise_is_missed_in_exactly_416_cases(judgements: list[Judgement]) -> None:
    late = [judgement for judgement in judgements if "R14" in found(judgement)]
    assert Counter(judgement.case.state == "closed" for judgement in late) == {True: 377, False: 39}
    assert all(found(judgement).count("R14") == 1 for judgement in late)


def test_without_a_horizon_only_the_late_closings_are_known(judgements: list[Judgement]) -> None:
    unjudged = [
        judge(decode(judgement.row.log), catalogue=Catalogue(), calendar=CALENDAR, horizon=None)
        for judgement in judgements
    ]
    assert sum("R14" in found(judgement) for judgement in unjudged) == 377


def test_what_is_out_of_order_is_kept_and_marked(judgements: list[Judgement]) -> None:
    reasons: Counter[str] = Counter()
    for judgement in judgements:
        reasons.update({anomaly.reason for anomaly in judgement.case.anomalies})
    assert reasons["case.closed does not follow nothing"] == 2
    assert reasons["stage.completed does not follow nothing"] == 2
    after = [
        judgement
        for judgement in judgements
        if any(anomaly.state == "closed" and anomaly.type == "stage.completed" for anomaly in judgement.case.anomalies)
    ]
    assert len(after) == 145
    assert sum(bool(judgement.case.anomalies) for judgement in judgements) == 147


def test_acceptance_is_met_where_receipt_is_acceptance(judgements: list[Judgement]) -> None:
    kinds = Counter((clock.row.kind, clock.row.state) for judgement in judgements for clock in judgement.clocks)
    assert kinds["acceptance", "met"] == 1434
    assert kinds["promised", "breached"] == 416
