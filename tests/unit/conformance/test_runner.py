"""A session runs what is planned, waits in working days, survives restarts, and ends with a footer or not at all."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from conformance import reports, sessions
from conformance.declaration import declared
from conformance.evidence import EvidenceStore
from conformance.finding import Finding, passed, waits
from conformance.hiding import secrets_in
from conformance.model import Lifecycle, Verdict, Waiver, Words
from conformance.runner import Runner, is_left, new_header
from conformance.sessions import BUNDLE, RECORD, Sessions
from conformance.suite import Suite, load_suite
from hub.clock import ManualClock
from hub.errors import Misconfigured, Unavailable
from hub.files import write_durably
from hub.supervision.calendar import WorkCalendar
from tests.support.certifying import BINDINGS, a_declaration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ZONE = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 3, 6, 1, tzinfo=UTC)
NAMES = ("ENC-01", "SCH-01")


class FakeLab:
    """A lab whose checks are given."""

    def __init__(self, folder: Path) -> None:
        self.store, self.kept, self.mode = EvidenceStore(folder), list[Any](), "REPLAY"
        self.secrets = ["geheim-77"]

    def for_test(self, _: object) -> FakeLab:
        self.kept = []
        return self

    def keep(self, code: Any, name: str, data: bytes, media_type: str = "text/plain") -> None:
        self.kept.append(self.store.keep(code, name, data, media_type))


class World:
    """A session of two tests whose checks a test gives."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.checks: dict[str, Callable[[Any], Finding]] = dict.fromkeys(NAMES, lambda _: passed("好", "good"))
        suite = load_suite()
        cases = {name: replace(suite.tests[name], verifies=suite.tests[name].verifies) for name in NAMES}
        self.suite: Suite = replace(suite, tests=cases)
        monkeypatch.setattr(type(suite.tests["ENC-01"]), "function", lambda case: self.checks[case.id])
        self.clock, self.folder = ManualClock(FRIDAY), folder
        self.sessions = Sessions(folder / "sessions", ZONE)
        header = new_header(declared(a_declaration()), self.suite, "C2", bindings=BINDINGS, session="s", now=FRIDAY)
        self.sessions.begin(header)

    def run(self, *only: str, goes_on: Callable[[], bool] = lambda: True) -> Any:
        """Run with all new objects, as after a restart."""
        sessions = Sessions(self.folder / "sessions", ZONE)
        lab: Any = FakeLab(self.folder / "evidence")
        running = Runner(sessions=sessions, suite=self.suite, lab=lab, clock=self.clock, calendar=WorkCalendar())
        return running.run("s", only=only, goes_on=goes_on)

    def summary(self, session: Any) -> Any:
        return session.summary(self.suite, self.clock.now().astimezone(ZONE).date())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_a_session_in_which_everything_is_shown_gets_its_footer_and_is_certifiable(world: World) -> None:
    session = world.run()
    assert session.footer is not None
    assert (session.footer.planned, session.footer.executed, session.footer.is_certifiable) == (2, 2, True)
    assert world.summary(session).is_certifiable


def test_a_wait_is_over_after_so_many_working_days_and_then_it_is_a_skip(world: World) -> None:
    world.checks["SCH-01"] = lambda _: waits("等", "waiting")
    session = world.run()
    waiting = session.result("SCH-01")
    assert (session.footer, waiting.lifecycle) == (None, Lifecycle.WAITING)
    assert waiting.until == datetime(2026, 3, 25, tzinfo=ZONE), "twelve working days after a Friday"
    world.clock.move_to(datetime(2026, 3, 24, 15, tzinfo=UTC))
    assert world.run().result("SCH-01").lifecycle is Lifecycle.WAITING
    world.clock.move_to(datetime(2026, 3, 24, 17, tzinfo=UTC))
    ended = world.run()
    assert ended.result("SCH-01").verdict is Verdict.SKIP
    assert not world.summary(ended).is_certifiable


def test_what_was_waited_for_is_taken_up_after_a_restart_and_nothing_else_runs_again(world: World) -> None:
    world.checks["SCH-01"] = lambda _: waits("等", "waiting")
    world.run()
    world.clock.move_to(datetime(2026, 3, 11, tzinfo=UTC))
    world.checks["SCH-01"] = lambda _: passed("到了", "it came")
    session = world.run()
    assert session.footer.is_certifiable
    assert [session.result(name).attempt for name in NAMES] == [1, 2]


def test_a_run_that_may_not_go_on_leaves_the_rest_which_the_next_begins_with(world: World) -> None:
    world.checks["ENC-01"] = lambda _: waits("等", "waiting")
    asked: list[str] = []
    first = world.run(goes_on=lambda: bool(asked.append("")))
    assert (first.footer, [each.test for each in first.results]) == (None, ["ENC-01"])
    assert is_left(first, world.suite)
    second = world.run(goes_on=lambda: False)
    assert [each.test for each in second.results] == ["ENC-01", "SCH-01"], "what never ran comes before what waits"
    assert not is_left(second, world.suite)
    assert second.footer is None, "one waits"


def test_a_session_stays_readable_when_a_test_of_it_is_retired(world: World) -> None:
    world.run()
    later = replace(world.suite, tests={"ENC-01": world.suite.tests["ENC-01"]})
    session = world.sessions.get("s")
    today = world.clock.now().date()
    summary = session.summary(later, today)
    assert [(each.level, each.planned) for each in summary.levels] == [("C0", 0), ("C1", 1), ("C2", 1)]
    assert b"SCH-01" in reports.junit(session, summary, later)
    assert "SCH-01" in reports.html(summary, later)
    assert "ENC-01" in reports.requirements_csv(summary, later)
    again = Runner(
        sessions=world.sessions, suite=later, lab=FakeLab(world.folder / "evidence"), clock=world.clock,  # type: ignore[arg-type]
        calendar=WorkCalendar(),
    ).run("s", only=NAMES)  # fmt: skip
    assert [again.result(name).attempt for name in NAMES] == [2, 1], "what is retired is not run"  # type: ignore[union-attr]


def test_a_retired_test_that_never_ran_keeps_an_old_session_from_being_certified(world: World) -> None:
    later = replace(world.suite, tests={"SCH-01": world.suite.tests["SCH-01"]})
    runner = Runner(
        sessions=world.sessions, suite=later, lab=FakeLab(world.folder / "evidence"), clock=world.clock,  # type: ignore[arg-type]
        calendar=WorkCalendar(),
    )  # fmt: skip
    session = runner.run("s")
    assert not is_left(session, later), "nobody can run it"
    assert session.footer is None
    assert not session.summary(later, world.clock.now().date()).is_certifiable


def test_a_bundle_is_not_made_over_a_torn_piece_that_a_verdict_rests_on(world: World) -> None:
    def shows(text: bytes) -> None:
        def check(lab: Any) -> Finding:
            lab.keep("RAW", "x", text)
            return passed("好", "good")

        world.checks["ENC-01"] = check

    shows(b"first")
    session = world.run()
    store = EvidenceStore(world.folder / "evidence")
    (store.folder / session.result("ENC-01").evidence[0].sha256).write_bytes(b"fi")
    with pytest.raises(Misconfigured, match="torn"):
        reports.bundle(session, world.summary(session), world.suite, store)
    shows(b"second")
    session = world.run("ENC-01")
    packed = zipfile.ZipFile(io.BytesIO(reports.bundle(session, world.summary(session), world.suite, store)))
    assert [name for name in packed.namelist() if name.startswith("raw/")] == [
        f"raw/{session.result('ENC-01').evidence[0].sha256}"
    ]


@pytest.mark.parametrize("verdict", [Verdict.SKIP, Verdict.ERROR])
def test_what_was_not_shown_is_tried_again_and_what_failed_is_not(world: World, verdict: Verdict) -> None:
    nothing = passed("", "").reason
    world.checks["ENC-01"] = lambda _: Finding(verdict=Verdict.FAIL, reason=nothing, blames="department")
    world.checks["SCH-01"] = lambda _: Finding(verdict=verdict, reason=nothing, blames="hub")
    world.run()
    world.checks = dict.fromkeys(NAMES, lambda _: passed("到了", "it came"))
    session = world.run()
    assert [session.result(name).verdict for name in NAMES] == [Verdict.FAIL, Verdict.PASS]


def test_only_the_test_that_is_named_is_run_again(world: World) -> None:
    world.checks["ENC-01"] = lambda _: Finding(verdict=Verdict.FAIL, reason=passed("", "").reason, blames="department")
    assert not world.run().footer.is_certifiable
    world.checks["ENC-01"] = lambda _: passed("好", "good")
    session = world.run("ENC-01")
    assert [session.result(name).attempt for name in NAMES] == [2, 1]
    assert session.footer.is_certifiable


def test_a_check_that_breaks_is_the_harness_s_fault_and_one_that_cannot_reach_is_not_shown(world: World) -> None:
    def broken(_: object) -> Finding:
        raise ZeroDivisionError

    def away(_: object) -> Finding:
        raise Unavailable("the department is away")

    world.checks |= {"ENC-01": broken, "SCH-01": away}
    session = world.run()
    assert (session.result("ENC-01").verdict, session.result("ENC-01").blames) == (Verdict.ERROR, "hub")
    assert (session.result("SCH-01").verdict, session.result("SCH-01").blames) == (Verdict.SKIP, None)


def test_a_record_that_was_cut_short_has_no_footer_and_loses_no_line_before(world: World) -> None:
    world.run()
    path = world.folder / "sessions" / "s" / RECORD
    path.write_bytes(path.read_bytes()[:-20])
    session = Sessions(world.folder / "sessions", ZONE).get("s")
    assert session.footer is None
    assert [result.test for result in session.results] == list(NAMES)
    assert not world.summary(session).is_certifiable


def test_what_is_added_after_a_line_that_was_cut_short_stands_by_itself(world: World) -> None:
    world.run()
    path = world.folder / "sessions" / "s" / RECORD
    path.write_bytes(path.read_bytes()[:-20])
    sessions = Sessions(world.folder / "sessions", ZONE)
    sessions.add("s", Waiver(test="ENC-01", by="王芳", why="等待接口", until=FRIDAY.date()))
    session = sessions.get("s")
    assert [result.test for result in session.results] == list(NAMES)
    assert [waiver.test for waiver in session.waivers] == ["ENC-01"]


@pytest.mark.parametrize("held", [b"", b"{\n", b'{"kind":"nobody knows"}\n'])
def test_a_session_that_is_damaged_holds_up_no_other(world: World, held: bytes) -> None:
    (world.folder / "sessions" / "t").mkdir()
    (world.folder / "sessions" / "t" / RECORD).write_bytes(held)
    sessions = Sessions(world.folder / "sessions", ZONE)
    assert [session.header.session for session in sessions.all()] == ["s"]
    with pytest.raises(Misconfigured, match="the record"):
        sessions.get("t")


def test_a_record_in_which_a_verdict_was_altered_has_no_footer(world: World) -> None:
    world.checks["ENC-01"] = lambda _: Finding(verdict=Verdict.FAIL, reason=passed("", "").reason)
    world.run()
    path = world.folder / "sessions" / "s" / RECORD
    path.write_bytes(path.read_bytes().replace(b'"verdict":"fail"', b'"verdict":"pass"'))
    assert Sessions(world.folder / "sessions", ZONE).get("s").footer is None


@pytest.mark.parametrize(
    "secret",
    [
        b"Authorization: Bearer slk_0123456789ab_abcdefghijklmnop",
        b'{"password": "geheim-1"}',
        b"postgresql://hub:geheim@db/hub",
        b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
        "身份证 321200198501010017".encode(),
    ],
)
def test_evidence_is_kept_without_secrets(tmp_path: Path, secret: bytes) -> None:
    assert secrets_in(b"before " + secret + b" after")
    item = EvidenceStore(tmp_path).keep("RAW", "x", b"before " + secret + b" after")
    kept = EvidenceStore(tmp_path).read(item.sha256)
    assert not secrets_in(kept)
    assert kept.startswith(b"before ")


def test_what_a_verdict_says_holds_no_secret_and_can_be_written_whatever_a_department_sent(world: World) -> None:
    def check(lab: Any) -> Finding:
        lab.keep("RAW", "name-\udcff.csv", b"x")
        got = "\udcff\x00 geheim-77 321200198501010017"
        why = Words(zh="口令 geheim-77", en="postgresql://hub:other@db/hub is away")
        return Finding(verdict=Verdict.FAIL, reason=why, expected="geheim-77", got=got, pointer="name-\udcff.csv")

    world.checks["ENC-01"] = check
    session = world.run()
    for secret in (b"geheim-77", b"other", b"321200198501010017"):
        assert secret not in session.raw
    assert session.result("ENC-01").pointer == "name-\\udcff.csv"
    junit = etree.fromstring(reports.junit(session, world.summary(session), world.suite))
    assert "\N{REPLACEMENT CHARACTER} [removed]" in junit.xpath("string(//failure/@message)")


def test_a_check_that_breaks_over_a_name_that_is_no_text_is_the_harness_s_fault(world: World) -> None:
    def check(_: Any) -> Finding:
        raise ValueError("name-\udcff.csv")

    world.checks["ENC-01"] = check
    result = world.run().result("ENC-01")
    assert (result.verdict, result.blames) == (Verdict.ERROR, "hub")


def test_the_last_sessions_are_read_anew_only_when_they_have_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = world.sessions.get("s").header
    for day, (name, connection) in enumerate((("t", begun.connection), ("u", "another.one"), ("v", "another.one"))):
        header = replace(begun, session=name, connection=connection, started_at=FRIDAY + timedelta(days=day + 1))
        world.sessions.begin(header)
    read: list[str] = []
    real = sessions.read_session

    def reading(raw: bytes, folder: Path) -> Any:
        read.append(folder.name)
        return real(raw, folder)

    monkeypatch.setattr(sessions, "read_session", reading)
    kept = Sessions(world.folder / "sessions", ZONE)
    for _ in range(3):
        found = {name: session.header.session for name, session in kept.latest().items()}
        assert found == {begun.connection: "t", "another.one": "v"}
    assert sorted(read) == ["t", "v"], "once each, and no other"
    kept.add("t", Waiver(test="ENC-01", by="王芳", why="等待接口", until=FRIDAY.date()))
    last = kept.last(begun.connection)
    assert last is not None
    assert [each.test for each in last.waivers] == ["ENC-01"]
    (world.folder / "sessions" / "v" / RECORD).write_bytes(b"{\n")
    assert kept.latest()["another.one"].header.session == "u", "what is damaged is passed over"
    shutil.rmtree(world.folder / "sessions" / "u")
    assert set(kept.latest()) == {begun.connection}


def test_a_bundle_that_was_replaced_has_another_digest(world: World) -> None:
    session = world.run()
    digests = []
    for content in (b"one", b"two"):
        write_durably(session.folder / BUNDLE, content)
        digests += [world.summary(session).bundle_sha256 for _ in range(2)]
    assert digests == [hashlib.sha256(content).hexdigest() for content in (b"one", b"one", b"two", b"two")]
