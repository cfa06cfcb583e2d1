"""A reference department from its tests to its certificate, through a changed mapping, and back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from typer.testing import CliRunner

from conformance import reports
from conformance.bindings import bindings_of
from conformance.carrying import carried
from conformance.real import evidence_of, sessions_of
from conformance.reference.rehearsal import Rehearsal, Setting
from conformance.runner import Runner, new_header
from conformance.sessions import BUNDLE
from conformance.stand import Stand
from conformance.suite import load_suite
from hub import settings as settings_
from hub import wiring
from hub.catalogue import load_catalogue
from hub.cli import certifying_role, common
from hub.cli.gatewaying import parts_of
from hub.cli.main import app
from hub.resources import MAPPINGS
from hub.sandbox import sandbox_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.sessions import Session

SUITE: Final = load_suite()
CONNECTION: Final = "taizhou.market.licences"
OLD: Final = '{"1": window, "2": online, "3": mobile}'
NEW: Final = '{"1": window, "2": online, "3": mobile, "4": mobile}'


def edited(text: str) -> str:
    assert OLD in text
    return text.replace(OLD, NEW).replace("version: 1\n", "version: 2\n", 1)


class City:
    """A live hub, its sandbox's sessions, and the market regulator on its way."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.stack = folder, list[Rehearsal]()
        self.live_mappings = folder / "mappings"
        shutil.copytree(MAPPINGS / "taizhou-market", self.live_mappings / "taizhou-market")
        plain = settings_.load(environment={})
        section = plain.mappings.model_copy(update={"folder": self.live_mappings})
        self.settings = plain.model_copy(update={"mappings": section})
        self.first = self.rehearsed("first", Setting())
        self.clock = self.first.clock
        self.stand = Stand(self.first.lab.live, self.first.mapping)
        self.sessions = sessions_of(sandbox_of(self.hub.settings))
        self.evidence = evidence_of(sandbox_of(self.hub.settings))
        self.sent = 0
        for name, value in {"SUNLIGHT_TOKEN_KEY": "k" * 32, "MARKET_INBOX": str(folder)}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(common, "hub", lambda _settings=None: self.hub)

    @property
    def hub(self) -> Any:
        return self.stand.hub

    def rehearsed(self, name: str, setting: Setting) -> Rehearsal:
        made = Rehearsal(
            "market",
            self.folder / name,
            build=lambda settings, clock: wiring.build(settings, clock=clock),
            parts=lambda hub, pushed: parts_of(hub, hub.queries, pushing=pushed),
            settings=self.settings,
            catalogues=load_catalogue,
            setting=setting,
            environment={"SUNLIGHT_TOKEN_KEY": "a token key of tests, long enough"},
        )
        self.stack.append(made)
        return made

    def tested(self, rehearsal: Rehearsal, name: str) -> tuple[Session, list[str]]:
        """Run a session as the command does; return it, with the tests that were really run."""
        bound = bindings_of(rehearsal.mapping, rehearsal.mapping_file, rehearsal.declared, SUITE)
        now, last, ran = rehearsal.clock.now(), self.sessions.last(CONNECTION), list[str]()
        header = new_header(rehearsal.declared, SUITE, "C3", bindings=bound, session=name, now=now)
        self.sessions.begin(header)
        for result in carried(last, header, SUITE) if last else ():
            self.sessions.add(name, result)
        runner = Runner(
            sessions=self.sessions,
            suite=SUITE,
            lab=replace(rehearsal.lab, store=self.evidence),
            clock=rehearsal.clock,
            calendar=rehearsal.calendar,
        )
        session = runner.run(name, told=lambda result: ran.append(result.test))
        summary = session.summary(SUITE, now.date())
        (session.folder / BUNDLE).write_bytes(reports.bundle(session, summary, SUITE, self.evidence))
        return session, ran

    def send(self) -> str:
        """Let the live hub, freshly started, take the next case in; return the `conformance` of its last event."""
        bus, mapping = self.stand.bus, wiring.load_mapping(self.mapping_file)
        self.stand.line.release()
        bus.close()
        self.stand = Stand(self.hub, mapping)
        self.hub.register([mapping], [load_catalogue(MAPPINGS / "taizhou-market" / "department.yaml")])
        self.stand.take(self.first.records()[self.sent : self.sent + 1])
        self.sent += 1
        rows = self.hub.queries.feed("intranet", after=0, limit=1000, kinds=["case"])
        return str(orjson.loads(rows[-1]["body"])["conformance"])

    @property
    def mapping_file(self) -> Path:
        return self.live_mappings / "taizhou-market" / "licences.yaml"

    def keep(self) -> str:
        certifying_role.keeper(self.hub).step()
        row = self.hub.certification.certificates(CONNECTION)[0]
        return f"{row.state} {row.criterion} {','.join(row.suspended)}".strip()

    def run(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["conformance", *words])
        return done.exit_code, done.output

    def verified(self) -> tuple[int, str | None]:
        """Verify the newest certificate by files alone."""
        permit, listed, keys = (str(self.folder / name) for name in ("permit.jws", "status.jws", "issuer.jwks"))
        assert self.run("certificates", CONNECTION, "--out", permit)[0] == 0
        assert self.run("status", "--out", listed)[0] == 0
        assert self.run("issuer", "--out", keys)[0] == 0
        asked = ("--status", listed, "--keys", keys, "--against", CONNECTION, "--flow", "case.events", "--json")
        code, said = self.run("verify", permit, *asked)
        return code, orjson.loads(said)["failed_at"]


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    made = City(tmp_path, monkeypatch)
    yield made
    made.stand.line.release()
    made.stand.bus.close()
    for rehearsal in made.stack:
        rehearsal.close()


def test_a_department_is_certified_drifts_shows_again_what_changed_and_is_reinstated(city: City) -> None:
    named = ("--by", "张三", "--second", "李四", "--reason", "查验属实")
    session, ran = city.tested(city.first, "20260302-demo")
    assert set(ran) == set(session.header.planned)
    assert city.run("certify", CONNECTION, *named[:2], "--reason", "x")[0] == 4, "one person is not enough"
    code, said = city.run("certify", CONNECTION, *named)
    assert code == 0, said
    assert city.verified() == (0, None)
    assert city.send() == "certified:C3"
    assert city.keep() == "active"

    city.mapping_file.write_text(edited(city.mapping_file.read_text(encoding="utf-8")), encoding="utf-8")
    assert city.send() == "drifted:C3"
    assert city.keep() == "suspended K10 C2,C3", "code tables are tied to tests of C2 and above"
    assert city.verified() == (1, "status")

    second = city.rehearsed("second", Setting(mapping=edited))
    again, ran = city.tested(second, "20260302-more")
    touched = {name for name in again.header.planned if name.partition("-")[0] in ("CDL", "SCH", "FLD")}
    assert set(ran) == touched
    assert 0 < len(touched) < len(again.header.planned)
    code, said = city.run("certify", CONNECTION, *named)
    assert code == 0, said
    assert city.send() == "certified:C3"
    assert city.keep() == "active"
    assert city.verified() == (0, None)

    declaration = city.mapping_file.parent / "conformance" / "licences.yml"
    text = declaration.read_text(encoding="utf-8")
    declaration.write_text(text.replace("latency_minutes: 720", "latency_minutes: 700"), encoding="utf-8")
    assert city.verified() == (1, "bindings"), "another declaration is another promise"
