"""People are told of alerts by real servers: planned once, sent whatever crashes, no dead server holds anybody up."""

from __future__ import annotations

import base64
import logging
import os
import socket
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from standardwebhooks.webhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError
from typer.testing import CliRunner

from hub import wiring
from hub.cli.main import app
from hub.clock import SystemClock
from hub.errors import Fenced, Misconfigured
from hub.notify_settings import NotifySection
from hub.roster import LiveRoster, read_roster
from hub.sandbox import sandbox_of
from hub.supervision.alert_cycle import Deed
from tests.support.desks import DEPARTMENT, ROWS, a_client, a_desk, bring
from tests.support.post import MailServer, a_mail_server
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.values import NotificationRow
    from hub.notifying import Courier, Planner

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()
ROSTER = """
[[person]]
name = "王五"
email = "wang.wu@example.gov.cn"
webhook = "{webhook}"
sms = "13800000001"

[[person]]
name = "赵六"
email = "zhao.liu@example.gov.cn"

[[duty]]
person = "王五"
from = 2026-03-01T00:00:00
to = 2026-05-01T00:00:00

[[duty]]
person = "赵六"
line = 2
from = 2026-03-01T00:00:00
to = 2026-05-01T00:00:00
"""


class Room:
    """A hub whose alerts are told: its mail server, its other receivers, its planner and its couriers."""

    def __init__(self, folder: Path, mail: MailServer, posts: Service, urls: dict[str, str]) -> None:
        self.mail, self.posts, self.folder = mail, posts, folder
        self.buses: list[Any] = []
        self.roster = folder / "duty.toml"
        self.roster.write_text(ROSTER.format(webhook=posts.url + "/hook"), encoding="utf-8")
        base = a_desk(folder, rows=[], **urls)
        self.hub = self.under(base, mail.port)
        base.close()
        self.bus = self.hub.bus()
        self.line = self.hub.line(self.bus)
        self.line.settle()

    def under(self, base: wiring.Hub, port: int) -> wiring.Hub:
        notify = NotifySection.model_validate(
            {
                "on": True,
                "roster": str(self.roster),
                "sign_within_min": 30,
                "email": {
                    "host": "localhost",
                    "port": port,
                    "authorities": str(self.folder / "authority.pem"),
                    "user": "hub",
                    "password": "${TEST_SMTP_PASSWORD}",
                    "sender": "hub@example.gov.cn",
                },
                "webhook": {"secret": SECRET},
                "sms": {
                    "url": self.posts.url + "/sms",
                    "encoding": "form",
                    "fields": {"mobile": "{phone}", "content": "{text}", "msgid": "{id}", "key": "k"},
                    "expect": "OK",
                },
            }
        )
        return wiring.Hub(settings=base.settings.model_copy(update={"notify": notify}), clock=base.clock)

    def begin(self) -> None:
        """Plan for the first time, which tells nobody; then let the alerts be raised."""
        assert not self.planner().step()
        self.raise_alerts()

    def raise_alerts(self) -> None:
        self.line.release()
        self.bus.close()
        bring(self.hub, self.folder, ROWS[:1])
        self.bus = self.hub.bus()
        self.line = self.hub.line(self.bus)

    def tellers(self, hub: wiring.Hub | None = None) -> dict[str, Any]:
        """Return the planner and the couriers of the hub, or of another, as after a restart."""
        found = {each.name: each for each in (hub or self.hub).tellers()}
        self.buses += [each.bus for each in found.values()]
        return found

    def planner(self) -> Planner:
        found: Planner = self.tellers()["plan"]
        return found

    def courier(self, channel: str) -> Courier:
        found: Courier = self.tellers()[channel]
        return found

    def told(self, **chosen: Any) -> list[NotificationRow]:
        return sorted(self.hub.queries.notifications(**chosen), key=lambda each: (each.line, each.channel))

    def alert(self) -> Any:
        (row,) = [each for each in self.hub.queries.alerts(rule="R14", limit=9) if each["level"] != "notice"]
        return self.hub.queries.alert(row["alert_id"])

    def wait(self, **span: float) -> None:
        self.hub.clock.move_to(self.hub.clock.now() + timedelta(**span))  # type: ignore[attr-defined]  # manual

    def close(self) -> None:
        self.line.release()
        for bus in (*self.buses, self.bus):
            bus.close()
        self.hub.close()


def answered(asked: Asked) -> Answer:
    return Answer(body=b'{"code": "OK"}') if asked.path == "/sms" else Answer(status=204)


@contextmanager
def a_room(folder: Path, **urls: str) -> Iterator[Room]:
    posts = Service(answered)
    with a_mail_server(folder) as mail:
        room = Room(folder, mail, posts, urls)
        yield room
        room.close()
    posts.close()


@pytest.fixture(params=["embedded", pytest.param("production", marks=pytest.mark.servers)])
def room(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("TEST_SMTP_PASSWORD", "geheim")
    urls = {}
    if request.param == "production":
        urls = {
            "store_url": request.getfixturevalue("postgres").fresh_database(),
            "bus_url": request.getfixturevalue("rabbitmq").vhost(),
        }
    with a_room(tmp_path, **urls) as room:
        yield room


def test_whoever_is_on_duty_is_told_by_e_mail_webhook_and_text(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    room.begin()
    assert room.planner().step()
    alert, told = room.alert(), room.told()
    assert [(each.channel, each.person, each.state) for each in told] == [
        ("email", "王五", "waiting"),
        ("sms", "王五", "waiting"),
        ("webhook", "王五", "waiting"),
    ]
    for channel in ("email", "webhook", "sms"):
        assert room.courier(channel).step()
        assert not room.courier(channel).step()
    assert {each.state for each in room.told()} == {"sent"}
    (mail,) = room.mail.taken
    assert (room.mail.encrypted, mail["To"]) == (1, "wang.wu@example.gov.cn")
    assert mail["Message-ID"] == f"<{told[0].notification_id}@sunlight>"
    assert alert.document["supervision_no"] in mail.get_content()
    text, hook = sorted(room.posts.asked, key=lambda each: each.path, reverse=True)
    assert b"mobile=13800000001" in text.body
    assert told[1].notification_id.encode() in text.body
    assert orjson.loads(hook.body)["data"]["alert_id"] == alert.alert_id
    assert hook.headers["webhook-id"] == told[2].notification_id
    logged = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    for secret in ("wang.wu", "13800000001", "geheim", SECRET, "/hook"):
        assert secret not in logged
    shown = repr(room.hub.settings.notify), repr(LiveRoster(room.roster, room.hub.settings.zone)().people)
    assert "wang.wu" not in shown[1]


def test_a_webhook_is_signed_as_standard_webhooks_has_it(room: Room) -> None:
    room.begin()
    room.planner().step()
    now = SystemClock().now()
    courier = room.courier("webhook")
    courier.channel = replace(courier.channel, now=lambda: now)  # type: ignore[type-var]  # a webhook: receivers check the time
    assert courier.step()
    (hook,) = room.posts.asked
    Receiver(SECRET).verify(hook.body, dict(hook.headers))
    with pytest.raises(WebhookVerificationError):
        Receiver(SECRET).verify(hook.body.replace(b"yellow", b"notice"), dict(hook.headers))


def test_a_dead_mail_server_holds_up_no_other_channel_and_is_tried_again_later_each_time(room: Room) -> None:
    room.begin()
    room.planner().step()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        dead = room.under(room.hub, nobody.getsockname()[1])
        mail = room.tellers(dead)["email"]
        assert not mail.step()
        assert room.courier("webhook").step()
        assert room.courier("sms").step()
        (waiting,) = room.told(state="waiting")
        assert (waiting.channel, waiting.attempts) == ("email", 1)
        assert "the mail server is away" in waiting.problem
        first = waiting.next_at - room.hub.clock.now()
        assert not mail.step()
        assert room.told(state="waiting")[0].attempts == 1
        room.wait(seconds=60)
        assert not mail.step()
        assert room.told(state="waiting")[0].next_at - room.hub.clock.now() > first
        for _ in range(12):
            room.wait(hours=1)
            mail.step()
        assert [(each.channel, each.attempts) for each in room.told(state="failed")] == [("email", 12)]
        dead.close()
    assert room.line.owner.step(0, wait_s=0) == 0


def test_a_recipient_that_is_refused_is_given_up_and_one_that_is_to_come_later_is_not(room: Room) -> None:
    room.begin()
    room.planner().step()
    room.mail.refused["wang.wu@example.gov.cn"] = "450 later"
    assert not room.courier("email").step()
    assert room.told(channel="email")[0].state == "waiting"
    room.mail.refused["wang.wu@example.gov.cn"] = "550 no wang.wu@example.gov.cn here"
    room.wait(minutes=5)
    room.courier("email").step()
    (failed,) = room.told(channel="email")
    assert (failed.state, failed.problem) == ("failed", "the mail server answered 550 to the recipient")


def test_what_crashes_between_sending_and_noting_is_sent_again_under_the_same_id(room: Room) -> None:
    room.begin()
    room.planner().step()
    courier = room.courier("email")
    settle, courier.outbox = courier.outbox.settle, _Dying(courier.outbox)
    with pytest.raises(SystemExit):
        courier.step()
    assert settle
    room.courier("email").step()
    first, second = room.mail.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert [each.state for each in room.told(channel="email")] == ["sent"]


class _Dying:
    """An outbox whose process dies as it notes what became of a notification."""

    def __init__(self, outbox: Any) -> None:
        self._outbox = outbox

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)

    def settle(self, _notification: NotificationRow) -> None:
        raise SystemExit(9)

    def add(self, *_: Any) -> None:
        raise SystemExit(9)


def test_what_was_planned_twice_is_one_and_a_planner_that_dies_plans_again(room: Room) -> None:
    room.begin()
    planner = room.planner()
    planner.outbox = _Dying(planner.outbox)
    with pytest.raises(SystemExit):
        planner.step()
    assert room.told() == []
    assert room.planner().step()
    known = room.told()
    room.hub.outbox.add(known, 0)
    assert room.planner().step()
    assert room.told() == known


def test_the_next_in_line_is_told_where_nobody_signs(room: Room) -> None:
    room.begin()
    room.planner().step()
    room.wait(minutes=31)
    room.planner().step()
    assert [(each.person, each.reason) for each in room.told() if each.line == 2] == [("赵六", "unsigned")]
    room.planner().step()
    assert len(room.told()) == 4
    row = room.alert()
    sign = Deed(move="sign", by="d", role="department", at=room.hub.clock.now(), department_id=DEPARTMENT)
    room.hub.act_on(row, sign)
    room.line.settle(1)
    room.wait(hours=2)
    room.planner().step()
    assert len(room.told()) == 4


def test_the_page_of_an_alert_tells_who_was_told(room: Room) -> None:
    room.begin()
    room.planner().step()
    room.courier("sms").step()
    with a_client(room.hub) as client:
        page = client.get(f"/alerts/{room.alert().alert_id}").text
    assert "短信" in page
    assert "已发送" in page
    assert "待发送" in page
    assert "13800000001" not in page


def test_nobody_is_told_of_what_is_tried_in_the_sandbox(room: Room) -> None:
    assert room.tellers()
    assert wiring.build(sandbox_of(room.hub.settings)).tellers() == []


def test_one_process_at_a_time_tells_by_a_channel(room: Room) -> None:
    room.begin()
    courier = room.courier("email")
    with courier.bus.lease("notify.email"), pytest.raises(Fenced):
        room.courier("email").step()


def test_whoever_left_the_roster_is_not_told(room: Room) -> None:
    room.begin()
    room.planner().step()
    room.roster.write_text(
        ROSTER.split("[[duty]]", maxsplit=1)[0].replace("王五", "周九").format(webhook="x"), encoding="utf-8"
    )
    os.utime(room.roster, (1, 1))
    room.courier("sms").step()
    assert [(each.state, each.attempts) for each in room.told(channel="sms")] == [("failed", 1)]


def test_a_roster_says_all_that_is_wrong_with_it_and_no_contact(room: Room) -> None:
    zone = room.hub.settings.zone
    room.roster.write_text(
        '[[person]]\nname = "a"\n[[person]]\nname = "b"\nemail = "b@x"\n[[duty]]\nperson = "c"\n'
        "from = 2026-03-02T00:00:00\nto = 2026-03-01T00:00:00\n",
        encoding="utf-8",
    )
    with pytest.raises(Misconfigured) as wrong:
        read_roster(room.roster, zone)
    assert [fault.target_path for fault in wrong.value.faults] == ["person.0", "duty.0.person", "duty.0"]
    room.roster.write_text('[[person]]\nname = "a"\nemail = "b@x"\nphone = "139"\n', encoding="utf-8")
    with pytest.raises(Misconfigured) as unknown:
        read_roster(room.roster, zone)
    assert "139" not in str(unknown.value)


def test_notifications_are_listed_at_the_terminal_without_contacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SMTP_PASSWORD", "geheim")
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    with a_room(tmp_path) as room:
        room.begin()
        room.planner().step()
        listed = CliRunner().invoke(app, ["notifications", "--json"])
        shown = CliRunner().invoke(app, ["notifications"]).output
    told = orjson.loads(listed.output)["notices"]
    assert {(each["channel"], each["state"]) for each in told} == {(c, "waiting") for c in ("email", "sms", "webhook")}
    assert "wang.wu" not in listed.output
    assert "nobody is told" in shown


def test_settings_that_reach_nobody_or_lack_a_secret_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="nobody can be told"):
        NotifySection(on=True)
    with pytest.raises(ValueError, match="quiet hours"):
        NotifySection(quiet="at night")
    monkeypatch.delenv("TEST_SMTP_PASSWORD", raising=False)
    with a_room(tmp_path) as room, pytest.raises(Misconfigured, match="TEST_SMTP_PASSWORD"):
        room.hub.tellers()
