"""A complaint goes round: from its centre to departments and back, by every kind of connection, whatever goes wrong."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
import yaml
from typer.testing import CliRunner

from connectors.http import client
from hub import mapping, wiring
from hub import settings as settings_
from hub.cli.main import app
from hub.clock import ManualClock
from hub.errors import Unavailable
from hub.store.migrate import begin, migrate
from tests.support.complaint_town import Office, Town, Who, mapping_out
from tests.support.web import Answer, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.support.servers import FolderServer, Postgres

NOW: Final = datetime(2026, 3, 3, 10, tzinfo=UTC)
HOME: Final = "11321200014005005D"

CENTRES: Final = (
    Who(name="hotline", department=HOME, says="soap", hears="soap", centre="city.hotline"),
    Who(name="mailbox", department=HOME, says="rest", hears="rest", centre="city.mailbox"),
    Who(name="online", department=HOME, says="push", hears="rest", centre="city.online"),
    Who(name="letters", department=HOME, says="files", hears="files", centre="city.letters"),
    Who(name="forum", department=HOME, says="database", hears="database", centre="city.forum"),
)
HOUSING: Final = Who(name="housing", department="11321200014000028L", says="push", hears="soap")
MARKET: Final = Who(name="market", department="113212000140010128", says="soap", hears="rest")
TRANSPORT: Final = Who(name="transport", department="11321281014100010P", says="database", hears="files")
WATER: Final = Who(name="water", department="113212830143000120", says="files", hears="database")
DEPARTMENTS: Final = (HOUSING, MARKET, TRANSPORT, WATER)


def a_town(folder: Path, whos: tuple[Who, ...], database: str, sftp: FolderServer | None = None) -> Town:
    """Return a town of these offices, connected."""
    data = folder / "hub"
    data.mkdir()
    environment = {"SUNLIGHT_DATA_DIR": str(data), "SUNLIGHT_PARTITIONS": "2"}
    plain = settings_.load(environment=environment)
    feed = plain.feed.model_copy(update={"views": ("intranet", "restricted")})
    clock = ManualClock(NOW)
    hub = wiring.build(plain.model_copy(update={"feed": feed}), clock=clock)
    migrate(hub.settings.store_url)
    begin(hub.settings.store_url, partitions=2)
    centres = [
        {"centre_id": who.centre, "name": who.name, "region_code": "321200", "channels": ["hotline"],
         "connection": f"town.{who.name}"}
        for who in whos if who.centre
    ]  # fmt: skip
    home = {"department_id": HOME, "name": "投诉中心", "region_code": "321200", "centres": centres}
    hub.store.load_catalogue([{"department": home}])
    offices = {who.name: Office(who, folder / who.name, clock=clock, sftp=sftp, database=database) for who in whos}
    town = Town(hub=hub, folder=folder, offices=offices)
    town.open()
    return town


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


def at(day: int, hour: int) -> str:
    return f"2026-03-{day:02} {hour:02}:00:00"


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


MAILBOX, FORUM, HOTLINE = CENTRES[1], CENTRES[4], CENTRES[0]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """Open a town of three centres and two departments."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    opened = a_town(tmp_path, (HOTLINE, MAILBOX, FORUM, HOUSING, MARKET), f"sqlite:///{tmp_path}/town.db")
    yield opened
    opened.close()


def begun(town: Town, centre: Who, no: str, department: Who = HOUSING) -> None:
    """Let a centre register a complaint and dispatch it."""
    said = town.offices[centre.name].say
    said("registered", no, at(2, 9))
    said("accepted", no, at(2, 10))
    said("dispatched", no, at(2, 11), dept=department.department)


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


def test_a_status_that_was_stored_when_the_sender_was_killed_is_there_once(
    small: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process is gone."""

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    begun(small, MAILBOX, "T-1")
    small.take_in()
    small.offices[HOUSING.name].say("signed", "T-1", at(2, 12), dept=HOUSING.department)
    small.take_in()
    with monkeypatch.context() as patch:
        patch.setattr(small.hub.deliveries, "settle", dies)
        with pytest.raises(Killed):
            small.senders[MAILBOX.name].step()
    small.send_out()
    assert moves_at(small, MAILBOX) == ["signed"]


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
            {"no": f"T-{number}", "move": move, "at": at(2, hour), "n": "1", "dept": HOUSING.department, **more}
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


class Listing:
    """A centre's own list of its complaints, which the hub reads."""

    def __init__(self, town: Town, who: Who) -> None:
        self.rows: list[dict[str, str]] = []
        self.service = Service(lambda _: Answer(body=orjson.dumps({"data": self.rows})))
        said = mapping_out(who, town.offices[who.name].connects_out) | {
            "codes": {"words": {"10": "dispatched", "20": "signed_for", "40": "replied"}},
            "reconcile": {
                "kind": "rest", "connect": {"url": self.service.url, "rows": "data", "key": "no"}, "no": "no",
                "state": "status", "codes": "words",
            },
        }  # fmt: skip
        folder = town.folder / "maps" / who.name
        folder.mkdir(parents=True)
        (folder / "department.yaml").write_text("department: {}", encoding="utf-8")
        path = folder / "status.out.yaml"
        path.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
        made = town.hub.reconciler(mapping.load_outbound(path, environment={}))
        assert made is not None
        self.reconciler = made


@pytest.fixture
def listing(small: Town) -> Iterator[Listing]:
    made = Listing(small, MAILBOX)
    yield made
    made.reconciler.close()
    made.service.close()


def test_what_a_centre_lost_is_found_by_its_own_list_and_sent_again_under_its_key(
    small: Town, listing: Listing
) -> None:
    housing, taker = small.offices[HOUSING.name], small.offices[MAILBOX.name].taker
    assert taker is not None
    for no in ("T-1", "T-2"):
        begun(small, MAILBOX, no)
    small.take_in()
    for no in ("T-1", "T-2"):
        housing.say("signed", no, at(2, 12), dept=HOUSING.department)
    small.take_in()
    listing.reconciler.step()
    assert lists_of(small) is None, "what is still to be sent is no difference"
    small.send_out(MAILBOX.name)
    lost = taker.effects.pop()
    key = taker.keys.pop()
    listing.rows = [{"no": no, "status": "10" if no == lost["NO"] else "20"} for no in ("T-1", "T-2")]
    listing.reconciler.step()
    found = lists_of(small)
    assert [(row["complaint_no"], row["here"], row["there"]) for row in found["differences"]] == [
        (lost["NO"], "signed_for", "dispatched")
    ]
    small.send_out(MAILBOX.name)
    assert (taker.effects[-1], taker.keys[-1]) == (lost, key)
    assert len(taker.effects) == 2
    listing.rows = [{"no": no, "status": "20"} for no in ("T-1", "T-2")]
    listing.reconciler.step()
    assert lists_of(small) == found, "once a day"
    small.clock.move_to(small.clock.now() + timedelta(days=1))
    listing.reconciler.step()
    assert (lists_of(small)["count"], lists_of(small)["lasting"]) == (0, 0)


def lists_of(town: Town) -> Any:
    """Return what was remembered of the last comparison."""
    return town.hub.store.remembered("complaint-list:town.mailbox.told")


def test_a_difference_that_lasts_after_it_was_sent_again_raises_r48_until_it_is_gone(
    small: Town, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(small, MAILBOX, "T-1")
    small.take_in()
    small.send_out(MAILBOX.name)

    def raised() -> list[str]:
        small.clock.move_to(small.clock.now() + timedelta(days=1))
        listing.reconciler.step()
        small.send_out(MAILBOX.name)
        small.take_in()
        return [row["state"] for row in small.hub.queries.alerts(rule="R48", limit=9)]

    listing.rows = [{"no": "T-1", "status": "40"}]
    assert [raised(), raised()] == [[], ["raised"]]
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(small.folder / "maps"))
    listing.rows = [{"no": "T-1", "status": "10"}]
    environment = {"SUNLIGHT_DATA_DIR": str(small.hub.settings.data_dir)}
    shown = CliRunner().invoke(app, ["complaint", "reconcile", "--json"], env=environment)
    assert (shown.exit_code, orjson.loads(shown.stdout)["town.mailbox.told"]["lasting"]) == (1, 1)
    assert raised() == ["revoked"]
