"""Alerts followed to their end by people with keys: through the gateway, the bus and supervision, into the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from hub.cli.main import app
from hub.clock import SystemClock
from hub.identity import issue
from hub.store import tables
from hub.store.engine import open_engine, reading
from tests.support.desks import DEPARTMENT, ROWS, a_client, a_desk, bearer, bring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from hub.wiring import Hub

OTHERS = "11321200014000036F"
SCOPES = ("alerts:read", "cases:read")


def a_holder(hub: Hub, name: str, *scopes: str, department: str = "") -> dict[str, str]:
    made = issue(name, kind="person", scopes=(*SCOPES, *scopes), now=SystemClock().now(), department_id=department)
    hub.identities.add(made)
    return bearer(made.token)


class Office:
    """A hub with its gateway, the people who hold keys, and one process that supervises when told."""

    def __init__(self, hub: Hub, client: httpx.Client) -> None:
        self.hub, self.client, self.bus = hub, client, hub.bus()
        self.line = hub.line(self.bus)
        self.clerk = a_holder(hub, "clerk", "alerts:answer", department=DEPARTMENT)
        self.stranger = a_holder(hub, "stranger", "alerts:answer", department=OTHERS)
        self.officer = a_holder(hub, "officer", "alerts:supervise")
        self.reviewer = a_holder(hub, "reviewer", "alerts:review")
        self.reader = a_holder(hub, "reader")

    def alert(self, **filters: Any) -> str:
        found = self.client.get("/v1/alerts", params=filters, headers=self.officer).json()["items"]
        return str(found[0]["alert_id"])

    def move(self, alert: str, who: dict[str, str], move: str, **said: str) -> httpx.Response:
        answer = self.client.post(f"/v1/alerts/{alert}/moves", json={"move": move, **said}, headers=who)
        self.hub.clock.move_to(self.hub.clock.now() + timedelta(minutes=1))  # type: ignore[attr-defined]  # manual
        return answer

    def settled(self, answer: httpx.Response) -> str:
        """Let supervision take an act, and return what became of it."""
        assert answer.status_code == 202, answer.text
        assert self.asked(answer)["state"] == "pending"
        self.line.settle(1)
        return str(self.asked(answer)["state"])

    def asked(self, answer: httpx.Response) -> dict[str, str]:
        told: dict[str, str] = self.client.get(answer.headers["Location"], headers=self.reader).json()
        return told

    def state(self, alert: str) -> str:
        return str(self.client.get(f"/v1/alerts/{alert}", headers=self.reader).json()["state"])

    def acts(self) -> list[tuple[str, str]]:
        """Return outcome and person of every act in the ledger."""
        engine = open_engine(self.hub.settings.store_url)
        with reading(engine) as connection:
            asked = sa.text("SELECT outcome, body FROM ledger WHERE kind = 'act' ORDER BY partition, position")
            found = connection.execute(asked).all()
        engine.dispose()
        return [(outcome, orjson.loads(body)["data"]["by"].split(" ")[0]) for outcome, body in found]

    def close(self) -> None:
        self.line.release()
        self.bus.close()


@pytest.fixture(params=["embedded", pytest.param("production", marks=pytest.mark.servers)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    urls = {}
    if request.param == "production":
        urls = {
            "store_url": request.getfixturevalue("postgres").fresh_database(),
            "bus_url": request.getfixturevalue("rabbitmq").vhost(),
        }
    hub = a_desk(tmp_path, **urls)
    with a_client(hub) as client:
        made = Office(hub, client)
        yield made
        made.close()
    hub.close()


def test_an_alert_is_followed_to_its_end_and_the_ledger_tells_who_did_what(office: Office) -> None:
    alert = office.alert(rule="R14", level="yellow")
    for who, move, said in (
        (office.clerk, "sign", {}),
        (office.clerk, "answer", {"note": "窗口系统升级"}),
        (office.officer, "return", {"note": "请附材料"}),
        (office.officer, "order", {"note": "限期反馈", "due_on": "2026-04-20"}),
        (office.officer, "attribute", {"note": "前置机停机", "to": "connector"}),
        (office.clerk, "answer", {"note": "材料已附"}),
        (office.clerk, "rectify", {"note": "已办结"}),
        (office.officer, "verify", {"note": "属实"}),
        (office.officer, "close", {}),
    ):
        assert office.settled(office.move(alert, who, move, **said)) == "done"
    assert office.state(alert) == "closed"
    assert [act for act, _ in office.acts()] == [
        f"alert.{move}"
        for move in ("sign", "answer", "return", "order", "attribute", "answer", "rectify", "verify", "close")
    ]
    assert {by for _, by in office.acts()} == {"clerk", "officer"}
    told = office.client.get(f"/v1/alerts/{alert}", headers=office.reader).json()
    assert len(told["supervision_no"]) == 19
    assert {each["state"] for each in told["clocks"]} == {"met"}
    feed = [
        orjson.loads(row["body"]) for row in office.hub.queries.feed("intranet", after=0, limit=500, kinds=["alert"])
    ]
    types = [each["type"].split(".")[2] for each in feed if each["data"]["alert_id"] == alert]
    assert types == [
        "raised",
        "signed",
        "answered",
        "signed",
        "supervised",
        "attributed",
        "answered",
        "rectified",
        "verified",
        "closed",
    ]
    assert len({each["id"] for each in feed}) == len(feed)


def test_what_is_not_allowed_is_refused_at_once_and_kept(office: Office) -> None:
    alert = office.alert(rule="R14", level="yellow")
    for who, move, code in (
        (office.stranger, "sign", "alert.department"),
        (office.officer, "sign", "alert.role"),
        (office.clerk, "answer", "alert.state"),
        (office.clerk, "delete", "alert.move"),
        (office.reviewer, "uphold", "alert.state"),
        (office.clerk, "appeal", "alert.note"),
    ):
        answer = office.move(alert, who, move)
        assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[1]) == (409, code)
        assert answer.json()["hint"]
    assert office.move(alert, office.reader, "sign").status_code == 403
    office.line.settle(6)
    assert office.state(alert) == "raised"
    kept = [(outcome.split(": ")[1], by) for outcome, by in office.acts()]
    assert not office.hub.queries.quarantine(state="open", limit=10)[1:]
    assert sorted(kept) == sorted(
        [("alert.department", "stranger"), ("alert.role", "officer"), ("alert.state", "clerk"),
         ("alert.state", "reviewer"), ("alert.note", "clerk"), ("alert.move", "clerk")]
    )  # fmt: skip


def test_two_who_sign_at_once_are_one_signature_and_one_refusal(office: Office) -> None:
    alert = office.alert(rule="R14", level="yellow")
    first, second = office.move(alert, office.clerk, "sign"), office.move(alert, office.clerk, "sign")
    assert (first.status_code, second.status_code) == (202, 202)
    office.line.settle(2)
    assert sorted(office.asked(each)["state"] for each in (first, second)) == ["done", "refused"]
    assert "cannot be signed for" in next(
        told["why"] for each in (first, second) if (told := office.asked(each))["why"]
    )


def test_an_appeal_is_decided_by_somebody_else_and_a_revoked_alert_stays_revoked(office: Office) -> None:
    alert = office.alert(rule="R14", level="yellow")
    assert office.settled(office.move(alert, office.clerk, "appeal", note="申请人补件迟延")) == "done"
    assert office.settled(office.move(alert, office.reviewer, "review")) == "done"
    revoked = office.move(alert, office.reviewer, "revoke", ground="applicant_fault", note="属实")
    assert office.settled(revoked) == "done"
    office.hub.store.wake_departments([DEPARTMENT])
    office.line.settle()
    assert office.state(alert) == "revoked"


def test_the_page_of_an_alert_offers_what_its_reader_may_do(office: Office) -> None:
    alert = office.alert(rule="R14", level="yellow")
    seen = {
        name: office.client.get(f"/alerts/{alert}", headers=who).text
        for name, who in (("clerk", office.clerk), ("officer", office.officer), ("stranger", office.stranger))
    }
    assert 'value="sign"' in seen["clerk"]
    assert 'value="order"' in seen["officer"]
    assert 'value="order"' not in seen["clerk"]
    assert 'name="move"' not in seen["stranger"]
    answer = office.client.post(f"/alerts/{alert}", data={"move": "sign"}, headers=office.clerk)
    assert answer.status_code == 303
    office.line.settle(1)
    again = office.client.get(answer.headers["Location"], headers=office.clerk).text
    assert "已入账" in again
    assert 'value="answer"' in again


def test_an_alert_of_a_restricted_case_is_not_there_for_those_who_may_not_see_it(office: Office) -> None:
    hidden = next(
        row["alert_id"] for row in office.hub.queries.alerts(rule="R14", limit=100) if row["disclosure"] == "restricted"
    )
    for path in (f"/v1/alerts/{hidden}", f"/alerts/{hidden}"):
        assert office.client.get(path, headers=office.officer).status_code == 404
    assert office.move(hidden, office.clerk, "sign").status_code == 404


def test_an_alert_follows_its_case_when_that_is_classified_later(tmp_path: Path) -> None:
    """Who may not see the case any more is told nothing of its alerts: not asked for, not moved, not on the feed."""
    hub = a_desk(tmp_path)
    alerts = {each["case_no"]: str(each["alert_id"]) for each in hub.queries.alerts(rule="R14", limit=100)}
    bring(hub, tmp_path, [["T-1", "食品经营许可申请", "secret", *ROWS[0][3:7], "2026-04-01 08:00"]])
    with a_client(hub) as client:
        office = Office(hub, client)
        for path in (f"/v1/alerts/{alerts['T-1']}", f"/v1/alerts/{alerts['T-1']}/dossier"):
            assert client.get(path, headers=office.officer).status_code == 404
        assert office.move(alerts["T-1"], office.clerk, "sign").status_code == 404
        cleared = a_holder(hub, "cleared", "alerts:supervise", "cases:read:secret")
        for number in ("T-2", "T-1"):
            ordered = office.move(alerts[number], cleared, "order", note="限期整改", due_on="2026-12-01")
            assert ordered.status_code == 202
            office.line.settle(1)
    told = [orjson.loads(body) for body in alert_bodies(hub)]
    assert {each["data"]["case"]["case_no"] for each in told if each["data"].get("orders")} == {"T-1", "T-2"}
    for each in told:
        if each["data"].get("orders"):
            entry = {"T-1": "secret", "T-2": "intranet"}[each["data"]["case"]["case_no"]]
            assert each["data"]["case"]["disclosure"]["class"] == entry, "the feed places it by this"
    hub.close()


def alert_bodies(hub: Hub) -> list[bytes]:
    engine = open_engine(hub.settings.store_url)
    with reading(engine) as connection:
        query = sa.select(tables.ledger.c.body).where(tables.ledger.c.kind == "alert")
        found = [bytes(body) for body in connection.execute(query).scalars()]
    engine.dispose()
    return found


def test_an_operator_moves_alerts_from_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = a_desk(tmp_path)
    alert = hub.queries.alerts(rule="R14", level="yellow", limit=1)[0]["alert_id"]
    hub.close()
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("hub.cli.following._WAIT_S", 0.0)
    shown = CliRunner().invoke(app, ["alert", "show", alert[:13], "--json"])
    assert orjson.loads(shown.output)["moves"][0] == "sign"
    sent = CliRunner().invoke(app, ["alert", "move", alert[:13], "sign", "--by", "李四"])
    assert "it is entered once" in sent.output
    refused = CliRunner().invoke(app, ["alert", "move", alert[:13], "close"])
    assert "cannot be closed" in str(refused.exception)


def test_the_terminal_lists_alerts_with_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = a_desk(tmp_path)
    alert = hub.queries.alerts(rule="R14", level="yellow", limit=1)[0]["alert_id"]
    hub.close()
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    table = CliRunner().invoke(app, ["alerts", "--level", "yellow"])
    assert alert[:8] in table.output
    assert "承诺超时" in table.output
    listed = orjson.loads(CliRunner().invoke(app, ["alerts", "--rule", "R14", "--json"]).output)
    assert {each["rule_id"] for each in listed} == {"R14"}
    assert alert in {each["alert_id"] for each in listed}
