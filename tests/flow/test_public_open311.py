"""Open311 GeoReport v2 over the public site: services, a request sent and followed; no list, nobody named."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from hub.mapping import TOKEN_KEY
from tests.support.citizens import HOUSING, INNER, Site, a_public_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

V2 = "/open311/v2"
SENT = {"service_code": "complaint", "description": "迟迟未办 <b>\x0b", "last_name": "欧阳", "first_name": "喆",
        "phone": "13800001234", "address_string": "鼓楼南路"}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv(TOKEN_KEY, "k" * 64)
    opened = Site(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with a_public_client(site.hub, parts=dataclasses.replace(site.parts, speaks_open311=True)) as opened:
        yield opened


def test_services_are_listed_in_xml_and_json(client: httpx.Client) -> None:
    found = client.get(f"{V2}/services.json").json()
    assert [each["service_code"] for each in found] == ["complaint", "report", "help", "suggestion", "enquiry"]
    tree = etree.fromstring(client.get(f"{V2}/services.xml").content)
    assert (tree.tag, len(tree.findall("service"))) == ("services", 5)
    assert client.get(f"{V2}/services/report.json").json()["service_code"] == "report"
    missing = client.get(f"{V2}/services/praise.xml")
    assert (missing.status_code, etree.fromstring(missing.content).findtext("error/code")) == (404, "404")
    assert client.get(f"{V2}/services.csv").status_code == 404


def test_a_request_is_sent_once_and_followed_to_its_reply(site: Site, client: httpx.Client) -> None:
    answers = [
        client.post(f"{V2}/requests.{form}", data=SENT, headers={"Idempotency-Key": "a"}) for form in ("json", "xml")
    ]
    assert [each.status_code for each in answers] == [201, 201]
    name = answers[0].json()[0]["service_request_id"]
    assert etree.fromstring(answers[1].content).findtext("request/service_request_id") == name
    assert client.get(f"{V2}/requests/{name}.json").json()[0]["status"] == "open"
    (case,) = site.cases()
    number = case["case_no"]
    site.centre.say(number, "complaint.dispatched", days=1, handling={"department_id": HOUSING, "reason": "内部甲"})
    site.centre.say(number, "complaint.replied", days=1, handling={"department_id": HOUSING, "reply": "已经核发。"})
    told = client.get(f"{V2}/requests.json", params={"service_request_id": name})
    assert told.json()[0]["status_notes"] == "已反馈 replied: 已经核发。"
    assert told.json()[0]["requested_datetime"] == "2026-04-01T12:00:00+08:00"
    assert told.json()[0]["expected_datetime"].endswith("+08:00")
    site.centre.say(number, "complaint.closed", days=1)
    xml = client.get(f"{V2}/requests/{name}.xml")
    assert etree.fromstring(xml.content).findtext("request/status") == "closed"
    for text in (told.text, xml.text):
        assert [word for word in (*INNER, HOUSING, "欧阳", "13800001234", "鼓楼") if word in text] == []


def test_requests_are_not_listed_and_a_number_without_its_code_tells_nothing(site: Site, client: httpx.Client) -> None:
    name = client.post(f"{V2}/requests.json", data=SENT).json()[0]["service_request_id"]
    site.centre.drain()
    assert client.get(f"{V2}/requests.json").status_code == 400
    number = name.partition(".")[0]
    alone, unknown = client.get(f"{V2}/requests/{number}.json"), client.get(f"{V2}/requests/{number}.AAAA.json")
    assert (alone.status_code, alone.text) == (unknown.status_code, unknown.text)
    assert alone.status_code == 404


def test_what_is_missing_is_told_and_the_front_is_there_only_where_it_is_wanted(
    site: Site, client: httpx.Client
) -> None:
    answer = client.post(f"{V2}/requests.json", data={"service_code": "x"})
    assert (answer.status_code, answer.json()[0]["code"]) == (400, "400")
    assert "content" in answer.json()[0]["description"]
    with a_public_client(site.hub, parts=site.parts) as without:
        assert without.get(f"{V2}/services.json").status_code == 404
