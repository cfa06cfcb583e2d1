"""The console shows what the store holds, in both languages, and nothing that a record says becomes markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from gateway import listing
from gateway.refusals import REFUSALS
from hub.cli.gatewaying import parts_of
from hub.store.queries import Queries
from tests.support.desks import HOSTILE, a_client, a_desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

ROOT = Path(__file__).parents[2]
PAGES = (
    "/",
    "/live/figures",
    "/cases",
    "/alerts",
    "/statistics",
    "/quarantine",
    "/conformance",
    "/docs",
    "/login",
    "/nowhere",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    hub = a_desk(tmp_path_factory.mktemp("desk"))
    with a_client(hub) as opened:
        yield opened
    hub.close()


def case_page(client: httpx.Client, number: str) -> str:
    case = client.get("/v1/cases", params={"q": number}).json()["items"][0]
    return client.get(f"/cases/{case['case_id']}").text


def test_the_overview_shows_the_figures_of_the_summary(client: httpx.Client) -> None:
    page = html.fromstring(client.get("/").text)
    figures = {row.findtext("dt").split()[0]: row.findtext("dd") for row in page.iterfind(".//dl/div")}
    assert figures["办件"] == "6"
    assert figures["在办"] == "5"
    assert figures["隔离待处理"] == "1"
    assert "泰州市住房和城乡建设局" in page.text_content()
    assert "兴化市" in page.text_content()
    assert "回放时钟" in page.text_content()


def test_the_live_part_is_the_overviews(client: httpx.Client) -> None:
    assert client.get("/live/figures").text.strip() in client.get("/").text


@pytest.mark.parametrize("path", PAGES)
def test_a_hostile_title_is_text_and_never_markup(client: httpx.Client, path: str) -> None:
    text = client.get(path, params={"q": HOSTILE, "next": HOSTILE}).text
    assert "<script>alert" not in text
    assert not any(script.text for script in html.fromstring(text).iter("script"))


def test_a_hostile_title_is_shown_as_it_was_written(client: httpx.Client) -> None:
    assert html.fromstring(case_page(client, "T-2")).findtext(".//h1") == HOSTILE
    assert HOSTILE in html.fromstring(client.get("/cases").text).text_content()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_nothing_of_other_hosts_and_has_no_inline_code(client: httpx.Client, path: str) -> None:
    text = client.get(path).text
    assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", text)
    assert not re.findall(r"<[^>]+\s(?:on\w+|style)=", text)
    assert "<style" not in text


@pytest.mark.parametrize(
    "path", ["/", "/cases", "/alerts", "/statistics", "/quarantine", "/conformance", "/docs", "/login"]
)
def test_a_page_has_landmarks_a_language_one_heading_and_named_columns(client: httpx.Client, path: str) -> None:
    page = html.fromstring(client.get(path).text)
    assert page.get("lang") == "zh-CN"
    assert len(page.findall(".//main")) == len(page.findall(".//h1")) == 1
    assert page.findtext(".//title")
    for table in page.iter("table"):
        assert all(cell.get("scope") == "col" for cell in table.iterfind("./thead/tr/th"))
        assert table.find("./thead/tr/th") is not None
    assert all(field.getparent().tag == "label" for field in page.iter("select") if field.get("type") != "hidden")
    assert page.findall(".//*[@lang='en']")


def test_the_cases_page_filters_and_pages_newest_first(client: httpx.Client) -> None:
    page = html.fromstring(client.get("/cases", params={"region": "321283"}).text)
    listed = [cell.text_content() for cell in page.iterfind(".//tbody/tr/th")]
    assert listed == ["T-6", "T-4", "T-3"]
    chosen = page.xpath("//select[@name='region']/option[@selected]/@value")
    assert chosen == ["321283"]


@pytest.mark.parametrize(
    "path",
    [
        "/cases?region=321299",
        "/cases?state=close",
        "/cases?department=housing",
        "/alerts?region=320100",
        "/alerts?rule=R08",
    ],
)
def test_a_misspelt_filter_of_a_page_is_told_and_never_answered_with_an_empty_list(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert "请求有误" in answer.text
    assert "is not known" in answer.text


def test_a_case_page_shows_what_happened_why_it_was_due_and_where_it_is_kept(client: httpx.Client) -> None:
    page = html.fromstring(case_page(client, "T-1"))
    text = page.text_content()
    events = [item.findtext("h3").strip() for item in page.iterfind(".//ol[@class='timeline']/li")]
    assert events == ["收件登记", "受理"]
    for words in ("承诺时限", "2026-03-20 17:00", "超时", "承诺超时", "The department reported the due moment", "账本"):
        assert words in text
    assert page.xpath("//*[local-name() = 'rect'][@class = 'over']")


def test_an_event_out_of_order_is_marked_on_the_page(client: httpx.Client) -> None:
    assert "顺序异常" in case_page(client, "T-6")


def test_the_quarantine_page_says_what_to_do_and_shows_no_bytes(client: httpx.Client) -> None:
    text = client.get("/quarantine").text
    assert "map." in text
    assert "待处理" in text
    assert "这一行时间有误" not in text


def test_a_refused_record_is_told_in_both_languages_beside_its_problem_and_value(client: httpx.Client) -> None:
    (card,) = html.fromstring(client.get("/quarantine").text).iterfind(".//ol[@class='refused']/li")
    told = {row.findtext("dt").strip(): row.find("dd").text_content() for row in card.iterfind("dl/div")}
    heading = card.find("h2").text_content()
    assert "时间无法识别或不存在" in heading
    assert "the time cannot be read, or does not exist" in heading
    assert told["问题"] == "this is no time that exists"
    assert told["原值"] == "somxxxxx"
    assert told["字段"] == "case.received/occurred_at"
    assert "次" not in card.find("p").text_content()


def test_a_record_refused_again_says_how_often_it_came_and_a_code_without_words_is_shown_as_it_is(
    tmp_path: Path,
) -> None:
    class Again(Queries):
        def quarantine(self, **asked: Any) -> list[dict[str, Any]]:
            return [{**row, "seen": 1200, "code": "map.later"} for row in super().quarantine(**asked)]

    hub = a_desk(tmp_path)
    queries = Again(hub.settings.store_url)
    with a_client(hub, parts=parts_of(hub, queries)) as client:
        (card,) = html.fromstring(client.get("/quarantine").text).iterfind(".//ol[@class='refused']/li")
    queries.close()
    hub.close()
    assert "1,200" in card.find("p").text_content()
    assert card.find("h2").text_content().strip() == "map.later"


def test_every_refusal_a_mapping_or_the_admission_can_give_has_words() -> None:
    given = {
        f"map.{code}"
        for source in (ROOT / "hub/mapping").glob("*.py")
        for code in re.findall(r"""refuse\(\s*"([a-z-]+)\"""", source.read_text("utf-8"))
    }
    admission = (ROOT / "hub/admission.py").read_text("utf-8")
    given |= set(re.findall(r'"((?:authorise|validate)\.[a-z0-9-]+)"', admission))
    said = r'''\b(?:refused|_unread|_refuse)\(\s*(?:[^()"]|\([^()]*\))*?"([a-z]+(?:-[a-z]+)*)"'''
    decoders = [path.read_text("utf-8") for path in (ROOT / "connectors").rglob("*.py")]
    given |= {f"decode.{code}" for source in decoders for code in re.findall(said, source)}
    assert len(given) > 50
    assert given <= set(REFUSALS)


def test_the_footer_leads_to_a_page_that_names_every_endpoint(client: httpx.Client) -> None:
    (link,) = html.fromstring(client.get("/").text).xpath("//footer//a[contains(., 'API')]/@href")
    answer = client.get(link)
    assert answer.headers["content-type"].startswith("text/html")
    named = {code.text for code in html.fromstring(answer.text).iterfind(".//ol[@class='endpoints']/li/h2//code")}
    assert named == set(client.get("/v1/openapi.json").json()["paths"])
    assert "region" in answer.text


def test_a_page_that_is_not_there_is_a_page(client: httpx.Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "返回首页" in answer.text


def test_assets_change_their_address_with_their_content(client: httpx.Client) -> None:
    addresses = re.findall(r"/static/[\w.]+\?v=[0-9a-f]{8}", client.get("/").text)
    assert len(set(addresses)) == 3
    assert all(client.get(address).status_code == 200 for address in addresses)


def test_pages_of_cases_that_opened_at_one_instant_give_every_case_once(tmp_path: Path) -> None:
    opened = "2026-03-02 09:00"
    hub = a_desk(tmp_path, [(f"S-{n}", "申请", "public", "321281", opened, "", "", "") for n in range(5)])
    queries, after, seen = Queries(hub.settings.store_url), None, []
    for _ in range(5):
        rows, after = listing.newest_cases(
            queries, lambda rows: rows, filters={}, classes={"public"}, after=after, limit=1
        )
        seen += [row["case_no"] for row in rows]
    assert sorted(seen) == [f"S-{n}" for n in range(5)]
    assert after is None
    queries.close()
    hub.close()
