"""A real browser shows the console whole: live, in Chinese, on a phone too, and asks nobody else."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from hub.cli.gatewaying import parts_of
from hub.store.queries import Queries
from hub.supervision.rules import RULES
from tests.support import chromium
from tests.support.desks import HOSTILE, a_client, a_desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

SHOTS = os.environ.get("SUNLIGHT_SCREENSHOTS")
"""A folder in which to keep the pictures, for people."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    hub = a_desk(tmp_path_factory.mktemp("desk"))
    with a_client(hub) as opened:
        yield opened
    hub.close()


@pytest.fixture
def look(client: httpx.Client, tmp_path: Path) -> Any:
    """Return how to look at a page: as it stands, or as a picture."""

    class Look:
        def dom(self, path: str) -> html.HtmlElement:
            return html.fromstring(chromium.dom(f"{client.base_url}".rstrip("/") + path, tmp_path / "profile"))

        def shot(self, name: str, path: str, *, width: int = 1440) -> bytes:
            picture = Path(SHOTS or tmp_path) / f"{name}.png"
            picture.parent.mkdir(parents=True, exist_ok=True)
            url = f"{client.base_url}".rstrip("/") + path
            return chromium.shot(url, tmp_path / "profile", picture, width=width)

        def widths(self, path: str, *, width: int) -> tuple[int, int]:
            return chromium.widths(f"{client.base_url}".rstrip("/") + path, tmp_path / "profile", width=width)

    return Look()


def path_of(client: httpx.Client, number: str) -> str:
    case = client.get("/v1/cases", params={"q": number}).json()["items"][0]
    return f"/cases/{case['case_id']}"


def test_the_overview_keeps_itself_live_in_a_browser(look: Any) -> None:
    page = look.dom("/")
    assert int(page.get_element_by_id("live").get("data-refreshed", "0")) >= 1
    assert "泰州市住房和城乡建设局" in page.text_content()
    assert "连接中断" not in page.text_content()


def test_a_hostile_title_runs_nothing_in_a_browser(look: Any, client: httpx.Client) -> None:
    page = look.dom(path_of(client, "T-2"))
    assert page.findtext(".//h1") == HOSTILE
    assert {script.get("src").partition("?")[0] for script in page.iter("script")} == {"/static/console.js"}


NAMES = ("overview", "cases", "case", "alerts", "quarantine", "docs", "problem")


def address(client: httpx.Client, name: str) -> str:
    """Return the path of a page by its name."""
    named = {"overview": "/", "case": "", "problem": "/cases?region=321299"}
    return named.get(name, f"/{name}") or path_of(client, "T-1")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_drawn_whole_and_not_blank(look: Any, client: httpx.Client, name: str) -> None:
    picture = look.shot(name, address(client, name), width=1280)
    assert struct.unpack(">II", picture[16:24]) == (1280, 1200)
    blank = 15_000
    assert len(picture) > blank, "a blank or unstyled page compresses to less"


@pytest.mark.parametrize("name", NAMES)
def test_no_page_scrolls_sideways_on_a_phone(look: Any, client: httpx.Client, name: str) -> None:
    look.shot(f"{name}-390", address(client, name), width=390)
    assert look.widths(address(client, name), width=390) == (390, 390)


def test_the_overview_of_a_busy_city_does_not_scroll_sideways_on_a_phone(tmp_path: Path) -> None:
    class Busy(Queries):
        def alert_counts(self) -> list[dict[str, Any]]:
            (first, *_) = super().alert_counts()
            return [{**first, "rule_id": rule, "level": RULES[rule].level, "n": 1_234_567} for rule in RULES]

        def alerts(self, **asked: Any) -> list[dict[str, Any]]:
            whole = "matter:11321200014000028L/11321200014000028L3320117001000"
            return [{**row, "subject": whole, "case_no": None} for row in super().alerts(**asked)]

    hub = a_desk(tmp_path)
    queries = Busy(hub.settings.store_url)
    with a_client(hub, parts=parts_of(hub, queries)) as client:
        found = [chromium.widths(f"{client.base_url}", tmp_path / "profile", width=width) for width in (390, 800)]
        picture = Path(SHOTS or tmp_path) / "busy-390.png"
        chromium.shot(f"{client.base_url}", tmp_path / "profile", picture, width=390)
    queries.close()
    hub.close()
    assert found == [(390, 390), (800, 800)]
