"""The page of a connection: where it stands, whose turn it is, what failed, and what either side may do there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from conformance.certificate import signing
from conformance.certificate.office import CHANGE
from conformance.disputes import is_disputed
from conformance.excerpt import excerpt
from conformance.model import Lifecycle, Verdict, Words
from conformance.real import evidence_of, sessions_of, wishes_of
from conformance.retention import last_day
from hub.cli import bureau, opening
from hub.cli.disputing import disputing
from hub.errors import Misconfigured, Unavailable
from hub.sandbox import sandbox_of
from tests.support.certified_world import CONNECTION, World, people
from tests.support.desks import DEPARTMENT, a_client, a_key, bearer
from tests.unit.conformance.test_record import TESTS, a_header, a_result, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from conformance.sessions import Session

OTHER: Final = "1132120001400001XL"
SCOPES: Final = ("conformance:read", "conformance:act")
PAGE: Final = f"/conformance/{CONNECTION}"
TOLD: Final = f"/v1/conformance/connections/{CONNECTION}"


class AfterTests(World):
    """A certified connection whose next session has come to everything that can be come to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {})
        self.sandbox = sandbox_of(self.hub.settings)
        bad = "申请人,张三\n编号,甲-锟斤拷-7\n".encode()
        item = evidence_of(self.sandbox).keep("RAW", "row.csv", bad, "text/csv")
        until = self.hub.calendar().end_of(self.hub.calendar().day_of(self.hub.clock.now() + timedelta(days=7)))
        failed = a_result(
            "ENC-01", Verdict.FAIL, blames="department", reason=Words(zh="乱码", en="mojibake"), expected="甲-7",
            got="甲-锟斤拷-7", pointer="row.csv#1/编号", fix=Words(zh="按声明的编码导出", en="export as declared"),
            evidence=(item,),
        )  # fmt: skip
        waiting = a_result(
            "ORD-01", None, lifecycle=Lifecycle.WAITING, ended_at=None, until=until,
            reason=Words(zh="等待脚本办件", en="waiting for scripted cases"),
        )  # fmt: skip
        skipped = a_result("SCH-01", Verdict.SKIP, reason=Words(zh="没有撤回件", en="no withdrawn case came"))
        self.evidence = item
        place = sessions_of(self.sandbox).folder / "s-1"
        place.mkdir(parents=True)
        header = a_header(connection=CONNECTION, department=DEPARTMENT)
        record(place, a_result("GOV-01"), failed, skipped, waiting, header=header, ended=False)

    def session(self) -> Session:
        return sessions_of(self.sandbox).get("s-1")

    def entered(self) -> list[dict[str, Any]]:
        """What was signed into the ledger about tests."""
        pinned = signing.pinned(signing.public_key(bureau.issuer(self.hub)))
        bodies = [orjson.loads(each.body)["data"] for each in self.hub.certification.changes("")]
        return [signing.read_compact(each["jws"], typ=CHANGE, pinned=pinned) for each in bodies]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[AfterTests]:
    made = AfterTests(tmp_path)
    yield made
    made.hub.close()


@pytest.fixture
def client(world: AfterTests) -> Iterator[httpx.Client]:
    with a_client(world.hub) as opened:
        yield opened


def test_the_page_tells_levels_whose_turn_it_is_countdowns_failures_and_criteria(
    world: AfterTests, client: httpx.Client
) -> None:
    told = client.get(TOLD).json()
    rungs = {each["level"]: each["state"] for each in told["ladder"]}
    assert rungs == {"C0": "certified", "C1": "certified", "C2": "certified", "C3": "certified", "C4": "ahead"}
    assert told["certified"]["number"] == world.row.certificate_id
    turns = {each.get("test"): each["who"] for each in told["turns"]}
    assert turns == {"ENC-01": "department"}, "only what blocks the next level"
    (wait,) = told["waits"]
    assert (wait["test"], wait["working_days_left"]) == ("ORD-01", 4), "Qingming is no working day"
    (failed,) = told["failed"]
    assert failed["requirement"]["zh"]
    assert failed["command"] == f"sunlight conformance run {CONNECTION} --level C3 --only ENC-01"
    assert [each["test"] for each in told["quality"]] == ["SCH-01"]
    assert [each["criterion"] for each in told["criteria"]] == [f"K{n}" for n in range(1, 14)]
    page = client.get(PAGE).text
    for said in (
        "乱码",
        "mojibake",
        "甲-锟斤拷-7",
        "按声明的编码导出",
        failed["command"],
        "没有撤回件",
        "K13",
        "个工作日",
    ):
        assert said in page, said
    listed = client.get("/conformance").text
    assert f'href="{PAGE}"' in listed
    assert client.get("/conformance/no.such.connection").status_code == 404


def test_who_must_act_follows_from_what_is_in_the_way(world: AfterTests, client: httpx.Client) -> None:
    office, number = world.office, world.row.certificate_id
    office.suspend(number, people(world.hub, "supervisor"), ["C2"])
    told = client.get(TOLD).json()
    assert {each["level"]: each["state"] for each in told["ladder"]}["C2"] == "suspended"
    assert told["next"] == "C2"
    assert told["acts"] == ["bureau", "department"], "a person lifts what a person suspended"
    hubs = a_result("ENC-01", Verdict.FAIL, attempt=2, blames="hub")
    sessions_of(world.sandbox).add("s-1", hubs)
    assert {each.get("test"): each["who"] for each in client.get(TOLD).json()["turns"]}["ENC-01"] == "hub"
    for n, test in enumerate(TESTS):
        sessions_of(world.sandbox).add("s-1", a_result(test, attempt=3, day=20 + n))
    office.revoke(number, people(world.hub, "supervisor", "reviewer"))
    told = client.get(TOLD).json()
    assert ("bureau", "C3 is shown: the bureau may certify it") in [(each["who"], each["en"]) for each in told["turns"]]
    assert {each["level"]: each["state"] for each in told["ladder"]}["C3"] == "shown"


def test_only_the_department_and_the_bureau_see_a_connection(world: AfterTests, client: httpx.Client) -> None:
    centre, own = a_key(world.hub, *SCOPES), a_key(world.hub, *SCOPES, department_id=DEPARTMENT)
    other, nobody = a_key(world.hub, *SCOPES, department_id=OTHER), a_key(world.hub, "cases:read")
    sender = a_key(world.hub, "conformance:read", kind="connection")
    for path in (TOLD, PAGE):
        codes = [client.get(path, headers=bearer(key)).status_code for key in (centre, own, other, nobody, sender)]
        assert codes == [200, 200, 404, 403, 404], path
    assert client.get("/v1/conformance", headers=bearer(other)).json() == {"items": []}
    assert len(client.get("/v1/conformance", headers=bearer(own)).json()["items"]) == 1
    assert act(client, other, "rerun").status_code == 404
    assert act(client, a_key(world.hub, "conformance:read"), "rerun").status_code == 403


def act(client: httpx.Client, key: str, what: str, **said: str) -> httpx.Response:
    return client.post(f"{PAGE}/ENC-01", data={"act": what, **said}, headers=bearer(key))


def test_a_test_is_asked_for_again_disputed_and_decided_from_the_page(world: AfterTests, client: httpx.Client) -> None:
    own = a_key(world.hub, *SCOPES, "conformance:review", department_id=DEPARTMENT)
    reviewer = a_key(world.hub, "conformance:read", "conformance:review", name="审核员")
    assert act(client, own, "rerun").status_code == 303
    (wish,) = wishes_of(world.sandbox).all()
    assert (wish.connection, wish.test) == (CONNECTION, "ENC-01")
    assert "已申请" in client.get(PAGE, headers=bearer(own)).text
    assert act(client, own, "dispute", why="").status_code == 409
    assert act(client, own, "dispute", why="按约定不含").status_code == 303
    assert client.get(TOLD, headers=bearer(own)).json()["disputed"][0]["why"] == "按约定不含"
    assert act(client, own, "decide", why="不采纳", stands="yes").status_code == 403, "the bureau decides"
    assert act(client, reviewer, "dispute", why="x").status_code == 403
    assert act(client, reviewer, "decide", why="样本无误", stands="no").status_code == 303
    told = client.get(TOLD, headers=bearer(own)).json()
    assert (told["disputed"], told["failed"]) == ([], [])
    assert sorted(each["what"] for each in world.entered()) == ["disputed", "lifted"]
    assert act(client, reviewer, "burn").status_code == 422


def test_bytes_are_sealed_and_their_opening_is_in_the_ledger(world: AfterTests, client: httpx.Client) -> None:
    stored = (evidence_of(world.sandbox).folder / world.evidence.sha256).read_bytes()
    assert "锟斤拷".encode() not in stored
    own = a_key(world.hub, *SCOPES, department_id=DEPARTMENT)
    assert "申请人" not in client.get(PAGE, headers=bearer(own)).text
    shown = act(client, own, "open", sha256=world.evidence.sha256).text
    assert re.search(r"申请人,张三\n编号,<mark>甲-锟斤拷-7</mark>", shown)
    (said,) = world.entered()
    assert (said["what"], said["sha256"]) == ("evidence_opened", world.evidence.sha256)
    assert act(client, own, "open", sha256="0" * 64).status_code == 409
    (evidence_of(world.sandbox).folder / world.evidence.sha256).write_bytes(b"altered")
    with pytest.raises(Misconfigured):
        evidence_of(world.sandbox).read(world.evidence.sha256)


def test_evidence_goes_after_two_years_and_its_digest_stays(world: AfterTests, client: httpx.Client) -> None:
    kept = evidence_of(world.sandbox)
    assert last_day(datetime(2024, 2, 29, tzinfo=UTC).date()) == datetime(2026, 2, 28, tzinfo=UTC).date()
    world.hub_clock.move_to(datetime(2028, 5, 21, 1, tzinfo=UTC))
    assert opening.purged(world.hub, world.sandbox) == [], "the last day is a day still"
    world.hub_clock.move_to(datetime(2028, 5, 22, 1, tzinfo=UTC))
    assert opening.purged(world.hub, world.sandbox) == [world.evidence.sha256]
    assert not kept.has(world.evidence.sha256)
    assert not (world.session().folder / "bundle.zip").exists()
    assert world.evidence.sha256.encode() in world.session().raw
    assert client.get(TOLD).json()["failed"][0]["evidence"][0]["sha256"] == world.evidence.sha256
    with pytest.raises(Misconfigured, match="not kept any more"):
        kept.read(world.evidence.sha256)
    assert [each["what"] for each in world.entered()] == ["evidence_purged"]
    assert opening.purged(world.hub, world.sandbox) == []


@pytest.mark.parametrize(
    "ends",
    ["bureau.note", "purge", "bureau.tell", "EvidenceStore.forget", "sync_folder"],
    ids=lambda name: f"at {name}",
)
def test_letting_go_goes_on_wherever_it_ended_and_is_in_the_ledger_once(
    world: AfterTests, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    world.hub_clock.move_to(datetime(2028, 5, 22, 1, tzinfo=UTC))
    (world.session().folder / "bundle.zip").write_bytes(b"with the bytes")
    where = {"EvidenceStore.forget": "conformance.evidence.", "sync_folder": "conformance.retention."}
    with monkeypatch.context() as patched:
        patched.setattr(where.get(ends, "hub.cli.opening.") + ends, crash)
        with pytest.raises(KeyboardInterrupt):
            opening.purged(world.hub, world.sandbox)
    if ends != "bureau.tell":
        assert evidence_of(world.sandbox).has(world.evidence.sha256), "no bytes go of which the ledger does not know"
    world.hub_clock.move_to(datetime(2028, 5, 24, 1, tzinfo=UTC))
    opening.purged(world.hub, world.sandbox)
    assert not evidence_of(world.sandbox).has(world.evidence.sha256)
    assert not (world.session().folder / "bundle.zip").exists()
    assert [each["what"] for each in world.entered()] == ["evidence_purged"]


@pytest.mark.parametrize(
    "standing",
    [
        {"verdict": Verdict.FAIL, "blames": "department"},
        {"verdict": Verdict.SKIP},
        {"verdict": None, "lifecycle": Lifecycle.REVIEW, "disputed_by": "王芳", "disputed_because": "约定"},
    ],
    ids=["failed", "skipped", "disputed"],
)
def test_the_page_shows_a_session_of_which_a_test_was_retired(
    world: AfterTests, client: httpx.Client, standing: dict[str, Any]
) -> None:
    place = sessions_of(world.sandbox).folder / "s-2"
    place.mkdir()
    header = a_header(
        session="s-2", connection=CONNECTION, department=DEPARTMENT, planned=(*TESTS, "OLD-98", "OLD-99"),
        started_at=datetime(2026, 6, 1, tzinfo=UTC),
    )  # fmt: skip
    old = replace(a_result("ENC-01"), test="OLD-98", **standing)
    record(place, a_result("GOV-01"), a_result("ENC-01"), old, header=header, ended=False)
    told = client.get(TOLD).json()
    assert (told["session"], "OLD-98" in str(told), "OLD-99" in str(told)) == ("s-2", True, True)
    assert client.get(PAGE).status_code == 200
    assert client.get("/conformance").status_code == 200


def test_no_record_tells_of_a_dispute_that_the_ledger_does_not(
    world: AfterTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    for ends in ("hub.cli.bureau.note", "conformance.sessions.Sessions.add"):
        with monkeypatch.context() as patched:
            patched.setattr(ends, crash)
            with pytest.raises(KeyboardInterrupt):
                disputing(world.sandbox, world.hub).raise_(world.session(), "ENC-01", by="王芳", why="约定")
        assert not is_disputed(world.session().result("ENC-01"))
    disputing(world.sandbox, world.hub).raise_(world.session(), "ENC-01", by="王芳", why="约定")
    assert is_disputed(world.session().result("ENC-01"))
    assert {each["what"] for each in world.entered()} == {"disputed"}


def test_a_dispute_stands_while_the_bus_is_away_and_the_ledger_is_told_later(
    world: AfterTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("the broker does not answer")

    with monkeypatch.context() as patched:
        patched.setattr("hub.cli.bureau.tell", away)
        disputing(world.sandbox, world.hub).raise_(world.session(), "ENC-01", by="王芳", why="约定")
    assert is_disputed(world.session().result("ENC-01"))
    assert bureau.tell(world.hub) == 1


@pytest.mark.parametrize(
    ("data", "needles", "shown"),
    [
        (b"a,b\nx,bad,y", ["bad"], ("a,b\nx,", "bad", ",y", 6)),
        (b"a\xff\xfeb", ["nowhere"], ("", "", "a⟨ff⟩⟨fe⟩b", 0)),
        (b"", ["x"], ("", "", "", 0)),
    ],
)
def test_an_excerpt_shows_the_place_and_what_is_no_text(
    data: bytes, needles: list[str], shown: tuple[str, str, str, int]
) -> None:
    found = excerpt(data, needles)
    assert (found.before, found.marked, found.after, found.offset_bytes) == shown
