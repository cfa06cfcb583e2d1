"""Complaints at the hub's own pages: each sees what is theirs, does what is theirs, and the ledger has it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.cli.gatewaying import parts_of
from hub.cli.main import app
from hub.errors import Misconfigured
from tests.support.desks import a_client
from tests.support.hotline_town import (
    CENTRE,
    DIGEST,
    DISCIPLINE,
    HOUSING,
    MARKET,
    PHOTO,
    TEXT,
    TITLE,
    Person,
    Town,
    a_photo,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    opened = Town(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def people(town: Town) -> Iterator[dict[str, Person]]:
    parts = replace(
        parts_of(town.hub, town.queries, pushing=town.pushed),
        attachments=a_photo,
        kept_file=lambda _: iter([PHOTO]),
    )
    keys = {
        "staff": town.key("王五", "complaints:centre", CENTRE),
        "housing": town.key("李四", "complaints:handle", HOUSING),
        "market": town.key("赵六", "complaints:handle", MARKET),
        "discipline": town.key("郑十", "complaints:handle", DISCIPLINE),
        "bureau": town.key("孙八", "complaints:centre", ""),
        "nobody": town.key("钱七", "cases:read", ""),
        "restricted": town.key("周九", "cases:read cases:read:restricted", ""),
    }
    with a_client(town.hub, parts=parts) as client:
        yield {name: Person(town, client, headers) for name, headers in keys.items()}


def test_a_department_without_a_connection_gets_its_complaint_and_answers_it(
    town: Town, people: dict[str, Person]
) -> None:
    staff, housing = people["staff"], people["housing"]
    case = town.register("RX-1")
    assert staff.may(case) == {"accepted", "not_accepted", "dispatched", "transferred", "linked", "withdrawn"}
    assert housing.lists() == []
    assert staff.does(case, "accepted").status_code == 202
    assert staff.does(case, "dispatched", department_id=HOUSING, days=10).status_code == 202
    assert (housing.lists(), people["market"].lists()) == (["RX-1"], [])
    assert housing.may(case) == {"signed", "started", "returned", "extension_requested", "replied"}
    housing.does(case, "signed")
    housing.does(case, "extension_requested", reason="需现场检测", days=3)
    before = staff.sees(case)["due_at"]
    assert staff.does(case, "extended", days=3).status_code == 202
    assert (before[:10], staff.sees(case)["due_at"][:10]) == ("2026-04-17", "2026-04-22")
    assert housing.does(case, "replied", reply="已责令整改", outcome="substantiated").status_code == 202
    assert staff.may(case) == {"followed_up", "reworked", "withdrawn", "closed"}
    staff.does(case, "followed_up", reached=True, solved=True, satisfaction=2)
    staff.does(case, "closed")
    told = staff.sees(case)
    assert (told["state"], [each["anomaly"] for each in told["timeline"]]) == ("closed", [None] * 9)
    assert town.queries.summary()["alerts"] == {}


def test_what_is_not_allowed_now_is_refused_before_it_is_sent(town: Town, people: dict[str, Person]) -> None:
    staff, housing = people["staff"], people["housing"]
    case = town.register("RX-1")
    assert staff.does(case, "closed").status_code == 409
    staff.does(case, "dispatched", department_id=HOUSING, days=5)
    assert housing.does(case, "returned", reason="不属于本单位").status_code == 422
    assert housing.does(case, "returned", reason="不属于本单位", basis="办法第九条").status_code == 202
    assert housing.sees(case) == {}
    staff.does(case, "redispatched", department_id=HOUSING)
    again = housing.does(case, "returned", reason="不属于本单位", basis="办法第九条")
    assert (again.status_code, "仲裁" in again.json()["detail"]) == (409, True)
    assert housing.does(case, "accepted").status_code == 409
    assert staff.does(case, "dispatched", department_id="11321200014000036F", days=5).status_code in (409, 422)
    assert len(staff.sees(case)["timeline"]) == 4


def test_returns_beyond_the_limit_are_arbitrated_and_the_designated_department_keeps_it(
    town: Town, people: dict[str, Person]
) -> None:
    staff, housing, market = people["staff"], people["housing"], people["market"]
    case = town.register("RX-1")
    staff.does(case, "dispatched", department_id=HOUSING, days=5)
    housing.does(case, "returned", reason="不属于本单位", basis="办法第九条")
    assert staff.does(case, "arbitrated", department_id=MARKET, reason="食品属市场监管").status_code == 202
    assert staff.does(case, "redispatched", department_id=HOUSING).status_code == 409
    assert staff.does(case, "redispatched", department_id=MARKET).status_code == 202
    assert "returned" not in market.may(case)
    assert market.may(case) >= {"signed", "replied"}


def test_the_same_wish_sent_again_is_the_same_move(town: Town, people: dict[str, Person]) -> None:
    case = town.register("RX-1")
    first = people["staff"].does(case, "dispatched", department_id=HOUSING, days=5, id="a")
    second = people["housing"].does(case, "extension_requested", reason="检测", days=2, id="b")
    third = people["housing"].does(case, "extension_requested", reason="检测", days=2, id="b")
    assert second.json()["receipt_id"] == third.json()["receipt_id"]
    assert first.json()["receipt_id"] != second.json()["receipt_id"]
    assert [each["type"] for each in people["staff"].sees(case)["timeline"]].count("complaint.extension_requested") == 1


def test_an_id_names_one_move_of_one_department(town: Town, people: dict[str, Person]) -> None:
    housing, same_name = people["housing"], town.key("李四", "complaints:handle", MARKET)
    market = Person(town, housing.client, same_name)
    case = town.register("RX-1")
    people["staff"].does(case, "dispatched", department_id=HOUSING, days=5)
    assert housing.does(case, "returned", reason="不属于本单位", basis="办法第九条", id="1").status_code == 202
    people["staff"].does(case, "redispatched", department_id=MARKET)
    assert market.does(case, "replied", reply="已查处", outcome="partly", id="1").status_code == 202
    people["staff"].does(case, "reworked", reason="再查", days=2)
    assert market.does(case, "replied", reply="查无此事", outcome="unsubstantiated", id="1").status_code == 409
    assert people["staff"].sees(case)["state"] == "in_progress"


def test_a_report_is_not_passed_to_a_centre_of_the_unit_it_is_about(town: Town, people: dict[str, Person]) -> None:
    own = {"centre_id": "housing.mailbox", "name": "住建局信箱", "region_code": "321200", "channels": ["mailbox"]}
    named = {"department_id": HOUSING, "name": "住建局", "region_code": "321200", "centres": [own]}
    town.hub.store.load_catalogue([{"department": named}])
    case = town.register("JB-1", kind="report", respondent=HOUSING, text=TEXT)
    plain = town.register("RX-1")
    wish = {"centre_id": "housing.mailbox", "reason": "属住建"}
    assert people["staff"].does(case, "transferred", **wish).status_code == 422
    assert people["staff"].does(plain, "transferred", **wish).status_code == 202


def test_who_assists_sees_the_complaint_and_answers_the_lead(town: Town, people: dict[str, Person]) -> None:
    staff, housing, market = people["staff"], people["housing"], people["market"]
    case = town.register("RX-1")
    staff.does(case, "dispatched", department_id=HOUSING, days=5)
    staff.does(case, "assist_asked", department_id=MARKET, days=2)
    assert market.may(case) == {"assisted"}
    assert market.does(case, "replied", reply="x", outcome="partly").status_code == 409
    assert market.does(case, "assisted", reply="已查证照").status_code == 202
    seen = [item["text"] for each in housing.sees(case)["timeline"] for item in each["said"]]
    assert "已查证照" in seen


def test_a_report_is_never_seen_by_the_unit_it_is_about_nor_sent_to_it(town: Town, people: dict[str, Person]) -> None:
    staff, housing, market = people["staff"], people["housing"], people["market"]
    case = town.register("JB-1", kind="report", respondent=HOUSING, title="举报住建局李某", text=TEXT)
    choices = next(each for each in staff.sees(case)["moves"] if each["move"] == "dispatched")["fields"][0]["choices"]
    assert set(choices) == {DISCIPLINE}, "into no ordinary dispatch"
    for other in (HOUSING, MARKET):
        assert staff.does(case, "dispatched", department_id=other, days=5).status_code == 422
    assert staff.does(case, "dispatched", department_id=DISCIPLINE, days=5).status_code == 202
    for other in (housing, market):
        assert (other.sees(case), other.lists()) == ({}, [])
    assert "张三" not in orjson.dumps(people["discipline"].sees(case)).decode()
    assert people["discipline"].does(case, "signed").status_code == 202
    assert staff.sees(case)["about"]["content"] == TEXT


def test_a_report_that_names_nobody_is_shown_to_whoever_takes_reports(town: Town, people: dict[str, Person]) -> None:
    case = town.register("JB-1", kind="report", title="举报有人受贿", text=TEXT)
    assert people["staff"].does(case, "dispatched", department_id=DISCIPLINE, days=5).status_code == 202
    assert people["discipline"].lists() == ["JB-1"]
    assert "举报有人受贿" in str(people["discipline"].sees(case))


def test_a_report_of_the_centre_itself_is_shown_to_none_of_its_staff(town: Town, people: dict[str, Person]) -> None:
    case = town.register("JB-1", kind="report", respondent=CENTRE, title="举报投诉中心李某", text=TEXT)
    staff, bureau = people["staff"], people["bureau"]
    assert (staff.sees(case), staff.lists()) == ({}, [])
    assert staff.does(case, "accepted").status_code == 404
    assert (bureau.sees(case)["about"]["content"], bureau.lists()) == (TEXT, ["JB-1"])
    assert bureau.does(case, "accepted").status_code == 202


def test_the_intranet_does_not_hand_out_files_of_complaints(town: Town, people: dict[str, Person]) -> None:
    """Whoever is complained of reads the intranet too."""
    case = town.register("RX-1")
    for who, expected in (("nobody", (404, 0)), ("restricted", (200, 1))):
        person = people[who]
        told = person.client.get(f"/v1/cases/{case}/attachments", headers=person.headers)
        file = person.client.get(f"/v1/cases/{case}/attachments/{DIGEST}", headers=person.headers)
        assert (file.status_code, len(told.json()["items"])) == expected, who


def test_a_complainant_who_asked_for_it_stays_unknown_to_the_department(town: Town, people: dict[str, Person]) -> None:
    case = town.register("RX-1", hidden="true")
    people["staff"].does(case, "dispatched", department_id=HOUSING, days=5)
    told = people["housing"].sees(case)
    assert told["title"] != TITLE
    assert "张三" not in orjson.dumps(told).decode()
    page = people["housing"].client.get(
        f"/complaints/{case}", headers={**people["housing"].headers, "Accept": "text/html"}
    )
    assert "张三" not in page.text


def test_files_go_to_whoever_may_know_the_complainant_and_to_nobody_else(town: Town, people: dict[str, Person]) -> None:
    plain, hidden = town.register("RX-1"), town.register("RX-2", hidden="true")
    for case in (plain, hidden):
        people["staff"].does(case, "dispatched", department_id=HOUSING, days=5)

    def fetched(who: str, case: str) -> tuple[int, int]:
        path, person = f"/v1/complaints/{case}/attachments/{DIGEST}", people[who]
        answer = person.client.get(path, headers=person.headers)
        assert answer.status_code != 200 or answer.content == PHOTO
        return answer.status_code, len(person.sees(case).get("attachments", ()))

    assert (fetched("staff", plain), fetched("staff", hidden)) == ((200, 1), (200, 1))
    assert (fetched("housing", plain), fetched("housing", hidden)) == ((200, 1), (404, 0))
    assert fetched("market", plain) == (404, 0)
    assert fetched("nobody", plain)[0] == 403


def test_a_key_for_something_else_opens_no_complaint(town: Town, people: dict[str, Person]) -> None:
    case, nobody = town.register("RX-1"), people["nobody"]
    for path in ("/v1/complaints", f"/v1/complaints/{case}", "/complaints", f"/complaints/{case}"):
        assert nobody.client.get(path, headers=nobody.headers).status_code == 403
    assert nobody.does(case, "accepted").status_code == 403
    people["staff"].does(case, "dispatched", department_id=HOUSING, days=5)
    assert people["market"].does(case, "signed").status_code == 404


def test_the_pages_offer_what_may_be_done_and_do_it(town: Town, people: dict[str, Person]) -> None:
    staff, housing = people["staff"], people["housing"]
    case = town.register("RX-1")
    staff.does(case, "dispatched", department_id=HOUSING, days=5)
    html = {"Accept": "text/html"}
    listed = housing.client.get("/complaints", headers={**housing.headers, **html})
    assert f'href="/complaints/{case}"' in listed.text
    page = housing.client.get(f"/complaints/{case}", headers={**housing.headers, **html})
    assert 'value="returned"' in page.text
    assert 'value="dispatched"' not in page.text
    form = {"move": "signed", "id": "form-1"}
    done = housing.client.post(
        f"/complaints/{case}", data=form, headers={**housing.headers, **html}, follow_redirects=False
    )
    assert done.status_code == 303
    waiting = housing.client.get(done.headers["location"], headers={**housing.headers, **html})
    assert ("等待入账" in waiting.text, "refresh" in waiting.headers) == (True, True)
    assert 'name="move"' not in waiting.text, "what is on its way is not offered a second time"
    town.drain()
    after = housing.client.get(done.headers["location"], headers={**housing.headers, **html})
    assert "已入账" in after.text
    assert 'value="signed"' not in after.text
    assert "refresh" not in after.headers
    for said in ("12345热线 hotline", "热线件 hotline", "兴化市"):
        assert said in after.text, "who handles it is told what it is, how it came, and where"


def test_who_logs_in_is_led_to_what_their_key_opens(town: Town, people: dict[str, Person]) -> None:
    client, key = people["housing"].client, town.token("李四", "complaints:handle", HOUSING)
    inside = client.post("/login", data={"key": key, "next": "/"}, follow_redirects=True)
    assert (inside.status_code, inside.url.path) == (200, "/complaints")
    assert 'href="/quarantine"' not in inside.text, "nothing is offered that would be refused"
    refused = client.get("/cases")
    assert refused.status_code == 403
    assert 'href="/complaints">返回首页' in refused.text
    client.cookies.clear()


def test_a_duplicate_is_linked_and_a_centre_passed_on_is_out_of_it(town: Town, people: dict[str, Person]) -> None:
    staff = people["staff"]
    first, second = town.register("RX-1"), town.register("RX-2")
    assert staff.does(second, "linked", original="RX-2").status_code == 409
    assert staff.does(second, "linked", original="RX-1").status_code == 202
    assert staff.sees(second)["state"] == "linked"
    assert staff.does(first, "linked", original="RX-2").status_code == 409, "nobody would answer either"
    assert staff.does(first, "linked", original="RX-9").status_code == 409, "there is no such complaint"
    assert staff.does(first, "transferred", centre_id="city.hotline", reason="x").status_code == 409
    assert staff.does(first, "transferred", centre_id="city.online", reason="网上件").status_code == 202
    assert staff.sees(first)["state"] == "registered"


def test_the_command_lists_shows_and_moves_complaints(
    tmp_path: Path, town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    town.register("RX-1")

    def said(*words: str) -> Any:
        app(["complaint", *words, "--json"], standalone_mode=False)
        return orjson.loads(capsys.readouterr().out)

    assert [each["case_no"] for each in said("list")["complaints"]] == ["RX-1"]
    assert said("show", "RX-1")["moves"][0] == "accepted"
    said("move", "RX-1", "dispatched", "--to", HOUSING, "--days", "5", "--by", "王五")
    town.drain()
    assert said("list", "--department", HOUSING)["complaints"][0]["state"] == "dispatched"
    assert "signed" in said("show", "RX-1", "--department", HOUSING)["moves"]
    with pytest.raises(Misconfigured, match="closed is not allowed now"):
        said("move", "RX-1", "closed")
    monkeypatch.setattr("hub.cli.common.OUT.width", 140)
    app(["complaint", "show", "RX-1"], standalone_mode=False)
    shown = capsys.readouterr().out
    for text in ("已派单 dispatched", "泰州市住房和城乡建设局", "投诉办理时限", " 24:00, 计时中 running"):
        assert text in shown, "people are told in words, and a limit ends at 24:00 of its last day"
