"""Who may add to a complaint that another connection reports, and whose silence counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest

from hub.bench import Bench, CaseFile
from hub.model.values import Connection
from hub.supervision.catalogue import Catalogue
from tests.support.casework import CALENDAR, a_fact, at
from tests.support.complaints import CENTRE, HANDLER, STRANGER, told, verdict

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.supervision.caselog import Fact

HOTLINE: Final = frozenset({"complaint.registered", "complaint.accepted", "complaint.dispatched", "complaint.closed"})
"""What a hotline reports to which departments answer elsewhere."""


def a_file(*facts: Fact) -> CaseFile:
    opened = CaseFile(None)
    for fact in facts:
        opened.add(fact)
    return opened


def data_of(fact: Fact) -> dict[str, object]:
    return {"type": fact.type, "case": fact.attributes}


@pytest.mark.parametrize("move", ["signed", "returned", "replied", "closed"])
def test_a_department_speaks_of_a_complaint_of_another_s_whatever_its_machine_makes_of_it(move: str) -> None:
    known = a_file(told("registered", 0))
    assert known.takes_answer(data_of(told(move, 1, HANDLER)), frozenset({HANDLER}))


def test_a_complaint_is_not_registered_by_a_second_department() -> None:
    known = a_file(told("registered", 0))
    assert not known.takes_answer(data_of(told("registered", 1, STRANGER)), frozenset({STRANGER}))
    early = a_file(told("signed", 1, HANDLER))
    assert early.takes_answer(data_of(told("registered", 0)), frozenset({CENTRE}))


def test_a_case_of_another_family_is_nobody_else_s_to_speak_of() -> None:
    licence = a_file(a_fact("case.received", "2026-03-02"))
    assert not licence.takes_answer(data_of(told("signed", 1, HANDLER)), frozenset({HANDLER}))
    complaint = a_file(told("registered", 0))
    assert not complaint.takes_answer(data_of(a_fact("case.received", "2026-03-02")), frozenset({HANDLER}))


def a_connection(name: str, department: str, offers: Collection[str] | None) -> Connection:
    return Connection(
        connection_id=name, departments=frozenset({department}), user=name, allowed_delay_s=None,
        offers=None if offers is None else frozenset(offers),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("theirs", "counts"),
    [(frozenset({"complaint.signed"}), True), (None, True), (frozenset({"case.received"}), False)],
)
def test_silence_counts_where_a_department_could_have_signed(theirs: frozenset[str] | None, counts: bool) -> None:  # noqa: FBT001
    facts = [
        replace(told(name, hour), connection_id="hotline") for hour, name in enumerate(["registered", "dispatched"])
    ]
    lines = [a_connection("hotline", CENTRE, HOTLINE), a_connection("theirs", HANDLER, theirs)]
    bench = Bench(catalogue=Catalogue([]), calendar=CALENDAR)
    now = datetime(2026, 3, 6, tzinfo=UTC)
    found = bench.judge(
        a_file(*facts), (), horizon=at("2026-03-06T00:00:00"), now=now,
        connections={each.connection_id: each for each in lines},
    )  # fmt: skip
    assert ("R60" in {each.rule_id for each in found.alerts}) is counts
    assert ("complaint_signing" in {each.kind for each in found.clocks}) is counts


def test_what_somebody_may_not_say_is_theirs_to_answer_for() -> None:
    facts = [told("registered", 0), told("dispatched", 1), told("closed", 2, STRANGER)]
    assert [(each.rule_id, each.department_id) for each in verdict(facts).findings] == [("R21", STRANGER)]
