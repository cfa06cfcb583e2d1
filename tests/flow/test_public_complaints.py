"""Complaints over the public site: sent, tracked, answered, rated; nothing lost, twice, or told to others."""

from __future__ import annotations

import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from lxml import html

from gateway.public.guard import BODY_BYTES
from gateway.public.parts import Limits
from hub.citizens.tracking import number_for, secret_for
from hub.cli.publishing import parts_of
from hub.errors import Unavailable
from hub.mapping import TOKEN_KEY
from tests.flow.test_push_fuzzed import CHECKS
from tests.support.citizens import HOUSING, INNER, Site, a_public_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

FORM = {
    "kind": "complaint", "category": "delay", "title": "施工许可迟迟未办", "content": "三月二日申请，至今没有消息。",
    "department": HOUSING, "region": "321200", "name": "欧阳喆", "phone": "13800001234", "nonce": "n-1",
}  # fmt: skip
BODY = {name: value for name, value in FORM.items() if name != "nonce"}


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


def seen(answer: httpx.Response) -> str:
    return " ".join(html.fromstring(answer.text).text_content().split())


def slip(answer: httpx.Response) -> dict[str, str]:
    """Return number and secret of the page that shows them."""
    page = html.fromstring(answer.text)
    return {name: page.get_element_by_id(name).text_content() for name in ("number", "secret")}


def sent(client: httpx.Client, **more: str) -> dict[str, str]:
    answer = client.post("/complaints/new", data={**FORM, **more})
    assert answer.status_code == 200, seen(answer)[:300]
    return slip(answer)


def ask(client: httpx.Client, held: dict[str, str], **act: str) -> httpx.Response:
    return client.post("/complaints", data={**held, **act})


def test_a_form_becomes_a_complaint_whose_contact_is_sealed(site: Site, client: httpx.Client) -> None:
    form = html.fromstring(client.get(f"/complaints/new?department={HOUSING}").text)
    assert form.xpath("//select[@id='department']/option[@selected]/@value") == [HOUSING]
    held = sent(client, nonce=form.xpath("//input[@name='nonce']/@value")[0])
    (case,) = site.cases()
    assert (case["case_no"], case["state"], case["disclosure"]) == (held["number"], "registered", "intranet")
    entry = next(each for each in site.hub.queries.case(case["case_id"])["entries"] if each.kind == "event")
    about = orjson.loads(entry.body)["data"]["case"]
    assert about["applicant"] == {"name_masked": "欧阳*", "phone_masked": "138****1234"}
    assert b"13800001234" not in entry.body
    assert "欧阳喆" not in entry.body.decode()
    assert about["complaint"]["respondent_department"] == HOUSING
    assert site.centre.contact(about["complaint"]["contact_sealed"]) == {"name": "欧阳喆", "phone": "13800001234"}


def test_two_clicks_are_one_complaint_and_another_text_is_another(site: Site, client: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as pool:
        slips = list(pool.map(lambda _: sent(client), range(4)))
    assert len({each["number"] for each in slips}) == 1
    site.later(timedelta(hours=30))
    assert sent(client) == slips[0]
    site.centre.drain()
    assert sent(client) == slips[0]
    assert len(site.cases()) == 1
    counted = site.hub.queries.summary()["events"]
    assert {name: n for name, n in counted.items() if n} == {"new": 1}
    assert sent(client, content="另一件事。")["number"] != slips[0]["number"]
    assert len(site.cases()) == 2


def test_what_is_wrong_is_told_at_its_field_and_the_text_is_kept(site: Site, client: httpx.Client) -> None:
    answer = client.post("/complaints/new", data={**FORM, "title": "", "phone": "x", "content": "<b>&</b>"})
    assert answer.status_code == 422
    page = html.fromstring(answer.text)
    assert page.get_element_by_id("title").get("aria-describedby") == "title-fault"
    assert page.get_element_by_id("title-fault").text_content() == "请填写。"
    assert page.get_element_by_id("content").text == "\n<b>&</b>"
    assert page.xpath("//input[@name='nonce']/@value") == ["n-1"]
    assert page.xpath("//div[@role='alert']//a/@href") == ["#title", "#phone"], "from the top of the form to its end"
    assert "321201" not in page.xpath("//select[@name='region']/option/@value"), "an aggregate is no place"
    assert site.cases() == []


def test_with_the_broker_away_nothing_is_lost_and_the_next_try_is_the_same_complaint(
    site: Site, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("amqp://10.1.2.3 refused: INNER")

    with monkeypatch.context() as broken:
        broken.setattr(type(site.desk), "take", away)
        answer = client.post("/complaints/new", data={**FORM, "name": "䲡𠮷"})
        api = client.post("/public/v1/complaints", json=BODY)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    page = html.fromstring(answer.text)
    assert page.get_element_by_id("content").text.strip() == FORM["content"]
    assert page.get_element_by_id("name").get("value") == "䲡𠮷"
    assert "没有丢失" in seen(answer)
    assert api.status_code == 503
    assert "INNER" not in answer.text + api.text
    sent(client, name="䲡𠮷", nonce=page.xpath("//input[@name='nonce']/@value")[0])
    assert len(site.cases()) == 1


def test_a_broker_behind_a_closed_port_is_away(site: Site) -> None:
    hub = dataclasses.replace(
        site.own,
        settings=site.own.settings.model_copy(
            update={"bus": site.own.settings.bus.model_copy(update={"url": "amqp://guest@127.0.0.1:1/"})}
        ),
    )
    found = hub.portal("city.complaints.portal")
    assert found is not None
    with a_public_client(site.hub, parts=parts_of(hub, found[0])) as client:
        assert client.post("/complaints/new", data=FORM).status_code == 503
        assert client.get("/readyz").json() == {"status": "not ready", "away": ["submissions"]}
    found[1].close()


def test_a_complaint_is_taken_in_while_the_store_is_away(site: Site) -> None:
    class Away:
        def catalogue(self) -> Any:
            raise Unavailable("INNER")

        def numbered(self, _: str) -> Any:
            raise Unavailable("INNER")

    with a_public_client(site.hub, parts=dataclasses.replace(site.parts, reading=Away())) as client:
        held = sent(client)
        assert ask(client, held).status_code == 503
    assert [case["case_no"] for case in site.cases()] == [held["number"]]


def test_the_longest_complaint_in_rare_characters_fits_and_comes_out_whole(site: Site, client: httpx.Client) -> None:
    content = "𠮷" * 4000
    held = sent(client, content=content, name="䲡")
    (case,) = site.cases()
    (entry,) = [each for each in site.hub.queries.case(case["case_id"])["entries"] if each.kind == "event"]
    assert orjson.loads(entry.body)["data"]["case"]["complaint"]["content"] == content
    assert ask(client, held).status_code == 200
    unsaid = iter([b"content=" + b"x" * BODY_BYTES, b"x"])
    assert (
        client.post(
            "/complaints/new", content=unsaid, headers={"content-type": "application/x-www-form-urlencoded"}
        ).status_code
        == 413
    )


def test_a_complaint_is_followed_to_its_reply_and_rated(site: Site, client: httpx.Client) -> None:
    held = sent(client)
    assert "正在登记" in seen(ask(client, held))
    site.centre.drain()
    assert "已登记" in seen(ask(client, held))
    early = ask(client, held, act="rate", score="1")
    assert early.status_code == 409
    site.centre.say(held["number"], "complaint.accepted", days=1)
    site.centre.say(held["number"], "complaint.dispatched", days=1, handling={"department_id": HOUSING})
    assert "泰州市住房和城乡建设局" in seen(ask(client, held))
    site.centre.say(held["number"], "complaint.returned", days=2, handling={"reason": "内部甲"})
    page = seen(ask(client, held))
    assert "投诉办理时限" in page
    assert "泰州市住房和城乡建设局" not in page, "it has given it back"
    assert "内部甲" not in page
    assert "退单" not in page.replace("已退单", "")
    site.centre.say(
        held["number"], "complaint.replied", days=3,
        handling={"department_id": HOUSING, "reply": "许可证已经核发，<b>抱歉</b>。", "outcome": "substantiated"},
    )  # fmt: skip
    answer = ask(client, held)
    assert "许可证已经核发，<b>抱歉</b>。" in seen(answer)
    assert "属实" in seen(answer)
    assert ask(client, held, act="rate", score="9").status_code == 422
    assert ask(client, held, act="rate", score="5", reason="=SUM(A1)").status_code == 200
    site.centre.drain()
    assert "非常不满意" in seen(ask(client, held))
    case = site.hub.queries.case(site.cases()[0]["case_id"])
    assert [clock.kind for clock in case["clocks"] if clock.kind.startswith("rating")], (
        "R70 watches a bad real-name rating"
    )


def test_a_rating_may_be_changed_for_a_while_and_counts_once(site: Site, client: httpx.Client) -> None:
    held = sent(client)
    site.centre.drain()
    site.centre.say(held["number"], "complaint.dispatched", days=1, handling={"department_id": HOUSING})
    site.centre.say(held["number"], "complaint.replied", days=1, handling={"department_id": HOUSING, "reply": "好"})
    for score in ("5", "2"):
        assert ask(client, held, act="rate", score=score).status_code == 200
        site.later(timedelta(days=29))
        site.centre.drain()
    told = client.post("/public/v1/complaints/status", json=held).json()
    assert (told["rating"]["score"], told["may_rate"]) == ("2", True)
    site.later(timedelta(days=2))
    assert client.post("/public/v1/complaints/status", json=held).json()["may_rate"] is False
    assert client.post("/public/v1/complaints/rating", json={**held, "score": "1"}).status_code == 409
    facts = site.hub.queries.case(site.cases()[0]["case_id"])
    rated = [each for each in facts["entries"] if each.kind == "event" and b'"case.evaluated"' in each.body]
    assert [each.outcome for each in rated] == ["new", "revised"]


def test_a_complaint_is_withdrawn_once(site: Site, client: httpx.Client) -> None:
    held = sent(client)
    assert ask(client, held, act="withdraw").status_code == 409, "it is not entered yet"
    site.centre.drain()
    assert [ask(client, held, act="withdraw", reason="解决了").status_code for _ in range(2)] == [200, 200]
    (case,) = site.cases()
    assert case["state"] == "withdrawn"
    assert case["title"] == FORM["title"], "a withdrawal takes nothing from what is known"
    assert ask(client, held, act="withdraw").status_code == 409


def test_a_report_tells_nobody_where_it_went(site: Site, client: httpx.Client) -> None:
    held = sent(client, kind="report", anonymous="1")
    (case,) = site.cases()
    assert case["disclosure"] == "restricted"
    site.centre.say(held["number"], "complaint.dispatched", days=1, handling={"department_id": HOUSING},
                    disclosure="restricted")  # fmt: skip
    page = ask(client, held)
    assert page.status_code == 200
    assert "泰州市住房和城乡建设局" not in html.fromstring(page.text).find(".//main").text_content()


def test_what_has_become_secret_is_told_to_nobody(site: Site, client: httpx.Client) -> None:
    held = sent(client)
    site.centre.drain()
    assert ask(client, held).status_code == 200
    site.centre.say(held["number"], "complaint.accepted", disclosure="secret")
    assert ask(client, held).status_code == 404


def test_a_wrong_secret_and_an_unknown_number_are_answered_alike(site: Site, client: httpx.Client) -> None:
    held, other = sent(client), sent(client, content="另一件。")
    site.centre.drain()
    unknown = number_for(b"x" * 32, "no")
    asked = [
        {"number": held["number"], "secret": other["secret"]},
        {"number": unknown, "secret": held["secret"]},
        {"number": "TS-0000-0000-0001", "secret": held["secret"]},
        {"number": "A-1", "secret": ""},
        {"number": "", "secret": ""},
    ]
    answers = [client.post("/public/v1/complaints/status", json=each) for each in asked]
    assert {(each.status_code, each.text) for each in answers} == {(404, answers[0].text)}
    pages = [ask(client, each) for each in asked[:3]]
    assert {each.status_code for each in pages} == {404}
    assert len({re.sub(r'value="[^"]*"', "", each.text) for each in pages}) == 1


def test_another_systems_case_of_the_same_number_is_not_the_complaint(site: Site, client: httpx.Client) -> None:
    secret = secret_for(site.parts.key, "complaint", "ZJ-1")
    site.centre.case("ZJ-1")
    told = client.post("/public/v1/complaints/status", json={"number": "ZJ-1", "secret": secret}).json()
    assert told["state"] == "sent", "nothing is told of a case that is none"


def test_no_page_of_a_complaint_is_kept_by_anybody_and_no_address_holds_a_secret(
    site: Site, client: httpx.Client
) -> None:
    held = sent(client)
    site.centre.drain()
    answer = ask(client, held)
    assert answer.headers["cache-control"] == "no-store"
    links = html.fromstring(answer.text).xpath("//@href | //@action")
    assert [link for link in links if held["secret"] in link] == []
    told = client.post("/public/v1/complaints/status", json=held)
    assert [
        word for word in (*INNER, "欧阳", "13800001234", "1234", FORM["content"], "real_name") if word in told.text
    ] == []


def test_a_caller_that_sends_or_asks_too_much_is_asked_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_KEY, "k" * 64)
    site = Site(tmp_path, Limits(proxies=1, lookups_per_minute=2, submissions_per_hour=1))
    with a_public_client(site.hub, parts=site.parts) as client:

        def post(path: str, who: str) -> httpx.Response:
            return client.post(path, data={**FORM, "secret": "x"}, headers={"X-Forwarded-For": f"made up, {who}"})

        assert [post("/complaints/new", "10.0.0.1").status_code for _ in range(2)] == [200, 429]
        assert post("/complaints/new", "10.0.0.2").status_code == 200
        assert [post("/complaints", "10.0.0.1").status_code for _ in range(3)] == [404, 404, 429]
        assert "retry-after" in post("/complaints", "10.0.0.1").headers
    site.close()


def test_the_form_speaks_english_and_is_labelled(client: httpx.Client) -> None:
    page = html.fromstring(client.get("/en/complaints/new").text)
    assert "What happened" in page.text_content()
    named = {label.get("for") for label in page.iter("label")}
    for field in page.xpath("//input[@type!='hidden'] | //select | //textarea"):
        assert field.get("id") in named or field.getparent().tag == "label", html.tostring(field)


@pytest.mark.parametrize("path", ["", "/status", "/withdrawal", "/rating"])
def test_whatever_is_sent_is_answered_as_described(client: httpx.Client, path: str) -> None:
    schema = schemathesis.openapi.from_dict(client.get("/public/v1/openapi.json").json())
    (found,) = [each.ok() for each in schema.include(path="/public/v1/complaints" + path).get_all_operations()]

    @settings(
        max_examples=12, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def fuzz(case: Any) -> None:
        case.validate_response(case.call(base_url=str(client.base_url).rstrip("/")), checks=CHECKS)

    given(case=found.as_strategy())(fuzz)()
