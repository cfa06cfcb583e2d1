"""Certificates on live traffic: events carry how they were made, drift suspends at once, and supervision goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from typer.testing import CliRunner

from conformance.certificate import signing
from conformance.certificate.office import CHANGE
from conformance.certificate.status import status_list
from conformance.certificate.verify import Asked, verify
from conformance.criteria.machine import RollUp
from hub import wiring
from hub.cli import bureau, certifying_role
from hub.cli.main import app
from hub.errors import Misconfigured
from hub.store.bulk import insert
from hub.store.engine import open_engine, writing
from hub.store.ledger import verify as verify_ledger
from hub.store.tables import feed
from tests.support import desks
from tests.support.certificates import STRANGER
from tests.support.certified_world import CONNECTION, DOCUMENT, REMAPPED, World, people, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from click.testing import Result


@pytest.fixture(params=["embedded", pytest.param("production", marks=pytest.mark.servers)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    urls = {}
    if request.param == "production":
        urls = {
            "store_url": request.getfixturevalue("postgres").fresh_database(),
            "bus_url": request.getfixturevalue("rabbitmq").vhost(),
        }
    made = World(tmp_path, urls)
    yield made
    made.hub.close()


def test_drift_suspends_at_once_and_supervision_goes_on(world: World) -> None:
    before = [each["conformance"] for number in ("T-1", "T-3") for each in world.events(number)]
    assert set(before) == {"uncertified"}
    assert world.send("T-20") == "certified:C3"
    assert world.keep() == "active"

    assert world.send("T-21", REMAPPED) == "drifted:C3"
    assert world.keep() == "suspended K10"
    again = world.hub_clock
    again.move_to(again.now() + timedelta(minutes=10))
    assert world.send("T-22", REMAPPED) == "suspended:C1", "its parts are not known here"
    assert world.alerts("T-20") == world.alerts("T-21") == world.alerts("T-22") == ["R14"]
    levels = {each["conformance"] for each in world.events("T-22")}
    assert levels == {"suspended:C1"}

    (world.folder / "desk.yaml").write_text(REMAPPED, encoding="utf-8")
    renewed = world.certify()
    again.move_to(again.now() + timedelta(minutes=10))
    assert world.send("T-23", REMAPPED) == "certified:C3"
    assert world.keep() == "active"
    assert world.hub.certification.certificate(world.row.certificate_id).state == "superseded"  # type: ignore[union-attr]
    assert renewed.certificate_id != world.row.certificate_id


def test_the_day_of_a_new_certificate_is_counted_from_its_issue(world: World) -> None:
    assert world.send("T-24", REMAPPED) == "drifted:C3"
    assert world.keep() == "suspended K10"
    clock = world.hub_clock
    clock.move_to(clock.now() + timedelta(minutes=10))
    (world.folder / "desk.yaml").write_text(REMAPPED, encoding="utf-8")
    world.certify()
    clock.move_to(clock.now() + timedelta(minutes=10))
    assert world.send("T-25", REMAPPED) == "certified:C3"
    assert world.keep() == "active"
    clock.move_to(clock.now() + timedelta(days=1))
    assert world.keep() == "active", "what ran before the certificate was issued is not its drift"
    drift = [each.seen for each in world.hub.certification.observations(CONNECTION, "K10")]
    assert drift.count("fail") == 1


def test_an_incident_declared_the_day_after_lifts_what_the_day_had_taken_and_stands_in_the_ledger(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = world.hub_clock
    clock.move_to(datetime(2026, 4, 9, 1, tzinfo=UTC))
    for day in (2, 3, 7, 8):
        world.took_in(day)
    assert world.keep() == "suspended K4"
    monkeypatch.setattr("hub.cli.common.hub", lambda *_, **__: world.hub)
    saying = ("--by", "孙七", "--why", "机房断电")
    assert incident("declare", "2026-04-02", "--until", "2026-04-08", *saying).exit_code == 0
    assert incident("declare", "2026-04-10", *saying).exit_code != 0, "it has not begun"
    assert incident("declare", "2026-04-02", "--by", "孙七", "--why", " ").exit_code != 0
    assert world.keep() == "active"
    assert [each["day"] for each in orjson.loads(incident("list", "--json").stdout)] == [
        f"2026-04-0{n}" for n in range(2, 9)]  # fmt: skip
    withdrawing = ("--until", "2026-04-08", "--by", "王五", "--why", "未影响接收")
    assert incident("withdraw", "2026-04-02", *withdrawing).exit_code == 0
    assert world.keep() == "suspended K4"
    changes = [orjson.loads(each.body)["data"] for each in world.hub.certification.changes("")]
    pinned = signing.pinned(signing.public_key(bureau.issuer(world.hub)))
    said = [signing.read_compact(each["jws"], typ=CHANGE, pinned=pinned) for each in changes]
    assert [(each["what"], each["first"], each["by"][0]["by"], each["by"][0]["role"]) for each in said] == [
        ("incident_declared", "2026-04-02", "孙七", "operator"),
        ("incident_withdrawn", "2026-04-02", "王五", "supervisor"),
    ]
    world.told()
    assert verify_ledger(world.hub.settings.store_url).sound
    assert world.hub.queries.act(world.hub.certification.changes("")[0].change_id) is not None, "it is entered"


def incident(*words: str) -> Result:
    return CliRunner().invoke(app, ["conformance", "incident", *words])


def test_silence_while_the_hub_itself_was_down_is_not_the_department_s(world: World) -> None:
    clock = world.hub_clock
    clock.move_to(datetime(2026, 4, 9, 1, tzinfo=UTC))
    assert world.keep() == "active"
    silent = [each.measure for each in world.hub.certification.observations(CONNECTION, "K4") if each.seen == "unknown"]
    assert {"why": "the hub took nothing in"} in silent


def test_every_change_is_a_signed_event_in_the_ledger_and_on_the_feed(world: World) -> None:
    office, number = world.office, world.row.certificate_id
    later = world.hub_clock
    office.suspend(number, people(world.hub, "supervisor"))
    later.move_to(later.now() + timedelta(hours=1))
    with pytest.raises(Misconfigured, match="suspended it"):
        office.reinstate(number, people(world.hub, "reviewer", "supervisor"), unseen)
    office.reinstate(number, people(world.hub, "supervisor", "reviewer"), unseen)
    later.move_to(later.now() + timedelta(hours=1))
    office.revoke(number, people(world.hub, "supervisor", "reviewer"))
    told = world.told()
    assert [each["type"].split(".")[2] for each in told] == ["issued", "suspended", "reinstated", "revoked"]
    pinned = signing.pinned(signing.public_key(bureau.issuer(world.hub)))
    lines = [signing.read_compact(each["data"]["jws"], typ=CHANGE, pinned=pinned) for each in told]
    assert [line["state"] for line in lines] == ["active", "suspended", "active", "revoked"]
    assert {line["by"][0]["by"] for line in lines} == {"张三"}
    assert verify_ledger(world.hub.settings.store_url).sound
    assert world.told() == told, "told twice is told once"
    with pytest.raises(Misconfigured, match="is revoked"):
        office.reinstate(number, people(world.hub, "supervisor", "reviewer"), unseen)


def test_the_status_list_of_the_office_decides_a_verification(world: World) -> None:
    pinned = signing.pinned(signing.public_key(bureau.issuer(world.hub)))
    signed = world.hub.certification.certificates(CONNECTION)[0].signed

    def failed_at(now: datetime) -> str | None:
        return verify(signed, Asked(now=now, pinned=pinned, status_list=world.office.status())).failed_at

    assert failed_at(world.hub.clock.now()) is None
    assert failed_at(world.hub.clock.now() + timedelta(hours=1)) == "status"
    world.office.suspend(world.row.certificate_id, people(world.hub, "supervisor"), ["C3"])
    assert failed_at(world.hub.clock.now()) == "status"


def test_a_day_is_counted_from_what_was_kept(world: World) -> None:
    counts, day = world.hub.day_counts, date(2026, 4, 1)
    found = counts.count(CONNECTION, day)
    told = {name: found[name] for name in ("units", "invalid", "ours", "conflicting", "illegal_moves", "is_backfill")}
    assert told == {"units": 7, "invalid": 1, "ours": 0, "conflicting": 0, "illegal_moves": 1, "is_backfill": True}
    assert found["fingerprints"] == [world.row.fingerprint]
    assert 29 < found["latency_p95_s"] / 86_400 < 31, "the oldest of the desk's events is thirty days late"
    assert "latency_p95_s" not in counts.count(CONNECTION, day, is_over=False)
    empty = counts.count(CONNECTION, date(2026, 3, 31))
    assert (empty["units"], empty["signs_of_life"], "latency_p95_s" in empty) == (0, 0, False)


def test_a_canary_on_the_public_feed_stops_c2_at_once(world: World) -> None:
    folder = world.folder / "conformance" / "canaries"
    folder.mkdir(parents=True)
    (folder / f"{CONNECTION}.txt").write_text("CANARY-7f3a\n", encoding="utf-8")
    assert world.keep() == "active"
    body = f'{{"source":"/connections/{CONNECTION}","data":{{"title":"CANARY-7f3a"}}}}'.encode()
    engine = open_engine(world.hub.settings.store_url)
    with writing(engine) as connection:
        insert(connection, feed, [("public", 10_000_000, 1, "case", "321281", "k", "m", body)])
    engine.dispose()
    assert world.keep() == "suspended K9"
    assert world.hub.certification.certificates(CONNECTION)[0].suspended == ("C2", "C3")


def test_a_schema_that_goes_out_of_use_ends_its_certificates(world: World) -> None:
    section = world.hub.settings.conformance.model_copy(
        update={"schema_obsoleted": {"case-event.v1": date(2026, 1, 1)}}
    )
    settings = world.hub.settings.model_copy(update={"conformance": section})
    hub = wiring.build(settings, clock=world.hub.clock)
    certifying_role.keeper(hub).step()
    hub.close()
    assert world.state() == "expired K12"


def test_looking_again_reads_nothing_anew_until_somebody_acts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = type(world.hub.certification).observations
    monkeypatch.setattr(
        type(world.hub.certification),
        "observations",
        lambda self, name, *rest: asked.append(name) or real(self, name, *rest),
    )
    keeper = certifying_role.keeper(world.hub)
    for _ in range(3):
        keeper.step()
    assert len(asked) == 1
    world.office.suspend(world.row.certificate_id, people(world.hub, "supervisor"))
    keeper.step()
    assert len(asked) == 2


def test_what_a_person_suspended_no_criterion_lifts(world: World) -> None:
    world.office.suspend(world.row.certificate_id, people(world.hub, "supervisor"))
    assert world.send("T-30") == "suspended:C1"
    assert world.keep() == "suspended"
    assert world.alerts("T-30") == ["R14"]


def test_a_criterion_takes_more_than_a_person_took_and_gives_nothing_back(world: World) -> None:
    today = world.hub.calendar().day_of(world.hub.clock.now())
    row = world.office.suspend(world.row.certificate_id, people(world.hub, "supervisor"), ("C3",))
    assert world.office.follow(row, RollUp(state="active"), today) is None
    wider = world.office.follow(row, RollUp(state="suspended", level="C2", criteria=("K9",)), today)
    assert wider is not None
    assert (wider.state, wider.suspended, wider.criterion) == ("suspended", ("C2", "C3"), "")
    assert world.office.follow(wider, RollUp(state="active"), today) is None


def test_silent_days_suspend_c1_and_a_reinstatement_begins_probation(world: World) -> None:
    clock = world.hub_clock
    clock.move_to(datetime(2026, 4, 9, 1, tzinfo=UTC))
    for day in (2, 3, 7, 8):
        world.took_in(day)
    assert world.keep() == "suspended K4"
    assert world.hub.certification.certificates(CONNECTION)[0].suspended == ("C1", "C2", "C3")
    world.office.reinstate(
        world.row.certificate_id,
        people(world.hub, "supervisor", "reviewer"),
        lambda row: certifying_role.keeper(world.hub).vouched(row, "张三"),
    )
    assert world.keep() == "active"
    phases = {
        name[1]: orjson.loads(each)["phase"] for name, each in world.hub.certification.criteria(CONNECTION).items()
    }
    assert phases["K4"] == "on_probation"


def test_a_criterion_of_a_level_that_is_not_certified_takes_nothing_away(world: World) -> None:
    today = world.hub.calendar().day_of(world.hub.clock.now())
    assert world.office.follow(world.row, RollUp(state="suspended", level="C4", criteria=("K8",)), today) is None
    moved = world.office.follow(world.row, RollUp(state="suspended", level="C3", criteria=("K11",)), today)
    assert moved is not None
    assert (moved.state, moved.suspended) == ("suspended", ("C3",))


@pytest.mark.parametrize(
    ("duty", "roles"),
    [
        ("suspend", ()),
        ("reinstate", ("supervisor",)),
        ("revoke", ("supervisor",)),
        ("revoke", ("supervisor", "supervisor")),
    ],
)
def test_an_act_that_needs_two_is_not_done_by_one(world: World, duty: str, roles: Sequence[str]) -> None:
    more = (unseen,) if duty == "reinstate" else ()
    with pytest.raises(Misconfigured, match="needs"):
        getattr(world.office, duty)(world.row.certificate_id, people(world.hub, *roles), *more)
    both = people(world.hub, "supervisor", "reviewer")
    for other in ("张三", "张三 (b2)", "张\u200b三"):
        with pytest.raises(Misconfigured, match="cannot be both"):
            world.office.revoke(world.row.certificate_id, [replace(both[0], by="张三"), replace(both[1], by=other)])
    for other, said in (("sunlight", "nobody"), ("\u200b", "by name")):
        with pytest.raises(Misconfigured, match=said):
            world.office.revoke(world.row.certificate_id, [both[0], replace(both[1], by=other)])
    silent = [replace(each, reason=" ") for each in people(world.hub, "supervisor", "reviewer")]
    with pytest.raises(Misconfigured, match="reason"):
        world.office.revoke(world.row.certificate_id, silent)


@pytest.mark.parametrize("world", ["embedded"], indirect=True)  # the commands are the same over any store
def test_the_commands_verify_offline_with_the_exit_codes_of_the_design(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(world.folder))
    department = world.folder / "mappings" / "housing"
    department.mkdir(parents=True)
    (department / "department.yaml").write_text("department: {}\n", encoding="utf-8")
    (department / "desk.yaml").write_text(desks.MAPPING, encoding="utf-8")
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(world.folder / "mappings"))
    monkeypatch.setattr("hub.wiring.SystemClock", lambda: world.hub.clock)
    file, listed, keys = (str(world.folder / name) for name in ("c.jws", "s.jws", "issuer.jwks"))

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["conformance", *words])
        return done.exit_code, done.output

    assert run("certificates", CONNECTION, "--out", file)[0] == 0
    assert run("verify", file)[0] == 5, "no status list yet"
    assert run("issuer", "--out", keys)[0] == 0
    assert run("status", "--out", listed)[0] == 0
    assert run("verify", file, "--status", listed, "--keys", keys, "--against", CONNECTION)[0] == 0
    assert run("verify", file, "--status", listed, "--flow", "complaint.orders")[0] == 1
    assert run("verify", file)[0] == 0, "the last good list is kept"
    assert run("verify", str(world.folder / "nothing.jws"))[0] == 4
    (department / "desk.yaml").write_text(REMAPPED, encoding="utf-8")
    code, said = run("verify", file, "--status", listed, "--against", CONNECTION, "--json")
    assert (code, orjson.loads(said)["failed_at"]) == (1, "bindings")
    from tests.unit.conformance.test_record import a_header, all_passed, record  # noqa: PLC0415 - of this test alone

    session = world.folder / "session"
    session.mkdir()
    world.hub.store.load_catalogue([{"department": {"name": "住建局", **DOCUMENT}, "matters": []}])
    world.hub_clock.move_to(datetime(2026, 6, 1, 2, tzinfo=UTC))
    record(session, *all_passed(), header=a_header(connection=CONNECTION))
    named = ("--by", "张三", "--second", "李四", "--reason", "查验属实")
    assert run("certify", str(session), *named[:2], "--reason", "x")[0] == 4, "one person is not enough"
    assert "superseded" not in world.state()
    code, said = run("certify", str(session), *named, "--condition", "K-1 | 每周核对 | 2026-08-01", "--out", file)
    assert (code, said.split()[1]) == (0, "conditional")
    number = said.split()[0]
    assert run("print", number, "--out", str(world.folder / "c.pdf"))[0] == 0
    assert run("print", number, "--out", str(world.folder / "c.html"))[0] == 0
    assert run("status", "--out", listed)[0] == 0
    assert run("verify", file, "--status", listed)[0] == 0
    assert run("renew", world.row.certificate_id, str(session), *named)[0] == 4, "that one is superseded"
    code, said = run("renew", number, str(session), *named)
    assert (code, said.split()[1]) == (0, "active")
    world.row = world.hub.certification.certificates(CONNECTION)[0]
    assert run("certificates", CONNECTION, "--out", file)[0] == 0
    assert run("suspend", world.row.certificate_id, "--by", "王五", "--reason", "核查")[0] == 0
    assert run("status", "--out", listed)[0] == 0
    assert run("verify", file, "--status", listed)[0] == 1


@pytest.mark.parametrize("world", ["embedded"], indirect=True)  # the commands are the same over any store
def test_neither_an_older_list_nor_another_issuer_s_takes_the_place_of_the_last_good_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(world.folder))
    monkeypatch.setattr("hub.wiring.SystemClock", lambda: world.hub.clock)
    file, old, listed, strange, keys = (str(world.folder / name) for name in ("c", "old", "new", "strange", "jwks"))

    def run(*words: str) -> int:
        return CliRunner().invoke(app, ["conformance", *words]).exit_code

    assert run("certificates", CONNECTION, "--out", file) == 0
    assert run("status", "--out", old) == 0
    now = world.hub.clock.now() + timedelta(hours=1)
    world.hub_clock.move_to(now)
    assert run("status", "--out", listed) == 0
    assert run("verify", file, "--status", listed) == 0
    Path(strange).write_bytes(status_list([], org="x", now=now + timedelta(minutes=1), signer=STRANGER))
    Path(keys).write_bytes(signing.jwks(signing.public_key(STRANGER)))
    assert run("verify", file, "--status", old) == 5
    assert run("verify", file, "--status", strange, "--keys", keys) == 1
    assert run("verify", file) == 0
    (world.folder / "conformance" / bureau.LAST_GOOD).write_bytes(b"")
    assert run("verify", file) == 5, "what a crash left empty is no list"
