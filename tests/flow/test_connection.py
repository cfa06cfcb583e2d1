"""A new connection is tried in the sandbox, touches nothing live, and is taken live once it does what it should."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.errors import HubError, Misconfigured
from hub.identity import authenticate
from hub.sandbox import sandbox_of
from hub.settings import load
from hub.wiring import build

if TYPE_CHECKING:
    from pathlib import Path

NAME = "taizhou.press.permits"
MAPPING = f"""connection: {NAME}
version: 1
department: "11321200014000028L"
kind: files
connect: {{path: INBOX, complete: always, acknowledge: {{done: done}}}}
codes: {{file: kinds.csv}}
case: {{source_case_no: no, region_code: "'321200'"}}
events:
  - {{type: case.received, occurred_at: time(at)}}
"""
EXAMPLES = """- name: a permit
  record: {no: "1", at: "2026-03-02 10:00"}
  expect: [{type: case.received}]
"""
CATALOGUE = """department:
  department_id: "11321200014000028L"
  name: 泰州市新闻出版局
  org_id_scheme: uscc18
  region_code: "321200"
  level: "3"
  first_responsible: 局长（职务）
  leader_in_charge: 副局长（职务）
  responsible_office: 办公室
  liaison: 联络员（职务）
  valid_from: "2019-03-01"
matters: []
"""


class Desk:
    """A department's folder, an inbox, and the commands an integrator types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        self.work = folder / "work" / "taizhou-press"
        self.work.mkdir(parents=True)
        self.live = folder / "live"
        self.live.mkdir()
        self.settings = folder / "settings.toml"
        self.settings.write_text(
            f'[hub]\ndata_dir = "{folder}/var"\n[mappings]\nfolder = "{self.live}"\n', encoding="utf-8"
        )
        self.write(MAPPING)
        (self.work / "permits.examples.yaml").write_text(EXAMPLES, encoding="utf-8")
        (self.work / "department.yaml").write_text(CATALOGUE, encoding="utf-8")

    def write(self, text: str) -> None:
        self.file = self.work / "permits.yaml"
        text = text.replace("INBOX", str(self.inbox)).replace("codes: {file: kinds.csv}\n", "")
        self.file.write_text(text, encoding="utf-8")

    def put(self, *rows: str) -> None:
        (self.inbox / "a.csv").write_text("no,at\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")

    def run(self, *words: str, first: tuple[str, ...] = ()) -> Any:
        command = [*first, "connection", *words, "--json", "--settings", str(self.settings)]
        done = CliRunner().invoke(app, command, catch_exceptions=True)
        if isinstance(done.exception, HubError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def add(self) -> Any:
        return self.run("add", str(self.file))

    @property
    def hub(self) -> Any:
        return build(load(self.settings))

    @property
    def sandbox(self) -> Any:
        return build(sandbox_of(load(self.settings)))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_trial_reads_through_to_the_ledger_of_the_sandbox_and_touches_nothing_live(desk: Desk) -> None:
    desk.put("1,2026-03-02 10:00", "2,soon")
    said = desk.add()
    assert {name: said[name] for name in ("read", "mapped", "quarantined", "events")} == {
        "read": 2, "mapped": 1, "quarantined": 1, "events": 1,
    }  # fmt: skip
    assert [path.name for path in desk.inbox.iterdir()] == ["a.csv"]
    assert list(desk.live.iterdir()) == []
    assert not (desk.folder / "var" / "hub.db").exists()
    sandbox = desk.sandbox
    assert sandbox.queries.summary()["cases"]["total"] == 1
    sandbox.close()


DECLARED = f"""connection: {NAME}
department: "11321200014000028L"
system: {{name: 出版审批系统}}
transport: files
encoding: utf-8
timezone: Asia/Shanghai
flows: [case.events]
families: [application]
claims: []
confidentiality: mixed
volume: {{daily: 40, peak_per_minute: 4}}
latency_minutes: 720
unfinished: ".{{name}}.part"
contacts: [{{role: liaison, name: 王芳, phone: 0523-80000000}}]
signed: [{{role: data_owner, name: 王芳, signed_on: "2026-03-02"}}]
"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("transport: files", "transport: ftp", r"/transport: 'ftp' is not one of .*\(write one of these\)"),
        ("transport: files", "transport: rest", r"/transport: 'rest' is not how the mapping connects \(write files\)"),
        ("claims: []", "claim: []", r"'claims' is a required property \(add it"),
        ("2026-03-02", "2 March", r"/signed/0/signed_on: .*\(a day is written as"),
        (f"connection: {NAME}", "connection: a.b.c", rf"/connection: 'a.b.c' is not .*\(write {NAME}\)"),
        ('"11321200014000028L"', '"113212000140010128"', r"/department: .*\(write one of: 11321200014000028L\)"),
        ("flows: [case.events]", "flows: [case.events", r"ics.syntax: .*\(it is YAML"),
    ],
)
def test_a_faulty_declaration_is_said_before_anything_is_in_the_sandbox(
    desk: Desk, before: str, after: str, said: str
) -> None:
    desk.put("1,2026-03-02 10:00")
    file = desk.work / "conformance" / "permits.yml"
    file.parent.mkdir()
    assert before in DECLARED
    file.write_text(DECLARED.replace(before, after), encoding="utf-8")
    with pytest.raises(Misconfigured, match=said) as refused:
        desk.add()
    assert all(str(fault).startswith(str(file)) for fault in refused.value.faults)
    assert not (desk.folder / "var" / "sandbox" / "mappings").exists()
    file.write_text(DECLARED, encoding="utf-8")
    assert desk.add()["mapped"] == 1


def test_adding_names_the_next_step_and_doctor_where_the_source_cannot_be_read(desk: Desk) -> None:
    desk.put("1,2026-03-02 10:00")
    command = ["connection", "add", str(desk.file), "--settings", str(desk.settings)]
    shown = CliRunner().invoke(app, command)
    assert f"sunlight --sandbox doctor {NAME}" in shown.stderr
    assert f"write {desk.work / 'conformance' / 'permits.yml'}" in shown.stderr, "it is not declared yet"
    (desk.inbox / "a.csv").unlink()
    desk.inbox.rmdir()
    shown = CliRunner().invoke(app, command)
    assert isinstance(shown.exception, HubError)
    assert f"how far one gets: sunlight --sandbox doctor {NAME}" in shown.stderr


def test_it_goes_live_once_the_sandbox_maps_all_of_it(desk: Desk) -> None:
    desk.put("1,2026-03-02 10:00", "2,soon")
    with pytest.raises(Misconfigured, match="has no connection"):
        desk.run("promote", NAME)
    desk.add()
    with pytest.raises(Misconfigured, match="refused 1 of its records"):
        desk.run("promote", NAME)
    assert list(desk.live.iterdir()) == []
    desk.put("1,2026-03-02 10:00", "2,2026-03-03 10:00")
    assert desk.add()["quarantined"] == 0
    said = desk.run("promote", NAME)
    assert said == {"connection": NAME, "file": str(desk.live / "taizhou-press" / "permits.yaml")}
    names = {path.name for path in (desk.live / "taizhou-press").iterdir()}
    assert names == {"permits.yaml", "permits.examples.yaml", "department.yaml"}
    hub = desk.hub
    assert NAME in hub.store.connections()
    assert hub.queries.summary()["cases"]["total"] == 0
    hub.close()
    (row,) = desk.run("list")
    assert (row["connection"], row["state"]) == (NAME, "never")
    (row,) = desk.run("list", first=("--sandbox",))
    assert row["connection"] == NAME


def test_one_that_was_not_tried_does_not_go_live(desk: Desk) -> None:
    desk.add()
    with pytest.raises(Misconfigured, match="mapped none"):
        desk.run("promote", NAME)


def test_one_that_sends_gets_a_key_of_the_sandbox_and_then_one_of_the_hub(desk: Desk) -> None:
    desk.write(MAPPING.replace("kind: files", "kind: push").replace(
        "{path: INBOX, complete: always, acknowledge: {done: done}}", "{format: json}"))  # fmt: skip
    token = desk.add()["token"]
    sandbox, now = desk.sandbox, desk.hub.clock.now()
    who = authenticate(token, sandbox.identities.find, now)
    assert who is not None
    assert (who.name, who.kind, who.scopes) == (NAME, "connection", frozenset({"records:write"}))
    desk.run("list", first=("--sandbox",))
    with pytest.raises(Misconfigured, match="let it send"):
        desk.run("promote", NAME)
    sandbox.close()


def test_an_example_that_fails_keeps_it_out(desk: Desk) -> None:
    (desk.work / "permits.examples.yaml").write_text(EXAMPLES.replace("case.received", "case.closed"), encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"case\.closed"):
        desk.add()
    assert not (desk.folder / "var" / "sandbox").exists()


def test_a_department_that_is_not_described_is_told(desk: Desk) -> None:
    (desk.work / "department.yaml").unlink()
    with pytest.raises(Misconfigured, match=r"department\.yaml"):
        desk.add()


def test_a_file_that_would_take_the_place_of_another_connection_is_refused(desk: Desk) -> None:
    desk.put("1,2026-03-02 10:00")
    desk.add()
    other = desk.live / "taizhou-press"
    other.mkdir()
    (other / "permits.yaml").write_text(MAPPING.replace(NAME, "taizhou.press.other"), encoding="utf-8")
    with pytest.raises(Misconfigured, match="an id of its own"):
        desk.run("promote", NAME)
    assert "other" in (other / "permits.yaml").read_text(encoding="utf-8")


def test_what_other_connections_declare_stays_behind(desk: Desk) -> None:
    desk.put("1,2026-03-02 10:00")
    (desk.work / "other.yaml").write_text(MAPPING.replace(NAME, "taizhou.press.other"), encoding="utf-8")
    (desk.work / "tables").mkdir()
    (desk.work / "tables" / "kinds.csv").write_text("code,target\n", encoding="utf-8")
    desk.add()
    placed = desk.folder / "var" / "sandbox" / "mappings" / "taizhou-press"
    assert {path.name for path in placed.iterdir()} == {
        "permits.yaml", "permits.examples.yaml", "department.yaml", "tables",
    }  # fmt: skip
