"""The functions of the mapping language: what each takes and gives, and what it does."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, Literal

from hub.mapping.codes import code
from hub.mapping.privacy import mask_id, mask_name, mask_phone
from hub.mapping.values import as_integer, as_text, bounded, member, plain_of, refuse
from hub.model.organisations import is_organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["any", "text", "number", "integer", "money", "boolean", "instant", "person", "none"]
"""What an expression is known to give at load time; `any` is a source column."""

Constant = Literal[
    "text", "count", "codes", "pattern", "replacement", "formats", "values", "column", "event type", "time to write"
]
"""An argument that must be written out, so that it is checked before the mapping runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function: its arguments (`most` None: any number), its result, and what a person needs to know."""

    result: Kind
    least: int
    most: int | None
    constants: Mapping[int, Constant]
    """Arguments that must be constants, by position; the last entry holds for all further ones."""
    keywords: frozenset[str]
    about: str


def _function(
    result: Kind,
    least: int,
    most: int | None,
    about: str,
    constants: Mapping[int, Constant] | None = None,
    keywords: frozenset[str] = frozenset(),
) -> Function:
    return Function(result=result, least=least, most=most, constants=constants or {}, keywords=keywords, about=about)


_PERSON: Final = frozenset({"id", "phone", "kind", "id_type"})

FUNCTIONS: Final[Mapping[str, Function]] = {
    "field": _function("any", 1, 1, 'the column of that exact name: field("Created Date")', {0: "column"}),
    "parent": _function("any", 1, 1, "inside each: the column of the enclosing record", {0: "column"}),
    "text": _function("text", 1, 1, "the value as text; absent stays absent"),
    "trim": _function("text", 1, 1, "without blanks at both ends, the full-width blank included"),
    "upper": _function("text", 1, 1, "in upper case"),
    "lower": _function("text", 1, 1, "in lower case"),
    "nfc": _function("text", 1, 1, "in Unicode normal form C"),
    "half_width": _function("text", 1, 1, "full-width letters, digits and signs as half-width"),
    "drop_controls": _function("text", 1, 1, "without control characters; line ends and tabs become blanks"),
    "organisation": _function("text", 1, 1, "a credit code (GB 32100) or organisation code (GB 11714), checked"),
    "left": _function("text", 2, 2, "the first n characters", {1: "count"}),
    "right": _function("text", 2, 2, "the last n characters", {1: "count"}),
    "concat": _function("text", 1, None, "all arguments as one text, absent ones left out"),
    "time": _function("instant", 1, 9, "an instant, or a day; formats (strptime) where it is not ISO 8601 or "
                      "GB/T 39046", {1: "formats"}),
    "date": _function("instant", 1, 1, "the local day of a time"),
    "year": _function("text", 1, 1, "the local year of a time, four digits"),
    "format_time": _function("text", 2, 2, "a time written in the mapping's zone: '%Y%m%d%H%M%S'",
                             {1: "time to write"}),
    "number": _function("number", 1, 1, "a decimal number"),
    "integer": _function("integer", 1, 1, "a whole number"),
    "money": _function("money", 1, 1, "an amount in yuan with two decimals, never rounded"),
    "code": _function("text", 2, 2, "looked up in a list of codes:; unknown refuses the record", {0: "codes"}),
    "default": _function("any", 2, None, "the first argument that is present"),
    "blank": _function("any", 2, None, "absent where x is one of the written values: placeholders", {1: "values"}),
    "one_of": _function("boolean", 2, None, "whether x is one of the written values", {1: "values"}),
    "present": _function("boolean", 1, 1, "whether x is there and not empty"),
    "changed": _function("boolean", 1, 1, "whether a column of read.observe says other than when last read"),
    "match": _function("boolean", 2, 2, "whether a regular expression (RE2) is found in x", {0: "pattern"}),
    "extract": _function("text", 2, 2, "what the pattern's first group (or all of it) finds in x", {0: "pattern"}),
    "replace": _function("text", 3, 3, "replace(pattern, replacement, x)", {0: "pattern", 1: "replacement"}),
    "person": _function("person", 1, 1, "name masked, id tokenised and masked, phone masked", keywords=_PERSON),
    "mask_name": _function("text", 1, 1, "surname and a star"),
    "mask_id": _function("text", 1, 1, "first three and last two characters"),
    "mask_phone": _function("text", 1, 1, "138****1234"),
    "case_id": _function("text", 1, None, "the id of another case of this numbering, by its key"),
    "event_id": _function("text", 2, 3, 'the id of another event: event_id("case.accepted", key, occurrence)',
                          {0: "event type"}),
}  # fmt: skip
"""Every function there is. A further one is one line here and one function below."""

_HALF_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
"""Full-width ASCII lies at a fixed distance from ASCII; the ideographic blank does not."""

_EXPONENT: Final = 18
"""Beyond ten to this power a number is no amount and no count."""

_MONEY_DECIMALS: Final = 2


def trim(value: object) -> str | None:
    """Strip blanks at both ends."""
    text = as_text(value)
    return None if text is None else text.strip() or None


def upper(value: object) -> str | None:
    """Write in upper case."""
    text = as_text(value)
    return None if text is None else text.upper()


def lower(value: object) -> str | None:
    """Write in lower case."""
    text = as_text(value)
    return None if text is None else text.lower()


def nfc(value: object) -> str | None:
    """Normalise to form C."""
    text = as_text(value)
    return None if text is None else unicodedata.normalize("NFC", text)


def half_width(value: object) -> str | None:
    """Fold full-width ASCII to ASCII."""
    text = as_text(value)
    return None if text is None else text.translate(_HALF_WIDTH)


def drop_controls(value: object) -> str | None:
    """Leave control characters out, with a blank for line ends and tabs."""
    text = as_text(value)
    if text is None:
        return None
    return plain_of(text) or None


def organisation(value: object) -> str | None:
    """Write an organisation's code in its one spelling; refuse one whose check digit is wrong."""
    text = half_width(value)
    if text is None:
        return None
    code_ = text.strip().upper().replace("-", "")
    if code_ and not is_organisation(code_):
        refuse("bad-organisation", "this is no organisation code, or its check digit is wrong", text,
               "GB 32100 (18 characters) or GB 11714 (9); blank() a placeholder")  # fmt: skip
    return code_ or None


def left(value: object, count: int) -> str | None:
    """Take the first `count` characters."""
    text = as_text(value)
    return None if text is None else text[:count] or None


def right(value: object, count: int) -> str | None:
    """Take the last `count` characters."""
    text = as_text(value)
    return None if text is None else text[max(0, len(text) - count) :] or None


def concat(*values: object) -> str | None:
    """Put texts together, absent ones left out."""
    texts = [text for text in map(as_text, values) if text is not None]
    return bounded("".join(texts)) or None


def number(value: object) -> Decimal | None:
    """Read a decimal number; thousands may be grouped by commas."""
    text = as_text(value)
    if text is None:
        return None
    try:
        read = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return refuse("bad-number", "this is no number", text, "check the column")
    if not read.is_finite() or abs(read.adjusted()) > _EXPONENT or len(read.as_tuple().digits) > 2 * _EXPONENT:
        refuse("bad-number", "this number cannot be written out", text[:40], "check the column")
    return read


def money(value: object) -> str | None:
    """Read an amount in yuan and write it with two decimals; a third decimal is refused, not rounded."""
    text = as_text(value)
    amount = None if text is None else number(text.strip().lstrip("¥￥").rstrip("元"))
    if text is None or amount is None:
        return None
    written = f"{amount:.{_MONEY_DECIMALS}f}"
    if Decimal(written) != amount:
        refuse("bad-money", "an amount has more than two decimals", text, "let the source send yuan and fen")
    return "0.00" if amount == 0 else written


def default(*values: object) -> object:
    """Take the first value that is present."""
    return next((value for value in values if present(value)), None)


def blank(value: object, placeholders: frozenset[str]) -> object:
    """Treat placeholders as absent."""
    return None if member(value, placeholders) else value


def present(value: object) -> bool:
    """Tell whether a value is there; the empty text is not."""
    return value is not None and value != ""


def changed(now: object, before: object) -> bool:
    """Tell whether two values differ as text; what was never seen before has changed if it is there."""
    return as_text(now) != as_text(before)


def match(pattern: Any, value: object) -> bool:  # noqa: ANN401 - RE2's pattern is untyped
    """Tell whether `pattern` is found in the value."""
    text = as_text(value)
    return text is not None and pattern.search(text) is not None


def extract(pattern: Any, value: object) -> str | None:  # noqa: ANN401
    """Return the first group of the first find, or the find itself where the pattern has no group."""
    text = as_text(value)
    found = None if text is None else pattern.search(text)
    return None if found is None else found.group(1 if pattern.groups else 0) or None


def replace(pattern: Any, replacement: str, value: object) -> str | None:  # noqa: ANN401
    """Replace every find."""
    text = as_text(value)
    return None if text is None else bounded(pattern.sub(replacement, bounded(text))) or None


def runtime() -> Mapping[str, Callable[..., Any]]:
    """Name the functions that need nothing but their arguments; the rest is bound to a mapping's zone, key and ids."""
    plain = (
        trim, upper, lower, nfc, half_width, drop_controls, organisation, left, right, concat, number, money,
        code, default, blank, present, changed, match, extract, replace, mask_name, mask_id, mask_phone,
    )  # fmt: skip
    return {function.__name__: function for function in plain} | {
        "text": as_text,
        "integer": as_integer,
        "one_of": member,
    }
