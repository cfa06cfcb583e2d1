"""In a real browser a complaint goes its whole way at the desk: each clicks what the page offers, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from hub.cli.gatewaying import parts_of
from tests.support import chromium
from tests.support.desks import a_client
from tests.support.hotline_town import CENTRE, HOUSING, MARKET, TITLE, Town

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOTS: Final = os.environ.get("SUNLIGHT_SCREENSHOTS")
"""A folder in which to keep the pictures, for people."""

HOSTILE: Final = """<img src=x onerror="document.title='run'"> 不属于本单位职责"""

ENTER: Final = """(key => { const form = document.querySelector('main form'); if (!form || !form.elements.key) return;
  form.elements.key.value = key; form.querySelector('button').click(); return true; })"""
OFFERED: Final = "[...document.querySelectorAll('main form [name=move]')].map(each => each.value)"
CLICK: Final = """((move, said) => {
  const form = document.querySelector(`main form [name=move][value=${move}]`).form;
  for (const [name, value] of Object.entries(said)) form.elements[name].value = value;
  const wrong = [...form.elements].filter(each => !each.checkValidity()).map(each => each.name);
  if (!wrong.length) form.querySelector('button').click();
  return wrong.length ? wrong : ['clicked'];
})"""
STATUS: Final = "document.querySelector('[role=status]') && document.querySelector('[role=status]').textContent"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    opened = Town(tmp_path / "hub")
    yield opened
    opened.close()


class Desk:
    """The complaint desk in a browser: whoever sits at it, and one complaint."""

    def __init__(self, town: Town, page: chromium.Visit, base: str, case_id: str) -> None:
        self.town, self.page, self.base, self.case_id = town, page, base, case_id

    def sits(self, token: str) -> None:
        """Let somebody log in, and open the complaint from the list that they are led to."""
        self.page.go(f"{self.base}login")
        self.page.await_(f"{ENTER}({json.dumps(token)})")
        self.page.await_("location.pathname === '/complaints'")
        self.page.await_(f"document.querySelector('a[href=\"/complaints/{self.case_id}\"]').click(), true")
        self.page.await_("document.querySelector('.timeline') !== null")

    def clicks(self, move: str, **said: Any) -> None:
        """Fill in a form, send it, and see it entered: the page asks again by itself."""
        self.page.await_(f"{OFFERED}.includes('{move}')")
        assert self.page.tell(f"{CLICK}({json.dumps(move)}, {json.dumps(said)})") == ["clicked"]
        self.page.await_(f"({STATUS} || '').includes('等待入账')")
        assert self.page.tell(OFFERED) == [], "nothing is offered while a move is on its way"
        self.town.drain()
        self.page.await_(f"({STATUS} || '').includes('已入账')")

    def shoots(self, name: str) -> None:
        if SHOTS:
            self.page.shoot(Path(SHOTS) / f"{name}.png")


def test_a_complaint_is_dispatched_returned_sent_again_answered_and_closed_by_clicks(
    town: Town, tmp_path: Path
) -> None:
    case_id = town.register("RX-1")
    staff = town.token("王五", "complaints:centre", CENTRE)
    housing = town.token("李四", "complaints:handle", HOUSING)
    market = town.token("赵六", "complaints:handle", MARKET)
    parts = parts_of(town.hub, town.queries, pushing=town.pushed)
    with a_client(town.hub, parts=parts) as client, chromium.visiting(tmp_path / "p", width=1280) as page:
        desk = Desk(town, page, f"{client.base_url}", case_id)
        desk.sits(staff)
        assert page.tell("document.querySelector('h1').textContent") == TITLE
        desk.shoots("complaint-registered")
        desk.clicks("dispatched", department_id=HOUSING, days="5")
        desk.sits(housing)
        unsaid = page.tell(f"{CLICK}('returned', {{reason: '不归我们管'}})")
        assert unsaid == ["basis"], "a return without its legal basis is not sent"
        desk.clicks("returned", reason=HOSTILE, basis="市12345热线管理办法第九条")
        assert page.tell("location.pathname") == "/complaints", "it is theirs no more"
        desk.sits(staff)
        assert HOSTILE in page.tell("document.querySelector('.timeline').textContent")
        desk.shoots("complaint-returned")
        desk.clicks("redispatched", department_id=MARKET)
        desk.sits(market)
        desk.clicks("signed")
        desk.clicks("replied", reply="已责令停工", outcome="substantiated")
        desk.sits(staff)
        desk.clicks("followed_up", reached="true", solved="true", satisfaction="1")
        desk.clicks("closed")
        desk.shoots("complaint-closed")
        assert page.tell("document.title").startswith("投诉 RX-1")
        assert page.tell("document.querySelectorAll('main img').length") == 0
    told = town.queries.case(case_id)
    assert told is not None
    assert (told["state"], {each.kind for each in told["clocks"] if each.state == "running"}) == ("closed", set())


def test_the_pages_of_complaints_do_not_scroll_sideways_on_a_phone(town: Town, tmp_path: Path) -> None:
    case_id = town.register("RX-2026-0000000001")
    staff = town.token("王五", "complaints:centre", CENTRE)
    parts = parts_of(town.hub, town.queries, pushing=town.pushed)
    with a_client(town.hub, parts=parts) as client, chromium.visiting(tmp_path / "p", width=390) as page:
        desk = Desk(town, page, f"{client.base_url}", case_id)
        desk.sits(staff)
        desk.shoots("complaint-390")
        assert page.await_(chromium.WIDTHS) == [390, 390]
        page.go(f"{client.base_url}complaints")
        page.await_("document.querySelector('table') !== null")
        desk.shoots("complaints-390")
        assert page.await_(chromium.WIDTHS) == [390, 390]
