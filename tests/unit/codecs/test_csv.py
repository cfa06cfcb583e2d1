"""CSV is read strictly: what breaks a rule is one refused record with its bytes, its neighbours are sound."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import CODECS, CodecOptions, csv_, decode_one

if TYPE_CHECKING:
    from hub.model.values import Record

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real files (../shared/data) are not here")


def read(content: bytes, **options: object) -> list[Record]:
    return list(CODECS["csv"](io.BytesIO(content), CodecOptions(place="f.csv", **options)))  # type: ignore[arg-type]


def outcome(records: list[Record]) -> list[object]:
    """Return each record's values, or the code that refuses it."""
    return [record.refused.code if record.refused else tuple(record.tree.values()) for record in records]


def test_quoted_fields_may_hold_delimiters_quotes_and_line_breaks() -> None:
    (record,) = read(b'no,name\r\n1,"a, ""b""\r\nc"\r\n')
    assert record.tree == {"no": "1", "name": 'a, "b"\r\nc'}
    assert record.place == "f.csv:2"


def test_raw_bytes_are_the_header_and_the_record_exactly() -> None:
    first, second = read(b'no,name\r\n1,"a\nb"\r\n2,c')
    assert first.raw == b'no,name\r\n1,"a\nb"\r\n'
    assert second.raw == b"no,name\r\n2,c"


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert read(b"\xef\xbb\xbfno,name\n1,a\n")[0].tree == {"no": "1", "name": "a"}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"1", "decode.wrong-fields"),
        (b"1,a,b", "decode.wrong-fields"),
        (b'1,a"b', "decode.stray-quote"),
        (b'1,"a"b', "decode.stray-quote"),
        (b'1,"a', "decode.stray-quote"),
        (b'1,a"b"', "decode.stray-quote"),
        (b"1,\xff", "decode.bad-encoding"),
        (b'1,"\xff', "decode.bad-encoding"),
        (b'1,"a\n\xff"', "decode.bad-encoding"),
    ],
)
def test_a_broken_row_is_refused_and_its_neighbours_are_sound(row: bytes, code: str) -> None:
    records = read(b"no,name\n0,before\n" + row + b'\n2,"x, y"\n3,after\n')
    assert outcome(records) == [("0", "before"), code, ("2", "x, y"), ("3", "after")]
    assert records[1].raw == b"no,name\n" + row + b"\n"


def test_a_refused_value_is_not_told() -> None:
    (record,) = read(b"no,name,id\n321281199001011234\n")
    assert record.refused is not None
    assert "199001011234" not in str(record.refused)


def test_gb2312_means_gb18030_and_its_bytes_are_never_taken_for_delimiters() -> None:
    content = "号|名\n1|䲡|\n2|𠮷镕\n".encode("gb18030")
    assert outcome(read(content, encoding="gb18030", delimiter="|")) == ["decode.wrong-fields", ("2", "𠮷镕")]


def test_a_header_that_cannot_be_read_refuses_the_file_once() -> None:
    assert outcome(read(b"no,\xff\n1,a\n2,b\n")) == ["decode.bad-header"]
    assert outcome(read(b"no,no\n1,a\n2,b\n")) == ["decode.bad-header"]


def test_a_header_that_is_none_gives_nobody_away() -> None:
    (told,) = read("欧阳震华,欧阳震华,321281199003071234\n".encode())
    assert told.refused
    assert told.refused.problem.startswith("columns 1 and 2 ")
    assert "欧阳" not in repr(told.refused)


def test_a_header_of_very_many_columns_is_refused_at_once() -> None:
    assert outcome(read(b"%s\n1\n" % b",".join(b"%d" % n for n in range(500_000)))) == ["decode.bad-header"]


def test_columns_may_be_declared_instead_of_a_header() -> None:
    assert read(b"1,a\n", columns=("no", "name"))[0].tree == {"no": "1", "name": "a"}


def test_an_empty_file_and_blank_lines_hold_no_records() -> None:
    assert read(b"") == []
    assert outcome(read(b"no,name\n\n1,a\r\n\r\n\n")) == [("1", "a")]


def test_an_unclosed_quote_costs_one_record_however_long_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_, "OPEN_QUOTE_BYTES", 1000)
    rows = b"".join(b"%d,name\n" % number for number in range(2000))
    records = read(b'no,name\nx,"open\n' + rows)
    assert outcome(records[:2]) == ["decode.stray-quote", ("0", "name")]
    assert len(records) == 2001


fields = st.text(alphabet=st.sampled_from('a喆䲡𠮷,"\r\n ;|'), max_size=6)
tables = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(fields, min_size=width, max_size=width), max_size=6))


@given(tables, st.sampled_from(["utf-8", "gb18030"]), st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_writes_is_read_back(rows: list[list[str]], encoding: str, end: str) -> None:
    names = [f"column{number}" for number in range(len(rows[0]) if rows else 1)]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    records = read(out.getvalue().encode(encoding), encoding=encoding)
    assert outcome(records) == [tuple(row) for row in rows]
    for record in records:
        assert decode_one(record.raw, "csv", CodecOptions(encoding=encoding)).tree == record.tree


@given(st.binary(max_size=60).map(lambda noise: noise.replace(b"\r", b"")))
def test_any_bytes_are_read_or_refused_and_every_one_of_them_is_kept(noise: bytes) -> None:
    records = read(noise, columns=("a", "b"))
    lines = [line for line in noise.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line]
    kept = [line for record in records for line in record.raw.split(b"\n") if line]
    assert kept == lines


@needs_data
def test_real_files_are_read_as_the_standard_library_reads_them() -> None:
    content = (DATA / "civic" / "nyc311_sample_999.csv").read_bytes()
    records = read(content)
    assert len(records) == 999
    assert [record.tree for record in records] == list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
