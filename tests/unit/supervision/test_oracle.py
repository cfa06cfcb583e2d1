"""The engine and a naive recomputation that shares nothing with it agree on every clock and every finding."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.simulation.directory import documents
from conformance.simulation.model import exports
from conformance.simulation.plan import cases_of
from conformance.simulation.told import document_of, facts_of
from hub.supervision.caselog import EMPTY, merge
from hub.supervision.catalogue import Catalogue
from hub.supervision.judge import judge
from hub.supervision.rules import RULES
from tests.oracle import logs
from tests.oracle.rules import judged
from tests.support.casework import CALENDAR
from tests.support.complaints import ASSISTING, HANDLER, STRANGER, TO_SIGNED, life, told
from tests.support.town import DOCUMENT, TRIALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.supervision.caselog import Fact

CITY: Final = 1_000
RECEIPT_AS_OF: Final = datetime.fromisoformat("2012-01-23T15:42:54.644+01:00").astimezone(UTC)
BPIC_AS_OF: Final = datetime(2015, 7, 1, tzinfo=UTC)
NEEDS_LOGS: Final = pytest.mark.skipif(not logs.LOGS.is_dir(), reason="the real event logs are not beside the checkout")


class Tally:
    """Counts what both agree on, and keeps what they do not."""

    def __init__(self, catalogue: Sequence[dict[str, Any]]) -> None:
        self._rows, self._catalogue = catalogue, Catalogue(catalogue)
        self.clocks: Counter[tuple[str, str]] = Counter()
        self.found: Counter[str] = Counter()
        self.cases = 0
        self.disagreements: list[tuple[str, Any, Any]] = []

    def compare(self, facts: Sequence[Fact], horizon: datetime) -> None:
        verdict = judge(merge(EMPTY, facts), catalogue=self._catalogue, calendar=CALENDAR, horizon=horizon)
        clocks, found = judged(facts, self._rows, horizon, None)
        ours = Counter(_of(row.kind, row.state, row.due_at, row.provisional) for row in verdict.clock_rows)
        theirs = Counter(_of(each.kind, each.state, each.due, each.provisional) for each in clocks)
        said = Counter(finding.rule_id for finding in verdict.findings)
        if (ours, said) != (theirs, found):
            self.disagreements.append(
                (verdict.case.case_no, ours - theirs or said - found, theirs - ours or found - said)
            )
        self.clocks.update((row.kind, row.state) for row in verdict.clock_rows)
        self.found += found
        self.cases += 1


def _of(kind: str, state: str, due: datetime | None, provisional: bool) -> tuple[str, str, datetime | None]:  # noqa: FBT001
    """Name a clock by all that is to be said of it; a provisional due date is nobody's word."""
    return kind, state, None if provisional else due


def test_they_agree_on_the_simulated_city_and_on_every_rule_in_it() -> None:
    tally = Tally([*documents().values()])
    for case in cases_of(11, CITY):
        tally.compare([fact for _, fact in facts_of(document_of(case), exports())], exports()[-1])
    assert tally.disagreements == []
    assert set(tally.found) == set(RULES)
    assert {"promised", "statutory", "stage", "special", "penalty", "complaint", "deposit"} <= {
        k for k, _ in tally.clocks
    }


@pytest.mark.parametrize("part", ["facts", "near"])
def test_they_agree_on_the_trial_of_every_rule(part: str) -> None:
    tally = Tally([DOCUMENT])
    for trial in TRIALS:
        if trial.rule not in {"R26", "R32"} or part == "facts":
            horizon = datetime.fromisoformat(f"2026-{trial.horizon}T01:00:00+08:00").astimezone(UTC)
            tally.compare(getattr(trial, part), horizon)
    assert tally.disagreements == []
    if part == "facts":
        assert set(tally.found) == set(RULES)


@NEEDS_LOGS
def test_they_agree_on_every_case_of_the_receipt_log() -> None:
    tally = Tally([])
    for trace in logs.traces("receipt"):
        tally.compare(logs.receipt(trace), RECEIPT_AS_OF)
    assert tally.disagreements == []
    assert tally.cases == 1434
    assert tally.clocks["promised", "breached"] == 416


@NEEDS_LOGS
@pytest.mark.parametrize(("name", "cases", "late"), [("BPIC15_1", 1199, 621), ("BPIC15_3", 1409, 1182)])
def test_they_agree_on_every_case_and_step_of_bpic_2015(name: str, cases: int, late: int) -> None:
    whole, single = Tally([]), Tally([])
    for trace in logs.traces(name):
        for facts in logs.steps(trace):
            single.compare(facts, BPIC_AS_OF)
        whole.compare(logs.permit(trace), BPIC_AS_OF)
    assert (whole.disagreements, single.disagreements) == ([], [])
    assert whole.cases == cases
    assert single.clocks["promised", "breached"] == late


LIVES: Final = (
    "registered", "registered accepted", "registered accepted dispatched", f"{TO_SIGNED} started",
    f"{TO_SIGNED} started extension_requested extended replied", f"{TO_SIGNED} extension_requested extension_refused",
    "registered accepted dispatched returned redispatched signed replied followed_up closed",
    "registered accepted dispatched returned redispatched returned",
    f"{TO_SIGNED} assisted replied followed_up reworked",
    "registered transferred accepted dispatched", "registered linked", f"{TO_SIGNED} withdrawn",
    "registered dispatched closed", "registered replied", f"{TO_SIGNED} redispatched signed",
)  # fmt: skip


@pytest.mark.parametrize("track", ["hotline", "petition", "opinion"])
def test_they_agree_on_complaints_whatever_becomes_of_them_and_whenever_one_looks(track: str) -> None:
    tally = Tally([])
    for names in LIVES:
        facts = life(names, track=track)
        others = [
            told(move, 40, who) for move in ("signed", "replied", "assisted") for who in (HANDLER, ASSISTING, STRANGER)
        ]
        for more in ([], *([each] for each in others)):
            for day in ("03-03", "03-04", "03-06", "03-10", "03-18", "04-20", "05-20"):
                horizon = datetime.fromisoformat(f"2026-{day}T20:00:00+08:00").astimezone(UTC)
                tally.compare([*facts, *more], horizon)
    assert tally.disagreements == []
    assert tally.cases > 1000
