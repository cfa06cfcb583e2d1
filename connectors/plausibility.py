"""Decides whether text was decoded as what it is not: replacement signs, private characters, UTF-8 read as GBK.

What was garbled before it came here decodes without an error: `张三` in UTF-8, read as GBK somewhere on the way, is
`寮犱笁`, sound in every encoding. Such a record is refused with its bytes rather than kept under a name nobody has.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from connectors.codecs.common import refused
from connectors.encodings import normalised

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.model.values import Portion, Record
    from hub.ports import Source

PRIVATE_SHARE: Final = 0.2
"""Share of private-use characters beyond which a text of some length is garbled; single ones stand for rare names."""

_LEAST_CHARS: Final = 4
"""Shorter texts say too little to be judged by a share."""

_REPLACED: Final = re.compile("\ufffd|锟斤拷|烫烫烫|屯屯屯")
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
_HAN: Final = re.compile("[\u3400-\u9fff]")
_LEADS: Final = (0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9)
"""First bytes of nearly all Chinese characters in UTF-8."""


def _read_as_gbk() -> str:
    """Return the characters that GBK makes of the first two bytes of Chinese in UTF-8."""
    found = set()
    for lead in _LEADS:
        for second in range(0x80, 0xC0):
            found.add(bytes((lead, second)).decode("gb18030", errors="replace"))
    return "".join(sorted(char for char in found if len(char) == 1 and char != "\ufffd"))


_SUSPICIOUS: Final = re.compile(f"[\ufffd\ue000-\uf8ff\u0080-\u00ff{_read_as_gbk()}锟烫屯]")
"""What a garbled text has at least one of; few sound texts do."""


def garbled(text: str) -> str:
    """Say how a text was garbled; empty where it is plausible."""
    if text.isascii():
        return ""
    found = _SUSPICIOUS.search(text)
    return _cause(text) if found is not None else ""


def _cause(text: str) -> str:
    """Say how a text that holds something suspicious was garbled; empty where it was not."""
    if _REPLACED.search(text):
        return "it holds signs that stand for what could not be decoded"
    if len(text) >= _LEAST_CHARS and len(_PRIVATE.findall(text)) > PRIVATE_SHARE * len(text):
        return "it is made of private-use characters"
    if _unread(text, "cp1252") or _unread(text, "latin-1"):
        return "it is UTF-8 that was read as Latin"
    return "it is UTF-8 that was read as GBK" if _unread(text, "gb18030") else ""


def _unread(text: str, encoding: str) -> bool:
    """Tell whether a text, taken back by the encoding it was wrongly read in, is sound UTF-8 with Chinese in it."""
    try:
        return _HAN.search(text.encode(encoding).decode()) is not None
    except UnicodeError:
        return False


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any record
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from _texts(child, f"{path}/{name}" if path else str(name))
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child, path)


def judged(record: Record) -> Record:
    """Return a record as it is, or refused where one of its texts was garbled before it came.

    Characters that older editions of GB 18030 left in private use are put at their own places.
    """
    if record.refused is not None:
        return record
    for path, text in _texts(record.tree):
        problem = garbled(text)
        if problem:
            hint = (
                "mend it where it was garbled, and what it passes through; read: {texts: any} takes texts as they come"
            )
            why = refused(b"", record.place, "garbled", f"{path}: {problem}", hint=hint).refused
            return replace(record, tree={}, refused=why)
    moved = any(normalised(text) is not text for _, text in _texts(record.tree))
    return replace(record, tree=_normalised(record.tree)) if moved else record


def _normalised(value: Any) -> Any:  # noqa: ANN401 - any record
    if isinstance(value, str):
        return normalised(value)
    if isinstance(value, dict):
        return {name: _normalised(child) for name, child in value.items()}
    return [_normalised(child) for child in value] if isinstance(value, list) else value


class Plausible:
    """A source whose garbled records are refused; see hub.ports.Source."""

    def __init__(self, source: Source) -> None:
        """Judge what `source` reads."""
        self._source = source

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the source's portions, every record judged."""
        for portion in self._source.read(checkpoint):
            yield replace(portion, records=[judged(record) for record in portion.records])

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Tell the source that `records` are safe."""
        self._source.acknowledge(records)

    def probe(self) -> Mapping[str, str]:
        """Try the source."""
        return self._source.probe()

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()
