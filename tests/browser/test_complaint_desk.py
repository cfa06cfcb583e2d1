"""In a real browser a complaint goes its whole way at the desk: each clicks what the page offers, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from hub import wiring
from hub.cli import publishing
from hub.cli.gatewaying import parts_of
from hub.importing import registration
from hub.mapping import TOKEN_KEY
from hub.model import ids
from hub.resources import MAPPINGS
from tests.support import chromium
from tests.support.citizens import a_public_client
from tests.support.desks import a_client
from tests.support.hotline_town import CENTRE, HOUSING, MARKET, Town

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

SHOTS: Final = os.environ.get("SUNLIGHT_SCREENSHOTS")
"""A folder in which to keep the pictures, for people."""

HOSTILE: Final = """<img src=x onerror="document.title='run'"> 不属于本单位职责"""

ENTER: Final = """(key => { const form = document.querySelector('main form'); if (!form || !form.elements.key) return;
  form.elements.key.value = key; form.querySelector('button').click(); return true; })"""
FILL: Final = """(said => { const form = document.querySelector('main form'); if (!form || !form.elements.title) return;
  for (const [name, value] of Object.entries(said)) form.elements[name].value = value;
  form.querySelector('button').click(); return true; })"""
SHOWN: Final = "['number', 'secret'].map(name => (document.querySelector(`dd#${name}`) || {}).textContent)"
ASK: Final = """((number, secret) => { const form = document.querySelector('main form');
  if (!form || !form.elements.secret) return;
  form.elements.number.value = number; form.elements.secret.value = secret;
  form.querySelector('button').click(); return true; })"""
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
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv(TOKEN_KEY, "k" * 64)
    opened = Town(tmp_path / "hub")
    yield opened
    opened.close()


@pytest.fixture
def public(town: Town) -> Iterator[httpx.Client]:
    """Serve the town's public site, by which people send their complaints."""
    portal = wiring.load_mapping(MAPPINGS / "city-complaints" / "portal.yaml")
    town.hub.store.register([registration(portal.declaration, portal.fingerprint)])
    town.drain()  # the hub declares the intake; the site may not
    own = publishing.outer(town.hub)
    found = own.portal("city.complaints.portal")
    assert found is not None
    sending, desk = found
    with a_public_client(town.hub, parts=publishing.parts_of(own, sending)) as client:
        yield client
    desk.close()
    own.close()


def registers(page: chromium.Visit, base: str, **said: str) -> tuple[str, str]:
    """Let a citizen complain; return the number and the code that they are shown."""
    page.go(f"{base}complaints/new")
    page.await_(f"{FILL}({json.dumps(said)})")
    page.await_("document.querySelector('dd#secret') !== null")
    number, secret = page.tell(SHOWN)
    return number, secret


def asks(page: chromium.Visit, base: str, number: str, secret: str) -> str:
    """Let the citizen look the complaint up; return what they read."""
    page.go(f"{base}complaints")
    page.await_(f"{ASK}({json.dumps(number)}, {json.dumps(secret)})")
    return str(page.await_("document.querySelector('.steps') && document.querySelector('main').innerText"))


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


def test_a_complaint_is_sent_dispatched_returned_sent_again_answered_and_closed_by_clicks(
    town: Town, public: httpx.Client, tmp_path: Path
) -> None:
    staff = town.token("王五", "complaints:centre", CENTRE)
    housing = town.token("李四", "complaints:handle", HOUSING)
    market = town.token("赵六", "complaints:handle", MARKET)
    parts = parts_of(town.hub, town.queries, pushing=town.pushed)
    with a_client(town.hub, parts=parts) as client, chromium.visiting(tmp_path / "p", width=1280) as page:
        about = {"title": "夜间施工", "content": "凌晨仍在施工", "name": "欧阳喆", "phone": "13800001234"}
        number, secret = registers(page, f"{public.base_url}", **about)
        town.drain()
        case_id = ids.case_id("city.complaints", number)
        desk = Desk(town, page, f"{client.base_url}", case_id)
        desk.sits(staff)
        assert page.tell("document.querySelector('h1').textContent") == "夜间施工"
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
        assert page.tell("document.title").startswith(f"投诉 {number}")
        assert page.tell("document.querySelectorAll('main img').length") == 0
        read = asks(page, f"{public.base_url}", number, secret)
        assert ("已办结" in read, "已责令停工" in read, "不属于本单位职责" in read) == (True, True, False)
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
