"""Runs a mapping's examples: records, and what must come out of them, refusals included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.errors import Fault, Misconfigured, Refused
from hub.mapping.document import Node, read_document
from hub.mapping.faults import Faults
from hub.mapping.mapping import TOKEN_KEY, CompiledMapping, load

if TYPE_CHECKING:
    from pathlib import Path

_KEYS: Final = frozenset({"name", "record", "expect", "refused"})
_ENVIRONMENT: Final = {TOKEN_KEY: "the key of examples"}
"""Examples are run with a key of their own: their tokens are the same everywhere and mean nothing."""


def examples_of(path: Path) -> Path:
    """Return the file beside a mapping that holds its examples: `<mapping>.examples.yaml`."""
    return path.with_name(f"{path.stem}.examples.yaml")


def run_examples(path: Path) -> list[Fault]:
    """Run the examples of the mapping at `path`; return every way in which it, or they, fall short."""
    try:
        mapping = load(path, environment=_ENVIRONMENT)
    except Misconfigured as faulty:
        return list(faulty.faults)
    faults = Faults(str(examples_of(path)))
    root = read_document(examples_of(path), faults)
    if not faults.found and not root.items:
        faults.add(root, "no-examples", "the file lists no examples", hint="- {record: …, expect: [{type: …}]}")
    for example in root.items:
        _run(mapping, example, faults)
    return faults.found


def _run(mapping: CompiledMapping, example: Node, faults: Faults) -> None:
    plain = example.plain()
    outcomes = {"expect", "refused"} & set(example.entries)
    if set(example.entries) - _KEYS or "record" not in example.entries or len(outcomes) != 1:
        hint = "each has a record, and either expect or refused"
        faults.add(example, "bad-example", "this is no example", hint=hint)
        return
    try:
        found: Any = [{"event_id": event.event_id, **event.data} for event in mapping.map_record(plain["record"])]
    except Refused as refused:
        found = {"code": refused.rejection.code, "path": refused.rejection.path}
    wanted = plain[outcomes.pop()]
    difference = _difference(wanted, found, "")
    if difference:
        faults.add(example, "example-failed", difference, hint="the mapping or the example is wrong")


def _difference(wanted: Any, found: Any, path: str) -> str:  # noqa: ANN401 - any YAML value
    """Say where `found` falls short of `wanted`; a mapping may have more fields, a list has the same length."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        parts = (_difference(value, found.get(key), f"{path}/{key}") for key, value in wanted.items())
        return next((part for part in parts if part), "")
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        parts = (_difference(*pair, f"{path}/{index}") for index, pair in enumerate(zip(wanted, found, strict=True)))
        return next((part for part in parts if part), "")
    return "" if wanted == found else f"{path or '/'}: {wanted!r} was expected, {found!r} came out"
