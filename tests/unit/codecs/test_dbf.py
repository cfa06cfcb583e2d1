"""A DBF table's rows come each by itself; tables nobody here wrote are read or named as what they are."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.codecs import CODECS, CodecOptions, decode_one

if TYPE_CHECKING:
    from hub.model.values import Record

DATA = Path(__file__).parents[4] / "shared" / "data" / "dbf"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the tables (../shared/data/dbf) are not here")


def a_dbf(*names: bytes, records: int | None = None) -> bytes:
    """Return a table with one field of text, of eight bytes."""
    count = len(names) if records is None else records
    head = b"\x03\x1a\x03\x02" + count.to_bytes(4, "little") + (65).to_bytes(2, "little") + (9).to_bytes(2, "little")
    field = b"NAME".ljust(11, b"\0") + b"C" + b"\0" * 4 + b"\x08" + b"\0" * 15
    return head + b"\0" * 20 + field + b"\r" + b"".join(b" " + name.ljust(8) for name in names) + b"\x1a"


def read(raw: bytes, encoding: str = "utf-8") -> list[Record]:
    return list(CODECS["dbf"](io.BytesIO(raw), CodecOptions(place="t.dbf", encoding=encoding)))


def codes(records: list[Record]) -> list[str]:
    return [record.refused.code if record.refused else "" for record in records]


def test_rows_are_read_in_the_declared_encoding_and_can_be_decoded_again() -> None:
    found = read(a_dbf("喆".encode("gb18030"), "𠮷".encode("gb18030")), "gb18030")
    assert [record.tree["NAME"] for record in found] == ["喆", "𠮷"]
    assert decode_one(found[0].raw, "dbf", CodecOptions(encoding="gb18030")).tree == found[0].tree


def test_one_row_of_another_encoding_is_refused_alone() -> None:
    assert codes(read(a_dbf(b"a", b"\xff\xff", b"b"))) == ["", "decode.bad-encoding", ""]


@pytest.mark.parametrize("raw", [b"", b"no table", a_dbf(b"a")[:40], b"\x03" + b"\xff" * 200])
def test_what_is_no_table_is_one_refused_record(raw: bytes) -> None:
    assert codes(read(raw)) == ["decode.bad-dbf"]


def test_a_table_that_breaks_off_is_told_after_its_sound_rows() -> None:
    assert codes(read(a_dbf(b"a", b"b", records=5))) == ["", "", "decode.bad-dbf"]


@needs_data
def test_tables_in_the_wild_are_read_or_refused_row_by_row() -> None:
    found = {path.name: Counter(codes(read(path.read_bytes(), "latin-1"))) for path in sorted(DATA.glob("*.dbf"))}
    assert found["blockgroups.dbf"] == {"": 663}
    assert found["invalid_value.dbf"] == {"": 1, "decode.bad-row": 1}
    assert found["latin1.dbf"] == {"": 1}
    assert all(set(each) <= {"", "decode.bad-row", "decode.bad-dbf"} for each in found.values())
