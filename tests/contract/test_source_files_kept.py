"""What becomes of files: moved when their records are safe, reported on, never taken twice, held to their manifests."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors import file_outcome, files, open_source
from hub.errors import Misconfigured, Rejection
from tests.support.shelves import Declared

if TYPE_CHECKING:
    from pathlib import Path

    from hub.ports import Source

FOLDERS = {"done": "done", "failed": "failed"}
WHERE = ["local", *(pytest.param(kind, marks=pytest.mark.servers) for kind in ("sftp", "ftp", "ftps", "webdav", "smb"))]


class Inbox:
    """A folder of this machine that a source reads, itself or as a server shows it."""

    def __init__(self, folder: Path, connect: dict[str, Any]) -> None:
        self.folder, self._connect, self._checkpoint = folder, connect, None

    def put(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def source(self, **options: Any) -> Source:
        return open_source(Declared(kind="files", connect={**self._connect, "acknowledge": FOLDERS, **options}), {})

    def poll(self, refuse: Any = (), **options: Any) -> list[str]:
        """Read once as the intake does, which refuses what stands in `refuse`; return numbers, or codes of refusal."""
        source, told = self.source(**options), []
        for portion in source.read(self._checkpoint):
            handed = []
            for record in portion.records:
                number = record.refused.code if record.refused else record.tree["n"]
                told.append(number)
                why = Rejection(stage="map", code="map.code", path="case.x", problem="=no such code", hint="add it")
                handed.append(record if number not in refuse else type(record)(**_fields(record) | {"refused": why}))
            source.acknowledge(handed)
            self._checkpoint = orjson.loads(orjson.dumps(portion.checkpoint))
        source.close()
        return told

    def names(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}

    def report(self, name: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO((self.folder / name).read_text("utf-8-sig"))))


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


@pytest.fixture(params=WHERE)
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Inbox:
    if request.param == "local":
        return Inbox(tmp_path, {"path": str(tmp_path)})
    server = request.getfixturevalue(request.param)
    folder = server.folder(tmp_path)
    return Inbox(folder, server.connect(folder))


@pytest.fixture
def here(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path, {"path": str(tmp_path)})


def test_a_sound_file_goes_to_one_folder_and_one_with_a_refused_row_to_another_with_its_report(inbox: Inbox) -> None:
    inbox.put("a.csv", "n\n1\n2\n")
    inbox.put("b.csv", "n\n3\n4\n5,6\n")
    inbox.put("空.csv", "n\n")
    assert inbox.poll(refuse={"3"}) == ["1", "2", "3", "4", "decode.wrong-fields"]
    assert inbox.names() == {"done/a.csv", "done/空.csv", "failed/b.csv", "failed/b.csv.refused.csv"}
    header, first, second = inbox.report("failed/b.csv.refused.csv")
    assert header == ["place", "code", "field", "problem", "hint"]
    assert first == ["b.csv:2", "map.code", "case.x", "'=no such code", "add it"]
    assert second[:2] == ["b.csv:4", "decode.wrong-fields"]
    assert inbox.poll() == []


def test_the_same_file_dropped_again_says_nothing_and_another_of_its_name_is_refused(inbox: Inbox) -> None:
    inbox.put("a.csv", "n\n1\n")
    assert inbox.poll() == ["1"]
    inbox.put("a.csv", "n\n1\n")
    assert inbox.poll() == []
    assert inbox.names() == {"done/a.csv", "done/a.csv.1"}
    inbox.put("a.csv", "n\n2\n")
    assert inbox.poll() == ["decode.name-again"]
    assert inbox.names() == {"done/a.csv", "done/a.csv.1", "failed/a.csv", "failed/a.csv.refused.csv"}
    assert inbox.report("failed/a.csv.refused.csv")[1][:2] == ["a.csv", "decode.name-again"]


def test_a_file_that_was_refused_may_come_again_corrected_under_its_name(here: Inbox) -> None:
    here.put("a.csv", "n\n1,2\n")
    assert here.poll() == ["decode.wrong-fields"]
    here.put("a.csv", "n\n1\n")
    assert here.poll() == ["1"]
    assert "done/a.csv" in here.names()


def manifest(text: str, **said: Any) -> str:
    raw = text.encode()
    whole = {"rows": text.count("\n") - 1, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    return orjson.dumps(whole | said).decode()


def test_a_file_waits_for_its_manifest_and_for_all_its_bytes_and_goes_with_it(inbox: Inbox) -> None:
    text = "n\n1\n2\n"
    inbox.put("a.csv", text[:-2])
    assert inbox.poll(complete="manifest") == []
    inbox.put("a.csv.manifest", manifest(text))
    assert inbox.poll(complete="manifest") == []
    inbox.put("a.csv", text)
    assert inbox.poll(complete="manifest") == ["1", "2"]
    assert inbox.names() == {"done/a.csv", "done/a.csv.manifest"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"sha256": "0" * 64}, ["decode.manifest"]),
        ({"bytes": 3}, ["decode.manifest"]),
        ({"rows": 3}, ["1", "2", "decode.manifest"]),
        ({"rows": "2"}, ["decode.manifest"]),
        ({"sha256": "0"}, ["decode.manifest"]),
    ],
)
def test_a_file_that_is_not_what_its_manifest_says_is_refused(here: Inbox, said: Any, found: list[str]) -> None:
    here.put("a.csv", "n\n1\n2\n")
    here.put("a.csv.manifest", manifest("n\n1\n2\n", **said))
    here.put("b.csv", "n\n3\n")
    here.put("b.csv.manifest", '{"rows": 1}')
    assert here.poll(complete="manifest") == [*found, "3"]
    assert {"failed/a.csv", "failed/a.csv.manifest", "failed/a.csv.refused.csv", "done/b.csv"} < here.names()


@pytest.mark.parametrize("text", ["", "[]", "{}", "no"])
def test_a_manifest_that_says_nothing_is_told(here: Inbox, text: str) -> None:
    here.put("a.csv", "n\n1\n")
    here.put("a.csv.manifest", text)
    assert here.poll(complete="manifest") == ["decode.manifest"]


def test_a_marker_goes_where_its_file_goes_so_that_it_calls_no_later_one_complete(here: Inbox) -> None:
    for acknowledge in (FOLDERS, {"rename": ".taken"}):
        here.put("a.csv", f"n\n{len(acknowledge)}\n")
        here.put("a.csv.done", "")
        assert here.poll(complete="done-marker", acknowledge=acknowledge) != []
        here.put("a.csv", "n\n9\n")
        assert here.poll(complete="done-marker", acknowledge=acknowledge) == []


def test_a_file_that_is_replaced_before_it_is_put_away_stays_and_is_read(
    here: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PORTION_RECORDS", 1)
    here.put("a.csv", "n\n1\n")
    source = here.source()
    found = list(source.read(None))
    here.put("a.csv", "n\n2222\n")
    for portion in found:
        source.acknowledge(portion.records)
    assert here.names() == {"a.csv"}
    assert here.poll() == ["2222"]


def test_a_report_names_so_many_refusals_and_says_that_there_are_more(
    here: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_outcome, "REPORTED", 2)
    here.put("a.csv", "n\n" + "1,2\n" * 5)
    assert here.poll() == ["decode.wrong-fields"] * 5
    report = here.report("failed/a.csv.refused.csv")
    assert [row[0] for row in report] == ["place", "a.csv:2", "a.csv:3", "…"]


@pytest.mark.parametrize(
    ("acknowledge", "path"),
    [
        ({"done": "../done"}, "done"),
        ({"done": ".done"}, "done"),
        ({"failed": "failed"}, "done"),
        ({"done": "done", "rename": ".x"}, "rename"),
    ],
)
def test_folders_that_cannot_be_are_told(here: Inbox, acknowledge: Any, path: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        here.source(acknowledge=acknowledge)
    assert [fault.target_path for fault in caught.value.faults] == [f"connect.acknowledge.{path}"]


@pytest.mark.parametrize("acknowledge", [FOLDERS, {"rename": ".taken"}])
def test_files_put_away_while_a_read_goes_on_count_for_what_it_proves(
    here: Inbox, monkeypatch: pytest.MonkeyPatch, acknowledge: dict[str, str]
) -> None:
    monkeypatch.setattr(files, "PORTION_RECORDS", 1)
    for number in range(3):
        here.put(f"{number}.csv", f"n\n{number}\n")
    source, last = here.source(watermark="mtime", acknowledge=acknowledge), None
    for portion in source.read(None):
        source.acknowledge(portion.records)
        last = portion
    assert last is not None
    assert last.final
    assert last.watermark is not None
    assert not (here.folder / "0.csv").exists()
