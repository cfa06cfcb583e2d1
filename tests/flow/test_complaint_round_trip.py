"""A complaint goes round: from its centre to departments and back, by every kind of connection, whatever goes wrong."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from connectors.http import client
from hub.errors import Unavailable
from tests.support.complaint_bodies import CENTRES, DEPARTMENTS, FORUM, HOTLINE, HOUSING, LETTERS, MAILBOX, MARKET, Who
from tests.support.complaint_town import a_town, at, begun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.support.complaint_town import Town
    from tests.support.servers import FolderServer, Postgres


@pytest.fixture(params=["files", pytest.param("servers", marks=pytest.mark.servers)])
def town(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    if request.param == "servers":
        postgres: Postgres = request.getfixturevalue("postgres")
        sftp: FolderServer = request.getfixturevalue("sftp")
        opened = a_town(tmp_path, (*CENTRES, *DEPARTMENTS), postgres.fresh_database(), sftp)
    else:
        opened = a_town(tmp_path, (*CENTRES, *DEPARTMENTS), f"sqlite:///{tmp_path}/town.db")
    yield opened
    opened.close()


PAIRS: Final = tuple((CENTRES[n], DEPARTMENTS[n % 4], DEPARTMENTS[(n + 1) % 4]) for n in range(len(CENTRES)))
"""Each centre's complaint goes to a department that returns it, and then to one that handles it."""


STORY: Final[Sequence[Sequence[tuple[str, str, int, int, dict[str, str]]]]] = (
    (("centre", "registered", 2, 9, {}), ("centre", "accepted", 2, 10, {}),
     ("centre", "dispatched", 2, 11, {"dept": "first"})),
    (("first", "returned", 2, 12, {"dept": "first", "reason": "非本单位职责", "basis": "三定规定"}),),
    (("centre", "redispatched", 2, 13, {"dept": "second"}),),
    (("second", "signed", 2, 14, {"dept": "second"}), ("second", "started", 2, 15, {"dept": "second"}),
     ("second", "replied", 2, 16, {"dept": "second", "reply": "已处理"})),
    (("centre", "followed_up", 3, 9, {"solved": "no"}),
     ("centre", "reworked", 3, 10, {"dept": "second", "reason": "仍未解决"})),
    (("second", "replied", 3, 15, {"dept": "second", "n": "2", "reply": "已重新处理"}),),
    (("centre", "followed_up", 3, 16, {"n": "2", "solved": "yes"}), ("centre", "closed", 3, 17, {})),
    (),
)  # fmt: skip
"""What is said at each turn: by whom, which move, on which day and hour, and what of it."""


def tell_story(town: Town) -> None:
    """Let every centre's complaint run its course, all side by side."""
    for turn in STORY:
        for centre, first, second in PAIRS:
            bodies = {"centre": centre, "first": first, "second": second}
            for who, move, day, hour, more in turn:
                named = {**more, "dept": bodies[more["dept"]].department} if "dept" in more else more
                town.offices[bodies[who].name].say(move, centre.name, at(day, hour), **named)
        town.take_in()
        town.send_out()


def test_a_complaint_goes_round_by_every_kind_of_connection(town: Town) -> None:
    tell_story(town)
    for centre, _, _ in PAIRS:
        told = town.offices[centre.name].told()
        assert [move for _, move, _ in told] == ["returned", "signed", "started", "replied", "replied"]
    for who in DEPARTMENTS:
        handled = [centre.name for centre, _, second in PAIRS if second is who]
        wanted = [(centre.name, "dispatched") for centre, first, _ in PAIRS if first is who]
        wanted += [(no, move) for move in ("redispatched", "reworked", "closed") for no in handled]
        assert [(no, move) for no, move, _ in town.offices[who.name].told()] == wanted
    assert town.hub.queries.summary()["cases"]["by_state"] == {"closed": 5}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """Open a town of four centres and two departments."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    opened = a_town(tmp_path, (HOTLINE, MAILBOX, LETTERS, FORUM, HOUSING, MARKET), f"sqlite:///{tmp_path}/town.db")
    yield opened
    opened.close()


def moves_at(town: Town, who: Who) -> list[str]:
    return [move for _, move, _ in town.offices[who.name].told()]


def patiently(town: Town, who: Who) -> int:
    """Send to one office until it has all; return how often it was away."""
    for tries in range(20):
        with contextlib.suppress(Unavailable):
            town.send_out(who.name)
            return tries
    raise AssertionError(f"{who.name} never had it all")


@pytest.mark.parametrize("centre", [HOTLINE, MAILBOX], ids=["soap", "rest"])
def test_a_centre_has_every_status_once_in_order_whatever_its_endpoint_does(small: Town, centre: Who) -> None:
    taker, housing = small.offices[centre.name].taker, small.offices[HOUSING.name]
    assert taker is not None
    begun(small, centre, "T-1")
    faults = {"signed": ["500 before"], "started": ["500 after"], "replied": ["cut before", "cut after"]}
    for hour, (move, script) in enumerate(faults.items(), 12):
        small.take_in()
        housing.say(move, "T-1", at(2, hour), dept=HOUSING.department)
        small.take_in()
        taker.script = list(script)
        assert patiently(small, centre) == len(script)
    for hour, round_, script in ((9, "2", ["slow after"]), (12, "3", [])):
        small.offices[centre.name].say("followed_up", "T-1", at(3, hour), n=round_, solved="no")
        small.offices[centre.name].say("reworked", "T-1", at(3, hour + 1), n=round_, dept=HOUSING.department)
        small.take_in()
        housing.say("replied", "T-1", at(3, hour + 2), n=round_, dept=HOUSING.department)
        small.take_in()
        taker.script = list(script)
        if script:
            assert patiently(small, centre) == 1
    taker.is_down = True
    for _ in range(24):
        small.clock.move_to(small.clock.now() + timedelta(hours=1))
        with pytest.raises(Unavailable):
            small.send_out(centre.name)
    assert [each.connection for each in small.hub.troubles.all()] == [f"town.{centre.name}.told"]
    taker.is_down = False
    small.send_out(centre.name)
    assert moves_at(small, centre) == ["signed", "started", "replied", "replied", "replied"]
    assert small.hub.troubles.all() == []


@pytest.mark.parametrize("centre", [HOTLINE, MAILBOX, LETTERS, FORUM], ids=["soap", "rest", "files", "table"])
def test_a_status_that_was_stored_when_the_sender_was_killed_is_there_once(
    small: Town, monkeypatch: pytest.MonkeyPatch, centre: Who
) -> None:
    class Killed(BaseException):
        """The process is gone."""

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    begun(small, centre, "T-1")
    small.take_in()
    small.offices[HOUSING.name].say("signed", "T-1", at(2, 12), dept=HOUSING.department)
    small.take_in()
    with monkeypatch.context() as patch:
        patch.setattr(small.hub.deliveries, "settle", dies)
        with pytest.raises(Killed):
            small.senders[centre.name].step()
    small.send_out()
    assert moves_at(small, centre) == ["signed"]


def test_a_department_that_is_down_holds_up_no_other_and_gets_its_orders_when_it_returns(small: Town) -> None:
    market = small.offices[MARKET.name].taker
    assert market is not None
    market.is_down = True
    begun(small, MAILBOX, "T-1", MARKET)
    begun(small, FORUM, "T-2", HOUSING)
    small.take_in()
    with pytest.raises(Unavailable):
        small.send_out(MARKET.name)
    small.send_out(HOUSING.name)
    assert (moves_at(small, MARKET), moves_at(small, HOUSING)) == ([], ["dispatched"])
    small.offices[MAILBOX.name].say("withdrawn", "T-1", at(3, 9))
    small.take_in()
    market.is_down = False
    small.send_out(MARKET.name)
    assert moves_at(small, MARKET) == ["dispatched", "withdrawn"]


def test_what_one_number_takes_back_goes_out_in_order_each_under_a_key_of_its_own(small: Town) -> None:
    taker = small.offices[MAILBOX.name].taker
    assert taker is not None
    begun(small, MAILBOX, "T-1")
    for move, hour in (("signed", 12), ("replied", 13)):
        small.take_in()
        small.offices[HOUSING.name].say(move, "T-1", at(2, hour), dept=HOUSING.department)
    small.take_in()
    small.offices[MAILBOX.name].say("withdrawn", "T-1", "2026-03-02 11:30:00")
    small.take_in()
    taker.script = ["", "", "", "500 after"]
    assert patiently(small, MAILBOX) == 1
    told = [(move, holds) for _, move, holds in small.offices[MAILBOX.name].told()]
    assert told == [("signed", "true"), ("replied", "true"), ("signed", "false"), ("replied", "false")]
    assert taker.keys[3] == f"{taker.keys[2]}.2"
    (note,) = small.hub.deliveries.of("town.mailbox.told", limit=1)
    assert note.state == "delivered"


def test_silence_raises_the_alerts(small: Town) -> None:
    begun(small, MAILBOX, "T-1", MARKET)
    small.take_in()
    found = dict[str, set[str]]()
    for day in (4, 5, 9, 10, 18):
        small.clock.move_to(datetime(2026, 3, day, 10, tzinfo=UTC))
        small.take_in()
        rows = small.hub.queries.alerts(limit=50)
        found[str(day)] = {f"{row['rule_id']} {row['level']}" for row in rows}
    assert found["4"] == {"R60 notice"}
    assert "R60 yellow" in found["5"]
    assert "R62 notice" in found["9"]
    assert "R62 yellow" in found["10"]
    assert "R62 red" in found["18"]


CALLBACKS: Final = (
    ("signed", 12, {}), ("started", 13, {}), ("returned", 14, {"reason": "x", "basis": "y"}), ("replied", 15, {}),
    ("started", 16, {"n": "2"}),
)  # fmt: skip


def test_callbacks_in_every_order_and_twice_come_to_the_same(small: Town) -> None:
    housing, forum = small.offices[HOUSING.name], small.offices[FORUM.name]
    orders = list(permutations(CALLBACKS))[::6]
    for number in range(len(orders)):
        begun(small, FORUM, f"T-{number}")
    small.take_in()
    for number, order in enumerate(orders):
        rows = [
            {
                "no": f"T-{number}",
                "move": HOUSING.word(move),
                "at": at(2, hour),
                "n": "1",
                "dept": HOUSING.department,
                **more,
            }
            for move, hour, more in (*order, *reversed(order))
        ]
        housing.push(orjson.dumps({"data": rows}))
    small.take_in()
    small.send_out(FORUM.name)
    held: dict[str, list[str]] = defaultdict(list)
    for no, move, holds in forum.told():
        if holds == "true":
            held[no].append(move)
        else:
            held[no].remove(move)
    assert {tuple(sorted(moves)) for moves in held.values()} == {("replied", "signed", "started")}
    assert len(held) == len(orders)
    cases = small.hub.queries.cases(limit=200)
    assert {row["state"] for row in cases} == {"replied"}
    assert small.hub.queries.summary()["events"]["duplicate"] == 5 * len(orders)
