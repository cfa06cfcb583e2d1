"""Cuts a stream into physical lines of bounded length, each with its exact bytes and its number."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple

from connectors.codecs.common import RECORD_BYTES
from connectors.encodings import BOM

if TYPE_CHECKING:
    from collections.abc import Iterator


class Line(NamedTuple):
    """One physical line with its line feed. `cut`: it was longer than a record may be, and its rest is gone."""

    number: int
    raw: bytes
    cut: bool = False


def lines(stream: IO[bytes]) -> Iterator[Line]:
    """Yield every line, numbered from 1; a UTF-8 byte order mark at the beginning is not part of the first."""
    number = 0
    while raw := stream.readline(RECORD_BYTES):
        number += 1
        if number == 1 and raw.startswith(BOM):
            raw = raw[len(BOM) :]
        cut = len(raw) >= RECORD_BYTES and not raw.endswith(b"\n")
        if cut:
            _skip_line(stream)
        if raw:
            yield Line(number, raw, cut)


def _skip_line(stream: IO[bytes]) -> None:
    while (rest := stream.readline(RECORD_BYTES)) and not rest.endswith(b"\n"):
        pass
