"""A check that saw nothing does not pass: every case is run where the source is away, and where it is empty."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.applicability import applies
from conformance.lab import Outage
from conformance.model import Verdict
from conformance.reference.played import REFERENCES
from conformance.reference.rehearsal import Rehearsal
from conformance.runner import Runner
from conformance.stand import prepare, stand_settings
from conformance.suite import load_suite
from hub.clock import ManualClock
from hub.errors import Unavailable
from tests.flow.test_conformance import SETTINGS, a_rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.lab import Lab
    from conformance.suite import SuiteTest

SUITE: Final = load_suite()

ON_A_STAND: Final = "it is about the hub alone: its events are made by the suite, on a private hub"
OF_A_CODEC: Final = "it is about the hub's own decoders: its bytes are made by the suite"
OF_THE_REGISTRY: Final = "it is about what is registered and declared: no record belongs to it"
MAY_PASS: Final = {
    **dict.fromkeys(
        (
            "ATT-02", "ATT-03", "ATT-04", "CNF-01", "CNF-02", "CNF-03", "CNF-04", "COR-02", "DUP-01", "IDA-01",
            "IDA-02", "IDM-01", "IDM-03", "LTE-01", "LTE-02", "ORD-01", "ORD-03", "OUT-04", "SCH-02", "SCH-04",
            "SCH-05", "STM-02", "STM-05", "TIM-04", "TIM-05", "CPL-06", "CNF-05",
        ),
        ON_A_STAND,
    ),
    "MAL-02": OF_A_CODEC,
    "GOV-01": OF_THE_REGISTRY,
    "IDA-06": "it is about the evidence, of which there is some: its own planted secret at least",
}  # fmt: skip
"""The tests that say something though no record of the department is there, each with its reason."""

MAY_PASS_WHERE_EMPTY: Final = {"TRN-S01": "the service is there, and its contract is all that is looked at"}


class Unplayed(Rehearsal):
    """A department of which nobody has read anything."""

    def _play(self) -> None:
        """Let nothing happen."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "stand"
    folder.mkdir()
    prepare(stand_settings(SETTINGS, folder))
    return folder


@pytest.fixture(scope="module", params=REFERENCES)
def department(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Iterator[Rehearsal]:
    patched = pytest.MonkeyPatch()
    patched.setattr("tests.flow.test_conformance.Rehearsal", Unplayed)
    rehearsal = a_rehearsal(request.param, tmp_path_factory.mktemp(request.param), template)
    patched.undo()
    yield rehearsal
    rehearsal.close()


def is_own(case: SuiteTest, lab: Lab) -> bool:
    return bool(case.check) and applies(case.applies, lab.declared.names)


def away(*_: object) -> Any:
    raise Unavailable("the department is away")


def absent(lab: Lab) -> Lab:
    """Return the lab of a department that cannot be reached, and never was."""
    nowhere = {name: "http://127.0.0.1:9/" if name.endswith("_URL") else "/nowhere" for name in lab.environment}
    kept = {name: value for name, value in lab.environment.items() if name == "SUNLIGHT_TOKEN_KEY"}
    return replace(lab, records=away, department=None, outage=None, environment={**nowhere, **kept}, shared={})


class Nothing:
    """A department that answers everything, and has nothing."""

    def counts(self) -> dict[str, int]:
        return {}

    def keys(self) -> list[str]:
        return []

    def keyed_at(self, *_: object) -> None:
        return None

    def occurred_at(self, *_: object) -> None:
        return None

    def half_written(self) -> None:
        return None


def empty(lab: Lab) -> Lab:
    """Return the lab of a department that answers everything, and has nothing; it was read each working day."""
    for _ in range(12):
        clock: Any = lab.clock
        clock.move_to(lab.calendar.end_of(lab.calendar.add_workdays(clock.now().date(), 1)[0]))
        lab.pilot.take([])
    idle = Outage(
        days=[lab.clock.now()],
        advance=lambda _: None,
        read=lambda stand: stand.take([]) and None,
        deliver=lambda _: 0,
        environment=lab.environment,
        keys=(),
    )
    nothing: Any = Nothing()
    return replace(lab, records=list, department=nothing, outage=lambda: idle, shared={})


def standings(rehearsal: Rehearsal, lab: Lab) -> dict[str, str]:
    """Run every own test that is not to pass, as the runner does, and say how it stands."""
    runner = Runner(
        sessions=None,  # type: ignore[arg-type]  # nothing is recorded
        suite=SUITE,
        lab=lab,
        clock=ManualClock(rehearsal.clock.now()),
        calendar=rehearsal.calendar,
    )
    found = {}
    for case in SUITE.tests.values():
        if is_own(case, lab) and case.id not in MAY_PASS:
            result = runner._attempt(case, None)
            found[case.id] = str(result.verdict or result.lifecycle), result.reason.en, result.got
    return found


def passing(found: dict[str, Any]) -> dict[str, Any]:
    return {name: said for name, said in found.items() if said[0] in {Verdict.PASS, Verdict.ERROR}}


def test_no_check_passes_where_the_department_is_away(department: Rehearsal) -> None:
    assert passing(standings(department, absent(department.lab))) == {}


def test_no_check_passes_where_the_department_has_nothing(department: Rehearsal) -> None:
    assert set(passing(standings(department, empty(department.lab)))) <= set(MAY_PASS_WHERE_EMPTY)


def test_every_exception_is_a_test_of_the_suite_and_says_why() -> None:
    excepted = {**MAY_PASS, **MAY_PASS_WHERE_EMPTY}
    assert set(excepted) <= {case.id for case in SUITE.tests.values() if case.check}
    assert all(excepted.values())
