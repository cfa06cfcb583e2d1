"""The suites hold together: every requirement is tested or says why not, every test can fail, no id comes twice."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from conformance.applicability import applies
from conformance.declaration import declared
from conformance.reference.mutants import MUTANTS
from conformance.suite import SUITES, load_suite
from hub.errors import Misconfigured
from hub.model.shapes import shape
from tests.support.certifying import a_declaration

if TYPE_CHECKING:
    from pathlib import Path

SUITE = load_suite()
CASES = list(SUITE.tests.values())


@pytest.mark.parametrize("group", SUITE.groups)
def test_a_suite_file_has_the_shape_of_the_schema(group: str) -> None:
    document = YAML(typ="safe", pure=True).load((SUITES / f"{group}.yaml").read_text(encoding="utf-8"))
    assert shape("conformance-suite.v1").problems(document) == []
    assert {test["id"].partition("-")[0] for test in document["tests"]} == {group}


def test_there_are_all_107_cases_of_which_56_are_of_the_first_release() -> None:
    assert (len(CASES), sum(case.core for case in CASES)) == (107, 56)


def test_ids_are_used_once_and_retired_ones_never_again() -> None:
    read = [test["id"] for group in SUITE.groups for test in _tests(group)]
    assert len(read) == len(set(read))
    assert not SUITE.retired & set(read)


def _tests(group: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = YAML(typ="safe", pure=True).load((SUITES / f"{group}.yaml").read_text())["tests"]
    return found


def test_every_requirement_is_tested_or_says_why_not() -> None:
    verified = {name for case in CASES for name in case.verifies}
    assert verified <= set(SUITE.requirements)
    untested = [each for each in SUITE.requirements.values() if each.id not in verified and not each.not_tested]
    assert untested == []


def test_every_core_case_and_every_case_of_level_four_can_be_run() -> None:
    assert [case.id for case in CASES if (case.core or case.level == "C4") and case.not_tested] == []
    assert sum(case.core for case in CASES) == 56


@pytest.mark.parametrize("case", [case for case in CASES if not case.not_tested], ids=lambda case: case.id)
def test_a_test_that_can_be_run_names_its_function_its_evidence_and_what_it_catches(case: object) -> None:
    assert callable(case.function())  # type: ignore[attr-defined]
    assert case.evidence  # type: ignore[attr-defined]
    if case.severity == "must":  # type: ignore[attr-defined]
        assert case.mutants  # type: ignore[attr-defined]
        assert set(case.mutants) <= set(MUTANTS)  # type: ignore[attr-defined]


def test_no_mutant_is_named_by_no_test() -> None:
    assert set(MUTANTS) == {name for case in CASES for name in case.mutants}


def test_texts_stand_in_both_languages() -> None:
    for case in CASES:
        assert case.title.zh, case.id
        assert case.title.en.isascii(), case.id


def test_what_a_department_declares_decides_which_tests_are_its_own() -> None:
    plan = SUITE.plan(declared(a_declaration(transport="rest", encoding="utf-8")), "C3")
    mine, omitted = {case.id for case in plan.tests}, {each.test for each in plan.omitted}
    assert {"ENC-01", "SCH-01"} <= mine
    assert {"TRN-S01", "TRN-F01", "TRN-D01", "ENC-02"} <= omitted
    assert not {name for name in mine if SUITE.tests[name].level == "C4"}


def test_every_test_is_planned_omitted_or_says_why_it_cannot_be_run() -> None:
    plan = SUITE.plan(declared(a_declaration()), "C4")
    named = [*(c.id for c in plan.tests), *(o.test for o in plan.omitted), *(o.test for o in plan.not_tested)]
    assert sorted(named) == sorted(SUITE.tests)


@pytest.mark.parametrize("expression", ["__import__('os')", "transport.upper()", "colour == 1", "1 < 2"])
def test_an_expression_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(Misconfigured):
        applies(expression, declared(a_declaration()).names)


def test_a_declaration_with_faults_is_told_all_of_them() -> None:
    with pytest.raises(Misconfigured) as refused:
        declared(a_declaration(transport="pigeon", timezone=7))
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize("name", ["suite.yaml", "requirements.yaml", "ENC.yaml"])
def test_a_certificate_binds_the_text_of_what_is_required_too(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "suites"
    shutil.copytree(SUITES, folder)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("# x\n")
    assert load_suite(folder).sha256 != SUITE.sha256
