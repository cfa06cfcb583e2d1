"""In a real browser, without scripts, somebody complains, follows it, and says how satisfied they are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hub.mapping import TOKEN_KEY
from tests.support import chromium
from tests.support.citizens import HOUSING, MARKET, Site, a_public_client

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOTS = os.environ.get("SUNLIGHT_SCREENSHOTS")
"""A folder in which to keep the pictures, for people."""

FILL = """(fields => { for (const [name, value] of Object.entries(fields))
  document.querySelector(`[name="${name}"]`).value = value; return true; })"""
HOSTILE = """<img src=x onerror="document.title='run'">=cmd|' /C calc'!A0 𠮷"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv(TOKEN_KEY, "k" * 64)
    opened = Site(tmp_path)
    yield opened
    opened.close()


def test_a_complaint_is_sent_tracked_and_rated_without_a_script(site: Site, tmp_path: Path) -> None:
    shots = Path(SHOTS or tmp_path)
    shots.mkdir(parents=True, exist_ok=True)
    with a_public_client(site.hub, parts=site.parts) as client, chromium.visiting(tmp_path / "p", width=390) as page:
        page.go(f"{client.base_url}complaints/new?department={HOUSING}")
        page.await_("document.querySelector('textarea') !== null")
        fields = {"title": "迟迟未办", "content": HOSTILE, "name": "欧阳喆", "phone": "13800001234"}
        assert page.tell(f"{FILL}({json.dumps(fields)})")
        page.shoot(shots / "public-form-390.png")
        page.tell("document.querySelector('main form').submit(), true")
        number = page.await_("document.querySelector('#number') && document.querySelector('#number').textContent")
        page.shoot(shots / "public-done-390.png")
        site.centre.drain()
        site.centre.say(number, "complaint.dispatched", days=1, handling={"department_id": HOUSING})
        site.centre.say(number, "complaint.replied", days=1, handling={"department_id": HOUSING, "reply": HOSTILE})
        page.tell("document.querySelector('main form').submit(), true")
        reply = page.await_("document.querySelector('p.text') && document.querySelector('p.text').textContent")
        assert reply == HOSTILE
        assert page.tell("document.title").startswith(number)
        assert page.tell("document.querySelectorAll('main img').length") == 0
        page.tell("document.querySelector('[name=score][value=\"4\"]').checked = true")
        page.tell("document.querySelector('[name=act][value=rate]').form.submit(), true")
        assert "已经收到" in page.await_("document.querySelector('[role=status]').textContent")
        page.shoot(shots / "public-told-390.png")
    site.centre.drain()
    case = site.hub.queries.case(site.cases()[0]["case_id"])
    assert case is not None
    assert [clock.state for clock in case["clocks"] if clock.kind == "rating_contact"] == ["running"]


def test_no_page_scrolls_sideways_on_a_phone(site: Site, tmp_path: Path) -> None:
    paths = ("", "matters", f"matters/{HOUSING}/A-1", f"en/matters/{MARKET}/B/1 甲", "progress", "en/complaints/new")
    with a_public_client(site.hub, parts=site.parts) as client, chromium.visiting(tmp_path / "p", width=390) as page:
        found = {}
        for path in paths:
            page.go("about:blank")
            page.go(f"{client.base_url}{path}")
            found[path] = page.await_(chromium.WIDTHS)
    assert {path: width for path, width in found.items() if width != [390, 390]} == {}
