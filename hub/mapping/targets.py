"""What a mapping may fill in: the fields of schemas/case-event.v1, with what each of them takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from hub.model.shapes import Shape, load_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

TargetKind = Literal["text", "instant", "money", "integer", "number", "boolean", "object", "list", "map"]
"""How a value is brought into its field."""

OWNED_BY_EVENT: Final = frozenset({
    "type", "connection_id", "source_event_key", "occurrence", "source_version", "mapping_version", "on_change",
    "original", "case", "provenance",
})  # fmt: skip
"""Fields of an event that the engine or the intake fills, from other keys of the mapping."""

OWNED_BY_CASE: Final = frozenset({"case_id", "department_id"})
"""Fields of a case that the engine fills, from `key`, `numbering` and `department`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One field of the document: its kind, its schema, and its own fields (object) or items (list)."""

    kind: TargetKind
    schema: Mapping[str, Any]
    fields: Mapping[str, Target] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    item: Target | None = None
    is_required: bool = False
    """Whether a record without a value for it is refused; only of what a receiver's contract requires."""

    @property
    def words(self) -> frozenset[str]:
        """Return the words of a controlled field; empty where any text will do."""
        return frozenset(self.schema.get("enum", ()))

    def refuses(self, value: object) -> str:
        """Say why the schema refuses a constant; empty where it does not."""
        problems = Shape({**self.schema, "$defs": _schema()["$defs"]}).problems(value)
        return problems[0].quoting if problems else ""


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    return load_schema("case-event.v1")


def schema_id() -> str:
    """Name the version of the target schema, for the fingerprint."""
    return str(_schema()["$id"])


@lru_cache(maxsize=1)
def event_fields() -> Mapping[str, Target]:
    """Return the fields of an event that a mapping may name."""
    return _fields(_schema()["$defs"]["data"], OWNED_BY_EVENT)


@lru_cache(maxsize=1)
def case_fields() -> Mapping[str, Target]:
    """Return the fields of a case that a mapping may name."""
    return _fields(_schema()["$defs"]["case"], OWNED_BY_CASE)


def department_field() -> Target:
    """Return the field that a department's id must fit."""
    return _target(_schema()["$defs"]["case"]["properties"]["department_id"])


def _fields(schema: Mapping[str, Any], owned: frozenset[str] = frozenset()) -> Mapping[str, Target]:
    return {name: _target(child) for name, child in schema.get("properties", {}).items() if name not in owned}


def _target(schema: Mapping[str, Any]) -> Target:
    name = schema.get("$ref", "").rpartition("/")[2]
    if name:
        inner = _target(_schema()["$defs"][name])
        kind: TargetKind = name if name in {"instant", "money"} else inner.kind
        return Target(kind=kind, schema=inner.schema, fields=inner.fields, required=inner.required, item=inner.item)
    match schema.get("type", "string"):
        case "object" if "properties" not in schema:
            return Target(kind="map", schema=schema, item=_target(schema["additionalProperties"]))
        case "object":
            required = frozenset(schema.get("required", ()))
            return Target(kind="object", schema=schema, fields=_fields(schema), required=required)
        case "array":
            return Target(kind="list", schema=schema, item=_target(schema["items"]))
        case "integer" | "boolean" as plain:
            return Target(kind=plain, schema=schema)
    return Target(kind="text", schema=schema)
