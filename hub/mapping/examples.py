"""Reads and runs a mapping's examples: records, and what must come out of them, refusals included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.errors import Fault, Misconfigured, Refused
from hub.mapping.document import Node, read_document
from hub.mapping.faults import Faults
from hub.mapping.mapping import tried
from hub.mapping.preparing import TOKEN_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hub.mapping.compiled import CompiledMapping

_KEYS: Final = frozenset({"name", "record", "record_file", "expect", "refused", "match"})
_MATCHES: Final = frozenset({"exact", "subset"})
ENVIRONMENT: Final = {TOKEN_KEY: "the key of examples"}
"""Examples are run with a key of their own: their tokens are the same everywhere and mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One record and what must come of it: its events, or `{code, path}` of its refusal."""

    name: str
    line: int
    record: Any
    wanted: Any
    is_refused: bool
    is_exact: bool

    def falls_short(self, mapping: CompiledMapping) -> str:
        """Say where what comes of the record differs from what must; empty where it does not."""
        found = outcome_of(mapping, self.record)
        if isinstance(found, dict) != self.is_refused:
            return f"/: {self.wanted!r} was expected, {found!r} came out"
        return _difference(self.wanted, found, "", exact=self.is_exact and not self.is_refused)


def examples_of(path: Path) -> Path:
    """Return the file beside a mapping that holds its examples: `<mapping>.examples.yaml`."""
    return path.with_name(f"{path.stem}.examples.yaml")


def read_examples(path: Path) -> tuple[Sequence[Example], list[Fault]]:
    """Read the examples of the mapping at `path`, and what is wrong with the file that holds them."""
    faults = Faults(str(examples_of(path)))
    root = read_document(examples_of(path), faults)
    if not faults.found and not root.items:
        faults.add(root, "no-examples", "the file lists no examples", hint="- {record: …, expect: [{type: …}]}")
    found = [_example(node, path, faults) for node in root.items]
    return [example for example in found if example], faults.found


def run_examples(path: Path) -> list[Fault]:
    """Run the examples of the mapping at `path`; return every way in which it, or they, fall short."""
    try:
        mapping = tried(path, environment=ENVIRONMENT)
    except Misconfigured as faulty:
        return list(faulty.faults)
    examples, faults = read_examples(path)
    failed = [(example.line, example.falls_short(mapping)) for example in examples]
    faults += [_failed(path, line, problem) for line, problem in failed if problem]
    return sorted(faults, key=lambda fault: fault.line)


def outcome_of(mapping: CompiledMapping, record: Any) -> Any:  # noqa: ANN401 - any record
    """Return what comes of a record as plain documents, or code and path of its refusal."""
    try:
        return mapping.outcome(record)
    except Refused as refused:
        return {"code": refused.rejection.code, "path": refused.rejection.path}


def _failed(path: Path, line: int, problem: str) -> Fault:
    file, hint = str(examples_of(path)), "the mapping or the example is wrong"
    return Fault(code="map.example-failed", problem=problem, file=file, line=line, column=1, hint=hint)


def _example(node: Node, path: Path, faults: Faults) -> Example | None:
    plain = node.plain() if node.entries else {}
    outcomes, records = {"expect", "refused"} & set(plain), {"record", "record_file"} & set(plain)
    match = plain.get("match", "subset")
    if set(plain) - _KEYS or len(records) != 1 or len(outcomes) != 1 or match not in _MATCHES:
        hint = "each has a record or a record_file, and either expect or refused; match is exact or subset"
        faults.add(node, "bad-example", "this is no example", hint=hint)
        return None
    try:
        record = plain["record"] if "record" in plain else _recorded(path.parent / plain["record_file"])
    except (OSError, ValueError, TypeError) as unreadable:
        hint = "a JSON file beside the examples"
        faults.add(node, "bad-example", f"the record_file cannot be read: {type(unreadable).__name__}", hint=hint)
        return None
    kind = outcomes.pop()
    return Example(
        name=str(plain.get("name", f"line {node.line}")),
        line=node.line,
        record=record,
        wanted=plain[kind],
        is_refused=kind == "refused",
        is_exact=match == "exact",
    )


def _recorded(file: Path) -> Any:  # noqa: ANN401 - any record
    return orjson.loads(file.read_bytes())


def _difference(wanted: Any, found: Any, path: str, *, exact: bool) -> str:  # noqa: ANN401 - any YAML value
    """Say where `found` falls short of `wanted`; unless `exact` it may have more fields; a list has the same length."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        more = sorted(set(found) - set(wanted)) if exact else []
        if more:
            return f"{path}/{more[0]}: nothing was expected, {found[more[0]]!r} came out"
        parts = (_difference(value, found.get(key), f"{path}/{key}", exact=exact) for key, value in wanted.items())
        return next((part for part in parts if part), "")
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        parts = (_difference(*pair, f"{path}/{index}", exact=exact) for index, pair in pairs)
        return next((part for part in parts if part), "")
    return "" if wanted == found else f"{path or '/'}: {wanted!r} was expected, {found!r} came out"
