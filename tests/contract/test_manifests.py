"""What departments say of their days: asked for in tables, folders and services, and carried to rule R48."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors import open_source
from connectors.database_engine import Database
from connectors.manifests import manifests_in
from hub.clock import ManualClock
from hub.model.digest import numbers_digest
from hub.wiring import load_mapping
from tests.support.hubs import hub_at
from tests.support.shelves import Declared, MariaShelf, PostgresShelf, SqliteShelf, TableShelf
from tests.support.web import Answer, Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.values import Manifest, Portion
    from hub.wiring import Hub

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Nine in the morning of 2 March in China."""
SERVERS = [pytest.param(name, marks=pytest.mark.servers) for name in ("postgres", "mariadb")]


@pytest.fixture(params=["sqlite", *SERVERS])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> TableShelf:
    if request.param == "sqlite":
        return SqliteShelf(tmp_path)
    kind = {"postgres": PostgresShelf, "mariadb": MariaShelf}[request.param]
    return kind(request.getfixturevalue(request.param))


class Reader:
    """Reads as a reader does: with a memory, and a checkpoint that passes through JSON."""

    def __init__(self, declared: Any, environment: dict[str, str], folder: Path) -> None:
        self.declared, self.environment, self.folder = declared, environment, folder
        self.clock = ManualClock(NOW)
        self.checkpoint: Any = None

    def read(self) -> list[Portion]:
        with closing(
            open_source(self.declared, self.environment, clock=self.clock, memory=self.folder / "memory")
        ) as source:
            portions = list(source.read(orjson.loads(orjson.dumps(self.checkpoint))))
            for portion in portions:
                source.acknowledge(portion.records)
        self.checkpoint = portions[-1].checkpoint or self.checkpoint
        return portions

    def probed(self) -> Any:
        with closing(open_source(self.declared, self.environment, memory=self.folder / "memory")) as source:
            return source.probe()

    def said(self) -> list[Manifest]:
        *before, last = self.read()
        assert last.final
        assert not any(portion.manifests for portion in before)
        return list(last.manifests)


# --- tables ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(table: TableShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.setattr(Database, "now", lambda _self, _connection: table.clock)
    table.options["manifest"] = {"opened": "update_date", "number": "no", "hash": True, "days": 2}
    return Reader(table.declaration, {"URL": table.url}, tmp_path)


def test_a_table_is_counted_by_local_days_that_are_over(counted: Reader, table: TableShelf) -> None:
    for number, changed in (("1", "02-27 23:59:59"), ("2", "02-28 00:00:00"), ("3", "02-28 23:59:59"),
                            ("4", "03-01 00:00:00"), ("5", "03-02 08:00:00")):  # fmt: skip
        table.insert(number, b"x", f"2026-{changed}")
    assert [(each.day, each.cases, each.sha256) for each in counted.said()] == [
        (date(2026, 2, 28), 2, numbers_digest(["2", "3"])),
        (date(2026, 3, 1), 1, numbers_digest(["4"])),
    ]


def test_a_day_that_may_still_be_committing_is_not_told(counted: Reader, table: TableShelf) -> None:
    table.options["cursor"]["settle"] = "1h"
    counted.declared = table.declaration
    table.clock = datetime(2026, 3, 1, 16, 59, tzinfo=UTC)
    assert [each.day.day for each in counted.said()] == [27, 28]


def test_a_column_that_is_not_there_is_told_as_such_and_holds_up_no_record(counted: Reader, table: TableShelf) -> None:
    table.options["manifest"] = {"opened": "began", "number": "no"}
    counted.declared = table.declaration
    table.insert("1", b"x", "2026-03-01 00:00:00")
    (portion,) = counted.read()
    sound, wrong = portion.records
    assert sound.tree["no"] == "1"
    assert wrong.refused is not None
    assert "has no column began" in wrong.refused.problem


def test_it_is_asked_when_it_is_time_and_by_a_clock_set_back_too(counted: Reader) -> None:
    assert len(counted.said()) == 2
    assert counted.said() == []
    counted.clock.move_to(NOW + timedelta(hours=6))
    assert len(counted.said()) == 2
    counted.clock = ManualClock(NOW)
    assert len(counted.said()) == 2


# --- folders ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Reader:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    connect = {"path": str(inbox), "complete": "always", "format": "csv", "manifest": {"files": "*.days"}}
    return Reader(Declared(kind="files", connect=connect), {}, tmp_path)


def put(reader: Reader, name: str, content: Any, *, at: datetime = NOW) -> None:
    path = reader.folder / "inbox" / name
    path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_files_of_days_are_no_records_and_the_last_word_on_a_day_stands(folder: Reader) -> None:
    put(folder, "a.csv", b"no\n1\n")
    put(folder, "z.days", {"days": [{"day": "2026-03-01", "cases": 7}]}, at=NOW - timedelta(minutes=5))
    put(folder, "b.days", {"days": [{"day": "2026-03-01", "cases": 8, "sha256": "A" * 64},
                                    {"day": "2026-02-28", "cases": 0}]})  # fmt: skip
    put(folder, "old.days", {"days": [{"day": "2026-01-01", "cases": 1}]}, at=NOW - timedelta(days=30))
    put(folder, "c.days.part", b"{")
    (portion,) = folder.read()
    assert [record.tree for record in portion.records] == [{"no": "1"}]
    assert [(each.day.isoformat(), each.cases, each.sha256) for each in portion.manifests] == [
        ("2026-02-28", 0, ""), ("2026-03-01", 8, "a" * 64),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "no JSON"),
        (b'{"days": 3}', "no list of days"),
        (b"[" * 300 + b"]" * 300, "too deep"),
        (b"[" + b"1," * 40_000 + b"1]", "too large"),
        (b'{"days": [{"day": "2026-02-30", "cases": 1}]}', "day is no date"),
        (b'{"days": [{"day": "2026-02-20", "cases": -1}]}', "cases is no count"),
        (b'{"days": [{"day": "2026-02-20", "cases": true}]}', "cases is no count"),
        (b'{"days": [{"day": "2026-02-20", "cases": 1, "sha256": "x"}]}', "64 hex digits"),
        (b'{"days": ["2026-02-20"]}', "no object"),
    ],
)
def test_a_word_that_cannot_be_understood_is_refused_and_holds_up_no_record(
    folder: Reader, content: bytes, problem: str
) -> None:
    put(folder, "a.csv", b"no\n1\n")
    put(folder, "bad.days", content)
    put(folder, "good.days", {"days": [{"day": "2026-03-01", "cases": 7}]})
    (portion,) = folder.read()
    sound, wrong = portion.records
    assert sound.tree == {"no": "1"}
    assert wrong.refused is not None
    assert wrong.refused.code == "decode.day-manifest"
    assert problem in wrong.refused.problem
    assert [each.cases for each in portion.manifests] == [7]


def test_a_files_own_manifest_may_tell_of_days_and_need_not(folder: Reader) -> None:
    folder.declared.connect.update(complete="manifest", manifest={"files": "*.manifest", "every": "0s"})
    for name, said in (("a", {"rows": 1}), ("b", {"rows": 1, "days": [{"day": "2026-03-01", "cases": 7}]})):
        put(folder, f"{name}.csv", b"no\n1\n")
        put(folder, f"{name}.csv.manifest", said)
    (portion,) = folder.read()
    assert [record.refused for record in portion.records] == [None, None]
    assert [each.cases for each in portion.manifests] == [7]
    assert len(folder.said()) == 1


def test_one_word_of_too_many_days_is_cut_and_told() -> None:
    days = [{"day": (date(2024, 1, 1) + timedelta(days=n)).isoformat(), "cases": n} for n in range(401)]
    said = manifests_in(days, b"", "here")
    assert len(said.manifests) == 400
    assert "more than 400" in said.refused[0].refused.problem


# --- services --------------------------------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[Reader, dict[str, Answer]]]:
    answers = {"/list": Answer(body=b'[{"id": "1"}]'), "/days": Answer(body=b'{"d": [{"day":"2026-03-01","cases":4}]}')}
    served = Service(lambda asked: answers[asked.path.partition("?")[0]])
    connect = {"url": f"{served.url}/list", "key": "id", "manifest": {"url": "/days", "rows": "d"}}
    yield Reader(Declared(kind="rest", connect=connect), {}, tmp_path), answers
    served.close()


def test_a_service_is_asked_and_one_that_does_not_answer_holds_up_no_record(
    service: tuple[Reader, dict[str, Answer]],
) -> None:
    reader, answers = service
    answers["/days"], good = Answer(status=503, headers={"Retry-After": "0"}), answers["/days"]
    assert [len(portion.records) for portion in reader.read()] == [1, 0]
    assert reader.probed()["days told of"] == "0"
    answers["/days"] = good
    assert [each.cases for each in reader.said()] == [4]
    assert reader.said() == []
    reader.clock.move_to(NOW + timedelta(hours=6))
    answers["/days"] = Answer(status=404)
    *_, last = reader.read()
    assert "404" in last.records[0].refused.problem
    assert "404" in reader.probed()["days told of"]


# --- to the rule -----------------------------------------------------------------------------------------------------

MAPPING = """connection: taizhou.test.applications
version: 1
department: "11321200014000028L"
kind: database
connect:
  url: ${TEST_DEPARTMENT_URL}
  table: inf_apply
  key: "no"
  columns: ["no"]
  cursor: {column: update_date, settle: 0s, overlap: 0s}
  manifest: {opened: update_date, number: "no", hash: yes, days: 3}
case: {source_case_no: "no", region_code: "'321200'"}
events:
  - {type: case.received, occurred_at: time(update_date)}
"""


def looked_at(hub: Hub, read: Any) -> list[tuple[str, str, str]]:
    """Read, and let the owners look at the city; return what R48 says."""
    with closing(hub.bus()) as bus:
        line = hub.line(bus)
        read()
        line.settle()
        line.owner.watch_city()
        line.relay.drain()
        line.release()
    rows = hub.queries.alerts(rule="R48", limit=10)
    return [(row["subject"], row["occurrence"], row["state"]) for row in rows]


@pytest.mark.parametrize("where", ["embedded", pytest.param("production", marks=pytest.mark.servers)])
def test_a_day_of_which_rows_never_came_is_told_and_taken_back_when_they_come(
    where: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls, table = {}, SqliteShelf(tmp_path)
    if where == "production":
        table = PostgresShelf(request.getfixturevalue("postgres"))
        urls = {"store_url": request.getfixturevalue("postgres").fresh_database(),
                "bus_url": request.getfixturevalue("rabbitmq").vhost()}  # fmt: skip
    monkeypatch.setattr(Database, "now", lambda _self, _connection: hub.clock.now())
    monkeypatch.setenv("TEST_DEPARTMENT_URL", table.url)
    path = tmp_path / "applications.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    with closing(hub_at(tmp_path / "hub", now=NOW, **urls)) as hub:
        mapped = load_mapping(path)
        hub.register([mapped], [{"department": {"department_id": "11321200014000028L", "region_code": "321200"}}])
        for number, day in (("1", "02-28"), ("2", "03-01"), ("3", "03-01")):
            table.insert(number, b"x", f"2026-{day} 10:00:00")
        reader = hub.reader(mapped)
        assert looked_at(hub, reader.read) == []
        table.insert("4", b"x", "2026-03-01 10:00:00")  # behind the cursor: no poll brings it
        hub.clock.move_to(NOW + timedelta(hours=7))  # type: ignore[attr-defined]  # a manual clock
        assert looked_at(hub, reader.read) == []
        hub.clock.move_to(NOW + timedelta(hours=32))  # type: ignore[attr-defined]
        (told,) = looked_at(hub, reader.read)
        assert told[1:] == ("2026-03-01", "raised")
        table.run("UPDATE inf_apply SET update_date = '2026-03-03 17:01:00' WHERE no = '4'")
        hub.clock.move_to(NOW + timedelta(hours=56))  # type: ignore[attr-defined]
        (told,) = looked_at(hub, reader.read)
        assert told[1:] == ("2026-03-01", "revoked")
        reader.close()
