"""Every move of every role in every state goes through supervision: lawful ones happen, others are kept as refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.acts import ask
from hub.bench import Bench
from hub.model import ids
from hub.model.shapes import shape
from hub.model.values import Delivery, Head
from hub.supervise import Terms, decide
from hub.supervision.alert_cycle import MOVES, STATES, Deed
from hub.supervision.alerts import reconcile
from tests.support.casework import CALENDAR, CATALOGUE, DEPARTMENT, a_fact, at, judged

if TYPE_CHECKING:
    from hub.model.values import AlertRow, Changes, Message

OTHERS = "11321200014000036F"
ROLES = ("department", "supervisor", "reviewer")
LATE = "2026-03-18T00:00:00"
SAID = {"note": "系统升级", "ground": "system_fault", "due_on": "2026-04-10", "to": "321200"}
APPEAL_OVER = "2026-03-26T00:00:00"


class Unit:
    """What a batch of acts reads of the store: the alerts they are done to."""

    def __init__(self, alerts: list[AlertRow]) -> None:
        self.head = Head(generation=1, partition=0, position=0, hash=bytes(32))
        self._alerts = {alert.alert_id: alert for alert in alerts}

    def watermarks(self) -> dict[str, Any]:
        return {}

    def arrivals(self, _ids: Any) -> dict[str, Any]:
        return {}

    def cases(self, _ids: Any) -> dict[str, Any]:
        return {}

    def entered(self, _subjects: Any) -> set[str]:
        return set()

    def alerts_named(self, wanted: Any) -> dict[str, AlertRow]:
        return {alert_id: self._alerts[alert_id] for alert_id in wanted if alert_id in self._alerts}


def the_terms() -> Terms:
    return Terms(
        bench=Bench(catalogue=CATALOGUE, calendar=CALENDAR),
        connections={},
        reread=lambda: False,
        trusted="sunlight",
        partitions=1,
        seal=bytes,
    )


def an_alert(name: str, state: str = "raised", level: str = "yellow", *history: dict[str, str]) -> AlertRow:
    """Return an alert of 18 March 2026 with an id of its own, put into a state, after what people did to it before."""
    accepted = a_fact("case.accepted", "2026-03-02T09:00:00+08:00")
    (raised,) = reconcile(judged(accepted, horizon=LATE), (), now=at(LATE))
    own = ids.alert_id("R14", raised.subject, name)
    told = {**raised.document, "alert_id": own, "state": state, "level": level}
    told["history"] = [*told["history"], *history]
    return replace(raised, alert_id=own, occurrence=name, state=state, level=level, document=told)


def a_deed(move: str, role: str, **fields: Any) -> Deed:
    given = {"department_id": DEPARTMENT if role == "department" else "", "at": at("2026-03-19T09:00:00"), **SAID}
    to = {"to": "connector"} if move == "attribute" else {}
    return Deed(**{"move": move, "role": role, "by": f"{role} 1", **given, **to, **fields})


def kept(*wishes: tuple[AlertRow, Deed]) -> tuple[list[str], Changes]:
    """Take wishes through the bus's message and one batch of supervision; return what the ledger says of each."""
    deliveries = []
    for alert, deed in wishes:
        ask(alert, deed, calendar=CALENDAR, publish=lambda each: deliveries.append(delivered(each)))
    alerts = [alert for alert, _ in wishes]
    changes = decide(Unit(alerts), deliveries, terms=the_terms(), now=at("2026-04-02T00:00:00"))  # type: ignore[arg-type]  # as much of a unit as acts need
    acts = {entry.subject: entry for entry in changes.entries if entry.kind == "act"}
    for delivery in deliveries:
        entry = acts[delivery.message_id]
        assert entry.body == delivery.body
        assert shape("act.v1").problems(orjson.loads(entry.body)) == []
    return [acts[delivery.message_id].outcome for delivery in deliveries], changes


def delivered(message: Message) -> Delivery:
    """Return a message as the broker hands it to supervision."""
    name, body = message.message_id, message.body
    return Delivery(queue="intake.0", kind=message.kind, message_id=name, body=body, user="sunlight", tag=1)


@pytest.mark.parametrize("state", STATES)
def test_each_move_of_each_role_from_a_state_happens_or_is_refused_and_is_kept(state: str) -> None:
    asked = [(an_alert(f"{move}-{role}", state), a_deed(move, role)) for move in MOVES for role in ROLES]
    outcomes, changes = kept(*asked)
    moved = {row.alert_id: row for row in changes.alerts}
    assert len(outcomes) == len(MOVES) * len(ROLES)
    for (alert, deed), outcome in zip(asked, outcomes, strict=True):
        move = MOVES[deed.move]
        lawful = deed.role == move.role and state in move.after
        if lawful:
            assert outcome == f"alert.{deed.move}"
            assert moved[alert.alert_id].state == (move.state or state)
            continue
        code = "alert.role" if deed.role != move.role else "alert.state"
        assert outcome.startswith(f"refused: {code}: ")
        assert len(outcome) > len(f"refused: {code}: ")
        assert alert.alert_id not in moved
    lawful_moves = [move for move in MOVES.values() if state in move.after]
    assert len(moved) == len(lawful_moves)


@pytest.mark.parametrize("move", list(MOVES))
def test_a_department_does_its_own_part_alone_and_nobody_of_it_any_other(move: str) -> None:
    role = MOVES[move].role
    state = min(MOVES[move].after)
    level = "red"
    asker = OTHERS if role == "department" else DEPARTMENT
    (outcome,), changes = kept((an_alert("1", state, level), a_deed(move, role, department_id=asker)))
    assert outcome.startswith("refused: alert.department: ")
    assert not changes.alerts


@pytest.mark.parametrize("move", [move.name for move in MOVES.values() if move.role == "reviewer"])
@pytest.mark.parametrize(
    "acted", ["confirm", "return", "verify", "order", "escalate", "appeal", "answer", "sign", "rectify"]
)
def test_whoever_acted_on_an_alert_before_takes_no_part_in_its_review(move: str, acted: str) -> None:
    before = {
        "move": acted,
        "by": "Both",
        "role": "supervisor",
        "at": "2026-03-18T10:00:00+08:00",
        "from": "",
        "to": "",
    }
    alert = an_alert("1", min(MOVES[move].after), "yellow", before)
    (refused, lawful), _ = kept(
        (alert, a_deed(move, "reviewer", by="Both")), (alert, a_deed(move, "reviewer", by="Somebody else"))
    )
    assert refused.startswith("refused: alert.same-person: ")
    assert lawful == f"alert.{move}"


@pytest.mark.parametrize("state", sorted(MOVES["appeal"].after))
def test_an_appeal_after_its_window_is_refused_in_every_state_and_kept(state: str) -> None:
    outcomes, _ = kept(
        (an_alert("late", state), a_deed("appeal", "department", at=at(APPEAL_OVER))),
        (an_alert("early", state), a_deed("appeal", "department", at=at("2026-03-25T23:59:59"))),
    )
    assert outcomes[0].startswith("refused: alert.appeal-over: ")
    assert outcomes[1] == "alert.appeal"


@pytest.mark.parametrize("move", [move.name for move in MOVES.values() if move.needs])
def test_what_a_move_demands_is_asked_for_and_the_wish_is_kept(move: str) -> None:
    for need in MOVES[move].needs:
        asked = (an_alert(need, min(MOVES[move].after)), a_deed(move, MOVES[move].role, **{need: " "}))
        (outcome,), changes = kept(asked)
        assert outcome.startswith(f"refused: alert.{need.replace('_', '-')}: ")
        assert not changes.alerts


def test_an_alert_that_is_not_there_cannot_be_moved_and_the_wish_is_kept() -> None:
    alert = an_alert("1")
    asked: list[Delivery] = []
    ask(alert, a_deed("sign", "department"), calendar=CALENDAR, publish=lambda each: asked.append(delivered(each)))
    changes = decide(Unit([]), asked, terms=the_terms(), now=at("2026-04-02T00:00:00"))  # type: ignore[arg-type]  # ditto
    (entry,) = changes.entries
    assert entry.outcome.startswith("refused: alert.unknown: ")
