"""What somebody tried against the sources to lose, leak or wedge something: each of it once did."""

from __future__ import annotations

import logging
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors import open_source
from connectors.http import client
from connectors.memory import Memory
from connectors.sinks import open_sink
from hub.cli.main import TALKATIVE
from hub.clock import ManualClock
from hub.errors import HubError, Misconfigured, Unavailable
from tests.support.shelves import Declared, MariaShelf, PostgresShelf, SqliteShelf, TableShelf
from tests.support.web import Answer, Service

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECRET = "s3cr3t-PW"  # noqa: S105 - what must not be shown
SERVERS = [pytest.param(name, marks=pytest.mark.servers) for name in ("postgres", "mariadb")]


def polled(declared: Any, checkpoint: Any = None, **opened: Any) -> tuple[list[Any], Any]:
    """Read once; return the records, and where the source stands then."""
    with closing(open_source(declared, {}, **opened)) as source:
        portions = list(source.read(orjson.loads(orjson.dumps(checkpoint))))
    return [record for portion in portions for record in portion.records], portions[-1].checkpoint


# --- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", *SERVERS])
def test_a_database_whose_clock_once_jumped_ahead_has_its_rows_read_all_the_same(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    table: TableShelf = SqliteShelf(tmp_path)
    if kind != "sqlite":
        table = {"postgres": PostgresShelf, "mariadb": MariaShelf}[kind](request.getfixturevalue(kind))
    ours, checkpoint, found = ManualClock(NOW), None, []
    for hour in range(4):
        ours.move_to(NOW + timedelta(hours=hour))
        table.insert(str(hour), b"x", table.local(ours.now() - timedelta(minutes=1)))
        theirs = ours.now() + (timedelta(days=300) if hour == 1 else timedelta(0))
        source: Any = open_source(table.declaration, {"URL": table.url}, clock=ours)
        source._database.now = lambda _connection, at=theirs: at
        with closing(source):
            portions = list(source.read(checkpoint))
        checkpoint = portions[-1].checkpoint
        found += [record.tree["no"] for portion in portions for record in portion.records]
        assert portions[-1].watermark <= ours.now()
    assert found == ["0", "1", "2", "3"]


# --- positions -------------------------------------------------------------------------------------------------------


def test_a_position_is_not_read_on_from_in_another_table_or_folder(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.csv").write_text("n\n1\n", encoding="utf-8")
    memory = tmp_path / "memory"
    old = Declared(kind="files", connect={"path": str(tmp_path / "old")})
    new = Declared(kind="files", connect={"path": str(tmp_path / "new")})
    records, checkpoint = polled(old, memory=memory)
    assert len(records) == 1
    with pytest.raises(Misconfigured, match="another than the position was taken of"):
        polled(new, checkpoint, memory=memory)
    kept = Declared(kind="files", connect={"path": str(tmp_path / "new"), "position": "keep"})
    _, moved = polled(kept, checkpoint, memory=memory)
    assert polled(new, moved, memory=memory)[1] == moved
    assert len(polled(new, None, memory=memory)[0]) == 1
    before = {name: value for name, value in checkpoint.items() if name != "of"}  # as it was kept before
    assert polled(old, before, memory=memory)[0] == []


# --- stray files -----------------------------------------------------------------------------------------------------


def test_a_stray_file_is_refused_alone_and_once(tmp_path: Path) -> None:
    declared = Declared(kind="files", connect={"path": str(tmp_path), "complete": "always"})
    for name, text in (("a.csv", "n\n1\n"), ("README", "read me"), ("z.csv", "n\n2\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("liesmich", "x")
        archive.writestr("c.csv", "n\n3\n")
    records, checkpoint = polled(declared)
    told = [record.refused.code if record.refused else record.tree["n"] for record in records]
    assert told == ["decode.unknown-format", "1", "decode.unknown-format", "3", "2"]
    assert polled(declared, checkpoint)[0] == []
    with closing(open_source(declared, {})) as source:
        assert source.probe()["format"] == "not known by its name"


def test_a_folder_of_which_no_file_is_known_at_the_first_read_lacks_a_declaration(tmp_path: Path) -> None:
    (tmp_path / "applications").write_text("n\n1\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="declare format"):
        polled(Declared(kind="files", connect={"path": str(tmp_path), "complete": "always"}))


# --- full and damaged disks ------------------------------------------------------------------------------------------


def test_a_memory_that_cannot_be_written_waits_and_one_that_breaks_later_is_told(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m.db")
    memory.put("t", [("a", "1")])
    with closing(sqlite3.connect(tmp_path / "m.db")) as other:
        other.execute("PRAGMA max_page_count = 1")
    memory._connected().execute("PRAGMA max_page_count = 5")
    with pytest.raises(Unavailable, match="full"):
        memory.put("t", [(str(n), "x" * 500) for n in range(1000)])
    assert memory.get("t", ["a", "5"]) == {"a": "1"}
    memory.close()
    content = bytearray((tmp_path / "m.db").read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    (tmp_path / "m.db").write_bytes(content)
    with pytest.raises(Misconfigured, match="no memory of rows"):
        memory.get("t", ["a"])


# --- secrets ---------------------------------------------------------------------------------------------------------

DEAD = "127.0.0.1:1"
HTTP = {"url": f"http://u:{SECRET}@{DEAD}/x?token={SECRET}", "key": "id"}
TABLE = {"table": "t", "key": "k", "cursor": {"column": "c"}}


@pytest.mark.parametrize(
    ("kind", "connect"),
    [
        ("rest", HTTP),
        ("rest", {"url": f"htp://u:{SECRET}@{DEAD}/x", "key": "id"}),
        ("rest", {"url": f"http://{DEAD}/x", "key": "id", "auth": {"kind": "api-key", "key": SECRET, "in": "query"}}),
        ("rest", {"url": f"http://{DEAD}/x", "key": "id", "auth": {
            "kind": "oauth2", "client_id": "c", "client_secret": SECRET, "token_url": f"htp://u:{SECRET}@{DEAD}/t"}}),
        ("rest", {"url": f"http://{DEAD}/x", "key": "id", "auth": {"kind": "bearer", "token": f"{SECRET}密\n"}}),
        ("soap", {**HTTP, "request": "<a/>", "rows": "a"}),
        ("soap", {**HTTP, "wsdl": f"http://u:{SECRET}@{DEAD}/x?wsdl&k={SECRET}", "operation": "q", "rows": "a"}),
        ("files", {"path": f"sftp://u:{SECRET}@{DEAD}/x"}),
        ("files", {"path": f"ftp://u:{SECRET}@{DEAD}/x"}),
        ("files", {"path": f"http://u:{SECRET}@{DEAD}/x"}),
        ("files", {"path": f"smb://u:{SECRET}@{DEAD}/x/y"}),
        ("files", {"path": f"ftp://u@{DEAD}/x", "password": SECRET}),
        ("database", {"url": f"postgresql://u:{SECRET}@{DEAD}/x", **TABLE}),
        ("database", {"url": f"postgresql://u:{SECRET}@{DEAD}/x?bogus={SECRET}", **TABLE}),
        ("database", {"url": f"postgresql://u:{SECRET}@127.0.0.1:abc/x", **TABLE}),
        ("database", {"url": f"mariadb://u:{SECRET}@{DEAD}/x", **TABLE}),
        ("database", {"url": f"oracle://u:{SECRET}@{DEAD}/x", **TABLE}),
    ],
)  # fmt: skip
def test_no_error_shows_a_secret(kind: str, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    with pytest.raises(HubError) as wrong:
        polled(Declared(kind=kind, connect=connect))
    assert SECRET not in str(wrong.value)


def test_no_answer_of_a_receiver_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    with closing(Service(lambda _: Answer(status=400, body=b"<html>no</html>"))) as service:
        url = service.url.replace("http://", f"http://u:{SECRET}@") + f"/?token={SECRET}"
        with (
            closing(open_sink(Declared(kind="soap", connect={"url": url, "root": "r"}), {})) as sink,
            pytest.raises(HubError) as wrong,
        ):
            sink.send({"a": "1"}, key="k")
    assert SECRET not in str(wrong.value)


def test_libraries_that_log_addresses_with_their_keys_are_kept_quiet() -> None:
    assert {"httpx", "httpcore"} <= set(TALKATIVE)
    assert all(logging.getLogger(name) is not logging.getLogger() for name in TALKATIVE)
