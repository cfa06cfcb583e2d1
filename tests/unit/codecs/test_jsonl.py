"""JSON lines: a line that is no object in the declared encoding is one refused record."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from connectors.codecs import CODECS, CodecOptions
from connectors.codecs import lines as lines_module

if TYPE_CHECKING:
    from hub.model.values import Record


def read(content: bytes, encoding: str = "utf-8") -> list[Record]:
    return list(CODECS["jsonl"](io.BytesIO(content), CodecOptions(place="f.jsonl", encoding=encoding)))


def test_every_line_is_a_record_with_its_exact_bytes() -> None:
    first, second = read(b'\xef\xbb\xbf{"a": [{"b": 1.50}]}\r\n\n {"a": null}')
    assert (first.tree, first.raw, first.place) == ({"a": [{"b": 1.5}]}, b'{"a": [{"b": 1.50}]}', "f.jsonl:1")
    assert (second.tree, second.raw, second.place) == ({"a": None}, b' {"a": null}', "f.jsonl:3")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"a": 1', "decode.bad-json"),
        (b'{"a": NaN}', "decode.bad-json"),
        (b"[1]", "decode.no-object"),
        (b'"text"', "decode.no-object"),
        (b'{"a": "\xff"}', "decode.bad-encoding"),
    ],
)
def test_a_broken_line_is_refused_and_its_neighbours_are_sound(line: bytes, code: str) -> None:
    before, broken, after = read(b'{"n": 1}\n' + line + b'\n{"n": 2}\n')
    assert broken.refused is not None
    assert (broken.refused.code, broken.raw) == (code, line)
    assert (before.tree, after.tree) == ({"n": 1}, {"n": 2})


def test_gb18030_is_decoded_strictly() -> None:
    sound, broken = read('{"name": "䲡𠮷喆"}\n'.encode("gb18030") + b'{"name": "\xff"}\n', "gb18030")
    assert sound.tree == {"name": "䲡𠮷喆"}
    assert broken.refused is not None
    assert broken.refused.code == "decode.bad-encoding"


def test_a_line_without_end_is_cut_and_the_next_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "RECORD_BYTES", 1000)
    endless, sound = read(b'{"a": "' + b"x" * 5000 + b'"}\n{"n": 2}\n')
    assert endless.refused is not None
    assert endless.refused.code == "decode.too-large"
    assert sound.tree == {"n": 2}
