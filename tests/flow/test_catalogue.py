"""The catalogue kept by people: lists and YAML from the terminal, proposals over the API, four eyes, files brought."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.catalogue.lists import write_book
from hub.cli.main import app
from hub.errors import Misconfigured
from tests.flow.test_alert_moves import Office, a_holder
from tests.support.desks import DEPARTMENT, a_client, a_desk
from tests.unit.supervision.test_notice import YAML
from tests.unit.test_powerlist import A_ROW, HELD, OTHER, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from hub.wiring import Hub


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("hub.cli.acting.WAIT_S", 0.0)
    hub = a_desk(tmp_path)
    with a_client(hub) as client:
        made = Office(hub, client)
        yield made
        made.close()
    hub.close()


def run(*words: str, code: int = 0) -> Any:
    """Run a command with --json; return what it says."""
    result: Result = CliRunner().invoke(app, ["catalogue", *words, "--json"])
    assert result.exit_code == code, (result.output, result.exception)
    return orjson.loads(result.output)


def test_a_list_is_imported_approved_exported_and_imported_again_is_no_change(office: Office, tmp_path: Path) -> None:
    template, book, back = (str(tmp_path / name) for name in ("t.xlsx", "b.xlsx", "back.xlsx"))
    run("template", template)
    answered = run("import", template, "--by", "李四", "--dry-run")
    assert [(row["row"], row["outcome"], row["problems"]) for row in answered["rows"]] == [(2, "added", [])]
    bad = {**A_ROW, "实施编码": "M2", "承诺办结时限": "很快"}
    write_book(tmp_path / "b.xlsx", [*A_ROW, "承诺办结时限"], [A_ROW, bad])
    said = run("import", book, "--department", DEPARTMENT, "--by", "李四", code=2)
    assert [row["outcome"] for row in said["rows"]] == ["added", "refused"]
    assert said["rows"][1]["problems"][0]["column"] == "承诺办结时限"
    office.line.settle(1)
    (change,) = run("changes", "--state", "proposed")
    assert (change["number"], change["proposed_by"], change["parts"]) == (2, "李四", ["matter 事项 M1 version 1"])
    whole = run("changes", "2")
    assert whole["details"][0]["what"] == "added"
    assert {each["rule_id"] for each in whole["lint"]} == {"R03"}
    refused = CliRunner().invoke(app, ["catalogue", "approve", "2", "--by", "李四"])
    assert isinstance(refused.exception, Misconfigured)
    assert "four eyes" in str(refused.exception)
    assert run("list") == []
    run("approve", "2", "--by", "王五")
    office.line.settle(2)
    assert [each["matter_code"] for each in run("list", "--on", "2026-07-01")] == ["M1"]
    assert run("list", "--on", "2026-06-30") == []
    assert run("show", "M1")["changes"][0]["decided_by"] == "王五"
    run("export", DEPARTMENT, "--out", back)
    again = run("import", back, "--by", "李四")
    assert ([row["outcome"] for row in again["rows"]], again["changes"]) == (["same"], [])
    run("export", DEPARTMENT, "--out", str(tmp_path / "back.yaml"))
    assert run("import", str(tmp_path / "back.yaml"), "--by", "李四")["changes"] == []


def test_a_refused_change_stays_in_the_history(office: Office, tmp_path: Path) -> None:
    write_book(tmp_path / "b.xlsx", [*A_ROW], [A_ROW])
    run("import", str(tmp_path / "b.xlsx"), "--department", DEPARTMENT, "--by", "李四")
    office.line.settle(1)
    run("refuse", "2", "--by", "王五", "--note", "依据已废止")
    office.line.settle(1)
    assert [(each["state"], each["reason"]) for each in run("changes")] == [("refused", "依据已废止"), ("imported", "")]


def test_lint_names_the_row_or_the_line(office: Office, tmp_path: Path) -> None:
    row = {**A_ROW, "法定办结时限": "20工作日", "承诺办结时限": "30工作日", "设定依据": "《建筑法》第7条",
           "材料": "表", "环节": "a 受理|时限=40工作日", "公开日期": "2026-07-02"}  # fmt: skip
    write_book(tmp_path / "b.xlsx", [*row], [row])
    found = run("lint", str(tmp_path / "b.xlsx"), "--department", DEPARTMENT, code=2)
    assert [each["rule_id"] for each in found] == ["R04", "R05"]
    assert {each["place"] for each in found} == {f"{tmp_path}/b.xlsx:2"}
    document = {**office.hub.store.catalogue()[0], "matters": [
        {"matter_code": "P1", "version": "1", "name": "罚", "power_type": "02", "valid_from": "2026-01-01",
         "legal_basis": [{"title": "法"}], "flow": {"stages": [{"code": "a", "name": "立案"}]},
         "discretion_table": [
             {"violation_code": "V", "tier": "1", "min": "0", "max": "100"},
             {"violation_code": "V", "tier": "2", "min": "200", "max": "300"}]}]}  # fmt: skip
    path = tmp_path / "department.yaml"
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    (gap,) = [each for each in run("lint", str(path), code=2) if each["rule_id"] == "R06"]
    line = path.read_text(encoding="utf-8").splitlines().index('  "matters": [') + 2
    assert gap["place"].startswith(f"{path}:{line}:")


def propose(office: Office, who: dict[str, str], **body: Any) -> Any:
    body = {"department_id": DEPARTMENT, "note": "新增"} | body
    return office.client.post("/v1/catalogue/changes", json=body, headers=who)


def test_over_the_api_one_person_proposes_and_another_with_the_right_approves(office: Office) -> None:
    author = a_holder(office.hub, "author", "catalogue:propose", "catalogue:review", department=DEPARTMENT)
    colleague = a_holder(office.hub, "colleague", "catalogue:review", department=DEPARTMENT)
    legal = a_holder(office.hub, "legal", "catalogue:review")
    answer = propose(office, author, matters=[WHOLE])
    assert office.settled(answer) == "done"
    name = answer.json()["change_id"]
    decision = f"/v1/catalogue/changes/{name}/decision"
    for who, body, status in (
        (office.reader, {"decision": "approve"}, 403),
        (author, {"decision": "approve"}, 409),
        (colleague, {"decision": "approve"}, 409),
        (legal, {"decision": "refuse"}, 409),
    ):
        assert office.client.post(decision, json=body, headers=who).status_code == status
    office.line.settle(2)
    assert office.client.get("/v1/catalogue?on=2026-07-01", headers=office.reader).json()["items"] == []
    approved = office.client.post(decision, json={"decision": "approve"}, headers=legal)
    assert office.settled(approved) == "done"
    (item,) = office.client.get("/v1/catalogue?on=2026-07-01", headers=office.reader).json()["items"]
    assert item == {"department_id": DEPARTMENT, **WHOLE}
    told = office.client.get(f"/v1/catalogue/matters/{WHOLE['matter_code']}", headers=office.reader).json()
    assert told["changes"][0]["decided_by"].startswith("legal ")
    assert told["changes"][0]["proposed_by"].startswith("author ")
    acts = [act for act, _ in office.acts() if act.startswith(("catalogue", "refused"))]
    assert [act.split(": ")[:2] for act in acts] == [
        ["catalogue.propose"],
        ["refused", "catalogue.same-person"],
        ["refused", "catalogue.own-department"],
        ["refused", "catalogue.note"],
        ["catalogue.approve"],
    ]


def test_a_proposal_that_cannot_be_is_refused_at_once(office: Office) -> None:
    author = a_holder(office.hub, "author", "catalogue:propose", department=DEPARTMENT)
    for body, status in (
        ({"matters": [{**HELD, "power_type": "77"}]}, 422),
        ({"matters": [HELD, HELD]}, 422),
        ({"matters": []}, 422),
        ({"document": office.hub.store.catalogue()[0]}, 409),
        ({"matters": [HELD], "department_id": OTHER}, 403),
    ):
        answer = propose(office, author, **body)
        assert answer.status_code == status, answer.text
        assert answer.json()["hint"]
    assert propose(office, office.reader, matters=[HELD]).status_code == 403


def brought(hub: Hub, *, name: str) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(dict(hub.store.catalogue()[0]))
    document["department"]["name"] = name
    return document


def test_a_changed_file_is_proposed_once_and_does_not_undo_what_was_approved_since(office: Office) -> None:
    hub, first = office.hub, brought(office.hub, name="第一名")
    hub.bring([first])
    hub.bring([first])
    office.line.settle(1)
    (change,) = hub.queries.catalogue_changes(state="proposed")
    assert "@" in change.proposed_by
    assert hub.store.catalogue()[0]["department"]["name"] != "第一名"
    hub.terms.decide(change.change_id, approve=True, by="王五", note="")
    office.line.settle(1)
    assert hub.store.catalogue()[0]["department"]["name"] == "第一名"
    author = a_holder(hub, "author", "catalogue:propose")
    answer = propose(office, author, matters=[HELD])
    office.line.settle(1)
    hub.terms.decide(answer.json()["change_id"], approve=True, by="王五", note="")
    office.line.settle(1)
    hub.bring([first])
    office.line.settle()
    assert hub.queries.catalogue_changes(state="proposed") == []


def test_a_notice_is_loaded_from_the_terminal_and_shown(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "2027.yaml"
    path.write_text(YAML, encoding="utf-8")

    def calendar(*words: str) -> Any:
        result: Result = CliRunner().invoke(app, ["calendar", *words, "--json"])
        assert result.exit_code == 0, (result.output, result.exception)
        return orjson.loads(result.output)

    assert calendar("load", str(path), "--dry-run")["working_days"] > 240
    assert not calendar("show", "2027")["announced"]
    assert "it is entered once" in calendar("load", str(path), "--by", "王五")["outcome"]
    office.line.settle(1)
    told = calendar("show", "2027")
    assert (told["announced"], told["notices"][0]["by"]) == (True, "王五")
    assert {"day": "2027-01-30", "weekday": "Saturday", "is": "worked"} in told["exceptions"]
    office.hub.clock.move_to(datetime.fromisoformat("2026-12-01T08:00:00+08:00"))  # type: ignore[attr-defined]
    assert office.client.get("/readyz").json()["status"] == "ready"


def test_a_missing_notice_makes_the_hub_degraded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.health.KEEP_S", 0.0)
    assert office.client.get("/readyz").json()["status"] == "ready"
    office.hub.clock.move_to(datetime.fromisoformat("2026-12-01T08:00:00+08:00"))  # type: ignore[attr-defined]
    body = office.client.get("/readyz").json()
    assert (body["status"], body["notes"][0][:9]) == ("degraded", "calendar:")
    assert "2027" in body["notes"][0]
