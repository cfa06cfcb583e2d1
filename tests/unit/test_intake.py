"""The intake: every record ends as events or as a rejection with its bytes; nothing moves before the broker has it."""

from __future__ import annotations

import base64
import copy
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import intake as intake_module
from hub.admission import Admission
from hub.clock import ManualClock
from hub.errors import Refused, Rejection, Unavailable
from hub.intake import Intake
from hub.model import ids
from hub.model.digest import record_digest, xor_digests
from hub.model.values import Connection, Delivery, Message, Portion, Record
from hub.refused import message_name
from hub.vault import SealedBoxVault, generate
from tests.support.casework import CONNECTION, DEPARTMENT, an_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MARK = datetime(2026, 3, 1, tzinfo=UTC)
BROKEN = Rejection(stage="decode", code="decode.bad-json", problem="no JSON", hint="mend it", place="f:1")


@dataclass(frozen=True)
class Mapped:
    event_id: str
    data: dict[str, Any]


def mapped(number: str, **fields: Any) -> Mapped:
    """Return one event as a mapping makes it."""
    data = an_event("case.received", "2026-03-02T09:00:00+08:00", **fields) | {"source_event_key": number}
    del data["provenance"]
    return Mapped(ids.event_id(CONNECTION, number, "case.received", ""), data)


@dataclass
class FakeMapping:
    """Maps a record's tree as the tree itself says."""

    connection: str = CONNECTION
    fingerprint: str = "f" * 64

    @property
    def declaration(self) -> FakeMapping:
        return self

    def map_record(self, tree: Mapping[str, Any]) -> Sequence[Mapped]:
        if "refuse" in tree:
            raise Refused(Rejection(stage="map", code="map.unknown-code", problem="no such code", hint="add it"))
        return [copy.deepcopy(event) for event in tree["events"]]


@dataclass
class World:
    """Everything around an intake; `steps` is what happened, in order."""

    folder: Path
    vault: SealedBoxVault
    steps: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    told: list[Record] = field(default_factory=list)
    portions: list[Portion] = field(default_factory=list)
    saved: Any = None
    asked: Any = None
    down_after: int | None = None

    # the bus
    def publish(self, messages: Sequence[Message]) -> None:
        if self.down_after is not None and len(self.messages) + len(messages) > self.down_after:
            raise Unavailable("the broker is away")
        self.messages += messages
        self.steps.append("report" if messages[0].kind == "report" else "messages")

    # the checkpoints
    def load(self, connection: str) -> Any:
        assert connection == CONNECTION
        return self.saved

    def save(self, connection: str, checkpoint: Any) -> None:
        assert connection == CONNECTION
        self.saved = checkpoint
        self.steps.append("checkpoint")

    # the source
    def read(self, checkpoint: Any) -> Iterator[Portion]:
        self.asked = checkpoint
        yield from self.portions

    def acknowledge(self, records: Sequence[Record]) -> None:
        self.told += records
        self.steps.append("source told")

    def intake(self) -> Intake:
        world: Any = self
        return Intake(
            bus=world,
            mapping=FakeMapping(),
            clock=ManualClock(NOW),
            checkpoints=world,
            vault=self.vault,
            spool=self.folder / "spool",
        )

    def run(self, **how: Any) -> Any:
        source: Any = self
        return self.intake().run_once(source, **how)

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [orjson.loads(message.body) for message in self.messages if message.kind == kind]


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SealedBoxVault:
    return generate(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def world(tmp_path: Path, vault: SealedBoxVault) -> World:
    return World(tmp_path, vault)


def a_record(raw: bytes, *events: Mapped, **tree: Any) -> Record:
    return Record(place="f.csv:7", raw=raw, tree={"events": events, **tree})


def one_portion(*records: Record) -> list[Portion]:
    return [Portion(records=records, checkpoint={"at": 1}, final=True)]


def admitted(messages: Sequence[Message]) -> None:
    """Let supervision's own gate check every message, as it will at the other end of the bus."""
    known = Connection(connection_id=CONNECTION, user="permits", departments=frozenset({DEPARTMENT}), allowed_delay_s=0)
    gate = Admission(connections={CONNECTION: known}, trusted="hub", partition=0, partitions=1)
    for message in messages:
        delivery = Delivery(
            queue="q", tag=1, kind=message.kind, message_id=message.message_id, user="permits", body=message.body
        )
        if message.kind == "event":
            assert gate.event(delivery).message == (
                message_name(message.message_id).read_id,
                message_name(message.message_id).ordinal,
            )
            assert message.key == str(ids.bucket_of(orjson.loads(message.body)["subject"]))
        elif message.kind == "report":
            assert gate.report(delivery).report.body
            assert message.key == "every"
        else:
            assert gate.rejection(delivery, NOW).row.rejection_id == message.message_id
            assert message.key == str(ids.bucket_of(CONNECTION))


def test_nothing_moves_before_the_broker_has_it(world: World) -> None:
    world.portions = [
        Portion(records=[a_record(b"1", mapped("1"))], checkpoint={"at": 1}),
        Portion(records=[a_record(b"2", mapped("2"))], checkpoint={"at": 2}, final=True),
    ]
    world.run()
    assert world.steps == ["messages", "report", "source told", "checkpoint"] * 2
    assert world.saved == {"at": 2}
    admitted(world.messages)


@pytest.mark.parametrize("held", range(4))
def test_where_the_broker_goes_away_the_source_stands_behind_what_was_confirmed(world: World, held: int) -> None:
    world.portions = [
        Portion(records=[a_record(b"1", mapped("1"))], checkpoint={"at": 1}),
        Portion(records=[a_record(b"2", mapped("2"))], checkpoint={"at": 2}, final=True),
    ]
    world.down_after = held
    with pytest.raises(Unavailable):
        world.run()
    assert world.saved == ({"at": 1} if held >= 2 else None)
    assert len(world.told) == held // 2


def test_a_read_goes_on_from_the_checkpoint_and_a_backfill_leaves_it_alone(world: World) -> None:
    world.saved = {"at": 5}
    world.portions = one_portion()
    world.run(backfill=True)
    assert (world.asked, world.saved) == (None, {"at": 5})
    world.run()
    assert (world.asked, world.saved) == ({"at": 5}, {"at": 1})


def test_what_is_refused_keeps_its_bytes_and_says_why(world: World) -> None:
    undecoded = Record(place="f:1", raw=b"{", tree={}, refused=BROKEN)
    unmapped = a_record("证号 喆".encode("gb18030"), refuse=True)
    world.portions = one_portion(undecoded, unmapped)
    world.run()
    admitted(world.messages)
    first, second = world.of_kind("rejection")
    assert world.vault.open(base64.b64decode(first["data"]["sealed"])) == b"{"
    assert world.vault.open(base64.b64decode(second["data"]["sealed"])) == "证号 喆".encode("gb18030")
    said = ("stage", "code", "problem", "hint", "place", "ordinal", "size_bytes")
    assert [first["data"][name] for name in said] == ["decode", BROKEN.code, "no JSON", "mend it", "f:1", 0, 1]
    assert [second["data"][name] for name in said] == [
        "map",
        "map.unknown-code",
        "no such code",
        "add it",
        "f.csv:7",
        1,
        7,
    ]


def test_the_source_is_told_what_was_refused(world: World) -> None:
    world.portions = one_portion(a_record(b"1", mapped("1")), a_record(b"2", refuse=True))
    world.run()
    assert [record.refused and record.refused.code for record in world.told] == [None, "map.unknown-code"]


def test_bytes_over_a_mebibyte_stay_here(world: World) -> None:
    raw = b"x" * (intake_module.SEALED_BYTES + 1)
    world.portions = one_portion(a_record(raw, refuse=True))
    world.run()
    admitted(world.messages)
    (rejection,) = world.of_kind("rejection")
    assert "sealed" not in rejection["data"]
    (kept,) = (world.folder / "spool").iterdir()
    assert rejection["data"]["spool"] == str(kept)
    assert kept.name == record_digest(raw) == rejection["data"]["record_digest"]
    assert kept.read_bytes() == raw
    assert kept.stat().st_mode & 0o077 == 0


def test_a_record_is_taken_wholly_or_refused_wholly(world: World) -> None:
    unfit = mapped("2", result={"code": "perhaps"})
    world.portions = one_portion(a_record(b"1", mapped("1"), unfit), a_record(b"3", mapped("3")))
    totals = world.run()
    assert (totals.mapped, totals.quarantined, totals.events) == (1, 1, 1)
    assert [document["data"]["source_event_key"] for document in world.of_kind("event")] == ["3"]
    assert world.of_kind("event")[0]["data"]["provenance"]["ordinal"] == 0
    (rejection,) = world.of_kind("rejection")
    assert (rejection["data"]["stage"], rejection["data"]["code"]) == ("validate", "validate.enum")
    assert rejection["data"]["path"] == "/data/result/code"


def test_a_problem_is_told_without_the_value_that_may_be_a_persons(world: World) -> None:
    secret = mapped("1", case={"matter_code": "321281199001011234" * 5})
    listed = mapped("2", discretion={"factors": ["ok", {"name": "张三丰"}]})
    world.portions = one_portion(a_record(b"1", secret), a_record(b"2", listed))
    world.run()
    told = orjson.dumps([rejection["data"] | {"sealed": ""} for rejection in world.of_kind("rejection")]).decode()
    assert "199001011234" not in told
    assert "张三丰" not in told
    assert "/data/discretion/factors/1" in told


def test_text_that_no_json_can_hold_is_refused(world: World) -> None:
    world.portions = one_portion(a_record(b"1", mapped("1", opinion="\ud800")))
    assert world.run().quarantined == 1
    admitted(world.messages)


def test_a_day_is_an_event_that_begins_at_local_midnight(world: World) -> None:
    event = mapped("1")
    event.data["occurred_at"] = "2026-03-02"
    world.portions = one_portion(a_record(b"1", event))
    world.run()
    (document,) = world.of_kind("event")
    assert (document["time"], document["data"]["occurred_at"]) == ("2026-03-02T00:00:00+08:00", "2026-03-02")
    assert document["receivedat"] == "2026-03-02T09:00:00+08:00"


def test_only_a_final_report_carries_a_watermark(world: World) -> None:
    world.portions = [
        Portion(records=[a_record(b"1")], checkpoint={}, watermark=MARK),
        Portion(records=[], checkpoint={}, watermark=MARK, final=True),
    ]
    world.run()
    world.run(watermark=NOW)
    marks = [report["data"].get("watermark") for report in world.of_kind("report")]
    assert marks == [None, "2026-03-01T08:00:00+08:00", None, "2026-03-02T09:00:00+08:00"]
    assert [report["data"]["final"] for report in world.of_kind("report")] == [False, True] * 2


def test_a_portion_of_nothing_is_not_reported_but_moves_the_checkpoint(world: World) -> None:
    world.portions = [Portion(records=[], checkpoint={"at": 1})]
    assert world.run().portions == 0
    assert world.messages == []
    assert world.saved == {"at": 1}


def test_progress_is_told_how_many_records_were_read(world: World) -> None:
    world.portions = [Portion(records=[a_record(b"1"), a_record(b"2")], checkpoint={})] * 3
    told: list[int] = []
    world.run(progress=told.append)
    assert told == [2, 4, 6]


def test_a_replayed_record_is_a_whole_read_of_one_that_says_nothing_of_the_source(world: World) -> None:
    totals, _ = world.intake().replay_record(a_record(b"1", mapped("1")))
    (report,) = world.of_kind("report")
    assert (totals.read, totals.mapped, totals.events) == (1, 1, 1)
    assert report["data"]["final"] is True
    assert report["data"]["checkpoint"] is None
    assert "watermark" not in report["data"]
    assert world.steps == ["messages", "report"]
    admitted(world.messages)


def test_two_reads_of_the_same_records_name_their_messages_apart(world: World) -> None:
    world.portions = one_portion(a_record(b"1", mapped("1")), a_record(b"2", refuse=True))
    world.run()
    world.run()
    assert len({message.message_id for message in world.messages}) == 6


kinds = st.sampled_from(["two events", "one event", "empty", "undecoded", "unmapped", "unfit"])


def record_of(kind: str, number: int) -> Record:
    raw = f"{kind} {number}".encode()
    events = {"two events": 2, "one event": 1, "unfit": 1}.get(kind, 0)
    made = [mapped(f"{number}.{index}") for index in range(events)]
    if kind == "unfit":
        made[0].data["source_version"] = -1
    tree = {"refuse": True} if kind == "unmapped" else {}
    return replace(a_record(raw, *made, **tree), refused=BROKEN if kind == "undecoded" else None)


@given(st.lists(st.lists(kinds, max_size=5), min_size=1, max_size=4))
def test_both_accounting_identities_hold_for_any_read(
    tmp_path_factory: pytest.TempPathFactory, vault: SealedBoxVault, read: list[list[str]]
) -> None:
    world = World(tmp_path_factory.getbasetemp(), vault)
    numbered = iter(range(100))
    world.portions = [
        Portion(records=[record_of(kind, next(numbered)) for kind in portion], checkpoint={}, final=last)
        for portion, last in zip(read, [False] * (len(read) - 1) + [True], strict=True)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake_module, "PUBLISHED_TOGETHER", 2)
        totals = world.run()
    admitted(world.messages)
    assert totals.read == totals.mapped + totals.empty + totals.quarantined == sum(map(len, read))
    events = world.of_kind("event")
    assert [event["data"]["provenance"]["ordinal"] for event in events] == list(range(totals.events))
    reports = [report["data"] for report in world.of_kind("report")]
    assert sum(report["events"] for report in reports) == totals.events
    assert [report["portion"] for report in reports] == list(range(totals.portions))
    for report in reports:
        counts = report["records"]
        assert counts["read"] == counts["mapped"] + counts["empty"] + counts["quarantined"]
        of_portion = [event for event in events if event["data"]["provenance"]["portion"] == report["portion"]]
        assert len(of_portion) == report["events"]
    if reports:
        assert reports[-1]["buckets"] == Counter(message.key for message in world.messages if message.kind == "event")
    digests = [record_digest(record.raw) for portion in world.portions for record in portion.records]
    assert xor_digests(report["digests_xor"] for report in reports) == xor_digests(digests)
    assert len(world.of_kind("rejection")) == totals.quarantined


def test_a_large_checkpoint_stays_with_its_reader(world: World) -> None:
    large = {"done": {f"{n}.csv": [n, n] for n in range(2000)}}
    world.portions = [Portion(records=[a_record(b"1")], checkpoint=large, final=True)]
    world.run()
    (report,) = world.of_kind("report")
    assert report["data"]["checkpoint"] == {"omitted_bytes": len(orjson.dumps(large))}
    assert world.saved == large
    admitted(world.messages)
