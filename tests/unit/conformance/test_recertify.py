"""A change reruns exactly what it puts in doubt."""

from __future__ import annotations

from typing import Any, Final

import pytest

from conformance.certificate.recertify import Change, changes, lowest_level, rerun
from tests.support.certificates import BINDINGS

LEVELS: Final = {
    "TRN-D01": "C3", "TRN-D04": "C1", "TRN-A01": "C1", "ENC-01": "C1", "ENC-02": "C1", "ENC-04": "C2", "IDA-01": "C1",
    "SCH-01": "C2", "SCH-02": "C2", "FLD-01": "C2", "FLD-02": "C3", "FLD-04": "C2", "CDL-01": "C2", "CDL-03": "C3",
    "STM-01": "C2", "ORD-01": "C3", "TIM-01": "C2", "TIM-02": "C1", "LTC-01": "C3", "CMP-03": "C3", "CMP-04": "C1",
    "CNF-01": "C2", "CNF-02": "C2", "MAL-01": "C2", "GOV-01": "C1",
}  # fmt: skip
"""The applicable tests of one connection, with their levels."""

C1: Final = {test for test, level in LEVELS.items() if level == "C1"}
C2: Final = {test for test, level in LEVELS.items() if level == "C2"}
DATA: Final = {"SCH-01", "SCH-02", "CDL-01", "CDL-03", "FLD-01", "FLD-02", "FLD-04"}


def mapping(*parts: str) -> Change:
    return Change(kind="mapping", parts=frozenset(parts))


@pytest.mark.parametrize(
    ("change", "tests", "consequences"),
    [
        (Change(kind="schema_patch"), DATA, {"how": "REPLAY", "sample_days": 30}),
        (Change(kind="code_lists"), DATA, {"how": "REPLAY", "sample_days": 30}),
        (Change(kind="schema_minor"), set(), {"is_pending": True, "how": ""}),
        (Change(kind="schema_major"), set(LEVELS), {"how": "FULL", "needs_new": True, "overlap_days": 90}),
        (mapping("codes"), DATA, {"how": "REPLAY", "is_drift": True, "needs_new": False}),
        (mapping("time"), {"TIM-01", "TIM-02", "LTC-01", "FLD-04"}, {"how": "REPLAY", "is_drift": True}),
        (mapping("encoding"), {"ENC-01", "ENC-02", "ENC-04"}, {"how": "REPLAY", "is_drift": True}),
        (mapping("fields"), C2, {"how": "REPLAY", "is_drift": True}),
        (mapping("schema"), C2, {"how": "REPLAY", "is_drift": True}),
        (mapping("codes", "encoding"), DATA | {"ENC-01", "ENC-02", "ENC-04"}, {"is_drift": True}),
        (mapping("a part nobody knows"), C2, {"is_drift": True}),
        (mapping(), set(), {"how": "", "is_drift": False, "needs_new": False}),
        (Change(kind="connector"), {"TRN-D04", "TRN-A01", "ENC-01", "ENC-02"}, {"how": "COMPARE"}),
        (Change(kind="suite"), set(), {"how": "REEVALUATE", "sets_due_date": False}),
        (Change(kind="suite_stricter"), set(), {"how": "REEVALUATE", "sets_due_date": True}),
        (Change(kind="system"), C1 | {"CMP-03", "CNF-02"}, {"shadow_wd": 5, "is_drift": False}),
        (Change(kind="system_undeclared"), C1 | {"CMP-03", "CNF-02"}, {"shadow_wd": 5, "is_drift": True}),
        (Change(kind="declaration"), set(), {"needs_new": True}),
        (Change(kind="age", evidence=(("C1", 365), ("C2", 365), ("C3", 182))), set(), {}),
        (Change(kind="age", evidence=(("C1", 365), ("C3", 183))), {t for t in LEVELS if LEVELS[t] == "C3"}, {}),
        (Change(kind="age", evidence=(("C2", 366),)), C2, {"how": "FULL"}),
    ],
)
def test_a_change_reruns_exactly_its_tests(change: Change, tests: set[str], consequences: dict[str, Any]) -> None:
    found = rerun(change, LEVELS)
    assert set(found.tests) == tests
    assert {name: getattr(found, name) for name in consequences} == consequences
    assert found.groups == {test.partition("-")[0] for test in tests}


def bindings(**changed: Any) -> dict[str, Any]:
    return {**BINDINGS, **changed}


def test_changes_are_read_off_two_bindings() -> None:
    parts = {**BINDINGS["mapping"]["parts"], "codes": "0" * 64}
    remapped = bindings(mapping={"version": 18, "sha256": "0" * 64, "parts": parts})
    assert changes(BINDINGS, remapped) == [mapping("codes")]
    renumbered = bindings(mapping={**BINDINGS["mapping"], "version": 18, "sha256": "0" * 64})
    assert changes(BINDINGS, renumbered) == [mapping()]
    assert changes(BINDINGS, BINDINGS) == []
    both = bindings(connector={**BINDINGS["connector"], "version": "9"}, ics={"sha256": "0" * 64})
    assert [each.kind for each in changes(BINDINGS, both)] == ["connector", "declaration"]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [("1", "2", "schema_major"), ("1.2", "1.3", "schema_minor"), ("1", "1", "schema_patch"),
     ("1.2.3", "1.2.4", "schema_patch"), ("1", "1.1", "schema_minor"),
     ("case-event.v1", "case-event.v2", "schema_major")],
)  # fmt: skip
def test_a_schema_s_version_says_how_far_it_changed(old: str, new: str, kind: str) -> None:
    before = bindings(case_schema={"version": old, "sha256": "1" * 64})
    after = bindings(case_schema={"version": new, "sha256": "0" * 64})
    assert [each.kind for each in changes(before, after)] == [kind]


def test_drift_puts_the_lowest_level_it_touches_in_doubt() -> None:
    assert lowest_level(["mapping.parts.codes", "mapping.sha256"], LEVELS) == "C2"
    assert lowest_level(["mapping.parts.encoding", "mapping.sha256"], LEVELS) == "C1"
    assert lowest_level(["mapping.parts.codes", "connector.version"], LEVELS) == "C1"
    assert lowest_level(["mapping.sha256"], LEVELS) == "C1"


@pytest.mark.parametrize("part", ["codes", "time", "encoding", "fields", "schema"])
def test_without_a_list_of_tests_the_lowest_level_is_the_same(part: str) -> None:
    differing = [f"mapping.parts.{part}"]
    assert lowest_level(differing, {}) == lowest_level(differing, LEVELS)
