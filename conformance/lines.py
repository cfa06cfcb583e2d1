"""Writes what certification speaks of as JSON documents, and reads them again; the shapes are in schemas/."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin

from conformance import model
from hub.model.documents import written

if typing.TYPE_CHECKING:
    from datetime import tzinfo

T = TypeVar("T")

_NAMES = {**vars(model), "Mapping": Mapping, "Sequence": Sequence, "date": date, "datetime": datetime}


def line_of(value: model.Header | model.Result | model.Waiver | model.Footer, zone: tzinfo) -> dict[str, Any]:
    """Return one line of a session's record, for schemas/conformance-result.v1."""
    return {"line": type(value).__name__.lower(), "v": 1, **document_of(value, zone)}


def value_of(line: Mapping[str, Any]) -> model.Header | model.Result | model.Waiver | model.Footer:
    """Read one line of a session's record."""
    kinds: dict[str, type[Any]] = {
        "header": model.Header,
        "result": model.Result,
        "waiver": model.Waiver,
        "footer": model.Footer,
    }
    value: model.Header | model.Result | model.Waiver | model.Footer = read_as(kinds[line["line"]], line)
    return value


def document_of(value: object, zone: tzinfo) -> Any:
    """Return a value of conformance.model as JSON: instants written in `zone`, days as days, None left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: document_of(part, zone) for name, part in fields.items() if part is not None}
    if isinstance(value, Mapping):
        return {str(name): document_of(part, zone) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [document_of(part, zone) for part in value]
    return _scalar(value, zone)


def _scalar(value: object, zone: tzinfo) -> object:
    if isinstance(value, datetime):
        return written(value, zone)
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def read_as(kind: type[T], document: Mapping[str, Any]) -> T:
    """Read a value of conformance.model from its JSON; what is not a field of it is passed over."""
    hints = _hints(kind)  # type: ignore[arg-type]  # a class is hashable
    told = {name for name, hint in hints.items() if name in document or type(None) in get_args(hint)}
    return kind(**{name: _read(hints[name], document.get(name)) for name in told})


@lru_cache(maxsize=32)
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind, globalns=_NAMES)


def _read(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return None if value is None else _read(next(a for a in get_args(hint) if a is not type(None)), value)
    if origin is Sequence:
        return tuple(_read(get_args(hint)[0], part) for part in value)
    if origin is Mapping:
        return {name: _read(get_args(hint)[1], part) for name, part in value.items()}
    if dataclasses.is_dataclass(hint):
        return read_as(typing.cast("type[Any]", hint), value)
    if hint in {datetime, date}:
        return hint.fromisoformat(value)
    return hint(value) if isinstance(hint, type) and issubclass(hint, Enum) else value
