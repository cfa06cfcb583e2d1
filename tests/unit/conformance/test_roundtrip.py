"""The complaint side of a declaration: it is named where it is declared, bound, and its change touches C4 alone."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from conformance.bindings import bindings_of, complaint_parts
from conformance.certificate.recertify import Change, lowest_level, rerun
from conformance.declaration import beside, declared, load_declaration
from conformance.reference.played import HERE
from conformance.roundtrip.centre import read
from conformance.roundtrip.script import COMPLAINTS
from conformance.roundtrip.side import side_of
from conformance.suite import load_suite
from hub.errors import Misconfigured
from hub.mapping import load
from tests.support.certifying import a_declaration

if TYPE_CHECKING:
    from pathlib import Path

KEY = {"SUNLIGHT_TOKEN_KEY": "a token key of tests, long enough"}


def test_a_connection_with_complaints_names_how_it_answers_and_is_sent_orders() -> None:
    with pytest.raises(Misconfigured, match="complaints"):
        declared(a_declaration(flows=["case.events", "complaints"]))
    assert declared(a_declaration()).complaint_files == {}


def test_orders_must_be_orders_for_one_department(tmp_path: Path) -> None:
    own = tmp_path / "departments"
    shutil.copytree(HERE, own)
    orders = own / "office-orders.out.yaml"
    orders.write_text(
        orders.read_text(encoding="utf-8").replace("complaint-order", "gbt-39046-alert"), encoding="utf-8"
    )
    file = own / "office.yaml"
    with pytest.raises(Misconfigured) as wrong:
        side_of(load_declaration(beside(file)), file, KEY)
    assert {fault.code for fault in wrong.value.faults} == {"ics.orders"}


def test_both_mappings_of_complaints_are_bound_and_their_change_owes_the_tests_of_c4_alone(tmp_path: Path) -> None:
    own = tmp_path / "departments"
    shutil.copytree(HERE, own)
    file = own / "office.yaml"
    said = load_declaration(beside(file))
    before = complaint_parts(file, said, zone="Asia/Shanghai")
    assert set(before) == {"answers", "orders"}
    named = bindings_of(load(file, environment=KEY), file, said, load_suite())
    assert before.items() <= dict(named.mapping_parts).items()
    answers = own / "complaint-answers.yaml"
    answers.write_text(
        answers.read_text(encoding="utf-8").replace("属实: substantiated", "属实: partly"), encoding="utf-8"
    )
    after = complaint_parts(file, said, zone="Asia/Shanghai")
    changed = frozenset(part for part in before if before[part] != after[part])
    assert changed == {"answers"}
    levels = {case.id: case.level for case in load_suite().plan(said, "C4").tests}
    owed = rerun(Change(kind="mapping", parts=changed), levels).tests
    assert {levels[test] for test in owed} == {"C4"}
    assert lowest_level(["mapping.parts.answers"], levels) == "C4"


def test_scripted_complaints_have_numbers_of_their_own_and_moves_that_can_come() -> None:
    assert [each.number for each in COMPLAINTS] == list(range(1, len(COMPLAINTS) + 1))
    for each in COMPLAINTS:
        assert all(move.after <= len(each.duties) for move in each.moves), each.key
        assert sorted(move.day for move in each.moves) == [move.day for move in each.moves], each.key


def a_status(number: int, move: str, state: str, **said: Any) -> dict[str, Any]:
    base = {"status_id": f"s{number}", "event_id": f"e-{move}", "sequence": number, "part": 1, "complaint_no": "C-1"}
    return {**base, "move": move, "state": state, "in_force": True} | said


def test_a_centre_ends_alike_whatever_the_order_and_takes_back_what_holds_no_more() -> None:
    told = [
        a_status(1, "signed", "signed_for"),
        a_status(2, "replied", "replied"),
        a_status(3, "replied", "in_progress", in_force=False),
    ]
    for documents in (told, told[::-1], [*told, *told]):
        book = read(documents)
        assert (book.state("C-1"), book.moves("C-1"), len(book.seen)) == ("in_progress", ["signed"], 3)
