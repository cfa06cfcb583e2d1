from __future__ import annotations

from itertools import product

import pytest

from hub.model.codes import code_list
from hub.supervision.calendar import HUB_ZONE
from hub.supervision.fold import fold, step
from hub.supervision.lifecycle import FAMILIES, POSITION, TRANSITIONS
from tests.support.casework import a_fact, at, ordinary

TRIPLES = [(family, state, name) for family, table in FAMILIES.items() for state, name in product(POSITION, table)]
LAWFUL = [each for each in TRIPLES if (sources := FAMILIES[each[0]][each[2]].sources) is None or each[1] in sources]
UNLAWFUL = [each for each in TRIPLES if each not in LAWFUL]


def test_every_event_type_has_its_move() -> None:
    assert set(TRANSITIONS) == set(code_list("event_types").rows)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_two_types_of_a_family_share_a_rank(family: str) -> None:
    assert len({move.rank for move in FAMILIES[family].values()}) == len(FAMILIES[family])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_state_of_a_family_has_its_place_and_can_be_reached(family: str) -> None:
    moves = FAMILIES[family].values()
    targets = {move.target for move in moves if move.target} | {""}
    sources = {state for move in moves for state in move.sources or ()}
    assert targets | sources <= set(POSITION)
    assert sources <= targets | {"received", "suspended"}


@pytest.mark.parametrize(("family", "state", "event_type"), LAWFUL)
def test_a_lawful_event_moves_the_case_where_the_table_says(family: str, state: str, event_type: str) -> None:
    move = FAMILIES[family][event_type]
    stays = move.target is None or (move.only_forward and POSITION[move.target] <= POSITION[state])
    assert step(state, event_type, family=family) == (state if stays else move.target, "")


@pytest.mark.parametrize(("family", "state", "event_type"), UNLAWFUL)
def test_an_unlawful_event_is_marked_and_moves_the_case_only_forward(family: str, state: str, event_type: str) -> None:
    after, reason = step(state, event_type, family=family)
    target = FAMILIES[family][event_type].target or state
    assert event_type in reason
    assert after == (target if POSITION[target] > POSITION[state] else state)


@pytest.mark.parametrize("family", ["application", "punishment", "coercion", "inspection", "complaint"])
def test_a_case_entered_in_error_is_voided_whatever_its_family_and_state(family: str) -> None:
    assert {step(state, "case.voided", family=family) for state in POSITION} == {("voided", "")}


def test_a_simplified_procedure_decides_on_the_spot() -> None:
    spot = [a_fact("penalty.decided", "2026-03-02", case={"family": "punishment", "procedure": "simplified"})]
    full = [a_fact("penalty.decided", "2026-03-02", case={"family": "punishment"})]
    assert [len(fold(facts, HUB_ZONE).anomalies) for facts in (spot, full)] == [0, 1]


def test_approval_after_an_urgent_measure_leaves_the_measure_imposed() -> None:
    assert step("imposed", "coercion.approved", family="coercion") == ("imposed", "")


def test_an_event_of_no_family_is_kept_and_marked() -> None:
    assert step("accepted", "case.sealed") == ("accepted", "case.sealed is not known to any family")


def test_a_case_handled_in_order_has_no_anomaly() -> None:
    case = fold(ordinary(), HUB_ZONE)
    assert (case.state, case.anomalies, len(case.timeline)) == ("delivered", (), 6)
    assert (case.opened_at, case.closed_at) == (at("2026-03-02T09:00:00"), at("2026-03-11T10:00:00"))
    assert (case.accepted_at, case.decided_at) == (at("2026-03-03T09:00:00"), at("2026-03-10T09:00:00"))
    assert case.current_stage == "shencha"
    assert [fact.type for fact in case.stages] == ["stage.completed"]


def test_a_case_whose_close_precedes_its_start_is_closed_and_marked() -> None:
    case = fold([a_fact("case.received", "2026-03-05"), a_fact("case.closed", "2026-03-04")], HUB_ZONE)
    assert case.state == "closed"
    assert [anomaly.type for anomaly in case.anomalies] == ["case.closed", "case.received"]


def test_work_after_the_close_leaves_the_case_closed_and_is_marked() -> None:
    late = a_fact("stage.completed", "2026-03-20", occurrence="9")
    case = fold([*ordinary()[:5], late], HUB_ZONE)
    assert case.state == "closed"
    assert [anomaly.event_id for anomaly in case.anomalies] == [late.event_id]


def test_days_alone_stand_in_the_order_of_life_among_instants() -> None:
    facts = [
        a_fact("case.closed", "2026-03-02"),
        a_fact("case.accepted", "2026-03-02"),
        a_fact("case.received", "2026-03-02T10:00:00+08:00"),
    ]
    case = fold(facts, HUB_ZONE)
    assert (case.state, case.anomalies) == ("closed", ())


def test_a_later_event_speaks_for_what_it_names() -> None:
    first = a_fact("case.received", "2026-03-02", case={"title": "old", "channel": "window"})
    second = a_fact("case.accepted", "2026-03-03", case={"title": "new"})
    case = fold([second, first], HUB_ZONE)
    assert (case.attributes["title"], case.attributes["channel"]) == ("new", "window")


def test_renumbering_keeps_the_old_number_as_an_alias() -> None:
    facts = [a_fact("case.received", "2026-03-02"), a_fact("case.renumbered", "2026-03-03", new_case_no="2026-0099")]
    case = fold(facts, HUB_ZONE)
    assert (case.case_no, case.aliases, case.state) == ("2026-0099", ("2026-0001",), "received")


def test_a_reopened_case_is_open_again() -> None:
    case = fold([*ordinary()[:5], a_fact("case.reopened", "2026-03-15", occurrence="1")], HUB_ZONE)
    assert (case.state, case.closed_at, case.anomalies) == ("in_progress", None, ())


def test_a_case_of_which_only_a_fee_is_known_is_received() -> None:
    fee = {"item_code": "1", "amount": "5.00"}
    case = fold([a_fact("fee.charged", "2026-03-02", occurrence="1", fee=fee)], HUB_ZONE)
    assert (case.state, case.opened_at) == ("received", at("2026-03-02T00:00:00"))


def test_another_family_folds_by_its_last_telling_event() -> None:
    facts = [
        a_fact("penalty.filed", "2026-03-02", case={"family": "punishment"}),
        a_fact("penalty.decided", "2026-04-02", case={"family": "punishment"}),
        a_fact("penalty.published", "2026-04-05", case={"family": "punishment"}),
    ]
    case = fold(facts, HUB_ZONE)
    assert (case.family, case.state, case.anomalies) == ("punishment", "decided", ())
