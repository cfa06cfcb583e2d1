"""Reads XES event logs (IEEE 1849): one record a trace, with its attributes, and its events under `events`.

Each trace is parsed by itself: its bytes stay exact, memory stays that of one trace, one broken trace is one refused
record. No entity is resolved, no DTD and no network is read.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, Final

from lxml import etree

from connectors.codecs.common import badly_encoded, refused, too_large
from connectors.codecs.xml_common import KEPT_BYTES, encoding_of, local, parsed
from connectors.codecs.xml_scanner import Scanner
from connectors.encodings import UTF_8
from hub.errors import Refused, Rejection
from hub.mapping.values import outline
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.codecs.common import CodecOptions
    from connectors.codecs.xml_scanner import Slice

_LOG_NAME: Final = re.compile(rb"<([\w.:-]+)")
_NUMBERS: Final[Mapping[str, Callable[[str], Any]]] = {"int": int, "float": float}
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


def read(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Yield one record a trace; one refused record more where the file is no log, or ends before its log does."""
    scanner = Scanner(stream)
    if not scanner.root:
        yield refused(
            scanner.prologue[:KEPT_BYTES], options.place, "no-log", "no <log> element", hint="deliver an XES event log"
        )
        return
    try:
        encoding = encoding_of(scanner.prologue, options)
    except Refused as conflict:
        why = conflict.rejection
        yield refused(scanner.prologue[:KEPT_BYTES], options.place, "encoding-conflict", why.problem, hint=why.hint)
        return
    parse = _Parser(scanner.root, encoding, options.place)
    yield from map(parse.record, scanner.slices())
    if not scanner.complete:
        tail = scanner.rest[-KEPT_BYTES:]
        yield refused(tail, options.place, "truncated", "the log is not closed", hint="deliver the whole file again")


def read_one(raw: bytes, options: CodecOptions) -> Record:
    """Decode the bytes of one trace again."""
    return _Parser(b"<log>", options.encoding, options.place).parsed(raw, options.place)


class _Parser:
    """Turns the bytes of traces into records. Holds what their file says once for all of them."""

    def __init__(self, log: bytes, encoding: str, place: str) -> None:
        """Parse traces as children of the element `log`, which binds their namespaces."""
        name = _LOG_NAME.match(log)
        self._encoding, self._place = encoding, place
        self._before = log.decode(encoding, "replace").encode()
        self._after = b"</" + name.group(1) + b">" if name else b"</log>"

    def record(self, found: Slice) -> Record:
        """Return the record of one trace."""
        place = f"{self._place}:{found.line} (trace {found.number})"
        return self.parsed(found.raw, place) if found.whole else too_large(found.raw, place)

    def parsed(self, raw: bytes, place: str) -> Record:
        """Return the record of the bytes of one trace."""
        try:
            text = raw if self._encoding == UTF_8 else raw.decode(self._encoding).encode()
            return Record(place=place, raw=raw, tree=_trace(self._parse(text)))
        except UnicodeDecodeError as wrong:
            return badly_encoded(raw, place, self._encoding, wrong)
        except etree.XMLSyntaxError as broken:
            return self._broken(raw, place, broken)
        except Refused as unfit:
            why = unfit.rejection
            return refused(raw, place, why.code, why.problem, value=why.value, hint=why.hint)

    def _parse(self, text: bytes) -> etree._Element:
        root = parsed(self._before + text + self._after)
        if len(root) != 1 or local(root[0]) != "trace":
            raise _unfit("bad-trace", "the bytes hold more than one trace", "")
        return root[0]

    def _broken(self, raw: bytes, place: str, broken: etree.XMLSyntaxError) -> Record:
        """Tell bytes of another encoding from text that is no XML."""
        try:
            raw.decode(self._encoding)
        except UnicodeDecodeError as wrong:
            return badly_encoded(raw, place, self._encoding, wrong)
        line, column = broken.position
        problem = f"no well-formed XML at line {line}, column {column} of the trace"
        return refused(raw, place, "bad-xml", problem, hint="write well-formed XML without entities of its own")


def _trace(element: etree._Element) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    events = []
    for child in element:
        if local(child) == "event":
            events.append(_attributes(child))
        else:
            _put(tree, child)
    tree["events"] = events
    return tree


def _attributes(element: etree._Element) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for child in element:
        _put(tree, child)
    return tree


def _put(tree: dict[str, Any], element: etree._Element, prefix: str = "") -> None:
    """Put one attribute into `tree`, and those nested in it beside it as `key/nested key`."""
    kind, key = local(element), element.get("key")
    if key is None:
        raise _unfit("bad-attribute", f"a {kind} attribute has no key", "")
    key = prefix + key
    if kind in ("list", "container"):
        tree[key] = _items(element)
        return
    tree[key] = _value(kind, key, element.get("value"))
    for nested in element:
        _put(tree, nested, key + "/")


def _items(element: etree._Element) -> list[dict[str, Any]]:
    held = [child for child in element if local(child) == "values"]
    items: list[dict[str, Any]] = []
    for child in held[0] if held else element:
        items.append({})
        _put(items[-1], child)
    return items


def _value(kind: str, key: str, text: str | None) -> Any:  # noqa: ANN401 - text, number or truth, as XES says
    """Read a value as its type says; text, dates and ids stay as they are written."""
    if text is None:
        return None
    if kind == "boolean":
        if text.lower() not in _TRUTH:
            raise _unfit("bad-value", f"{key} is no boolean", text)
        return _TRUTH[text.lower()]
    if kind not in _NUMBERS:
        return text
    try:
        return _NUMBERS[kind](text)
    except ValueError:
        raise _unfit("bad-value", f"{key} is no {kind}", text) from None


def _unfit(code: str, problem: str, value: str) -> Refused:
    hint = "write the attribute as its XES type demands"
    return Refused(
        Rejection(stage="decode", code=code, problem=problem, value=outline(value) if value else "", hint=hint)
    )
