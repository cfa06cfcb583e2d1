"""Checks the sections of a mapping file that are not expressions: shape, zone, encoding, codes, names, departments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from hub.mapping.codes import CodeTable
from hub.mapping.document import EMPTY, Node
from hub.mapping.faults import meant
from hub.mapping.paths import check_paths, path_of
from hub.mapping.targets import case_fields, department_field, event_fields
from hub.model.shapes import shape
from hub.turns import hours_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.mapping.faults import Faults
    from hub.mapping.program import Path

DEFAULT_ZONE: Final = "Asia/Shanghai"
"""Zone of naive times where the mapping names none; China has one zone."""

DEFAULT_DELAY: Final = "24h"
"""A connection's allowed delay where the mapping names none (docs/mapping.md)."""

DEFAULT_EVERY: Final = "60s"
"""Pause between two reads where the mapping names none."""

_DURATION: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*(ms|s|m|h|d|)")
_UNITS_S: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_WIDER: Final = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030"}
"""Whatever calls itself GB 2312 or GBK is read as GB 18030, which holds all of both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The checked sections around the expressions."""

    read: Mapping[str, Any]
    encoding: str
    zone: ZoneInfo
    names: Mapping[str, Path]
    columns: frozenset[str] | None
    codes: Mapping[str, CodeTable]
    departments: frozenset[str]
    each: Path
    allowed_delay_s: int
    every_s: float
    hours: str
    quiet_s: float


def read_head(root: Node, faults: Faults) -> Head:
    """Check the file's shape and every section that holds no expression."""
    _check_shape(root, faults)
    check_paths(root, faults)
    read = root.entries.get("read", EMPTY)
    connect = root.entries.get("connect", EMPTY)
    codes = _codes(root.entries.get("codes", EMPTY), faults)
    encoding = _encoding(read, faults)
    return Head(
        read={**_plain(read), "encoding": encoding} if "encoding" in read.entries else _plain(read),
        encoding=encoding,
        zone=_zone(read, faults),
        names=_names(root, read, faults),
        columns=_columns(read),
        codes=codes,
        departments=_departments(root.entries.get("department", EMPTY), codes, faults),
        each=path_of(root.entries.get("each")),
        allowed_delay_s=int(seconds_in(text_at(root, "allowed_delay", DEFAULT_DELAY))),
        every_s=seconds_in(text_at(connect, "every", DEFAULT_EVERY)),
        hours=_hours(connect, faults),
        quiet_s=seconds_in(text_at(connect, "quiet", "0s")),
    )


def walked(node: Node, prefix: Path = ()) -> Iterator[Path]:
    """Yield the absolute path of everything that is walked with each:, the record's own included."""
    if "each" in node.entries and path_of(node.entries["each"]):
        prefix = (*prefix, *path_of(node.entries["each"]))
        yield prefix
    for name, child in node.entries.items():
        if name not in {"connect", "read", "codes", "let"}:
            yield from walked(child, prefix)
    for child in node.items:
        yield from walked(child, prefix)


_QUOTED: Final = 200
"""Characters told of what is wrong: a whole section may be quoted in it."""


def _check_shape(root: Node, faults: Faults) -> None:
    schema = shape("outbound-mapping.v1" if "direction" in root.entries else "mapping.v1")
    for name, known in (("", schema.schema), ("read", schema.schema["properties"]["read"])):
        section = root.entries.get(name, EMPTY) if name else root
        for key in set(section.entries) - set(known["properties"]):
            faults.add(section.keys[key], "unknown-key", f"unknown key {key!r}", hint=meant(key, known["properties"]))
    for problem in schema.problems(root.plain()):
        node = _node_at(root, problem.path)
        if problem.rule != "additionalProperties" and not _is_field(problem.path, node):
            faults.add(
                node, _rule(problem.rule), problem.quoting[:_QUOTED], target=problem.path.strip("/"), hint=_advice(node)
            )


def _is_field(pointer: str, node: Node) -> bool:
    """Tell whether a place is within a field of the document, or names an event: the builder checks those."""
    match pointer.split("/")[1:]:
        case ["case", name, *_]:
            return name in case_fields()
        case ["events", _, name, *_]:
            return name in event_fields() or (name == "type" and isinstance(node.value, str))
    return False


def _rule(rule: str) -> str:
    return "missing-key" if rule == "required" else "bad-shape"


def _advice(node: Node) -> str:
    number = node.is_scalar and not isinstance(node.value, str) and node.value is not None
    return f'quote it: "{node.text}"' if number else "see docs/mapping.md"


def _node_at(root: Node, pointer: str) -> Node:
    node = root
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if name in node.entries:
            node = node.entries[name]
        elif name.isdigit() and int(name) < len(node.items):
            node = node.items[int(name)]
    return node


def seconds_in(text: str) -> float:
    """Read a duration; one that is none has been, or will be, complained of by the shape or the connector."""
    found = _DURATION.fullmatch(text.strip())
    return float(found[1]) * _UNITS_S[found[2] or "s"] if found else 0.0


def _hours(connect: Node, faults: Faults) -> str:
    text = text_at(connect, "hours", "")
    try:
        hours_in(text, ZoneInfo("UTC"))
    except ValueError:
        hint = 'write hours: "20:00-06:00, 12:00-13:00"'
        faults.add(connect.entries["hours"], "bad-hours", f"{text!r} is no list of hours", hint=hint)
        return ""
    return text


def _zone(read: Node, faults: Faults) -> ZoneInfo:
    node = read.entries.get("timezone")
    name = node.text if node else DEFAULT_ZONE
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        faults.add(node or read, "bad-zone", f"unknown time zone {name!r}", hint="an IANA name, as Asia/Shanghai")
        return ZoneInfo(DEFAULT_ZONE)


def _encoding(read: Node, faults: Faults) -> str:
    node = read.entries.get("encoding")
    name = node.text if node else "utf-8"
    try:
        "x".encode(name)
    except (LookupError, ValueError):
        faults.add(node or read, "bad-encoding", f"unknown encoding {name!r}", hint="as utf-8 or gb18030")
    return _WIDER.get(name.lower().replace("-", ""), name.lower())


def _names(root: Node, read: Node, faults: Faults) -> Mapping[str, Path]:
    section = read.entries.get("names", EMPTY)
    for alias, key in section.keys.items():
        if not alias.isidentifier():
            hint = "letters, digits and _; it stands in expressions"
            faults.add(key, "bad-name", f"alias {alias!r} is no name", hint=hint)
        if alias in root.entries.get("let", EMPTY).entries:
            faults.add(key, "bad-name", f"{alias!r} is both an alias and a let", hint="rename one")
    paths = {alias: path_of(node) for alias, node in section.entries.items()}
    return {alias: path for alias, path in paths.items() if path}


def _columns(read: Node) -> frozenset[str] | None:
    node = read.entries.get("columns")
    return None if node is None else frozenset(item.text for item in node.items)


def _codes(section: Node, faults: Faults) -> Mapping[str, CodeTable]:
    return {
        name: CodeTable(name, {code: _word(node, faults) for code, node in table.entries.items()})
        for name, table in section.entries.items()
    }


def _word(node: Node, faults: Faults) -> str | None:
    if node.value is not None and not isinstance(node.value, str):
        faults.add(node, "bad-code", f"{node.text!r} is no text", hint=f'quote it: "{node.text}"')
    return None if node.value is None else node.text


def _departments(node: Node, codes: Mapping[str, CodeTable], faults: Faults) -> frozenset[str]:
    found: dict[str, Node] = {}
    if isinstance(node.value, str):
        found[node.value] = node
    for item in node.entries.get("allow", EMPTY).items:
        found[item.text] = item
    if "codes" in node.entries:
        name = node.entries["codes"].text
        if name not in codes:
            faults.add(
                node.entries["codes"], "unknown-codes", f"no list {name!r} under codes:", hint=meant(name, codes)
            )
        found |= {word: node for word in codes.get(name, {}).values() if word}
    for department, place in found.items():
        if department_field().refuses(department):
            problem = f"{department!r} is no organisation code"
            faults.add(place, "bad-department", problem, target="department", hint="GB 32100 or GB 11714, check digit")
    return frozenset(found)


def text_at(node: Node, key: str, default: str) -> str:
    """Return a section's plain text entry, or `default`."""
    entry = node.entries.get(key)
    return entry.text if entry is not None and entry.is_scalar and entry.value is not None else default


def options_of(root: Node) -> Mapping[str, Any]:
    """Return `connect:` as written."""
    return _plain(root.entries.get("connect", EMPTY))


def _plain(section: Node) -> dict[str, Any]:
    return {name: node.plain() for name, node in section.entries.items()}
