"""Every reference department is certified at its full level, and every mutant is caught by the test that names it."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance import reports, shipping
from conformance.bindings import as_document, bindings_of
from conformance.certificate import signing
from conformance.certificate.grounds import shown_in
from conformance.certificate.issue import Approval
from conformance.certificate.office import Department
from conformance.certificate.people import DUTIES
from conformance.certificate.verify import Asked, verify
from conformance.model import Verdict
from conformance.real import reopened
from conformance.reference.mutants import MUTANTS
from conformance.reference.played import REFERENCES
from conformance.reference.rehearsal import SESSION, Rehearsal
from conformance.runner import Runner, new_header
from conformance.sessions import BUNDLE, Sessions
from conformance.shipping import MANIFEST, RECORDS
from conformance.stand import prepare, stand_settings
from conformance.suite import load_suite
from hub import settings as settings_
from hub import wiring
from hub.catalogue import load_catalogue
from hub.cli import bureau
from hub.cli.gatewaying import parts_of
from hub.errors import Misconfigured
from hub.signer import Signer
from tests.support.certificates import NOW, PINNED
from tests.support.tally_plugin import MUTANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.model import Level
    from conformance.reference.mutation import Mutant, Setting
    from conformance.sessions import Session
    from hub.mapping import CompiledMapping
    from hub.model.values import Portion, Record
    from hub.ports import Source

SUITE: Final = load_suite()
SETTINGS: Final = settings_.load(environment={})
LEVELS: Final[dict[str, Level]] = {"office": "C4", "sender": "C4"}
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
    "TRN-S01",
    "TRN-R01",
    "TRN-F01",
    "TRN-D01",
    "ENC-02",
    "IDA-06",
    "SCH-03",
    "FLD-04",
    "CNF-06",
    "MAL-02",
    "STM-03",
    "CMP-04",
]
"""The tests that may charge a department and cost little: with every mutant they are asked whom they blame. All tests
of a department cost 8 s of CPU, ten minutes with every mutant; these cost 0.5 s."""


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


def check_certificate(rehearsal: Rehearsal, session: Session) -> None:
    """Certify what a department's session showed, and verify it by files alone: it holds, and fails where it must."""
    live, now = rehearsal.lab.live, rehearsal.clock.now()
    summary = session.summary(SUITE, now.date())
    packed = reports.bundle(session, summary, SUITE, rehearsal.lab.store)
    (session.folder / BUNDLE).write_bytes(packed)
    shown = shown_in(session.summary(SUITE, now.date()))
    roles = zip(("张三", "李四"), DUTIES["certify"], strict=True)
    people = [Approval(by=name, role=role, at=now, reason="查验属实") for name, role in roles]
    (document,) = [each for each in rehearsal.lab.catalogues if each["department"]["department_id"] == shown.department]
    office, key = bureau.office(live), signing.public_key(bureau.issuer(live))
    row = office.certify(shown, people, Department(document=document["department"]))
    assert row.level == session.header.target
    bound = as_document(session.header.bindings)
    asked = Asked(now=now, pinned=signing.pinned(key), status_list=office.status(), running=bound, flow="case.events",
                  environment=shown.environment)  # fmt: skip
    found = verify(row.signed, asked)
    assert found.failed_at is None, found.steps
    assert found.certificate["evidence"]["bundle_sha256"] == hashlib.sha256(packed).hexdigest()
    other = {**bound, "mapping": {**bound["mapping"], "sha256": "0" * 64}}
    wrong = {
        "signature": replace(asked, pinned=PINNED),
        "status": replace(asked, now=now + timedelta(hours=1)),
        "bindings": replace(asked, running=other),
        "scope": replace(asked, environment="elsewhere"),
    }
    assert {step: verify(row.signed, each).failed_at for step, each in wrong.items()} == {step: step for step in wrong}
    office.suspend(row.certificate_id, [Approval(by="王五", role="supervisor", at=now, reason="现场核查")])
    assert verify(row.signed, replace(asked, status_list=office.status())).failed_at == "status"


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
        check_certificate(rehearsal, session)
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


class Edge:
    """A source as an edge reads it: what each read finds is packed, signed, shipped, and decoded at the hub."""

    def __init__(self, source: Source, mapping: CompiledMapping, signer: Signer, shipped: list[bytes]) -> None:
        self._source, self._mapping, self._signer, self._shipped = source, mapping, signer, shipped

    def read(self, checkpoint: Any) -> Iterator[Portion]:
        pinned, connection = signing.pinned(signing.public_key(self._signer)), self._mapping.declaration.connection
        for portion in self._source.read(checkpoint):
            packed = shipping.pack(connection, portion.records, taken_at=NOW, signer=self._signer)
            self._shipped.append(packed)
            yield replace(portion, records=reopened(shipping.unpack(packed, connection, pinned), self._mapping))

    def acknowledge(self, records: Sequence[Record]) -> None:
        del records

    def probe(self) -> Mapping[str, str]:
        return self._source.probe()

    def close(self) -> None:
        self._source.close()


def test_verdicts_hold_on_what_an_edge_has_pulled_and_signed_and_altered_bytes_are_refused(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge, shipped, opened = Signer(Ed25519PrivateKey.generate()), list[bytes](), Rehearsal.opened
    monkeypatch.setattr(
        Rehearsal, "opened", lambda self, *asked: Edge(opened(self, *asked), self.mapping, edge, shipped)
    )
    rehearsal = a_rehearsal("housing", tmp_path, template)
    try:
        session = a_session(rehearsal, tmp_path, replace(rehearsal.lab, is_edge=True)).run(SESSION, only=FACING)
    finally:
        rehearsal.close()
    results = [result for test in FACING if (result := session.result(test))]
    assert {result.verdict for result in results} == {Verdict.PASS}
    assert len(shipped) > 10, "a read a day"
    connection, packed = rehearsal.mapping.declaration.connection, max(shipped, key=len)
    pinned = signing.pinned(signing.public_key(edge))
    for name, data in ((MANIFEST, b"x" * 40), (RECORDS, b'{"place":"row 1","raw":"YQ=="}\n')):
        with pytest.raises(Misconfigured):
            shipping.unpack(altered(packed, name, data), connection, pinned)
    with pytest.raises(Misconfigured, match="of taizhou"):
        shipping.unpack(packed, "another.connection", pinned)
    with pytest.raises(Misconfigured):
        shipping.unpack(packed, connection, PINNED)


def altered(packed: bytes, name: str, data: bytes) -> bytes:
    """Return a shipment in which one file is another."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {each: archive.read(each) for each in archive.namelist()} | {name: data}
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
    return again.getvalue()


NAMED: Final = {name: [case.id for case in SUITE.tests.values() if name in case.mutants] for name in MUTANTS}


def setting_of(mutant: Mutant) -> Setting | None:
    """Return how a mutant is played: without complaints where its fault is none of theirs, which saves time."""
    setting = mutant.setting
    return setting if setting is None or setting.complaints is not None else replace(setting, no_complaints=True)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_failed_by_the_tests_that_name_it_and_by_none_that_blames_another(
    name: str, tmp_path: Path, template: Path, sound: dict[str, Rehearsal], request: pytest.FixtureRequest
) -> None:
    mutant = MUTANTS[name]
    own = mutant.setting is not None
    rehearsal = a_rehearsal(mutant.at, tmp_path, template, setting_of(mutant)) if own else sound[mutant.at]
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
    is_caught = bool(named) and all(results[test].verdict is Verdict.FAIL for test in named)
    request.node.user_properties.append((MUTANT, (name, is_caught)))
    said = {test: (str(results[test].verdict), results[test].reason.en, results[test].got) for test in named}
    assert is_caught, said
    blamed = {test: result.blames for test, result in results.items() if result.verdict is Verdict.FAIL}
    assert set(blamed.values()) == {mutant.blames}, blamed
