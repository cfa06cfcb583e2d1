"""What is printed for somebody to use can be used as it stands: keys, subscribers' accounts, the next command."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pika
import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.cli.subscribing import handed
from hub.clock import SystemClock
from hub.errors import Misconfigured, Unavailable
from hub.settings import load
from hub.subscribing import HandedOver
from hub.subscription import subscription
from hub.wiring import build
from tests.support.desks import a_client, bearer
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hub.ports import Bus
    from hub.subscription import Subscription
    from hub.wiring import Hub


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    opened = hub_at(tmp_path, now=SystemClock().now())
    yield opened
    opened.close()


class Accounts:
    """Accounts at a broker that nobody comes to ask."""

    def allow(self, subscriber: str, password: str) -> None: ...
    def resume(self, subscriber: str) -> None: ...
    def suspend(self, subscriber: str) -> None: ...
    def remove(self, subscriber: str) -> None: ...


def wanted(name: str = "xinghua.centre") -> Subscription:
    return subscription(
        name, view="intranet", kinds=["case"], regions=[], max_length=1000, webhook="", now=SystemClock().now()
    )


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("--scope", "cases:read"), "/v1/summary"),
        (("--scope", "alerts:read"), "/v1/alerts"),
        (("--scope", "complaints:centre", "--department", "11321200014005005D"), "/v1/complaints"),
        (("--scope", "complaints:handle", "--department", "11321200014000028L"), "/v1/complaints"),
        (("--scope", "feed:read:intranet"), "/v1/feed?after=0"),
        (("--scope", "scores:read"), "/v1/scores"),
        (("--scope", "admin"), "/v1/summary"),
    ],
)
def test_what_a_new_key_is_said_to_open_it_opens(hub: Hub, words: tuple[str, ...], path: str) -> None:
    said = CliRunner().invoke(app, ["key", "add", "王五", *words])
    assert said.exit_code == 0, said.output
    (line,) = [line for line in said.stderr.splitlines() if line.startswith("Programs: ")]
    address = shlex.split(line)[-1]
    assert address.endswith(path)
    with a_client(hub) as client:
        answer = client.get(path, headers=bearer(said.stdout.strip()))
    assert answer.status_code == 200, answer.text


@pytest.mark.usefixtures("hub")
def test_a_key_that_opens_nothing_of_the_kind_is_not_said_to() -> None:
    said = CliRunner().invoke(app, ["key", "add", "探针", "--scope", "metrics:read"])
    assert "Programs:" not in said.stderr


@pytest.mark.usefixtures("hub")
def test_a_connections_key_is_shown_how_to_send_with_the_type_of_what_is_sent() -> None:
    said = CliRunner().invoke(app, ["key", "add", "a.b", "--kind", "connection", "--scope", "records:write"])
    (line,) = [line for line in said.stderr.splitlines() if line.startswith("Send with it: ")]
    assert "Content-Type: application/json" in shlex.split(line)


@pytest.mark.parametrize(
    ("bus", "virtual_host"),
    [
        ("amqp://hub:x@broker:5673/%2F", "/"),
        ("amqp://hub:x@broker:5673", "/"),
        ("amqps://hub:x@broker/city%2Fsunlight", "city/sunlight"),
        ("amqps://hub:x@broker/sunlight", "sunlight"),
    ],
)
def test_the_address_that_a_subscriber_is_handed_leads_to_the_brokers_virtual_host(bus: str, virtual_host: str) -> None:
    secrets = {"token": "slk_x", "password": "p/-_%w@"}
    given = HandedOver(subscription=wanted(), account="subscriber.a", queue="q", **secrets)
    told = dict(handed(load(None, environment={"SUNLIGHT_BUS_URL": bus}), given))
    assert told["virtual_host"] == virtual_host
    meant = pika.URLParameters(told["broker_url"])
    assert (meant.virtual_host, meant.host, meant.port) == (virtual_host, "broker", 5673 if ":5673" in bus else 5671)
    login: Any = meant.credentials
    assert (login.username, login.password) == ("subscriber.a", "p/-_%w@")


def test_a_subscriber_whose_account_could_not_be_made_is_gone_on_with(hub: Hub) -> None:
    def away(_: Sequence[Subscription]) -> Bus:
        raise Unavailable("the broker does not answer")

    whole = hub.subscribing()
    broken = replace(whole, accounts=Accounts(), bus=away)
    with pytest.raises(Unavailable, match=r"sunlight subscriber rotate xinghua\.centre"):
        broken.add(wanted())
    with pytest.raises(Misconfigured) as taken:
        whole.add(wanted())
    assert "sunlight subscriber rotate xinghua.centre" in taken.value.faults[0].hint
    assert whole.rotate("xinghua.centre").token.startswith("slk_")


def test_no_groups_help_speaks_of_the_shell() -> None:
    said = CliRunner().invoke(app, ["complaint", "--help"])
    assert "move" in said.stdout
    assert "completion" not in said.stdout


def test_what_the_public_sites_zone_must_be_brought_is_there_once_the_store_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub that leaves the public site to another zone never serves it, and never made its key by itself."""
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(tmp_path / "none"))
    for _ in range(2):
        said = CliRunner().invoke(app, ["migrate"])
        assert said.exit_code == 0, said.output
    keys = {path.name: path.read_bytes() for path in (tmp_path / "var" / "keys").iterdir()}
    assert keys.keys() >= {"vault.pub", "citizens.key"}
    outer = build(load(None), is_edge=True)
    assert outer.citizens_key == keys["citizens.key"]
