"""Turns a real record into an example that may be kept: nobody in it, and mapped as the original was.

Every text is replaced by one of its own shape, the same for the same; what the mapping needs as it is (codes, dates,
words that decide) is found by trying, and kept. What looks like a person and would have to be kept is refused.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.mapping.examples import outcome_of
from hub.model.organisations import is_organisation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hub.mapping.compiled import CompiledMapping

CITIZEN: Final = "321202189912310011"
"""An identity number with a right check digit, of somebody born in 1899."""

PHONE: Final = "13800000000"
NAME: Final = "测试"

_PHONE: Final = re.compile(r"1[3-9][0-9]{9}")
_ID: Final = re.compile(r"[0-9]{15}([0-9]{2}[0-9Xx])?")
"""An identity number of 15 or 18 characters, whatever its check digit says."""
_HAN: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")

SHORT: Final = 4
"""Characters of the longest ASCII text that is a code, and nobody."""

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A redacted record with what the mapping makes of it. `kept` are the places that stand as they were."""

    record: Any
    outcome: Any
    is_as_it_was: bool
    """Whether the mapping makes of it what it made of the original: somebody else may be another case to it."""
    kept: Sequence[str]
    personal: Sequence[str]
    """Places that look like a person's and had to be kept: nobody should publish this record."""


def redacted(mapping: CompiledMapping, record: Any, personal: Collection[str]) -> Recorded:  # noqa: ANN401 - any record
    """Redact `record`; `personal` are the columns that the mapping masks, which are replaced whatever comes of it."""
    found, kept = copy.deepcopy(record), []
    texts = [*_texts(record, ())]
    for place, value in texts:
        if _is_under(place, personal):
            _put(found, place, _stranger(value))
    wanted = _signature(mapping, found)
    for place, value in texts:
        if _is_under(place, personal) or _is_code(value):
            continue
        _put(found, place, _shape(value))
        if _signature(mapping, found) != wanted:
            _put(found, place, value)
            kept.append((place, value))
    return Recorded(
        record=found,
        outcome=outcome_of(mapping, found),
        is_as_it_was=wanted == _signature(mapping, record),
        kept=["/".join(map(str, place)) for place, _ in kept],
        personal=["/".join(map(str, place)) for place, value in kept if looks_personal(value)],
    )


def _is_code(value: str) -> bool:
    return value.isascii() and len(value) <= SHORT


def _is_under(place: Place, columns: Collection[str]) -> bool:
    return any(str(step) in columns for step in place)


def looks_personal(text: str) -> bool:
    """Tell whether a text may be a person's number, phone or name; codes of organisations are not."""
    plain = text.strip()
    if is_organisation(plain):
        return False
    return bool(_PHONE.fullmatch(plain) or _ID.fullmatch(plain))


def _signature(mapping: CompiledMapping, record: Any) -> Any:  # noqa: ANN401 - any record
    """Return what an example is about: which events with which fields, or which refusal."""
    outcome = outcome_of(mapping, record)
    if isinstance(outcome, dict):
        return outcome
    return [(event["type"], sorted(_paths(event, ())), _codes(event)) for event in outcome]


def _paths(node: Any, place: Place) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _paths(child, (*place, name))
    else:
        yield "/".join(map(str, place))


_CODES: Final = (
    ("case", "region_code"),
    ("case", "department_id"),
    ("case", "channel"),
    ("case", "case_type"),
    ("case", "power_type"),
    ("result", "code"),
    ("special", "kind"),
)
"""Fields whose words decide what is made of a case: they stay what they were."""


def _codes(event: dict[str, Any]) -> list[Any]:
    return [event.get(section, {}).get(name) for section, name in _CODES] + [event["occurred_at"]]


def _texts(node: Any, place: Place) -> Iterator[tuple[Place, str]]:  # noqa: ANN401 - any JSON value
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _texts(child, (*place, name))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _texts(child, (*place, index))
    elif isinstance(node, str) and node.strip():
        yield place, node


def _put(node: Any, place: Place, value: str) -> None:  # noqa: ANN401 - any JSON value
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value


def _stranger(text: str) -> str:
    """Return somebody who is nobody, in the place of a person's number, phone or name."""
    plain = text.strip()
    if _ID.fullmatch(plain):
        return CITIZEN
    if _PHONE.fullmatch(plain):
        return PHONE
    return NAME if _HAN.search(plain) else _shape(text)


def _shape(text: str) -> str:
    """Return a text of the same form: 某 for every Han character, x for letters, 0 for digits."""
    return "".join(_form(char) for char in text)


def _form(char: str) -> str:
    if _HAN.match(char):
        return "某"
    if char.isdigit():
        return "0"
    if char.isalpha():
        return ("X" if char.isupper() else "x") if char.isascii() else "某"
    return char
