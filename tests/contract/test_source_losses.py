"""Folders and tables as they are: waiting files, lost mounts, links, binary keys, triggers. Nothing is lost for it."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors import database, open_source
from connectors.push import push_format
from hub.clock import ManualClock
from hub.errors import Rejection
from tests.support.shelves import Declared

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Folder:
    """A folder that is polled as a reader does."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.path, self.options, self.checkpoint = path, options, None
        self.emptied_at: datetime | None = None

    def put(self, name: str, *, age_s: float = 0, number: str = "1") -> Path:
        path = self.path / name
        path.write_text(f"n\n{number}\n", encoding="utf-8")
        written = (NOW - timedelta(seconds=age_s)).timestamp()
        os.utime(path, (written, written))
        return path

    def poll(self) -> tuple[list[str], datetime | None]:
        connect = {"path": str(self.path), **self.options}
        source = open_source(Declared(kind="files", connect=connect), {}, clock=ManualClock(NOW))
        portions = list(source.read(orjson.loads(orjson.dumps(self.checkpoint))))
        self.checkpoint, self.emptied_at = portions[-1].checkpoint, portions[-1].emptied_at
        told = [
            record.refused.code if record.refused else record.tree["n"]
            for portion in portions
            for record in portion.records
        ]
        return told, portions[-1].watermark


@pytest.mark.parametrize("watermark", ["now", "mtime"])
@pytest.mark.parametrize(
    ("options", "waiting"),
    [
        ({"complete": "stable", "stable": "60s"}, "w.csv"),
        ({"complete": "done-marker"}, "w.csv"),
        ({"complete": "rename"}, "w.csv.part"),
        ({"complete": "manifest"}, "w.csv"),
    ],
)
def test_a_file_that_waits_proves_nothing_of_its_time(
    tmp_path: Path, options: dict[str, str], waiting: str, watermark: str
) -> None:
    folder = Folder(tmp_path, watermark=watermark, **options)
    folder.put(waiting, age_s=30)
    folder.put("a.csv", age_s=90)
    folder.put("z.csv", age_s=0 if options["complete"] != "stable" else 70)
    for name in ("a", "z"):
        (tmp_path / f"{name}.csv.done").touch()
        (tmp_path / f"{name}.csv.manifest").write_text('{"rows": 1}')
    told, proved = folder.poll()
    assert len(told) == 2
    assert proved is not None
    assert proved <= NOW - timedelta(seconds=30)


@pytest.mark.parametrize("watermark", ["none", "now", "mtime"])
def test_a_source_says_when_it_was_found_empty_and_for_how_long_a_file_waits(tmp_path: Path, watermark: str) -> None:
    folder = Folder(tmp_path, watermark=watermark, complete="rename")
    folder.put("a.csv", age_s=7 * 86_400)
    folder.poll()
    assert folder.emptied_at == NOW
    folder.put("b.csv.part", age_s=30)
    folder.poll()
    assert folder.emptied_at == NOW - timedelta(seconds=30)


def test_a_folder_that_is_empty_all_at_once_forgets_and_proves_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path, watermark="now")
    path = folder.put("a.csv", age_s=90)
    assert folder.poll()[0] == ["1"]
    hidden = path.rename(tmp_path.parent / "a.csv")
    assert folder.poll() == ([], None)
    hidden.rename(path)
    assert folder.poll()[0] == []


def test_a_link_in_a_drop_folder_is_not_followed(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (tmp_path / "secret.csv").write_text("n\nsecret\n", encoding="utf-8")
    (inbox / "x.csv").symlink_to(tmp_path / "secret.csv")
    folder = Folder(inbox)
    folder.put("y.csv", number="2")
    assert folder.poll()[0] == ["2"]


def test_a_file_of_its_folders_name_is_one_of_its_files(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox.csv"
    inbox.mkdir()
    folder = Folder(inbox)
    folder.put("inbox.csv")
    folder.put("z.csv", number="2")
    assert folder.poll()[0] == ["1", "2"]


def test_files_that_suffer_alike_are_told_apart(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.csv.gz"):
        (tmp_path / name).write_bytes(b"\x1f\x8b\x08broken")
    source = open_source(Declared(kind="files", connect={"path": str(tmp_path)}), {})
    raws = [record.raw for portion in source.read(None) for record in portion.records]
    assert len(set(raws)) == 2


def table_source(path: Path, **options: Any) -> Any:
    connect = {"url": f"sqlite:///{path}", "table": "t", "key": "k", "cursor": {"column": "at"}, **options}
    return open_source(Declared(kind="database", connect=connect, read={"timezone": "UTC"}), {})


def test_rows_of_one_time_with_keys_of_bytes_are_read_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PORTION_ROWS", 7)
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as session:
        session.execute("CREATE TABLE t (k BLOB PRIMARY KEY, at TEXT)")
        keys = [bytes([number, 0xFF, number]) for number in range(50)]
        session.executemany("INSERT INTO t VALUES (?, '2026-03-02 09:00:00')", [(key,) for key in keys])
    source, checkpoint, count = table_source(path), None, 0
    for _ in range(3):
        for portion in source.read(orjson.loads(orjson.dumps(checkpoint))):
            checkpoint, count = portion.checkpoint, count + len(portion.records)
    source.close()
    assert count == 50


def test_an_error_that_stands_there_already_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as session:
        session.execute("CREATE TABLE t (k TEXT PRIMARY KEY, at TEXT, err TEXT, writes INTEGER DEFAULT 0)")
        session.execute("INSERT INTO t (k, at) VALUES ('1', '2026-03-02 09:00:00')")
        session.execute("CREATE TRIGGER c AFTER UPDATE OF err ON t BEGIN UPDATE t SET writes = writes + 1; END")
    why = Rejection(stage="map", code="map.x", path="", problem="x", hint="y")
    for _ in range(3):
        source = table_source(path, acknowledge={"error": "err"}, columns=["k", "at"])
        for portion in source.read(None):
            fields = [{name: getattr(each, name) for name in each.__slots__} for each in portion.records]
            source.acknowledge(
                [type(each)(**{**own, "refused": why}) for each, own in zip(portion.records, fields, strict=True)]
            )
        source.close()
    with sqlite3.connect(path) as session:
        assert session.execute("SELECT writes FROM t").fetchall() == [(1,)]


def test_what_was_garbled_is_refused_when_it_is_sent_too() -> None:
    body = orjson.dumps([{"name": "寮犱笁"}, {"name": "张三"}])
    declared = Declared(kind="push", connect={"format": "json"})
    codes = [record.refused and record.refused.code for record in push_format(declared).records(body)]
    assert codes == ["decode.garbled", None]
    taken = Declared(kind="push", connect={"format": "json"}, read={"texts": "any"})
    assert [record.refused for record in push_format(taken).records(body)] == [None, None]
