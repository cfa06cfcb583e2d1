"""`sunlight conformance`: plan, run, show and report, with the exit codes that scripts go by."""

from __future__ import annotations

import errno
import io
import json
import logging
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from conformance.certificate import signing
from conformance.certificate.verify import TYP as CERTIFICATE
from conformance.finding import Finding, passed, skipped, waits
from conformance.real import sessions_of, wishes_of
from conformance.sessions import RECORD, Sessions
from conformance.suite import load_suite
from conformance.wishes import Asked
from hub import settings as settings_
from hub import wiring
from hub.cli import bureau, common, operate
from hub.cli.main import app, main
from hub.cli.reissuing import reissued
from hub.cli.rerunning import Rerunning
from hub.mapping import fingerprint
from hub.model.shapes import shape
from hub.resources import MAPPINGS
from hub.sandbox import sandbox_of
from tests.support.market_sandbox import NAME, answering, conformance, failing, market_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder of its own, with the market regulator's connection in the sandbox."""
    return market_sandbox(tmp_path, monkeypatch)


def broken(_: object) -> Finding:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (lambda _: passed("好", "good"), 0),
        (failing, 1),
        (lambda _: waits("等", "waiting"), 2),
        (broken, 3),
    ],
    ids=["pass", "fail", "incomplete", "harness"],
)
@pytest.mark.usefixtures("sandbox")
def test_run_ends_with_the_code_of_what_it_came_to(
    monkeypatch: pytest.MonkeyPatch, check: Callable[[Any], Finding], code: int
) -> None:
    answering(monkeypatch, check)
    result = conformance("run", NAME, "--level", "C1", "--json")
    assert result.exit_code == code, result.output
    document = json.loads(result.stdout)
    assert shape("conformance-session.v1").problems(document) == []
    assert document["is_certifiable"] is (code == 0)
    assert conformance("show", NAME, "--json").exit_code == code


@pytest.mark.usefixtures("sandbox")
def test_usage_and_the_unknown_have_codes_of_their_own() -> None:
    assert conformance("plan", "nobody.knows.this").exit_code == 4
    assert conformance("run", NAME, "--only", "XYZ-99").exit_code == 4
    assert conformance("show", "never-run").exit_code == 5


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (["run", NAME, "--level", "C9"], 4),
        (["run"], 4),
        (["run", NAME, "--nonsense"], 4),
        (["nonsense"], 4),
        (["--nonsense"], 4),
        (["evidence", "open", NAME], 4),
        (["certify", NAME, "--by", "张三", "--reason", "x", "--condition", "no day"], 5),
        (["certify", NAME], 4),
        (["renew", "HCC-2026-000009", NAME, "--by", "张三", "--reason", "x"], 4),
        (["suspend", "HCC-2026-000009", "--by", "张三", "--reason", "x"], 4),
        (["revoke", "HCC-2026-000009", "--by", "张三", "--second", "李四", "--reason", "x"], 4),
        (["print", "HCC-2026-000009", "--out", "x.pdf"], 4),
        (["certificates", "--out", "x.jws"], 4),
        (["issuer", "--out", "no/such/folder/x.jwks"], 4),
        (["verify", "no.jws"], 4),
        (["list", "--settings", "no.toml"], 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_whatever_is_typed_wrongly_ends_with_4_as_the_program_runs(
    monkeypatch: pytest.MonkeyPatch, typed: list[str], code: int
) -> None:
    monkeypatch.setattr("sys.argv", ["sunlight", "conformance", *typed])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code


@pytest.mark.usefixtures("sandbox")
def test_other_commands_keep_their_codes_and_help_names_those_of_this_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["sunlight", "doctor", "--nonsense"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    shown = " ".join(CliRunner().invoke(app, ["conformance", "--help"], terminal_width=200).output.split())
    for said in ("0 certifiable", "1 something fails", "2 incomplete", "3 the harness", "4 usage", "5 unknown"):
        assert said in shown


@pytest.mark.usefixtures("sandbox")
def test_certify_ends_as_the_session_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    named = ("--by", "张三", "--second", "李四", "--reason", "查验属实")
    answering(monkeypatch, failing)
    conformance("run", NAME, "--level", "C1")
    assert (failed := conformance("certify", NAME, *named)).exit_code == 1, failed.output
    assert "ENC-02 is not passed" in failed.stderr
    answering(monkeypatch, lambda _: waits("等", "waiting"))
    conformance("run", NAME, "--level", "C1", "--new")
    assert conformance("certify", NAME, *named).exit_code == 2


@pytest.mark.usefixtures("sandbox")
def test_a_signed_declaration_is_certified_as_c0_on_the_day_of_its_first_signature() -> None:
    assert conformance("run", NAME, "--level", "C0").exit_code == 0
    hub = wiring.build(settings_.load(None))
    operate.prepare(hub)
    hub.bring([wiring.load_catalogue(MAPPINGS / "taizhou-market" / "department.yaml")])
    named = ("--by", "张三", "--second", "李四", "--reason", "申报已核对")
    certified = conformance("certify", NAME, *named)
    assert certified.exit_code == 0, certified.output
    (row,) = hub.certification.certificates(NAME)
    hub.close()
    document = signing.read(row.signed, typ=CERTIFICATE, pinned=signing.pinned(signing.public_key(bureau.issuer(hub))))
    assert document["scope"]["levels"] == ["C0"]
    assert document["evidence"]["oldest"] == "2026-02-26"
    assert document["validity"]["governed_by"] == "issued", "what is registered does not age"


@pytest.mark.parametrize(
    ("check", "level", "said"),
    [
        (lambda _: passed("好", "good"), "C1", [f"sunlight conformance certify {NAME} --by"]),
        (failing, "C1", ["C1 is blocked by:", "is not passed: fail", f"run {NAME} --level C1 --only "]),
        (lambda _: waits("等", "waiting"), "C1", [f"conformance script {NAME}", f"run {NAME} --level C1"]),
        (lambda _: skipped("看不到", "unseen"), "C1", [f"sunlight conformance show {NAME}"]),
    ],
)
@pytest.mark.usefixtures("sandbox")
def test_run_ends_with_what_blocks_the_next_level_and_the_next_command(
    monkeypatch: pytest.MonkeyPatch, check: Callable[[Any], Finding], level: str, said: list[str]
) -> None:
    answering(monkeypatch, check)
    shown = conformance("run", NAME, "--level", level).stderr
    assert [each for each in said if each not in shown] == [], shown


def test_log_lines_of_a_run_go_to_a_file_unless_they_are_asked_for(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warns(_: object) -> Finding:
        logging.getLogger("hub.deciding").warning("message refused")
        return passed("好", "good")

    answering(monkeypatch, warns)
    monkeypatch.delenv("SUNLIGHT_LOG", raising=False)
    terminal = io.StringIO()
    handler = logging.StreamHandler(terminal)
    logging.getLogger().addHandler(handler)
    try:
        conformance("run", NAME, "--level", "C1")
        assert "message refused" not in terminal.getvalue()
        conformance("run", NAME, "--level", "C1", "--new", "--verbose")
    finally:
        logging.getLogger().removeHandler(handler)
    assert "message refused" in terminal.getvalue()
    log = sandbox / "var" / "sandbox" / "conformance" / "run.log"
    assert "message refused" in log.read_text(encoding="utf-8")


@pytest.mark.usefixtures("sandbox")
def test_a_plan_fits_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "OUT", Console(width=80))
    lines = conformance("plan", NAME, "--level", "C2").stdout.splitlines()
    names = [each.id for each in load_suite().tests.values() if each.level in {"C1", "C2"}]
    whole = [name for name in names if any(name in line for line in lines)]
    assert len(whole) > 30, "no name of a test is broken"
    assert len(lines) < 12 * len(whole), "no column is squeezed to a few letters"


@pytest.mark.usefixtures("sandbox")
def test_plan_says_of_every_test_whether_it_is_mine_and_why() -> None:
    document = json.loads(conformance("plan", NAME, "--level", "C3", "--json").stdout)
    named = [each["test"] for part in ("tests", "omitted", "not_tested") for each in document[part]]
    assert sorted(named) == sorted(case.id for case in load_suite().tests.values() if case.level != "C4")
    assert all(each["why"]["zh"] for each in document["tests"])


def test_the_role_runs_what_was_asked_for_and_what_a_changed_mapping_owes(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = sandbox / "live" / "taizhou-market"
    shutil.copytree(MAPPINGS / "taizhou-market", live)
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(live.parent))
    answering(monkeypatch, failing)
    conformance("run", NAME, "--level", "C2")
    answering(monkeypatch, lambda _: passed("好", "good"))
    hub = wiring.build(settings_.load(None))
    wishes_of(sandbox_of(hub.settings)).ask(Asked(connection=NAME, test="ENC-02", by="王芳", at="2026-03-02"))
    rerunning = Rerunning(hub)
    assert rerunning.step() == NAME
    sessions = sessions_of(sandbox_of(hub.settings))
    first = sessions.last(NAME)
    assert first is not None
    assert {each.test for each in first.results if each.attempt > 1} == {"ENC-02"}, "only what was asked for"
    assert rerunning.step() == "", "once"

    conformance("run", NAME, "--level", "C2", "--new")
    hub.register([wiring.load_mapping(live / "licences.yaml")], [wiring.load_catalogue(live / "department.yaml")])
    named = ("--by", "张三", "--second", "李四", "--reason", "查验属实")
    assert conformance("certify", NAME, *named).exit_code == 0
    file = live / "licences.yaml"
    text = file.read_text(encoding="utf-8").replace("encoding: gb18030", "encoding: big5")
    file.write_text(text.replace("version: 1\n", "version: 2\n"), encoding="utf-8")
    first_held = hub.certification.latest()[NAME]
    assert Rerunning(hub).step() == NAME
    again, before, held = sessions.last(NAME), sessions.all()[-2], hub.certification.latest()[NAME]
    document = signing.document_in(held.signed)
    assert Rerunning(hub).step() == "", "nothing is owed any more"
    hub.close()
    assert again is not None
    assert held.fingerprint == again.header.bindings.mapping_sha256, "issued again by the rule"
    assert (document["supersedes"], held.not_after) == (first_held.certificate_id, first_held.not_after)
    assert [each["role"] for each in document["approvals"]] == ["rule", "business", "technical"]
    assert again.header.bindings.mapping_sha256 == fingerprint(file, zone="Asia/Shanghai").whole
    rerun = {each.test for each in again.results if each.started_at > again.header.started_at}
    assert rerun, "its tests ran by themselves"
    assert {name.partition("-")[0] for name in rerun} == {"ENC"}, "only the groups of what changed"
    assert {name: again.result(name) for name in before.header.planned if name not in rerun} == {
        name: before.result(name) for name in before.header.planned if name not in rerun
    }


def test_a_mapping_that_cannot_be_read_issues_nothing_again_and_stops_nobody(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    live = sandbox / "live" / "taizhou-market"
    shutil.copytree(MAPPINGS / "taizhou-market", live)
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(live.parent))
    answering(monkeypatch, lambda _: passed("好", "good"))
    conformance("run", NAME, "--level", "C2")
    hub = wiring.build(settings_.load(None))
    hub.register([wiring.load_mapping(live / "licences.yaml")], [wiring.load_catalogue(live / "department.yaml")])
    named = ("--by", "张三", "--second", "李四", "--reason", "查验属实")
    assert conformance("certify", NAME, *named).exit_code == 0
    tried = sandbox / "var" / "sandbox" / "mappings" / "taizhou-market" / "licences.yaml"
    text = tried.read_text(encoding="utf-8").replace("encoding: gb18030", "encoding: big5")
    tried.write_text(text.replace("version: 1\n", "version: 2\n"), encoding="utf-8")
    conformance("run", NAME, "--level", "C2")
    (live / "licences.yaml").write_text("connection: {", encoding="utf-8")
    last = sessions_of(sandbox_of(hub.settings)).last(NAME)
    held = hub.certification.latest()[NAME]
    assert last is not None
    assert reissued(hub, last) is None
    assert "certificate not issued again" in caplog.text
    assert hub.certification.latest()[NAME] == held
    hub.close()


def test_what_an_edge_ships_is_tested_where_a_pinned_key_has_signed_it(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = sandbox / "inbox" / "market-1.csv"
    export.write_bytes("办件编号,事项名称\r\nA-17,许可\r\n".encode("gb18030"))
    packed, keys = sandbox / "shipped.zip", sandbox / "edge.jwks"
    mapping = str(MAPPINGS / "taizhou-market" / "licences.yaml")
    assert conformance("ship", mapping, "--out", str(packed), "--keys", str(keys)).exit_code == 0
    export.unlink()
    seen: list[bytes] = []
    answering(monkeypatch, lambda lab: seen.extend(each.raw for each in lab.records()) or passed("好", "good"))
    run = ("run", NAME, "--level", "C1", "--shipped", str(packed))
    assert conformance(*run).exit_code == 4, "nobody's key is pinned"
    assert conformance(*run, "--edge-keys", str(keys)).exit_code == 0
    assert any(b"A-17" in raw for raw in seen)
    packed.write_bytes(packed.read_bytes().replace(b"records.ndjson", b"records.ndjsom"))
    assert conformance(*run, "--edge-keys", str(keys)).exit_code == 4


@pytest.mark.usefixtures("sandbox")
def test_a_department_whose_cases_did_not_come_yet_is_waited_for_and_nothing_of_it_is_believed() -> None:
    result = conformance("run", NAME, "--level", "C1", "--json")
    assert result.exit_code == 2, result.output
    standing = {each["test"]: each.get("verdict", each["lifecycle"]) for each in json.loads(result.stdout)["results"]}
    assert standing["ENC-02"] == "waiting"
    assert standing["TRN-F01"] == "skip"
    assert standing["GOV-01"] == "pass"
    assert standing["CNF-06"] == "waiting", "no test case is there that could have strayed"
    session = json.loads(result.stdout)["header"]["session"]
    scripted = json.loads(conformance("script", NAME, "--json").stdout)
    assert scripted[0]["marker"] == f"TST-{session}-01"
    assert scripted[0]["acts"][0]["type"] == "case.received"


@pytest.mark.parametrize(
    ("written", "instead"),
    [("transport: files", "transport: push"), ("encoding: gb18030", "encoding: utf-8"), (NAME, "taizhou.other.one")],
)
def test_a_declaration_that_was_edited_after_the_trial_shrinks_no_test(
    sandbox: Path, written: str, instead: str
) -> None:
    path = sandbox / "var" / "sandbox" / "mappings" / "taizhou-market" / "conformance" / "licences.yml"
    text = path.read_text(encoding="utf-8")
    assert written in text
    path.write_text(text.replace(written, instead, 1), encoding="utf-8")
    result = conformance("run", NAME, "--level", "C1")
    assert (result.exit_code, "ics.differs" in result.output) == (4, True), result.output


def test_a_full_disc_is_the_harness_s_fault_and_the_session_goes_on_once_there_is_room(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, lambda _: passed("好", "good"))
    real, written = Sessions.add, list[str]()

    def add(self: Sessions, session: str, line: Any) -> None:
        written.append(session)
        if len(written) == 3:
            with (self.folder / session / RECORD).open("ab") as record:
                record.write(b'{"line":"resu')
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, session, line)

    monkeypatch.setattr(Sessions, "add", add)
    result = conformance("run", NAME, "--level", "C1")
    assert (result.exit_code, "No space left" in result.output) == (3, True), result.output
    monkeypatch.setattr(Sessions, "add", real)
    result = conformance("run", NAME, "--level", "C1", "--json")
    assert json.loads(result.stdout)["is_certifiable"], result.output
    assert sandbox.is_dir()
    assert conformance("report", NAME, "--html", str(sandbox / "nowhere" / "x.html")).exit_code == 4
