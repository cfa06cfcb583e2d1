"""What a folder of files must not lose or repeat: unfinished, changed, broken and very large files, and real ones."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors import files, open_source, reopen_record
from connectors.codecs import CODECS, CodecOptions
from connectors.file_options import WATERMARKS
from hub.clock import ManualClock
from hub.errors import Misconfigured
from hub.mapping import load
from tests.support.shelves import Declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.model.values import Portion

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def poll(folder: Path, checkpoint: Any = None, **connect: Any) -> tuple[list[str], Any, list[Portion]]:
    """Read a folder once as a process of its own would; return the values read and where the source then stands."""
    source = open_source(Declared(kind="files", connect={"path": str(folder)} | connect), {}, clock=ManualClock(NOW))
    found = list(source.read(orjson.loads(orjson.dumps(checkpoint))))
    told = [
        record.refused.code if record.refused else record.tree["n"] for portion in found for record in portion.records
    ]
    return told, found[-1].checkpoint, found


def put(folder: Path, name: str, *values: str) -> Path:
    path = folder / name
    path.write_text("".join(f"{value}\n" for value in ("n", *values)), encoding="utf-8")
    return path


def test_files_are_read_in_order_of_name_whenever_they_appear(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", "2")
    told, checkpoint, _ = poll(tmp_path)
    put(tmp_path, "c.csv", "3")
    put(tmp_path, "a.csv", "1")
    assert told == ["2"]
    assert poll(tmp_path, checkpoint)[0] == ["1", "3"]


@pytest.mark.parametrize("name", ["a.csv.part", "a.csv.tmp", ".a.csv", "a.csv.filepart"])
def test_a_file_that_has_not_its_name_yet_is_not_read(tmp_path: Path, name: str) -> None:
    unfinished = put(tmp_path, name, "1")
    assert poll(tmp_path)[0] == []
    unfinished.rename(tmp_path / "a.csv")
    assert poll(tmp_path)[0] == ["1"]


def test_a_name_in_another_encoding_is_told_in_letters_that_every_document_holds(tmp_path: Path) -> None:
    put(tmp_path, os.fsdecode(b"permits-\xb0\xec.csv"), "1", "2")
    source = open_source(Declared(kind="files", connect={"path": str(tmp_path)}), {}, clock=ManualClock(NOW))
    portion = next(source.read(None))
    assert portion.records[0].place == "permits-\\xb0\\xec.csv:2"
    assert poll(tmp_path, portion.checkpoint)[0] == []
    assert orjson.dumps([portion.checkpoint, dict(source.probe())])


def test_a_file_put_in_anothers_place_before_that_was_marked_is_read_and_nothing_written_over(tmp_path: Path) -> None:
    connect = {"path": str(tmp_path), "acknowledge": {"rename": ".taken"}}
    source = open_source(Declared(kind="files", connect=connect), {}, clock=ManualClock(NOW))
    put(tmp_path, "a.csv.taken", "before")
    put(tmp_path, "a.csv", "1")
    (first,) = source.read(None)
    put(tmp_path, "b.csv", "1", "2").rename(tmp_path / "a.csv")
    source.acknowledge(first.records)
    (second,) = source.read(first.checkpoint)
    assert [record.tree["n"] for record in second.records] == ["1", "2"]
    source.acknowledge(second.records)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv.1.taken", "a.csv.taken"]
    assert "before" in (tmp_path / "a.csv.taken").read_text(encoding="utf-8")


def test_a_file_is_read_once_its_marker_stands_beside_it(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "1")
    told, checkpoint, _ = poll(tmp_path, complete="done-marker")
    assert told == []
    (tmp_path / "a.csv.done").touch()
    assert poll(tmp_path, checkpoint, complete="done-marker")[0] == ["1"]


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "1")
    _, checkpoint, _ = poll(tmp_path)
    put(tmp_path, "a.csv", "1", "2")
    assert poll(tmp_path, checkpoint)[0] == ["1", "2"]
    os.utime(path, ns=(1, 1))
    assert poll(tmp_path, checkpoint)[0] == ["1", "2"]


def test_a_checkpoint_forgets_files_that_are_gone(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "1").rename(put(tmp_path, "b.csv", "2"))
    put(tmp_path, "c.csv", "3")
    _, checkpoint, _ = poll(tmp_path)
    (tmp_path / "b.csv").unlink()
    assert list(poll(tmp_path, checkpoint)[1]["done"]) == ["c.csv"]


def test_a_file_is_renamed_only_when_its_last_record_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PORTION_RECORDS", 2)
    put(tmp_path, "a.csv", "1", "2", "3")
    connect = {"path": str(tmp_path), "acknowledge": {"rename": ".read"}}
    source = open_source(Declared(kind="files", connect=connect), {})
    first, last = source.read(None)
    source.acknowledge(first.records)
    assert (tmp_path / "a.csv").exists()
    source.acknowledge(last.records)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv.read"]
    assert poll(tmp_path, None, acknowledge={"rename": ".read"})[0] == []


def test_a_torn_gzip_file_gives_what_it_holds_and_says_that_it_is_torn(tmp_path: Path) -> None:
    whole = gzip.compress(b"n\n" + b"".join(os.urandom(8).hex().encode() + b"\n" for _ in range(5000)))
    (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 2])
    told, checkpoint, _ = poll(tmp_path)
    assert told[-1] == "decode.bad-gzip"
    (tmp_path / "a.csv.gz").write_bytes(whole)
    assert len(poll(tmp_path, checkpoint)[0]) == 5000


def test_gzip_is_known_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(gzip.compress(b"n\n1\n"))
    put(tmp_path, "b.csv.gz", "2")
    assert poll(tmp_path)[0] == ["1", "2"]


def test_a_name_that_tells_no_format_is_the_operators_fault(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "1")
    with pytest.raises(Misconfigured, match=r"a\.txt"):
        poll(tmp_path)
    assert poll(tmp_path, format="csv")[0] == ["1"]


def test_the_watermark_is_what_the_declaration_says_of_the_folder(tmp_path: Path) -> None:
    os.utime(put(tmp_path, "a.csv", "1"), (1_000_000_000, 1_000_000_000))
    marks = {kind: poll(tmp_path, watermark=kind)[2][-1].watermark for kind in WATERMARKS}
    assert marks == {"none": None, "now": NOW, "mtime": datetime.fromtimestamp(1_000_000_000, UTC)}


def test_a_file_handed_over_by_hand_is_read_as_the_declaration_says_and_stays_where_it_is(tmp_path: Path) -> None:
    path = put(tmp_path, "log.txt", "1")
    connect = {"path": "${UNSET}", "format": "csv", "acknowledge": {"rename": ".read"}, "every": "30s"}
    source = open_source(Declared(kind="files", connect=connect), {}, path)
    (portion,) = source.read(None)
    source.acknowledge(portion.records)
    assert [record.tree for record in portion.records] == [{"n": "1"}]
    assert path.exists()


class Endless(io.RawIOBase):
    """A file of any size that is nowhere: its lines are made as they are read."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines, self._rest = lines, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given = self._rest or next(self._lines, b"")
        size = min(len(given), len(buffer))
        buffer[:size], self._rest = given[:size], given[size:]
        return size


RECORD_BYTES = 20_000
STREAMS = {
    "csv": (b"n,name\n", b'1,"%s"\n' % (b"x" * RECORD_BYTES), b""),
    "jsonl": (b"", b'{"n": "%s"}\n' % (b"x" * RECORD_BYTES), b""),
    "xes": (b"<log>", b'<trace><string key="n" value="%s"/></trace>\n' % (b"x" * RECORD_BYTES), b"</log>"),
}


@pytest.mark.parametrize("form", STREAMS)
def test_memory_stays_that_of_a_few_records_whatever_the_size(form: str) -> None:
    head, record, tail = STREAMS[form]
    lines = filter(None, itertools.chain([head], itertools.repeat(record, 10_000), [tail]))
    stream = io.BufferedReader(Endless(lines), 1 << 16)
    tracemalloc.start()
    try:
        count = sum(1 for found in CODECS[form](stream, CodecOptions()) if found.refused is None)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 10_000
    assert peak_bytes < 4 << 20


@pytest.mark.skipif(not DATA.is_dir(), reason="the real files (../shared/data) are not here")
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("eventlogs/receipt.xes.gz", 1434),
        ("eventlogs/receipt.csv.gz", 8577),
        ("eventlogs/helpdesk.xes.gz", 4580),
        ("civic/nyc311_sample_999.csv", 999),
        ("civic/nyc311_sample_199.csv", 199),
    ],
)
def test_real_files_are_read_whole(name: str, count: int) -> None:
    source = open_source(Declared(kind="files", connect={}), {}, DATA / name)
    found = [record for portion in source.read(None) for record in portion.records]
    assert len(found) == count
    assert not [record.refused for record in found if record.refused]


XML_MAPPING = """\
connection: test.xml
department: "11321200014000028L"
kind: files
connect: {record: YW}
read:
  encoding: gb18030
  namespaces: {b: "urn:base"}
  names: {number: "@id", accepted: "SL/b:SLSJ", step: SP/HJMC, step_at: SP/SPSJ}
case:
  source_case_no: number
  region_code: "'321200'"
  title: field("标题")
events:
  - {type: case.accepted, occurred_at: time(accepted)}
  - {type: stage.completed, each: SP, occurrence: step, stage_code: step, occurred_at: time(step_at)}
"""
XML_FILE = """\
<?xml version="1.0" encoding="GBK"?>
<L xmlns:q="urn:base">
<YW id="1"><标题>䲡</标题><SL><q:SLSJ>2026-03-02 09:00:00</q:SLSJ></SL>
  <SP><HJMC>审查</HJMC><SPSJ>2026-03-03</SPSJ></SP><SP><HJMC>审批</HJMC><SPSJ>2026-03-04</SPSJ></SP></YW>
<YW id="2"><标题>broken</SL></YW>
</L>
"""


def test_an_xml_file_is_mapped_record_by_record_and_a_refused_one_decodes_again(tmp_path: Path) -> None:
    mapping_file, data = tmp_path / "m.yaml", tmp_path / "day.xml"
    mapping_file.write_text(XML_MAPPING, encoding="utf-8")
    data.write_bytes(XML_FILE.encode("gb18030"))
    mapping = load(mapping_file, environment={})
    (portion,) = open_source(mapping.declaration, {}, data, clock=ManualClock(NOW)).read(None)
    sound, broken = portion.records
    events = mapping.map_record(sound.tree)
    assert [(event.data["type"], event.data["occurred_at"]) for event in events] == [
        ("case.accepted", "2026-03-02T09:00:00+08:00"),
        ("stage.completed", "2026-03-03"),
        ("stage.completed", "2026-03-04"),
    ]
    assert events[0].data["case"]["title"] == "䲡"
    assert broken.refused
    again = reopen_record(mapping.declaration, broken.raw, broken.place)
    assert (again.refused.code if again.refused else "") == broken.refused.code
    assert reopen_record(mapping.declaration, sound.raw, sound.place).tree == sound.tree
