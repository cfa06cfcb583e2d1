"""Every reference department is certified at its full level, and every mutant is caught by the test that names it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.bindings import bindings_of
from conformance.model import Verdict
from conformance.reference.mutants import MUTANTS
from conformance.reference.played import REFERENCES
from conformance.reference.rehearsal import SESSION, Rehearsal
from conformance.runner import Runner, new_header
from conformance.sessions import Sessions
from conformance.stand import prepare, stand_settings
from conformance.suite import load_suite
from hub import settings as settings_
from hub import wiring
from hub.catalogue import load_catalogue
from hub.cli.gatewaying import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.model import Level

SUITE: Final = load_suite()
SETTINGS: Final = settings_.load(environment={})
LEVELS: Final[dict[str, Level]] = {"office": "C4"}
"""The full level of the departments that have more than the third."""

FACING: Final = [
    "ENC-01",
    "ENC-04",
    "SCH-01",
    "FLD-01",
    "FLD-05",
    "CDL-01",
    "CDL-02",
    "CDL-04",
    "STM-01",
    "TIM-01",
    "TIM-02",
    "CMP-01",
    "CMP-02",
    "COR-01",
    "LTC-01",
    "GOV-01",
]
"""The tests that may charge a department and cost next to nothing: with every mutant they are asked whom they blame."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare a stand once."""
    folder = tmp_path_factory.mktemp("template") / "stand"
    folder.mkdir()
    prepare(stand_settings(SETTINGS, folder))
    return folder


def a_rehearsal(name: str, folder: Path, template: Path, setting: Any = None) -> Rehearsal:
    """Let a reference department play its script."""
    return Rehearsal(
        name,
        folder,
        build=lambda settings, clock: wiring.build(settings, clock=clock),
        parts=lambda hub, pushed: parts_of(hub, hub.queries, pushing=pushed),
        settings=SETTINGS,
        catalogues=load_catalogue,
        setting=setting,
        environment={"SUNLIGHT_TOKEN_KEY": "a token key of tests, long enough"},
        template=template,
    )


def a_session(rehearsal: Rehearsal, folder: Path, lab: Any = None) -> Runner:
    """Begin a session of a rehearsed department."""
    sessions = Sessions(folder / "sessions", rehearsal.calendar.zone)
    named = bindings_of(rehearsal.mapping, rehearsal.mapping_file, rehearsal.declared, SUITE)
    level = LEVELS.get(rehearsal.department.name, "C3")
    header = new_header(rehearsal.declared, SUITE, level, bindings=named, session=SESSION, now=rehearsal.clock.now())
    shutil.rmtree(folder / "sessions", ignore_errors=True)
    sessions.begin(header)
    return Runner(
        sessions=sessions,
        suite=SUITE,
        lab=lab or rehearsal.lab,
        clock=rehearsal.clock,
        calendar=rehearsal.calendar,
    )


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_department_is_certified_at_its_full_level(name: str, tmp_path: Path, template: Path) -> None:
    rehearsal = a_rehearsal(name, tmp_path, template)
    try:
        session = a_session(rehearsal, tmp_path).run(SESSION)
        summary = session.summary(SUITE, rehearsal.clock.now().date())
        failing = [(each.test, each.reason.en, each.got) for each in summary.results if each.verdict != Verdict.PASS]
        assert failing == []
        assert (summary.is_certifiable, summary.reached) == (True, LEVELS.get(name, "C3"))
        assert "VOL-01" in summary.simulated
        assert [each.test for each in summary.results if not each.evidence] == []
    finally:
        rehearsal.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[dict[str, Rehearsal]]:
    """Hold a sound rehearsal of each department that a fault of the hub or a connector is looked at with."""
    found: dict[str, Rehearsal] = {}

    class Held(dict[str, Rehearsal]):
        def __missing__(self, name: str) -> Rehearsal:
            self[name] = found[name] = a_rehearsal(name, tmp_path_factory.mktemp(name), template)
            return self[name]

    yield Held()
    for rehearsal in found.values():
        rehearsal.close()


CAUGHT: Final[dict[str, bool]] = {}
NAMED: Final = {name: [case.id for case in SUITE.tests.values() if name in case.mutants] for name in MUTANTS}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_failed_by_the_tests_that_name_it_and_by_none_that_blames_another(
    name: str, tmp_path: Path, template: Path, sound: dict[str, Rehearsal]
) -> None:
    mutant, CAUGHT[name] = MUTANTS[name], False
    own = mutant.setting is not None
    rehearsal = a_rehearsal(mutant.at, tmp_path, template, mutant.setting) if own else sound[mutant.at]
    rehearsal.lab.shared.clear()
    lab = mutant.lab(rehearsal.lab) if mutant.lab else rehearsal.lab
    runner = a_session(rehearsal, tmp_path, lab)
    planned = runner.sessions.get(SESSION).header.planned
    named = [test for test in NAMED[name] if test in planned]
    try:
        with mutant.patch():
            session = runner.run(SESSION, only={*named, *(test for test in FACING if test in planned)})
    finally:
        rehearsal.lab.shared.clear()
        if own:
            rehearsal.close()
    results = {test: result for test in planned if (result := session.result(test)) is not None}
    CAUGHT[name] = bool(named) and all(results[test].verdict is Verdict.FAIL for test in named)
    said = {test: (str(results[test].verdict), results[test].reason.en, results[test].got) for test in named}
    assert CAUGHT[name], said
    blamed = {test: result.blames for test, result in results.items() if result.verdict is Verdict.FAIL}
    assert set(blamed.values()) == {mutant.blames}, blamed


def test_every_mutant_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nmutants caught: {sum(CAUGHT.values())} of {len(CAUGHT)} run here, {len(MUTANTS)} in all")  # noqa: T201 - the kill rate is to be seen
    assert all(CAUGHT.values())
