"""Shape checking: one schema folder, two validators with the same verdicts — a fast one for the way of an event,
a talkative one for the person who reads the problem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import jsonschema
import jsonschema_rs
import orjson

from hub.model.codes import code_list
from hub.model.organisations import is_organisation
from hub.resources import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEX: Final = "[0-9a-f]"
PATTERNS: Final = {
    "date-time": (
        "^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
    ),
    "date": "^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$",
    "uuid": f"^{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}$",
    "region": "^[0-9]{6}([0-9]{3}|[0-9]{6})?$",
}
"""What a format means beyond its standard: one spelling only (RFC 3339 without leap seconds or lower case, of the
years 1900 to 2199, which every calendar and database can hold; UUIDs in lower case; GB/T 2260 divisions of 6 digits,
townships and villages of 9 or 12). Written into the schema as patterns, because a Python format function costs the
fast validator a microsecond and a pattern a tenth of it."""


def is_date_time(text: str) -> bool:
    """Tell whether `text`, already of the pattern, is an instant that exists."""
    return _parses(datetime.fromisoformat, text)


def is_date(text: str) -> bool:
    """Tell whether `text`, already of the pattern, is a day that exists."""
    return _parses(date.fromisoformat, text)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


_ORGANISATION: Final[dict[str, Callable[..., bool]]] = {"org-id": lru_cache(maxsize=4096)(is_organisation)}
_SLOW_FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date-time": is_date_time,
    "date": is_date,
    **_ORGANISATION,
}
"""The fast validator has its own date-time and date; a test holds both to the same verdicts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One way a document fails its schema; `path` is a JSON pointer."""

    path: str
    problem: str
    """What is wrong, without the value: it may be a person's."""
    rule: str
    quoting: str
    """The same with the value, for whoever wrote the document by hand."""


def _pattern(_: object, pattern: str, instance: object, __: object) -> Iterator[jsonschema.ValidationError]:
    """Match as JSON Schema means it: to Python alone `$` also stands before a last line break."""
    exact = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(exact, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


_TALKATIVE: Final = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator, {"pattern": _pattern}
)


class Shape:
    """One document schema, compiled for both validators."""

    def __init__(self, schema: dict[str, Any]) -> None:
        """Compile `schema` (JSON Schema 2020-12, code lists expanded)."""
        self.schema = schema
        self._fast = jsonschema_rs.validator_for(schema, validate_formats=True, formats=_ORGANISATION)
        checker = jsonschema.FormatChecker(formats=())
        for name, check in _SLOW_FORMATS.items():
            checker.checks(name)(lambda value, check=check: not isinstance(value, str) or check(value))
        self._slow = _TALKATIVE(schema, format_checker=checker)

    def holds(self, document: object) -> bool:
        """Tell quickly whether `document` has this shape."""
        return bool(self._fast.is_valid(document))

    def problems(self, document: object) -> list[Problem]:
        """List every problem of `document`, for a person; empty exactly when `holds`."""
        return [
            Problem(
                path=_pointer(error.absolute_path),
                problem=_unquoted(error),
                rule=str(error.validator),
                quoting=error.message,
            )
            for error in self._slow.iter_errors(document)
        ]


def _unquoted(error: jsonschema.ValidationError) -> str:
    """Say what is wrong without the value, and without the names of fields nobody knows, which may be values too."""
    if error.validator == "additionalProperties":
        schema: Any = error.schema
        held: Any = error.instance
        unknown = sum(name not in schema.get("properties", {}) for name in held)
        return f"the object holds what the shape does not know: {unknown} field{'s' * (unknown > 1)}"
    return error.message.replace(repr(error.instance), "the value")


@lru_cache(maxsize=32)
def shape(name: str) -> Shape:
    """Load one schema by file stem (`case-event.v1`)."""
    return Shape(load_schema(name))


def load_schema(name: str) -> dict[str, Any]:
    """Read schemas/<name>.json with every `x-codes` expanded to its list and every format to its pattern."""
    schema: dict[str, Any] = orjson.loads((SCHEMAS / f"{name}.json").read_bytes())
    _expand(schema)
    return schema


def _expand(node: object) -> None:
    if isinstance(node, dict):
        if "x-codes" in node:
            node["enum"] = sorted(code_list(node.pop("x-codes")).rows)
        if isinstance(node.get("format"), str) and node["format"] in PATTERNS:
            node["pattern"] = PATTERNS[node["format"]]
        for child in node.values():
            _expand(child)
    elif isinstance(node, list):
        for child in node:
            _expand(child)


def _pointer(path: Any) -> str:  # noqa: ANN401 - jsonschema's deque of keys and indexes
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
