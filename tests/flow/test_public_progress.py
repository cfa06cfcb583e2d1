"""A case by its number and code: how it stands and by when, nothing personal, nothing to others; and its rating."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from lxml import html
from typer.testing import CliRunner

from hub.citizens.complaint import read
from hub.citizens.tracking import secret_for
from hub.cli.main import app
from hub.mapping import TOKEN_KEY
from tests.support.citizens import HOUSING, INNER, Site, a_public_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

ABOUT = {
    "title": "内部甲申请施工许可", "applicant": {"name_masked": "内部乙", "phone_masked": "138****1234"},
    "matter_code": "A-1", "matter_name": "施工许可", "handling_office": "内部丙",
}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv(TOKEN_KEY, "k" * 64)
    opened = Site(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with a_public_client(site.hub, parts=site.parts) as opened:
        yield opened


def held(site: Site, number: str, *kinds: str, **more: Any) -> dict[str, str]:
    """Let a case happen; return its number and code."""
    case_id = site.centre.case(number, *kinds, case=ABOUT, **more)
    return {"number": number, "secret": secret_for(site.parts.key, "case", case_id)}


def told(client: httpx.Client, holder: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = client.post("/public/v1/cases/progress", json=holder).json()
    return found


def seen(answer: httpx.Response) -> str:
    return " ".join(html.fromstring(answer.text).text_content().split())


def test_a_case_shows_its_steps_and_limits_and_nothing_personal(site: Site, client: httpx.Client) -> None:
    holder = held(site, "ZJ-1", operator={"staff_code": "INNER"}, opinion="内部丁")
    page = client.post("/progress", data=holder)
    for said in (
        "ZJ-1",
        "已受理",
        "建筑工程施工许可证核发",
        "泰州市住房和城乡建设局",
        "承诺时限",
        "2026-04-07 24:00",
        "收件登记",
    ):
        assert said in seen(page), said
    api = client.post("/public/v1/cases/progress", json=holder)
    assert [step["type"] for step in api.json()["steps"]] == ["case.received", "case.accepted"]
    assert {each["kind"] for each in api.json()["limits"]} == {"acceptance", "promised", "statutory"}
    for text in (page.text, api.text):
        assert [word for word in (*INNER, "138", "city.centre.test") if word in text] == []
    assert "Case number" in seen(client.get("/en/progress"))


def test_moves_between_the_authorities_stay_with_them(site: Site, client: httpx.Client) -> None:
    holder = held(site, "ZJ-1", "case.received", "case.accepted", "case.forwarded", "stage.completed", "case.closed",
                  stage_name="审查 13800001234")  # fmt: skip
    found = told(client, holder)
    assert [step["type"] for step in found["steps"]] == [
        "case.received", "case.accepted", "stage.completed", "case.closed",
    ]  # fmt: skip
    assert found["state"] == "closed"
    assert "13800001234" not in str(found), "a stage's name is free text, and shown as the public view shows it"


@pytest.mark.parametrize("class_", ["restricted", "secret"])
def test_what_is_closed_and_what_is_not_there_are_answered_alike(site: Site, client: httpx.Client, class_: str) -> None:
    closed, open_ = held(site, "ZJ-1", disclosure=class_), held(site, "ZJ-2")
    complaint = site.centre.say("TS-1", "complaint.registered")
    assert complaint is None
    asked = [
        closed,
        {**open_, "number": "ZJ-9"},
        {**open_, "secret": closed["secret"]},
        {"number": "TS-1", "secret": secret_for(site.parts.key, "complaint", "TS-1")},
        {"number": "", "secret": ""},
        {"number": "\u0000", "secret": "\u0000"},
    ]
    answers = [client.post("/public/v1/cases/progress", json=each) for each in asked]
    assert {(each.status_code, each.text) for each in answers} == {(404, answers[0].text)}
    assert told(client, open_)["state"] == "accepted"


def test_of_two_cases_of_one_number_a_code_opens_its_own(site: Site, client: httpx.Client) -> None:
    other = held(site, "TS-WMW2-8M3D-WCQ8")
    site.centre.say("TS-WMW2-8M3D-WCQ8", "complaint.registered")
    assert told(client, other)["state"] == "accepted"


def test_a_case_is_rated_when_it_is_done_and_stays_the_departments(site: Site, client: httpx.Client) -> None:
    holder = held(site, "ZJ-1")
    assert client.post("/progress", data={**holder, "act": "rate", "score": "5"}).status_code == 409
    site.centre.case("ZJ-1", "case.closed", case=ABOUT)
    before = site.hub.queries.case_by_number("ZJ-1")
    assert before is not None
    row = site.hub.queries.case(before)
    rated = client.post("/progress", data={**holder, "act": "rate", "score": "5", "reason": "太慢", "real_name": "1"})
    assert rated.status_code == 200
    site.centre.drain()
    assert told(client, holder)["rating"]["score"] == "5"
    after = site.hub.queries.case(before)
    same = ("case_no", "connection_id", "department_id", "region_code", "matter_code", "title", "disclosure", "state")
    assert row is not None
    assert after is not None
    assert [after[name] for name in same] == [row[name] for name in same]
    assert {clock.kind for clock in after["clocks"]} >= {"rating_contact", "rating_answer"}
    assert not site.hub.queries.open_quarantine()


def test_an_anonymous_bad_rating_starts_no_clock_and_a_rating_can_be_changed_for_a_while(
    site: Site, client: httpx.Client
) -> None:
    holder = held(site, "ZJ-1", "case.received", "case.accepted", "case.closed")
    for score in ("4", "1"):
        body = {**holder, "score": score}
        assert client.post("/public/v1/cases/rating", json=body).status_code == 202
        site.later(timedelta(days=20))
        site.centre.drain()
    found = told(client, holder)
    assert (found["rating"]["score"], found["may_rate"]) == ("1", True)
    case = site.hub.queries.case(site.hub.queries.case_by_number("ZJ-1") or "")
    assert case is not None
    assert not [clock.kind for clock in case["clocks"] if clock.kind.startswith("rating")]
    site.later(timedelta(days=11))
    assert told(client, holder)["may_rate"] is False
    assert client.post("/public/v1/cases/rating", json={**holder, "score": "2"}).status_code == 409


def test_the_operator_prints_the_code_of_a_case_or_a_complaint(
    site: Site, client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    holder = held(site, "ZJ-1")
    site.centre.say("热线-7", "complaint.registered")
    printed = CliRunner().invoke(app, ["public", "token", "ZJ-1"], env={"COLUMNS": "200"})
    assert holder["secret"] in printed.output
    found = CliRunner().invoke(app, ["public", "token", "热线-7", "--json"])
    assert secret_for(site.parts.key, "complaint", "热线-7") in found.output
    status = {"number": "热线-7", "secret": secret_for(site.parts.key, "complaint", "热线-7")}
    assert client.post("/public/v1/complaints/status", json=status).json()["state"] == "registered"
    assert CliRunner().invoke(app, ["public", "token", "ZJ-404"]).exit_code != 0
    assert HOUSING in printed.output


def test_a_contact_is_opened_with_a_reason_which_the_ledger_keeps(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    form = {"kind": "help", "title": "求助", "content": "求助。"}
    numbers = []
    for more in ({"name": "马喆", "phone": "13800001234"}, {"anonymous": "1"}):
        said, wrong = read({**form, **more}, None, city="321200")
        assert wrong == []
        numbers.append(site.sending.register(said, "n").number)
    site.centre.drain()
    opened = CliRunner().invoke(app, ["public", "contact", numbers[0], "--why", "回访"])
    assert "13800001234" in opened.output
    for wrong_call in ([numbers[0], "--why", " "], [numbers[1], "--why", "回访"], ["TS-1", "--why", "回访"]):
        assert CliRunner().invoke(app, ["public", "contact", *wrong_call]).exit_code != 0
    site.centre.drain()
    case_id = site.hub.queries.case_by_number(numbers[0])
    with site.hub.store._engine.connect() as connection:
        acts = connection.exec_driver_sql("SELECT body FROM ledger WHERE kind = 'act'").scalars().all()
    (act,) = [orjson.loads(body)["data"] for body in acts if b"contact.opened" in body]
    assert (act["subject"], act["note"]) == (case_id, "回访")
