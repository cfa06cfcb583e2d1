"""Decides what of a mapping is its meaning, and names that meaning by hashes: of the whole and of each part."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.mapping.canonical import is_canonical
from hub.mapping.outbound import is_outbound, schema_of
from hub.mapping.paths import spelt
from hub.mapping.sections import text_at
from hub.mapping.targets import schema_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.mapping.document import Node
    from hub.mapping.sections import Head

ENGINE: Final = 2
"""Version of what expressions mean; raised when a function's meaning changes, so that fingerprints change with it."""

_OUTSIDE: Final = frozenset({"connect", "contract", "user", "allowed_delay", "read", "reconcile"})
"""Sections that say where and by whom, not what a record means: hosts, secrets, patience. Of `read` the meaning is
taken from the checked head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What names a mapping's meaning: a version that people raise, and hashes that nobody can forget to."""

    version: int
    whole: str
    parts: Mapping[str, str]
    """Hash by part: fields, codes, time, encoding, schema. A change of the whole is one of a part or of the version."""


def fingerprint_of(root: Node, head: Head, expressions: Mapping[int, str], hub_zone: str) -> Fingerprint:
    """Name the meaning of a checked file; `expressions` are its scalars' normal spellings by node."""
    names = {alias: spelt(path) for alias, path in head.names.items()}
    sections = {name: _meaning(node, expressions) for name, node in root.entries.items() if name not in _OUTSIDE}
    version = int(text_at(root, "version", "1"))
    if is_canonical(root):
        sections["case-events"] = "as they come"
    time = {"hub_zone": hub_zone, "timezone": head.zone.key}
    target = schema_of(root) if is_outbound(root) else schema_id()
    encoding, schema = {"encoding": head.encoding, **_policy(head)}, {"engine": ENGINE, "schema": target}
    fields = {name: meaning for name, meaning in sections.items() if name not in {"codes", "version"}}
    whole = {**schema, **time, **encoding, "mapping": sections, "names": names, "version": version}
    parts = {
        "fields": {"sections": fields, "names": names},
        "codes": sections.get("codes", {}),
        "time": time,
        "encoding": encoding,
        "schema": schema,
    }
    return Fingerprint(version=version, whole=_hash(whole), parts={name: _hash(part) for name, part in parts.items()})


def _policy(head: Head) -> Mapping[str, Any]:
    """Return what becomes of control characters, and what is observed, where the mapping says it."""
    return {name: head.read[name] for name in ("controls", "observe") if name in head.read}


def _hash(meaning: object) -> str:
    return hashlib.sha256(orjson.dumps(meaning, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _meaning(node: Node, expressions: Mapping[int, str]) -> object:
    if id(node) in expressions:
        return ["expression", expressions[id(node)]]
    if node.items:
        return [_meaning(item, expressions) for item in node.items]
    if node.entries:
        return {name: _meaning(child, expressions) for name, child in node.entries.items()}
    return node.value if isinstance(node.value, (str, bool, type(None))) else str(node.value)
