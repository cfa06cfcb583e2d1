"""The public site's catalogue: what it shows, in two languages and to programs, and what it never says."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from lxml import html

from gateway.public.guard import BODY_BYTES, Pace
from hub.cli.publishing import outer, parts_of
from hub.errors import Unavailable
from tests.flow.test_push_fuzzed import CHECKS
from tests.support.citizens import DOCUMENTS, HOUSING, INNER, MARKET, NOW, a_public_client
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

ONE = f"/matters/{HOUSING}/A-1"
UNKNOWN = f"/matters/{HOUSING}/A-9"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    hub = hub_at(tmp_path_factory.mktemp("public"), now=NOW)
    hub.store.load_catalogue(DOCUMENTS)
    with a_public_client(hub) as opened:
        yield opened
    hub.close()


def texts(document: Any) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list | tuple):
        for each in document.values() if isinstance(document, dict) else document:
            yield from texts(each)


def seen(answer: httpx.Response) -> str:
    """Return what a reader sees of a page."""
    return " ".join(html.fromstring(answer.text).text_content().split())


def test_the_list_is_searched_and_filtered(client: httpx.Client) -> None:
    page = client.get("/matters", params={"q": "施工 许可", "region": "3212"})
    assert page.status_code == 200
    assert [a.text for a in html.fromstring(page.text).iterfind(".//h2/a")] == ["建筑工程施工许可证核发"]
    assert "没有符合条件的公开事项" in seen(client.get("/matters", params={"q": "内部甲"}))
    assert "无照经营处罚" in seen(client.get("/matters", params={"type": "02"}))
    api = client.get("/public/v1/matters", params={"q": "许可", "limit": 1}).json()
    assert (api["total"], len(api["items"]), api["next"]) == (2, 1, 1)
    assert client.get("/public/v1/matters", params={"q": "许可", "limit": 1, "after": 1}).json()["next"] is None


def test_a_matter_shows_limits_basis_papers_fees_flow_and_the_version_of_the_day(client: httpx.Client) -> None:
    now, before = seen(client.get(ONE)), seen(client.get(ONE, params={"on": "2026-02-28"}))
    assert "3 个工作日" in now
    assert "5 个工作日" in before
    assert "以下为 2026-02-28 有效的版本" in before
    for said in ("20 个工作日", "建筑法 第 7 条", "施工许可申请表", "可容缺", "工本费", "苏价费〔2019〕1号", "专家评审",
                 "已经办理用地批准手续", "兴化市市场监督管理局", "行政审批处"):  # fmt: skip
        assert said in before
    assert client.get(ONE, params={"on": "2019-02-28"}).status_code == 404
    told = client.get(f"/public/v1{ONE}").json()
    assert told["matter"]["flow"]["stages"][1] == {
        "code": "20", "name": "现场勘查", "post": "勘查岗", "limit": {"n": 2, "unit": "working_day"}, "mandatory": True,
    }  # fmt: skip
    assert [each["valid_from"] for each in told["versions"]] == ["2019-03-01", "2026-03-01"]


def test_the_flow_is_drawn_from_its_data(client: httpx.Client) -> None:
    drawing = html.fromstring(client.get(ONE).text).find(".//div[@class='flow']/svg")
    assert drawing is not None
    assert len(drawing.findall(".//g")) == 4
    assert [line.get("class") for line in drawing.findall(".//polyline")] == ["arrow"] * 4 + ["arrow back"]


def test_the_key_of_a_flow_chart_explains_what_is_drawn_and_nothing_else(client: httpx.Client) -> None:
    for address in (ONE, f"/matters/{MARKET}/B/1 甲"):
        page = html.fromstring(client.get(address).text)
        for drawn, explained in (("stage must", "k must"), ("arrow back", "k back")):
            has = [bool(page.xpath(f"//*[@class='{name}']")) for name in (drawn, explained)]
            assert has[0] == has[1], (address, drawn)


def test_discretion_is_shown_in_tiers_with_their_limits(client: httpx.Client) -> None:
    page = seen(client.get(f"/matters/{MARKET}/B/1 甲"))
    for said in ("轻微", "0 – 1000.00", "严重", "1000.01 – 50000", "再犯", "首次", "暂停实施"):
        assert said in page


@pytest.mark.parametrize("path", ["/", "/matters", ONE, "/matters?q=nothing"])
def test_each_page_speaks_english_too_and_leads_back(client: httpx.Client, path: str) -> None:
    address = "/en" + (path if path != "/" else "")
    page = html.fromstring(client.get(address).text)
    assert page.get("lang") == "en"
    links = [a.get("href") for a in page.iter("a") if a.get("href", "").startswith("/")]
    chinese = [each for each in links if not each.startswith(("/en", "/public"))]
    assert chinese == [path], "all but the way to the Chinese page stays English"
    said = "\n".join(page.find(".//main").itertext())
    for text in sorted(set(texts(DOCUMENTS)), key=len, reverse=True):
        said = said.replace(text, "")
    assert re.findall(r"[一-鿿]+", said) == []


@pytest.mark.parametrize("code", ["X-1", "X-2", "X-3", "X-4", "X-5"])
def test_what_is_not_public_is_answered_exactly_as_what_is_not_there(client: httpx.Client, code: str) -> None:
    for prefix in ("", "/en", "/public/v1"):
        hidden = client.get(f"{prefix}/matters/{HOUSING}/{code}")
        unknown = client.get(prefix + UNKNOWN)
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.text.replace(code, "A-9") == unknown.text


def test_no_inner_word_is_in_any_answer(client: httpx.Client) -> None:
    paths = ["/", "/matters", ONE, "/en" + ONE, f"/matters/{MARKET}/B/1 甲", "/public/v1/matters",
             "/public/v1" + ONE, "/public/v1/departments", "/public/v1/openapi.json"]  # fmt: skip
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert [word for word in INNER if word in answer.text] == [], path


def test_answers_carry_a_policy_without_scripts_and_set_no_cookie(client: httpx.Client) -> None:
    answer = client.get(ONE)
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert client.get(UNKNOWN).headers["cache-control"] == "no-store"


def test_a_body_that_is_too_large_is_refused(client: httpx.Client) -> None:
    assert client.post("/matters", content=b"x" * (BODY_BYTES + 1)).status_code == 413


def test_a_day_or_a_word_that_is_none_is_told_so(client: httpx.Client) -> None:
    assert client.get("/matters", params={"on": "2026-02-30"}).status_code == 400
    assert client.get("/public/v1/matters", params={"on": "tomorrow"}).status_code == 400
    assert client.get("/public/v1/matters", params={"q": "a\x00"}).status_code == 400


def test_the_catalogue_stays_up_while_the_store_is_away_and_says_so_when_it_never_was_there(tmp_path: Path) -> None:
    hub = hub_at(tmp_path, now=NOW)
    hub.store.load_catalogue(DOCUMENTS)

    class Failing:
        away = False

        def catalogue(self) -> Any:
            if self.away:
                raise Unavailable("connection to server at 10.1.2.3 failed: INNER")
            return hub.public_reading.catalogue()

    reading = Failing()
    own = outer(hub)
    parts = dataclasses.replace(parts_of(own), reading=reading)
    with a_public_client(hub, parts=parts) as client:
        reading.away = True
        first = client.get("/matters")
        assert first.status_code == 503
        assert "retry-after" in first.headers
        assert "INNER" not in first.text + client.get("/readyz").text
        assert "lookups" in client.get("/readyz").json()["away"]
        reading.away = False
        assert client.get("/matters").status_code == 200
        reading.away = True
        assert client.get(ONE).status_code == 200
    own.close()
    hub.close()


def test_a_pace_lets_a_burst_through_and_then_so_many_a_while() -> None:
    at = 0.0
    pace = Pace(3, 60, now=lambda: at)
    assert [pace.may("a") for _ in range(4)] == [True, True, True, False]
    assert pace.may("b")
    at = 21.0
    assert [pace.may("a") for _ in range(2)] == [True, False]


@pytest.mark.parametrize("path", ["/public/v1/matters", "/public/v1/matters/{department_id}/{matter_code}"])
def test_whatever_is_asked_is_answered_as_described(client: httpx.Client, path: str) -> None:
    schema = schemathesis.openapi.from_dict(client.get("/public/v1/openapi.json").json())
    (found,) = [each.ok() for each in schema.include(path=path).get_all_operations()]

    @settings(
        max_examples=25, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def fuzz(case: Any) -> None:
        case.validate_response(case.call(base_url=str(client.base_url).rstrip("/")), checks=CHECKS)

    given(case=found.as_strategy())(fuzz)()
