"""Verdicts roll up worst first, and only what was really shown is certifiable."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from conformance.model import Lifecycle, Signature, Verdict, Waiver
from conformance.verdicts import MOST_ATTESTED, MOST_WAIVED, NEVER_RUN, WORST_FIRST, exit_code, summarise, worst
from tests.support.certifying import TESTS, a_header, a_plan, a_result, passed, summed_up


def test_a_session_in_which_every_test_passes_is_certifiable() -> None:
    summary = summed_up(*passed())
    assert (summary.is_certifiable, summary.reached, exit_code(summary)) == (True, "C2", 0)


def test_the_worst_of_the_standings_counts_in_the_order_of_the_specification() -> None:
    order = ["error", "fail", "skip", "review", "waiting", "never_run", "warn", "attested", "pass", "omit"]
    assert list(WORST_FIRST) == order
    assert [worst(order[n:]) for n in range(len(order))] == order


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.ERROR, 3), (Verdict.FAIL, 1), (Verdict.SKIP, 2), (None, 2), (Verdict.WARN, 0)]
)
def test_one_must_test_decides_what_a_command_ends_with(verdict: Verdict | None, code: int) -> None:
    summary = summed_up(*passed(ENC_01=a_result("ENC-01", verdict)))
    assert exit_code(summary) == code


def test_a_planned_test_that_never_ran_keeps_a_session_from_being_certified_even_if_it_is_a_should() -> None:
    summary = summed_up(*passed(MAL_04=None))
    assert not summary.is_certifiable
    assert (summary.standing, summary.levels[-1].executed, exit_code(summary)) == (NEVER_RUN, 2, 2)


def test_a_failing_should_test_is_certifiable() -> None:
    assert summed_up(*passed(MAL_04=a_result("MAL-04", Verdict.FAIL))).is_certifiable


def test_a_warning_is_not_enough_where_confidentiality_is_concerned() -> None:
    assert not summed_up(*passed(CNF_01=a_result("CNF-01", Verdict.WARN))).is_certifiable


def test_a_level_is_reached_only_with_every_level_below_it() -> None:
    summary = summed_up(*passed(ENC_01=a_result("ENC-01", Verdict.FAIL)))
    assert [(tally.level, tally.is_reached) for tally in summary.levels] == [("C0", True), ("C1", False), ("C2", False)]
    assert summary.levels[2].obstacles == []


def test_the_last_attempt_at_a_test_is_in_force() -> None:
    again = a_result("ENC-01", Verdict.PASS, attempt=2)
    assert summed_up(*passed(ENC_01=a_result("ENC-01", Verdict.FAIL)), again).is_certifiable
    assert not summed_up(*passed(), a_result("ENC-01", Verdict.FAIL, attempt=2)).is_certifiable


def test_a_session_without_footer_is_no_report() -> None:
    summary = summarise(a_plan(), passed(), None)
    assert (summary.is_certifiable, summary.has_footer, exit_code(summary)) == (False, False, 2)


def test_a_group_that_only_stands_on_statements_is_not_certifiable() -> None:
    summary = summed_up(*passed(ENC_01=a_result("ENC-01", Verdict.ATTESTED, mode="ATTEST")))
    assert ["ENC" in obstacle.en for obstacle in summary.obstacles] == [True]
    assert summary.attested == ["ENC-01"]


def test_only_so_many_tests_may_stand_on_statements() -> None:
    names = [f"ENC-{number:02d}" for number in range(1, MOST_ATTESTED + 3)]
    tests = dict.fromkeys(names, ("C1", "must"))
    results = [a_result(names[0]), *(a_result(name, Verdict.ATTESTED) for name in names[1:])]
    how = {"header": a_header(planned=names, target="C1"), "tests": tests}
    assert not summed_up(*results, **how).is_certifiable
    assert summed_up(*results[:-1], **{**how, "header": a_header(planned=names[:-1], target="C1")}).is_certifiable


def a_waiver(test: str = "SCH-01", **fields: Any) -> Waiver:
    base = {"by": "监察局 张伟", "why": "接口改造中", "until": date(2026, 3, 31), "confirmed_by": "赵六"}
    return Waiver(test=test, **{**base, **fields})


def test_a_waiver_holds_once_somebody_else_confirmed_it_and_never_for_the_core_or_for_secrecy() -> None:
    also = {**TESTS, "SCH-02": ("C2", "must"), "CNF-02": ("C2", "must")}
    how: dict[str, Any] = {"header": a_header(planned=tuple(also)), "tests": also}
    also_passed = [a_result(name, level="C2") for name in ("SCH-02", "CNF-02")]
    failing = [*passed(SCH_01=a_result("SCH-01", Verdict.FAIL)), *also_passed]
    assert summed_up(*failing, **how, waivers=[a_waiver()]).is_certifiable
    assert not summed_up(*failing, **how, waivers=[a_waiver(confirmed_by="")]).is_certifiable
    assert not summed_up(*failing, **how, waivers=[a_waiver(confirmed_by=a_waiver().by)]).is_certifiable
    assert not summed_up(*failing, **how, waivers=[a_waiver()], core=("SCH-01",)).is_certifiable
    leaking = [*passed(CNF_01=a_result("CNF-01", Verdict.FAIL)), *also_passed]
    assert not summed_up(*leaking, **how, waivers=[a_waiver("CNF-01")]).is_certifiable


def test_a_level_may_have_two_waivers_and_no_third() -> None:
    names = [f"TIM-0{n}" for n in range(1, 5)]
    also = {**TESTS, **dict.fromkeys(names, ("C2", "must"))}
    how: dict[str, Any] = {"header": a_header(planned=tuple(also)), "tests": also}
    for count in range(4):
        results = [
            a_result(name, Verdict.SKIP if n < count else Verdict.PASS, level="C2") for n, name in enumerate(names)
        ]
        summary = summed_up(*passed(), *results, **how, waivers=[a_waiver(name) for name in names[:count]])
        assert summary.is_certifiable is (count <= MOST_WAIVED)
        assert [each.test for each in summary.rests_on] == names[:count]


def test_a_waiver_holds_until_its_day_and_no_longer() -> None:
    waiver = a_waiver()
    failing = [*passed(SCH_01=a_result("SCH-01", Verdict.FAIL)), a_result("SCH-02", level="C2")]
    also = {**TESTS, "SCH-02": ("C2", "must")}
    how = {"header": a_header(planned=tuple(also)), "tests": also, "waivers": [waiver]}
    assert summed_up(*failing, **how, today=date(2026, 3, 31)).is_certifiable
    lapsed = summed_up(*failing, **how, today=date(2026, 4, 1))
    assert [obstacle.en for obstacle in lapsed.obstacles] == ["SCH-01 is not passed: fail, and its waiver has lapsed"]


def test_a_declaration_signed_in_one_role_alone_does_not_make_level_zero() -> None:
    twice = [Signature(role="data_owner", name=name, signed_on=date(2026, 2, 27)) for name in ("王芳", "李强")]
    assert summed_up(*passed(), header=a_header(signatures=twice)).reached is None


def test_what_waits_is_said_to_wait() -> None:
    summary = summarise(a_plan(), passed(SCH_01=a_result("SCH-01", None)), None)
    assert (summary.lifecycle, summary.standing) == (Lifecycle.WAITING, "waiting")
