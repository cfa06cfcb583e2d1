"""XES: every trace is cut out with its exact bytes and parsed by itself; one that is broken harms no other."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import CODECS, CodecOptions, decode_one, xml_scanner

if TYPE_CHECKING:
    from hub.model.values import Record

LOGS = Path(__file__).parents[4] / "shared" / "data" / "eventlogs"
needs_logs = pytest.mark.skipif(not LOGS.is_dir(), reason="the real logs (../shared/data) are not here")
HEAD = b'<?xml version="1.0" encoding="UTF-8" ?>\n<log xmlns="http://www.xes-standard.org/">\n'
SOUND = b'<trace><string key="no" value="%d"/></trace>'


def read(content: bytes | IO[bytes], encoding: str = "utf-8") -> list[Record]:
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    return list(CODECS["xes"](stream, CodecOptions(place="f.xes", encoding=encoding)))


def codes(records: list[Record]) -> list[str]:
    return [record.refused.code if record.refused else record.tree["no"] for record in records]


def log(*traces: bytes) -> bytes:
    return HEAD + b"\n".join(traces) + b"\n</log>"


def test_attributes_keep_their_text_and_numbers_and_truth_their_type() -> None:
    trace = (
        b'<trace><string key="concept:name" value="a&amp;&#33;"/>'
        b'<date key="end" value="2011-10-11T13:42:22.688+02:00"/>'
        b'<int key="n" value="-7"/><float key="fee" value="12.50"/><boolean key="open" value="true"/>'
        b'<id key="i" value="x"/>'
        b'<list key="l"><values><string key="p" value="1"/><string key="p" value="2"/></values></list>'
        b'<string key="outer" value="o"><string key="inner" value="i"/></string>'
        b'<event><string key="concept:name" value="T1"/></event><event/></trace>'
    )
    (record,) = read(log(trace))
    assert record.raw == trace
    assert record.tree == {
        "concept:name": "a&!",
        "end": "2011-10-11T13:42:22.688+02:00",
        "n": -7,
        "fee": 12.5,
        "open": True,
        "i": "x",
        "l": [{"p": "1"}, {"p": "2"}],
        "outer": "o",
        "outer/inner": "i",
        "events": [{"concept:name": "T1"}, {}],
    }


@pytest.mark.parametrize(
    ("trace", "code"),
    [
        (b'<trace><string key="no"></trace>', "decode.bad-xml"),
        (b'<trace><string key="no" value="&secret;"/></trace>', "decode.bad-xml"),
        (b'<trace><string key="no" value="\xff"/></trace>', "decode.bad-encoding"),
        (b'<trace><int key="no" value="seven"/></trace>', "decode.bad-value"),
        (b'<trace><boolean key="no" value="perhaps"/></trace>', "decode.bad-value"),
        (b'<trace><string value="no key"/></trace>', "decode.bad-attribute"),
        (b'<trace><string key="no" value="never closed"/>', "decode.bad-xml"),
    ],
)
def test_a_broken_trace_is_refused_and_its_neighbours_are_sound(trace: bytes, code: str) -> None:
    records = read(log(SOUND % 1, trace, SOUND % 2))
    assert codes(records) == ["1", code, "2"]
    assert records[1].raw.strip() == trace


def test_words_in_comments_and_cdata_are_no_traces() -> None:
    comment = b"<!-- <trace> </trace> -->"
    inside = b'<trace><!-- </trace> <trace> --><string key="no" value="2"/><x key="t"><![CDATA[</trace>]]></x></trace>'
    assert codes(read(log(comment, SOUND % 1, comment, inside, b'<trace ><string key="no" value="3"/></trace >'))) == [
        "1",
        "2",
        "3",
    ]


def test_an_empty_trace_is_a_record() -> None:
    assert [record.tree for record in read(log(b"<trace/>", b"<trace></trace>"))] == [{"events": []}] * 2


def test_prefixed_names_are_read_too() -> None:
    content = (
        b'<?xml version="1.0"?><x:log xmlns:x="http://www.xes-standard.org/">'
        b'<x:trace><x:string key="no" value="1"/></x:trace></x:log>'
    )
    assert codes(read(content)) == ["1"]


def test_a_file_that_is_no_log_or_ends_too_soon_is_refused_once() -> None:
    assert codes(read(b"<html><body>Service unavailable</body></html>")) == ["decode.no-log"]
    assert codes(read(b"")) == ["decode.no-log"]
    assert codes(read(HEAD + SOUND % 1)) == ["1", "decode.truncated"]
    assert codes(read(HEAD + SOUND % 1 + b"<trace><str")) == ["1", "decode.bad-xml", "decode.truncated"]


def test_no_entity_is_resolved_and_nothing_is_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    doctype = f'<!DOCTYPE log [<!ENTITY s SYSTEM "file://{secret}"><!ENTITY a "aaaa">]>'.encode()
    trace = b'<trace><string key="no" value="&a;"/></trace><trace><x key="no">&s;</x></trace>'
    records = read(b'<?xml version="1.0"?>' + doctype + b"<log>" + trace + b"</log>")
    assert codes(records) == ["decode.bad-xml", "decode.bad-xml"]


def test_an_encoding_that_contradicts_the_declared_one_is_refused_not_guessed() -> None:
    gbk = '<?xml version="1.0" encoding="GBK"?><log><trace><string key="no" value="䲡"/></trace></log>'
    assert codes(read(gbk.encode("gb18030"), "gb18030")) == ["䲡"]
    assert codes(read(gbk.encode("gb18030"), "utf-8")) == ["decode.encoding-conflict"]
    assert codes(read(gbk.replace("GBK", "UTF-16").encode(), "utf-8")) == ["decode.encoding-conflict"]


def test_a_trace_without_end_is_cut_and_the_next_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_scanner, "RECORD_BYTES", 3000)
    monkeypatch.setattr(xml_scanner, "CHUNK_BYTES", 500)
    endless = b"<trace><x>" + b"y" * 20_000 + b"</x></trace>"
    assert codes(read(log(SOUND % 1, endless, SOUND % 2))) == ["1", "decode.too-large", "2"]


class Dripping(io.RawIOBase):
    """Hands over a few bytes at a time, as a slow pipe does."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._left, self._sizes, self._turn = content, sizes, 0

    def read(self, _size: int = -1) -> bytes:
        size = self._sizes[self._turn % len(self._sizes)]
        self._turn += 1
        given, self._left = self._left[:size], self._left[size:]
        return given


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_where_the_stream_is_cut_makes_no_difference(sizes: list[int]) -> None:
    content = log(b"<!-- <trace> -->", SOUND % 1, b'<trace><x key="no"><![CDATA[</trace>]]></x></trace>', SOUND % 3)
    dripped = read(Dripping(content, sizes))  # type: ignore[arg-type]
    assert [(record.raw, record.place) for record in dripped] == [
        (record.raw, record.place) for record in read(content)
    ]
    assert len(dripped) == 3


@needs_logs
def test_the_receipt_log_is_whole_and_every_trace_is_exact() -> None:
    content = gzip.decompress((LOGS / "receipt.xes.gz").read_bytes())
    records = read(content)
    assert len(records) == 1434
    assert not [record for record in records if record.refused]
    assert sum(len(record.tree["events"]) for record in records) == 8577
    for record in records[::100]:
        line = int(record.place.split(":")[1].split()[0])
        assert content.split(b"\n")[line - 1].strip() == b"<trace>"
        assert decode_one(record.raw, "xes", CodecOptions()).tree == record.tree
