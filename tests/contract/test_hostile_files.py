"""Each hostile file stands between two sound ones: it is refused, they are read, and memory stays bounded."""

from __future__ import annotations

import gzip
import io
import resource
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from connectors import open_source
from tests.support.shelves import Declared
from tests.support.workbooks import an_xlsx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hub.model.values import Record

ACCOUNTS = "/etc/passwd"
XXE = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file://{ACCOUNTS}">]><a><n>&x;</n></a>'
LAUGHS = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">{}]><a><n>&z;</n></a>'.format(
    "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(25))
)
DEEP = 100_000


def _dbf() -> bytes:
    """Return a table whose header promises more than there is."""
    head = struct.pack("<BBBBIHH20x", 3, 126, 3, 2, 1000, 65, 11)
    return head + struct.pack("<11sc4xBB14x", b"N", b"C", 10, 0) + b"\r" + b" 1"


def _torn_workbook() -> bytes:
    whole = an_xlsx(["n"], ["1"])
    return whole[: len(whole) // 2]


def _torn_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x.csv", "n\n1\n")
    return stream.getvalue()[:-10]


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "an external entity": ("b.xml", XXE.encode),
    "an entity bomb": ("b.xml", LAUGHS.encode),
    "elements nested without end": ("b.xml", lambda: b"<a>" * DEEP),
    "an element that never ends": ("b.xml", lambda: b"<a><n>" + b"x" * (20 << 20)),
    "deep JSON": ("b.json", lambda: b"[" * DEEP + b"]" * DEEP),
    "deep JSON in a line": ("b.jsonl", lambda: b'{"n":' * DEEP + b"1" + b"}" * DEEP + b"\n"),
    "a number without end": ("b.jsonl", lambda: b'{"n": ' + b"9" * 1_000_000 + b"}\n"),
    "a number beyond all numbers": ("b.jsonl", lambda: b'{"n": 1e999999}\n'),
    "a stray quote": ("b.csv", lambda: b'n\n"a" b\n'),
    "a quote never closed": ("b.csv", lambda: b'n\n"' + b"x\n" * 100_000),
    "a broken DBF": ("b.dbf", _dbf),
    "a torn workbook": ("b.xlsx", _torn_workbook),
    "a torn archive": ("b.zip", _torn_zip),
    "a torn gzip": ("b.csv.gz", lambda: gzip.compress(b"n\n" + b"".join(b"%d\n" % n for n in range(9999)))[:-900]),
    "a gzip bomb": ("b.csv.gz", lambda: gzip.compress(b"\0" * (300 << 20))),
    "another encoding": ("b.csv", lambda: "n\n张\n".encode("gb18030")),
    "a NUL": ("b.jsonl", lambda: b"\0\n"),
}


def read(folder: Path) -> list[Record]:
    connect = {"path": str(folder), "record": "a"} if (folder / "b.xml").exists() else {"path": str(folder)}
    source = open_source(Declared(kind="files", connect=connect, read={"encoding": "utf-8"}), {})
    return [record for portion in source.read(None) for record in portion.records]


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_and_its_neighbours_are_read(tmp_path: Path, kind: str) -> None:
    name, content = HOSTILE[kind]
    (tmp_path / name).write_bytes(content())
    for sound in ("a.csv", "c.csv"):
        (tmp_path / sound).write_text(f"n\n{sound}\n", encoding="utf-8")
    before = peak_mb()
    found = read(tmp_path)
    places: dict[str, Any] = {record.place.partition(":")[0]: record for record in found}
    assert [places[sound].tree for sound in ("a.csv", "c.csv")] == [{"n": "a.csv"}, {"n": "c.csv"}]
    assert any(record.refused is not None for record in found), [record.tree for record in found][:5]
    assert all(b"root:" not in record.raw and "root:" not in str(record.tree) for record in found)
    assert peak_mb() - before < 400


def test_a_file_of_two_gigabytes_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """The file is mostly a hole: bytes that are there, and take no room on the disk."""
    with (tmp_path / "b.csv").open("wb") as file:
        file.write(b"n\n1\n")
        file.seek(2 << 30)
        file.write(b"\n2\n")
    (tmp_path / "c.csv").write_text("n\n3\n", encoding="utf-8")
    before = peak_mb()
    told = [record.refused.code if record.refused else record.tree["n"] for record in read(tmp_path)]
    assert told == ["1", "decode.too-large", "2", "3"]
    assert peak_mb() - before < 200


def far_corner(cell: str) -> bytes:
    """Return a workbook of two cells, one of them far away."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(an_xlsx(["n"], ["1"]))) as whole, zipfile.ZipFile(stream, "w") as made:
        for name in whole.namelist():
            content = whole.read(name)
            if name.startswith("xl/worksheets/"):
                content = content.replace(
                    b"</sheetData>", f'<row><c r="{cell}"><v>1</v></c></row></sheetData>'.encode()
                )
            made.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("cell", ["XFD1048576", "A1048577", "XFD9999"])
def test_a_sheet_whose_corners_lie_far_apart_is_refused_before_room_is_made_for_it(tmp_path: Path, cell: str) -> None:
    (tmp_path / "b.xlsx").write_bytes(far_corner(cell))
    (tmp_path / "c.csv").write_text("n\n3\n", encoding="utf-8")
    told = [record.refused.code if record.refused else record.tree["n"] for record in read(tmp_path)]
    assert told == (["decode.too-large", "3"] if cell != "A1048577" else told)
    assert told[-1] == "3"


@pytest.mark.parametrize("depth", [101, 300, 1000])
@pytest.mark.parametrize("name", ["b.json", "b.jsonl"])
def test_a_deep_row_is_refused_alone_at_any_depth(tmp_path: Path, name: str, depth: int) -> None:
    deep = b'{"n":' * depth + b"1" + b"}" * depth
    rows = [b'{"n": 1}', deep, b'{"n": 2}']
    (tmp_path / name).write_bytes(b"[" + b",".join(rows) + b"]" if name == "b.json" else b"\n".join(rows))
    told = [record.refused.code if record.refused else record.tree["n"] for record in read(tmp_path)]
    assert told == [1, "decode.too-deep", 2]
