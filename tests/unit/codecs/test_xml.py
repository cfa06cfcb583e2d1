"""XML: every record is cut out and parsed by itself; nothing is resolved, nothing reached, and no file fills memory."""

from __future__ import annotations

import io
import tracemalloc
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import CODECS, CodecOptions, decode_one
from hub.model.values import Record  # noqa: TC001 - helps nobody elsewhere


def options(encoding: str = "utf-8", record: str = "case", **namespaces: str) -> CodecOptions:
    known = {uri: prefix for prefix, uri in namespaces.items()}
    return CodecOptions(place="f.xml", encoding=encoding, record=record, namespaces=known)


def read(content: bytes | IO[bytes], how: CodecOptions | None = None) -> list[Record]:
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    return list(CODECS["xml"](stream, how or options()))


def codes(records: list[Record]) -> list[str]:
    return [each.refused.code if each.refused else str(each.tree["no"]) for each in records]


def cases(*inner: bytes) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n<all>\n' + b"\n".join(inner) + b"\n</all>"


def test_a_tree_has_children_attributes_text_and_lists() -> None:
    (record,) = read(
        cases(
            b'<case id="7"><no>1</no><step at="a">x</step><step>y</step><empty/>'
            b"<note>a<!-- b --> c<![CDATA[<d>]]></note><mixed k='1'> t <i>u</i></mixed></case>"
        )
    )
    assert record.tree == {
        "@id": "7",
        "no": "1",
        "step": [{"@at": "a", "#text": "x"}, "y"],
        "empty": "",
        "note": "a c<d>",
        "mixed": {"@k": "1", "i": "u", "#text": " t "},
    }
    assert record.place == "f.xml:3 (case 1)"


def test_a_file_that_is_one_record_is_one() -> None:
    how = options(record="")
    assert [each.tree for each in read(b"\xef\xbb\xbf<case><no>1</no></case>", how)] == [{"no": "1"}]
    assert [each.tree for each in read(b"<case>text</case>", how)] == [{"#text": "text"}]


def test_names_have_the_prefix_that_the_mapping_gives_their_namespace() -> None:
    content = b'<r xmlns="urn:a" xmlns:q="urn:b"><case><no>1</no><q:no>2</q:no><q:x q:k="3"/></case></r>'
    (record,) = read(content, options(b="urn:b"))
    assert record.tree == {"no": "1", "b:no": "2", "b:x": {"@b:k": "3"}}
    (record,) = read(content, options())
    assert record.tree == {"no": ["1", "2"], "x": {"@k": "3"}}


def test_a_record_decodes_again_from_its_own_bytes() -> None:
    how = options(b="urn:b")
    (first, second) = read(b'<r xmlns:q="urn:b"><case><q:no>1</q:no></case><case><q:no>2</q:no></case></r>', how)
    assert decode_one(second.raw, "xml", how).tree == second.tree == {"b:no": "2"}
    assert decode_one(first.raw, "xml", how).tree == first.tree


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"<case><no>2</case>", "decode.bad-xml"),
        (b"<case><no>&undefined;</no></case>", "decode.bad-xml"),
        (b"<case><p:no>2</p:no></case>", "decode.bad-xml"),
        (b"<case><no>\xff</no></case>", "decode.bad-encoding"),
        (b"<case>" + b"<a>" * 101 + b"</a>" * 101 + b"</case>", "decode.too-deep"),
        (b"<case>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</case>", "decode.bad-xml"),
    ],
)
def test_a_broken_record_harms_no_neighbour(bad: bytes, code: str) -> None:
    assert codes(read(cases(b"<case><no>1</no></case>", bad, b"<case><no>3</no></case>"))) == ["1", code, "3"]


ONE, TWO = b"<case><no>1</no></case>", b"<case><no>2</no></case>"


@pytest.mark.parametrize(
    "content",
    [
        b"<r><head><date>x</date></head>" + ONE + TWO + b"</r>",
        b"<r><page>" + ONE + b"</page><page>" + TWO + b"</page></r>",
        b"<r>" + ONE + b"<sep></sep>" + TWO + b"</r>",
        b"<r>" + ONE + b"<r></r>" + TWO + b"</r>",
        b"<r>" + ONE + b"<![CDATA[<case></r>]]>" + TWO + b"<!-- </r> --></r>\n",
        b"<r><case a='1>2'><no>1</no></case>" + TWO + b"</r>",
        b"<q:r xmlns:q='u'>" + ONE + TWO + b"</q:r>",
        b"<r a='" + b"x" * 600_000 + b"'>" + ONE + TWO + b"</r>",
    ],
    ids=[
        "a header",
        "wrappers",
        "a separator",
        "the root's name within",
        "CDATA",
        "a sign in a value",
        "a prefix",
        "a long root",
    ],
)
def test_no_record_is_lost_for_what_stands_around_it(content: bytes) -> None:
    assert codes(read(content)) == ["1", "2"]


def test_what_follows_the_root_is_read_and_told() -> None:
    assert codes(read(b"<r>" + ONE + b"</r>" + TWO)) == ["1", "2", "decode.truncated"]


def test_a_record_that_is_never_closed_is_cut_at_the_next() -> None:
    found = codes(read(cases(b"<case><no>1", b"<case><no>2</no></case>")))
    assert found == ["decode.bad-xml", "2"]


def test_a_truncated_file_yields_what_is_whole_and_says_so() -> None:
    assert codes(read(cases(b"<case><no>1</no></case>")[: -len("\n</all>")])) == ["1", "decode.truncated"]
    assert codes(read(b"<all><case><no>1</no></case><case><no>2"))[0] == "1"


BOMB = b'<!DOCTYPE case [<!ENTITY a "aaaaaaaaaa">%s]>' % b"".join(
    b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n > 1 else b"&a;" * 10) for n in range(1, 12)
)


@pytest.mark.parametrize(
    "head",
    [
        b'<!DOCTYPE case [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE case SYSTEM "http://192.0.2.1/a.dtd">',
        BOMB,
    ],
)
def test_definitions_in_the_file_are_refused_unread(head: bytes) -> None:
    (record,) = read(head + b"<case k='&a11;'><no>&x;&a11;</no></case>", options(record=""))
    assert codes([record]) == ["decode.dtd"]
    assert "root:" not in repr(record.tree)
    wrapped = read(head.replace(b"DOCTYPE case", b"DOCTYPE all") + b"<all><case><no>&x;</no></case></all>")
    assert codes(wrapped) == ["decode.bad-xml"]


def test_definitions_behind_a_comment_are_found_too() -> None:
    hidden = b'<!-- <a --><!DOCTYPE case [<!ENTITY x "y">]><case k="&x;"><no>&x;</no></case>'
    assert codes(read(hidden, options(record=""))) == ["decode.dtd"]


@pytest.mark.parametrize("content", [b"", b"no xml", b"\x00\x01", b"<!-- <all> -->", b"<all/>"])
def test_what_is_no_xml_is_one_refusal(content: bytes) -> None:
    assert codes(read(content)) in (["decode.no-xml"], ["decode.truncated"])


def test_an_encoding_is_declared_by_both_alike_and_gb2312_is_read_as_gb18030() -> None:
    text = '<?xml version="1.0" encoding="GB2312"?><all><case><no>䲡喆</no></case></all>'.encode("gb18030")
    assert codes(read(text, options("gb18030"))) == ["䲡喆"]
    assert codes(read(text, options("utf-8"))) == ["decode.encoding-conflict"]
    assert codes(read(text, options("utf-8", record=""))) == ["decode.encoding-conflict"]


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    for how in (options(), options(record="")):
        for record in read(b"<all><case>" + content + b"</case></all>", how):
            assert record.refused or isinstance(record.tree, dict)


class Endless(io.RawIOBase):
    """A stream of very many records, made as it is read."""

    def __init__(self, records: int) -> None:
        self._left, self._held = records, b"<all>"

    def read(self, size: int = -1) -> bytes:
        while self._left and len(self._held) < size:
            self._held += b"<case><no>1</no><t>%s</t></case>" % (b"x" * 1000)
            self._left -= 1
            if not self._left:
                self._held += b"</all>"
        taken, self._held = self._held[:size], self._held[size:]
        return taken


def test_memory_does_not_grow_with_the_file() -> None:
    tracemalloc.start()
    stream: IO[bytes] = Endless(20_000)  # type: ignore[assignment]
    count = sum(1 for _ in CODECS["xml"](stream, options()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 8_000_000


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_root_that_is_itself_the_record_is_told_and_not_passed_over(encoding: str) -> None:
    options = CodecOptions(record="办件", encoding=encoding)
    raw = f'<?xml version="1.0" encoding="{encoding}"?><x:办件 xmlns:x="u"><no>1</no></x:办件>'.encode(encoding)
    (record,) = read(io.BytesIO(raw), options)
    assert record.refused is not None
    assert record.refused.code == "decode.bad-record"
    assert "leave connect.record out" in record.refused.hint
    assert list(read(io.BytesIO(b"<list></list>"), CodecOptions(record="row"))) == []
