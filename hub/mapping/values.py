"""The values of mapping expressions: absent, text, number, truth; how they become text and how they compare. Total."""

from __future__ import annotations

import math
import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, NoReturn

from hub.errors import Refused, Rejection
from hub.mapping.paths import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TEXT_CHARS: Final = 20_000
"""Longest text an expression may build: five times the longest field of any document, so nothing grows by chaining."""

_SHOWN: Final = 3
"""Characters of a refused value that are shown as they are: at most the first three."""

_SHORT: Final = 4
"""A value of at most so many ASCII characters is a code, not a person: shown whole."""

_DIGITS: Final = 40
"""Longest whole number taken as text; beyond it the source holds something else than a number."""

_WHOLE: Final = 1e15
"""Floats below this are exact whole numbers where they are whole: spreadsheets write the code 321200 as 321200.0."""


def refuse(code: str, problem: str, value: object, hint: str) -> NoReturn:
    """Refuse the record: `map.<code>`; the value is shown masked, the caller adds the target path."""
    raise Refused(Rejection(stage="map", code=f"map.{code}", problem=problem, hint=hint, value=outline(value)))


def outline(value: object) -> str:
    """Show the form of a value, not the value: `2008-13-45` becomes `2009-99-99`, `张三丰` becomes `张**`."""
    if not isinstance(value, str):
        return f"<{type(value).__name__}>"
    text = value[:80]
    if text.isascii() and len(text) <= _SHORT:
        return text if text.isprintable() else "?"
    shown = _SHOWN if text.isascii() else 1
    return "".join(_form(char) if place >= shown else _visible(char) for place, char in enumerate(text))


def _visible(char: str) -> str:
    return char if char.isprintable() else "?"


def _form(char: str) -> str:
    if char.isdigit():
        return "9"
    if char.isalpha():
        return "x" if char.isascii() else "*"
    return char if char.isascii() and char.isprintable() else "?"


def as_text(value: object) -> str | None:
    """Write a value as text; absent and empty are None. Nested values, and text no encoding can carry, are refused."""
    if value is None:
        return None
    if isinstance(value, str):
        return (value or None) if value.isascii() else _sound(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return _number_text(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return refuse("not-text", "this is a nested value, where one text or number is wanted", value, "name its path")


def _sound(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        refuse("bad-text", "the text holds half a character", "", "check the declared encoding")
    return text


def _number_text(number: float | Decimal) -> str:
    if isinstance(number, int):
        return str(number) if abs(number) < 10**_DIGITS else refuse("bad-number", "too long", number, "send it as text")
    if isinstance(number, float):
        whole = number.is_integer() and abs(number) < _WHOLE
        return str(int(number)) if whole else repr(number)
    if number.is_finite() and abs(number.adjusted()) < _DIGITS and len(number.as_tuple().digits) < _DIGITS:
        return format(number, "f")
    return refuse("bad-number", "this is no number that can be written out", str(number)[:_DIGITS], "check the column")


def plain_of(text: str) -> str:
    """Return a text without control characters: those that part words become blanks."""
    return "".join(char for char in text.translate(_AS_BLANK) if unicodedata.category(char) != "Cc")


def without_controls(value: object) -> object:
    """Take control characters out of a text of the source; anything else is left as it is."""
    return value if not isinstance(value, str) or value.isprintable() else plain_of(value) or None


def no_controls(value: object) -> object:
    """Refuse a text of the source with control characters, but for line ends and tabs."""
    if isinstance(value, str) and not value.isprintable():
        found = next((char for char in value if unicodedata.category(char) == "Cc" and char not in _AS_BLANK_TEXT), "")
        if found:
            hint = "mend it at the source, or say read: {controls: drop}"
            refuse("bad-text", f"the text holds the control character U+{ord(found):04X}", "", hint)
    return value


_AS_BLANK_TEXT: Final = "\t\n\v\f\r\x85"
"""Control characters that part words."""

_AS_BLANK: Final = dict.fromkeys(map(ord, _AS_BLANK_TEXT), " ")


def must(value: str | None) -> str:
    """Insist on a required target's value."""
    if value is None:
        refuse("missing", "a required value is absent", None, "map another field, or guard the event with when:")
    return value


def join(left: object, right: object) -> str | None:
    """Put two texts together (`+`); absent if either is."""
    before, after = as_text(left), as_text(right)
    return None if before is None or after is None else bounded(before + after)


def bounded(text: str) -> str:
    """Refuse a text that has grown beyond TEXT_CHARS."""
    if len(text) > TEXT_CHARS:
        refuse("too-long", f"the text has over {TEXT_CHARS} characters", text, "map a shorter part")
    return text


def equal(left: object, right: object) -> bool:
    """Compare: numbers as numbers, all else as text; absent equals only absent."""
    if left is None or right is None:
        return (None if left == "" else left) is (None if right == "" else right)
    if _countable(left) and _countable(right):
        return bool(left == right)
    return as_text(left) == as_text(right)


def before(left: Any, right: Any) -> bool:  # noqa: ANN401 - the two values of any expression
    """Order: numbers as numbers, all else as text; false where either is absent."""
    if _countable(left) and _countable(right):
        return bool(left < right)
    first, second = as_text(left), as_text(right)
    return first is not None and second is not None and first < second


def up_to(left: object, right: object) -> bool:
    """Tell whether `left` is present and not after `right`."""
    return before(left, right) or (left is not None and left != "" and equal(left, right))


def _countable(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def member(value: object, texts: frozenset[str]) -> bool:
    """Tell whether the value, as text, is one of `texts`; an absent value is none of them."""
    return as_text(value) in texts


def as_record(value: object) -> Mapping[str, Any]:
    """Insist on a record: a mapping of names to values."""
    if not hasattr(value, "get"):
        refuse("not-a-record", "this is no record with named fields", value, "check the path of each:")
    return value  # type: ignore[return-value]


def walk(record: Mapping[str, Any], path: Sequence[str]) -> object:
    """Follow `path` from a record; absent where it ends early, refused where it forks."""
    value: Any = record
    for step in path:
        if isinstance(value, list):
            value = _only(value)
        if not hasattr(value, "get"):
            return None
        value = _chosen(value, step) if isinstance(step, Step) else value.get(step)
    return None if value == "" else value


def _chosen(record: Mapping[str, Any], step: Step) -> object:
    """Return those of the values under `step.name` that its predicate means: none, one, or a list of several."""
    found = record.get(step.name)
    values = found if isinstance(found, list) else [] if found is None or found == "" else [found]
    if step.place:
        return values[step.place - 1] if step.place <= len(values) else None
    meant = [each for each in values if hasattr(each, "get") and _says(each.get(step.key), step.text)]
    return meant if len(meant) > 1 else next(iter(meant), None)


def _says(value: object, text: str) -> bool:
    """Tell whether a value, or one of several, is `text`; as in XPath a set of values equals what any of them is."""
    values = value if isinstance(value, list) else [value]
    return any(not hasattr(each, "get") and as_text(each) == text for each in values if each is not None)


def _only(values: list[Any]) -> object:
    if len(values) > 1:
        refuse("many-values", f"the path meets {len(values)} values", None, "walk them with each:")
    return values[0] if values else None


CHILDREN: Final = 10_000
"""Records within one record at most: a case has tens, and each becomes events in memory."""


def children(record: Mapping[str, Any], path: Sequence[str]) -> Sequence[Any]:
    """Return the child records under `path`: a list's items, one mapping alone, or none."""
    value = walk(record, path)
    if value is None:
        return ()
    if isinstance(value, list):
        if len(value) > CHILDREN:
            refuse("too-many", f"over {CHILDREN:,} records within one", None, "deliver them as records of their own")
        return value
    return (as_record(value),)


def as_integer(value: object) -> int | None:
    """Take a whole number, from text too."""
    text = as_text(value)
    if text is None:
        return None
    try:
        return int(text) if len(text) <= _SIGNED_64 else int("")
    except ValueError:
        return refuse("bad-number", "this is no whole number", text, "check the column, or use number()")


def as_number(value: object) -> float | None:
    """Take a decimal number as JSON has them: whole, or a float that is written back as the same digits."""
    text = as_text(value)
    if text is None:
        return None
    try:
        exact = Decimal(text)
        if not exact.is_finite() or abs(exact.adjusted()) > _ADJUSTED:
            return refuse("bad-number", "this number cannot be written out", text[:40], "check the column")
        near = int(exact) if exact == exact.to_integral_value() else float(exact)
    except (InvalidOperation, OverflowError, ValueError):
        return refuse("bad-number", "this is no number", text, "check the column")
    return near if Decimal(repr(near)) == exact else refuse("bad-number", "no float holds it", text, "send it as text")


_ADJUSTED: Final = 300
"""Power of ten beyond which no float is near, and a whole number takes for ever to write."""

_SIGNED_64: Final = 18
"""Characters of the longest whole number taken; it fits every database's eight bytes."""

_TRUTH: Final[Mapping[str, bool]] = {"true": True, "false": False, "1": True, "0": False, "是": True, "否": False}


def as_boolean(value: object) -> bool | None:
    """Take a truth value: true/false, 1/0, 是/否."""
    text = as_text(value)
    if text is None:
        return None
    truth = _TRUTH.get(text.lower())
    return truth if truth is not None else refuse("bad-boolean", "neither true nor false", text, 'compare it: x == "Y"')


def key_of(parts: Sequence[str | None]) -> str:
    """Write the parts of a key as one text: alone as it is, several as a JSON array, so that no two keys collide."""
    texts = [must(part) for part in parts]
    if len(texts) == 1:
        return texts[0]
    return "[" + ",".join(_quoted(text) for text in texts) + "]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ordinal(seen: dict[str, int], key: str) -> str:
    """Number the equals of a weak identity within one record: the first bare, then `#1`, `#2`."""
    count = seen.get(key, 0)
    seen[key] = count + 1
    return key if not count else f"{key}#{count}"


def runtime() -> Mapping[str, Callable[..., Any]]:
    """Name the helpers that compiled mappings call."""
    helpers: tuple[Callable[..., Any], ...] = (
        as_text, as_integer, as_number, as_boolean, as_record, must, join, equal, before, up_to, member, walk, children,
        key_of, ordinal, without_controls, no_controls,
    )  # fmt: skip
    return {helper.__name__: helper for helper in helpers}
