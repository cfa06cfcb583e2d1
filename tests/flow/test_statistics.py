"""Statistics at the gateway and in the terminal, of a small world that was read through the whole path."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from lxml import html
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from hub.cli import common
from hub.cli.main import app
from tests.support.desks import a_client, a_desk, a_key, bearer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from hub.wiring import Hub


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, httpx.Client]]:
    hub = a_desk(tmp_path_factory.mktemp("desk"))
    with a_client(hub) as opened:
        yield hub, opened
    hub.close()


@pytest.fixture
def client(desk: tuple[Hub, httpx.Client]) -> httpx.Client:
    return desk[1]


def test_a_question_is_answered_with_counts_rates_and_times(client: httpx.Client) -> None:
    answer = client.get("/v1/statistics", params={"by": "region", "from": "2026-03"}).json()
    found = {row["region"]: row for row in answer["rows"]}
    assert {code: row["opened"] for code, row in found.items()} == {"321281": 2, "321283": 4}
    assert found["321283"]["region_name"] == "泰兴市"
    assert (found["321283"]["closed"], found["321283"]["open_after"], found["321283"]["on_time_rate"]) == (1, 3, 1.0)
    assert (answer["total"]["opened"], answer["total"]["open_after"], answer["total"]["overdue"]) == (6, 5, 5)
    assert answer["total"]["used_days_p50"] == 6
    assert answer["total"]["breach_rate"] == 0.0, "the alerts were raised in April"
    april = client.get("/v1/statistics", params={"from": "2026-04"}).json()["total"]
    assert (april["open_before"], april["opened"], april["breach_rate"]) == (5, 0, 1.0)


def test_alerts_are_told_by_rule_and_level(client: httpx.Client) -> None:
    rows = client.get("/v1/statistics", params={"by": "rule,level", "from": "2026"}).json()["rows"]
    late = next(row for row in rows if row["rule"] == "R14")
    assert (late["level"], late["raised"], late["cases"], late["rule_name"]) == ("yellow", 5, 5, "R14 承诺超时")


def test_csv_and_spreadsheet_say_what_the_json_says(client: httpx.Client) -> None:
    asked = {"by": "region", "from": "2026-03"}
    rows = client.get("/v1/statistics", params=asked).json()["rows"]
    answer = client.get("/v1/statistics", params={**asked, "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(line["地区"], int(line["收件"])) for line in lines[:-1]] == [
        (row["region"], row["opened"]) for row in rows
    ]
    body = client.get("/v1/statistics", params={**asked, "format": "xlsx", "lang": "en"}).content
    (sheet,) = CalamineWorkbook.from_filelike(io.BytesIO(body)).sheet_names
    found = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_name(sheet).to_python()
    heads = found[2]
    assert [row[heads.index("received")] for row in found[3:]] == [2.0, 4.0, 6.0]
    assert any("chart" in name for name in zipfile.ZipFile(io.BytesIO(body)).namelist())


def test_the_same_workbook_is_the_same_bytes(client: httpx.Client) -> None:
    asked = {"by": "month", "format": "xlsx"}
    assert client.get("/v1/statistics", params=asked).content == client.get("/v1/statistics", params=asked).content


def test_the_public_view_hides_small_cells_and_what_would_give_them_away(client: httpx.Client) -> None:
    answer = client.get("/v1/statistics", params={"by": "region", "from": "2026-03", "view": "public"}).json()
    assert answer["suppressed_below"] == 5
    assert all(row["suppressed"] and row["opened"] is None for row in answer["rows"])
    assert "breach_rate" not in answer["total"]


@pytest.mark.parametrize(
    "asked",
    [
        {"by": "colour"},
        {"from": "soon"},
        {"by": "rule", "view": "public"},
        {"by": "day", "view": "public"},
        {"region": "321281", "view": "public"},
        {"from": "2026-03-05", "view": "public"},
        {"from": "2026-03", "to": "2026-02"},
        {"from": "9999"},
        {"from": "2026", "to": "9999-12-31"},
        {"from": "0001", "compare": "year"},
    ],
)
def test_what_cannot_be_answered_is_told_with_what_to_ask(client: httpx.Client, asked: dict[str, str]) -> None:
    answer = client.get("/v1/statistics", params=asked)
    assert answer.status_code == 400
    assert answer.json()["hint"]


@pytest.mark.parametrize("by", ["rule,month", "department,matter,month", "region,quarter"])
def test_all_the_years_there_are_can_be_asked_about(client: httpx.Client, by: str) -> None:
    answer = client.get("/v1/statistics", params={"from": "1970", "to": "2100", "by": by})
    assert answer.status_code == 200
    assert answer.json()["rows"]


def test_the_page_shows_the_table_with_bars(client: httpx.Client) -> None:
    page = html.fromstring(client.get("/statistics", params={"by": "region", "from": "2026-03"}).text)
    rows = [[cell.text_content() for cell in row] for row in page.iterfind(".//tbody/tr")]
    assert rows[0][0] == "兴化市"
    assert [bar.get("width") for bar in page.iterfind(".//td[@class='bar']/svg/rect[@class='share']")] == [
        "50.0%", "100.0%",
    ]  # fmt: skip
    assert "100.0%" in rows[1]


def test_figures_of_cases_need_the_right_to_see_cases(tmp_path_factory: pytest.TempPathFactory) -> None:
    hub = a_desk(tmp_path_factory.mktemp("keys"), rows=())
    public, inside = a_key(hub, "feed:read:public"), a_key(hub, "cases:read")
    follower = a_key(hub, "feed:read:public", kind="subscriber")
    with a_client(hub) as client:

        def status(token: str, **params: str) -> int:
            headers = bearer(token) if token else {}
            return client.get("/v1/statistics", params={"from": "2026", **params}, headers=headers).status_code

        assert [status(""), status(public), status(public, view="public"), status(inside)] == [401, 403, 200, 200]
        assert status(follower, view="public") == 403, "a subscriber's key opens its feed alone"
    hub.close()


def test_the_terminal_prints_what_the_gateway_answers(
    desk: tuple[Hub, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, client = desk
    monkeypatch.setattr(common, "hub", lambda *_: hub)
    asked = ["stats", "--by", "region", "--from", "2026-03"]
    told = CliRunner().invoke(app, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    there = client.get("/v1/statistics", params={"by": "region", "from": "2026-03"}).json()
    assert json.loads(told.stdout)["rows"] == there["rows"]
    drawn = CliRunner().invoke(app, [*asked, "--compare", "year"])
    assert "泰兴市" in drawn.stdout
    assert CliRunner().invoke(app, [*asked, "--csv"]).stdout.startswith("地区,")
