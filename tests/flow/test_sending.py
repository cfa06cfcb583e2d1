"""Alerts reach the department's own system, in order, whatever is down or killed; a refused one holds up none."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from connectors import sinks
from connectors.http import client
from hub import mapping, wiring
from hub import settings as settings_
from hub.checkpoints import FileCheckpoints
from hub.cli.main import app
from hub.errors import Fenced, Unavailable
from hub.store import tables
from hub.store.engine import open_engine
from tests.support.desks import DEPARTMENT, LATE, ROWS, a_desk, bring
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.dispatching import Sender
    from hub.wiring import Hub
    from tests.support.servers import Postgres, RabbitMQ

MAPPING = """
direction: out
of: alert
connection: taizhou.desk.alerts
department: {department}
kind: rest
connect: {{url: {url}, rate: {{requests: 10000}}, begin: {begin}}}
read: {{names: {{no: case/case_no, secret: case/title}}}}
when: rule_id == "R14"
write: {{NO: no, STATE: state, AT: 'format_time(raised_at, "%Y%m%d")'}}
"""


NAME = "taizhou.desk.alerts"

SEEN = LATE - {"T-4", "T-5"}
"""The late cases of the intranet view, which is the highest that the feed has here."""


class Desk:
    """A hub whose alerts are sent to a department's service."""

    def __init__(self, folder: Path, **urls: str) -> None:
        self.folder, self.statuses = folder, list[int]()
        self.service = Service(self.answer)
        self.hub: Hub = a_desk(folder, **urls)

    def answer(self, _asked: Asked) -> Answer:
        return Answer(status=self.statuses.pop(0) if self.statuses else 200)

    def sender(self, begin: str = "all", department: str = DEPARTMENT) -> Sender:
        path = self.folder / "alerts.out.yaml"
        path.write_text(
            MAPPING.format(url=self.service.url, begin=begin, department=department).replace(
                ", secret: case/title", ""
            ),
            encoding="utf-8",
        )
        return self.hub.sender(mapping.load_outbound(path, environment={}))

    def sent(self) -> list[str]:
        return [orjson.loads(asked.body)["NO"] for asked in self.service.asked]

    def tampering(self) -> Any:
        """Write behind the store's back."""
        return open_engine(self.hub.settings.store_url).begin()

    def command(self, *words: str) -> Any:
        """Run a command on this hub's store; return its result."""
        environment = {"SUNLIGHT_DATA_DIR": str(self.folder), "SUNLIGHT_STORE_URL": self.hub.settings.store_url}
        return CliRunner().invoke(app, ["deliveries", *words], env=environment)

    def close(self) -> None:
        self.service.close()
        self.hub.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    with contextlib.closing(Desk(tmp_path)) as opened:
        yield opened


def work(sender: Sender) -> None:
    while sender.step():
        pass


def test_every_alert_of_the_department_is_sent_once_in_order_and_told(desk: Desk) -> None:
    sender = desk.sender()
    work(sender)
    work(sender)
    sender.close()
    assert sorted(desk.sent()) == sorted(SEEN)
    keys = [asked.headers["idempotency-key"] for asked in desk.service.asked]
    assert keys == sorted(keys, key=lambda key: int(key.rpartition("-")[2]))
    notes = desk.hub.deliveries.of("taizhou.desk.alerts", limit=10)
    assert [note.state for note in notes] == ["delivered"] * 3


def test_another_departments_alerts_are_not_sent_and_a_new_receiver_begins_with_what_comes(desk: Desk) -> None:
    other, fresh = desk.sender(department="1132120001400001XL"), desk.sender(begin="now")
    work(other)
    other.close()
    assert desk.sent() == []
    with desk.tampering() as connection:
        connection.execute(sa.delete(tables.receivers))
    work(fresh)
    assert desk.sent() == []
    bring(desk.hub, desk.folder, [*ROWS, ("T-9", "later", "public", "321281", *ROWS[0][4:])])
    work(fresh)
    fresh.close()
    assert desk.sent() == ["T-9"]


def test_a_receiver_that_is_down_is_sent_to_again_from_where_it_stood(desk: Desk) -> None:
    desk.statuses = [200, 503, 503]
    sender = desk.sender()
    for _ in range(2):
        with pytest.raises(Unavailable):
            sender.step()
    (trouble,) = desk.hub.troubles.all()
    assert (trouble.connection, trouble.state) == ("taizhou.desk.alerts", "away")
    work(sender)
    sender.close()
    assert desk.hub.troubles.all() == []
    sent = desk.sent()
    assert (sent[1], sent[2]) == (sent[3], sent[3])
    assert len(sent) == 5
    keys = [asked.headers["idempotency-key"] for asked in desk.service.asked]
    assert keys[1] == keys[2] == keys[3]


def test_a_login_that_is_refused_waits_for_the_operator_and_loses_nothing(desk: Desk) -> None:
    desk.statuses = [401]
    sender = desk.sender()
    with pytest.raises(Unavailable):
        sender.step()
    assert [trouble.state for trouble in desk.hub.troubles.all()] == ["misconfigured"]
    work(sender)
    sender.close()
    assert set(desk.sent()) == SEEN


def test_a_document_that_is_refused_is_noted_and_holds_up_no_other(desk: Desk) -> None:
    desk.statuses = [200, 422]
    sender = desk.sender()
    work(sender)
    sender.close()
    assert len(desk.sent()) == 3
    notes = desk.hub.deliveries.of("taizhou.desk.alerts", limit=10)
    assert [note.state for note in notes] == ["delivered", "refused", "delivered"]
    shown = CliRunner().invoke(
        app, ["deliveries", "list", "--refused", "--json"], env={"SUNLIGHT_DATA_DIR": str(desk.folder)}
    )
    (only,) = orjson.loads(shown.stdout)["taizhou.desk.alerts"]
    assert "422" in only["said"]
    assert (
        "1 refused"
        in CliRunner().invoke(app, ["deliveries", "list"], env={"SUNLIGHT_DATA_DIR": str(desk.folder)}).output
    )


def test_what_was_refused_is_sent_again_under_its_key_when_somebody_asks_for_it(desk: Desk) -> None:
    desk.statuses = [422, 200, 422]
    sender = desk.sender()
    work(sender)
    keys = [asked.headers["idempotency-key"] for asked in desk.service.asked]
    first, third = (int(keys[place].rpartition("-")[2]) for place in (0, 2))
    assert orjson.loads(desk.command("retry", NAME, str(first), "--json").stdout)["again"] == 1
    desk.statuses = [503]
    with pytest.raises(Unavailable):
        sender.step()
    assert [note.state for note in desk.hub.deliveries.of(NAME, limit=9)] == ["again", "delivered", "refused"]
    work(sender)
    assert [asked.headers["idempotency-key"] for asked in desk.service.asked] == [*keys, keys[0], keys[0]]
    assert [note.state for note in desk.hub.deliveries.of(NAME, limit=9)] == ["delivered", "delivered", "refused"]
    assert desk.command("retry", NAME, str(first)).exit_code == 1
    assert "1 to be sent again" in desk.command("retry", NAME).output
    desk.statuses = [413]
    work(sender)
    sender.close()
    (left,) = desk.hub.deliveries.of(NAME, limit=9, states=["refused", "again"])
    assert (left.sequence, left.state) == (third, "refused")
    assert "413" in left.said


def test_what_is_not_sent_any_more_ends_refused_and_is_not_tried_for_ever(desk: Desk) -> None:
    desk.statuses = [422]
    sender = desk.sender()
    work(sender)
    sender.close()
    desk.hub.deliveries.again(NAME)
    other = desk.sender(department="1132120001400001XL")
    work(other)
    other.close()
    (left,) = desk.hub.deliveries.of(NAME, limit=9, states=["refused", "again"])
    assert (left.state, left.said) == ("refused", "it is not sent any more")


def test_another_machine_goes_on_where_the_first_one_stood(desk: Desk, tmp_path: Path) -> None:
    sender = desk.sender()
    work(sender)
    sender.close()
    environment = {"SUNLIGHT_DATA_DIR": str(tmp_path / "elsewhere"), "SUNLIGHT_STORE_URL": desk.hub.settings.store_url,
                   "SUNLIGHT_BUS_URL": desk.hub.settings.bus_url}  # fmt: skip
    settings = settings_.load(environment=environment)
    with contextlib.closing(wiring.build(settings)) as elsewhere:
        heir = elsewhere.sender(sender.mapping)
        work(heir)
        heir.close()
    assert len(desk.sent()) == 3


def test_a_position_kept_on_the_machine_before_is_taken_over(desk: Desk) -> None:
    sequences = [row["sequence"] for row in desk.hub.queries.feed("intranet", after=0, limit=500, kinds=["alert"])]
    FileCheckpoints(desk.hub.settings.data_dir / "sent").save(NAME, {"sequence": sequences[-1]})
    sender = desk.sender()
    work(sender)
    sender.close()
    assert desk.sent() == []


def test_what_was_sent_when_the_process_died_comes_again_under_the_same_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process is gone."""

    sender: Any = desk.sender()
    saved = desk.hub.deliveries.settle

    def dies(name: str, **kept: Any) -> None:
        if len(desk.service.asked) == 2:
            raise Killed
        saved(name, **kept)

    with monkeypatch.context() as patch:
        patch.setattr(desk.hub.deliveries, "settle", dies)
        with pytest.raises(Killed):
            work(sender)
    sender.close()
    heir = desk.sender()
    work(heir)
    heir.close()
    keys = [asked.headers["idempotency-key"] for asked in desk.service.asked]
    assert len(keys) == 4
    assert len(set(keys)) == 3
    assert keys[1] == keys[2]


def test_one_process_at_a_time_sends(desk: Desk) -> None:
    first, second = desk.sender(), desk.sender()
    with first.bus.lease("sender.taizhou.desk.alerts"), pytest.raises(Fenced):
        second.step()
    first.close()
    second.close()


@pytest.mark.servers
def test_alerts_are_sent_over_real_servers(tmp_path: Path, postgres: Postgres, rabbitmq: RabbitMQ) -> None:
    with contextlib.closing(Desk(tmp_path, store_url=postgres.fresh_database(), bus_url=rabbitmq.vhost())) as desk:
        sender = desk.sender()
        work(sender)
        sender.close()
        assert sorted(desk.sent()) == sorted(SEEN)


def test_a_receivers_connector_that_fails_keeps_its_receiver_waiting_and_nobody_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> str:
        raise ValueError("the document of 张三")

    sender = desk.sender()
    with monkeypatch.context() as patch:
        patch.setattr(sinks.RestSink, "send", failing)
        for _ in range(2):
            with pytest.raises(Unavailable, match="its connector failed: ValueError"):
                sender.step()
        (trouble,) = desk.hub.troubles.all()
        assert trouble.state == "misconfigured"
        assert "张三" not in trouble.problem
    work(sender)
    sender.close()
    assert sorted(desk.sent()) == sorted(SEEN)
