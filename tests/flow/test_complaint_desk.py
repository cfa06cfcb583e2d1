"""Complaints at the hub's own pages: each sees what is theirs, does what is theirs, and the ledger has it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from connectors.push import push_format
from gateway.reading import Pushed
from hub import mapping
from hub.catalogue import load_catalogue
from hub.cli.gatewaying import parts_of
from hub.cli.main import app
from hub.clock import SystemClock
from hub.errors import Misconfigured
from hub.identity import issue
from hub.importing import registration
from hub.model import ids
from hub.model.attachments import Attachment
from hub.model.values import Record
from hub.pushing import Push, body_digest
from hub.resources import MAPPINGS
from hub.store.queries import Queries
from tests.support.desks import a_client, bearer
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import httpx

CENTRE, HOUSING, MARKET = "11321200014005005D", "11321200014000028L", "113212000140010128"
NOW: Final = datetime(2026, 4, 1, 1, tzinfo=UTC)
HOTLINE: Final = """
connection: city.complaints
version: 1
department: "11321200014005005D"
kind: push
connect: {format: json}
read: {names: {about: respondent}}
case:
  numbering: city.complaints
  source_case_no: no
  family: "'complaint'"
  title: title
  region_code: "'321281'"
  complaint:
    centre_id: "'city.hotline'"
    channel: "'hotline'"
    kind: kind
    track: "kind == \\"report\\" and \\"report\\" or \\"hotline\\""
    respondent_department: about
    confidential: hidden
    content: text
events:
  - {type: complaint.registered, occurred_at: time(at)}
"""


TITLE: Final = "投诉人：张三，反映小区噪音"
TEXT: Final = "举报人：张三，电话13812345678"


PHOTO: Final = b"the builder's crane at night"
DIGEST: Final = hashlib.sha256(PHOTO).hexdigest()


def a_photo(case_id: str) -> list[Attachment]:
    return [
        Attachment(
            case_id=case_id,
            sha256=DIGEST,
            name="照片.jpg",
            media_type="image/jpeg",
            size_bytes=len(PHOTO),
            uri="",
            connection_id="city.complaints",
            state="available",
            changed_at=NOW,
        )
    ]


class Town:
    """A hub with a hotline, its staff, and two departments without a connection of their own."""

    def __init__(self, folder: Path) -> None:
        self.hub = hub_at(folder, now=NOW)
        path = folder / "hotline.yaml"
        path.write_text(HOTLINE, encoding="utf-8")
        loaded = [mapping.load(each, environment={}) for each in (path, MAPPINGS / "city-complaints" / "desk.yaml")]
        self.hub.store.register([registration(each.declaration, each.fingerprint) for each in loaded])
        self.hub.store.load_catalogue(
            [load_catalogue(MAPPINGS / name / "department.yaml")
             for name in ("city-complaints", "taizhou-housing", "taizhou-market")]
        )  # fmt: skip
        self.desk, self.queries = self.hub.desk(loaded), Queries(self.hub.settings.store_url)
        self.pushed = {
            each.declaration.connection: Pushed(
                format=push_format(each.declaration), desk=self.desk, departments=each.declaration.departments
            )
            for each in loaded
        }

    def key(self, name: str, scope: str, department: str) -> Mapping[str, str]:
        issued = issue(name, kind="person", scopes=[scope], now=SystemClock().now(), department_id=department)
        self.hub.identities.add(issued)
        return bearer(issued.token)

    def register(self, number: str, **said: Any) -> str:
        """Let the hotline register a complaint; return its case id."""
        record = {
            "no": number,
            "at": "2026-04-01 08:30",
            "kind": "complaint",
            "title": TITLE,
            "text": "夜间施工",
            **said,
        }
        tree = Record(place="1", raw=orjson.dumps(record), tree=record)
        push = Push(connection="city.complaints", key=number, body_digest=body_digest(tree.raw), records=[tree])
        self.desk.take(push)
        self.drain()
        return ids.case_id("city.complaints", number)

    def drain(self) -> None:
        bus = self.hub.bus()
        line = self.hub.line(bus)
        line.hold()
        line.settle()
        line.release()
        bus.close()
        self.hub.clock.move_to(self.hub.clock.now() + timedelta(minutes=10))  # type: ignore[attr-defined]


class Person:
    """Somebody with a key."""

    def __init__(self, town: Town, client: httpx.Client, headers: Mapping[str, str]) -> None:
        self.town, self.client, self.headers = town, client, headers

    def does(self, case_id: str, move: str, **said: Any) -> httpx.Response:
        answer = self.client.post(f"/v1/complaints/{case_id}/moves", json={"move": move, **said}, headers=self.headers)
        self.town.drain()
        return answer

    def sees(self, case_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/v1/complaints/{case_id}", headers=self.headers)
        return answer.json() if answer.status_code == 200 else {}

    def may(self, case_id: str) -> set[str]:
        return {each["move"] for each in self.sees(case_id).get("moves", ())}

    def lists(self) -> list[str]:
        return [each["case_no"] for each in self.client.get("/v1/complaints", headers=self.headers).json()["items"]]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    opened = Town(tmp_path)
    yield opened
    opened.desk.close()
    opened.queries.close()
    opened.hub.close()


@pytest.fixture
def people(town: Town, tmp_path: Path) -> Iterator[dict[str, Person]]:
    kept = tmp_path / "photo"
    kept.write_bytes(PHOTO)
    parts = replace(
        parts_of(town.hub, town.queries, pushing=town.pushed), attachments=a_photo, kept_file=lambda _: kept
    )  # fmt: skip
    keys = {
        "staff": town.key("王五", "complaints:centre", CENTRE),
        "housing": town.key("李四", "complaints:handle", HOUSING),
        "market": town.key("赵六", "complaints:handle", MARKET),
        "nobody": town.key("钱七", "cases:read", ""),
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
    assert set(choices) == {MARKET}
    assert staff.does(case, "dispatched", department_id=HOUSING, days=5).status_code == 422
    assert staff.does(case, "dispatched", department_id=MARKET, days=5).status_code == 202
    assert (housing.sees(case), housing.lists()) == ({}, [])
    assert "张三" not in orjson.dumps(market.sees(case)).decode()
    assert staff.sees(case)["about"]["content"] == TEXT


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
    town.drain()
    after = housing.client.get(done.headers["location"], headers={**housing.headers, **html})
    assert "已入账" in after.text
    assert 'value="signed"' not in after.text


def test_a_duplicate_is_linked_and_a_centre_passed_on_is_out_of_it(town: Town, people: dict[str, Person]) -> None:
    staff = people["staff"]
    first, second = town.register("RX-1"), town.register("RX-2")
    assert staff.does(second, "linked", original="RX-2").status_code == 409
    assert staff.does(second, "linked", original="RX-1").status_code == 202
    assert staff.sees(second)["state"] == "linked"
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
