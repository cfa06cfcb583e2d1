"""Reads XML: one record an element of the declared name, or the whole file where none is declared.

Each record is parsed by itself, as the only child of the file's root: memory stays that of one record, one broken
record harms no other. No entity is resolved, no DTD and no network is read. A tree has a key for each child element by
its local name (`prefix:name` where the mapping names its namespace), `@name` for attributes, `#text` for text beside
them; elements that repeat are a list, and one with nothing but text is that text.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, Final

from lxml import etree

from connectors.codecs.common import RECORD_BYTES, badly_encoded, refused, too_large
from connectors.codecs.xml_common import KEPT_BYTES, encoding_of, local, parsed
from connectors.codecs.xml_scanner import ANY, Scanner
from connectors.encodings import BOM, UTF_8
from hub.errors import Refused
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.codecs.common import CodecOptions

LEVELS: Final = 100
"""Elements within one another; real records have ten."""

_ROOT_NAME: Final = re.compile(rb"<([^\s/>]+)")
_ELEMENT: Final = re.compile(rb"<[A-Za-z_\x80-\xff]")
_DECLARATION: Final = re.compile(rb"\A\s*<\?xml[^>]*\?>")
_HINT: Final = "write well-formed XML without entities of its own"


def read(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Yield one record an element `options.record`; one refused more where the file is no XML, or ends too early."""
    if not options.record:
        yield _whole(stream.read(RECORD_BYTES + 1), options)
        return
    scanner = Scanner(stream, root=ANY, record=options.record)
    head = scanner.prologue[:KEPT_BYTES]
    if not scanner.root or scanner.root.endswith(b"/>"):
        yield refused(head, options.place, "no-xml", "no element that could hold records", hint=_HINT)
        return
    try:
        encoding = encoding_of(scanner.prologue, options)
    except Refused as conflict:
        why = conflict.rejection
        yield refused(head, options.place, "encoding-conflict", why.problem, hint=why.hint)
        return
    name = _ROOT_NAME.match(scanner.root)
    after = b"</" + name.group(1) + b">" if name else b""
    count = 0
    for found in scanner.slices():
        count += 1
        place = f"{options.place}:{found.line} ({options.record} {found.number})"
        raw = scanner.root + found.raw + after
        yield _record(raw, place, encoding, options) if found.whole else too_large(raw, place)
    if not scanner.complete:
        hint = "deliver the whole file again"
        yield refused(scanner.rest[-KEPT_BYTES:], options.place, "truncated", "the root is not closed", hint=hint)
    elif not count and name and name.group(1).decode(encoding, "replace").rpartition(":")[2] == options.record:
        problem = f"the file's root is itself <{options.record}>, and has none below it"
        hint = "leave connect.record out: each file is one record then"
        yield refused(head, options.place, "bad-record", problem, hint=hint)


def _whole(raw: bytes, options: CodecOptions) -> Record:
    if len(raw) > RECORD_BYTES:
        return too_large(raw[:RECORD_BYTES], options.place)
    try:
        encoding = encoding_of(raw, options)
    except Refused as conflict:
        why = conflict.rejection
        return refused(raw, options.place, "encoding-conflict", why.problem, hint=why.hint)
    return _record(raw, options.place, encoding, options)


def _record(raw: bytes, place: str, encoding: str, options: CodecOptions) -> Record:
    try:
        text = raw.removeprefix(BOM) if encoding == UTF_8 else raw.decode(encoding).encode()
        root = _rooted(text)
    except UnicodeDecodeError as wrong:
        return badly_encoded(raw, place, encoding, wrong)
    except etree.XMLSyntaxError as broken:
        return _broken(raw, place, encoding, broken)
    if root is None:
        hint = "deliver the file without <!DOCTYPE>: what it defines is not read"
        return refused(raw, place, "dtd", "the file brings definitions of its own (a DTD)", hint=hint)
    found = root[0] if options.record and len(root) == 1 else root
    if options.record and local(found) != options.record:
        return refused(raw, place, "bad-record", f"no <{options.record}> by itself", hint=_HINT)
    tree = tree_of(found, options.namespaces)
    if tree is _DEEP:
        return refused(raw, place, "too-deep", f"elements lie more than {LEVELS} within one another", hint=_HINT)
    return Record(place=place, raw=raw, tree=tree if isinstance(tree, dict) else {"#text": tree})


def _rooted(text: bytes) -> etree._Element | None:
    """Parse one document; return None for one with a document type, which is looked for before and after parsing."""
    if has_dtd(text):
        return None
    root = parsed(_DECLARATION.sub(b"", text))
    return root if root.getroottree().docinfo.internalDTD is None else None


def has_dtd(text: bytes) -> bool:
    """Tell whether a document type stands before the root: entities could hide in it, without bound."""
    root = _ELEMENT.search(text)
    return b"<!DOCTYPE" in (text[: root.start()] if root else text)


def _broken(raw: bytes, place: str, encoding: str, broken: etree.XMLSyntaxError) -> Record:
    """Tell bytes of another encoding from text that is no XML."""
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as wrong:
        return badly_encoded(raw, place, encoding, wrong)
    line, column = broken.position
    return refused(raw, place, "bad-xml", f"no well-formed XML at line {line}, column {column}", hint=_HINT)


_DEEP: Final[dict[str, Any]] = {"": "too deep"}


def tree_of(element: etree._Element, namespaces: Mapping[str, str]) -> Any:  # noqa: ANN401 - text or a tree
    """Return an element as text, or as a dict."""
    return _tree(element, namespaces, LEVELS)


def _tree(element: etree._Element, namespaces: Mapping[str, str], levels: int) -> Any:  # noqa: ANN401 - text or a tree
    """Return an element as text, or as a dict; _DEEP where it is nested beyond `levels`."""
    tree: dict[str, Any] = {f"@{_name(str(key), namespaces)}": value for key, value in element.attrib.items()}
    for child in element:
        inner = _tree(child, namespaces, levels - 1) if levels else _DEEP
        if inner is _DEEP:
            return _DEEP
        _add(tree, _name(str(child.tag), namespaces), inner)
    text = "".join([element.text or "", *(child.tail or "" for child in element)])
    if not tree:
        return text
    if text.strip():
        tree["#text"] = text
    return tree


def _add(tree: dict[str, Any], name: str, value: Any) -> None:  # noqa: ANN401 - text or a tree
    if name not in tree:
        tree[name] = value
    elif isinstance(tree[name], list):
        tree[name].append(value)
    else:
        tree[name] = [tree[name], value]


def _name(tag: str, namespaces: Mapping[str, str]) -> str:
    """Return a tag as mappings write it: its local name, with the prefix that the mapping gives its namespace."""
    namespace, _, name = tag.rpartition("}")
    prefix = namespaces.get(namespace[1:]) if namespace else None
    return f"{prefix}:{name}" if prefix else name
