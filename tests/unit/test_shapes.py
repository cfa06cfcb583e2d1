"""Two validators, one verdict: whatever is done to any field of any document, the fast and the talkative one agree."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.shapes import load_schema, shape
from tests.support.casework import DEPARTMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = ("case-event.v1", "alert.v1", "read-report.v1", "rejection.v1", "act.v1", "catalogue.v1")
FORMATS = {
    "uuid": "11111111-1111-4111-8111-111111111111",
    "date-time": "2026-03-02T09:00:00+08:00",
    "date": "2026-03-02",
    "region": "321281",
    "org-id": DEPARTMENT,
}
SPELLED = {
    "^[0-9a-f]{64}$": "a" * 64,
    "^[1-5]$": "3",
    "^[A-Za-z0-9+/]+=*$": "YQ==",
    "^[1-9]$": "3",
    "^R[0-9]{2}$": "R14",
    "^(matter|department|connection|alert|case):.+$": "matter:1",
}
"""What satisfies patterns that no simpler text does."""


def sample(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """Return a document that has every field its schema names."""
    for word in ("anyOf", "oneOf"):
        if word in schema:
            rest = {name: value for name, value in schema.items() if name != word}
            return sample(rest | schema[word][0], root)
    if "$ref" in schema:
        return sample(_at(root, schema["$ref"]), root)
    if "const" in schema or "enum" in schema:
        return schema.get("const") or schema["enum"][0]
    return _sample_of(schema, root)


def _sample_of(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: sample(child, root) for name, child in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema["items"], root)]
    return _text(schema) if kind == "string" else {"integer": schema.get("minimum", 1), "boolean": True}.get(kind)


def _text(schema: dict[str, Any]) -> str:
    if "format" in schema:
        return FORMATS[schema["format"]]
    pattern = schema.get("pattern")
    if pattern is None:
        return "text"
    spelled = SPELLED.get(pattern) or _plain(pattern)
    assert re.search(pattern, spelled), f"say in SPELLED what satisfies {pattern}"
    return spelled


def _plain(pattern: str) -> str:
    """Spell what a pattern of words, alternatives and repeated classes asks for."""
    text = re.sub(r"\[a-z[^\]]*\]([+*]|\{[0-9,]+\})?", "a", pattern.strip("^$"))
    text = re.sub(r"\[0-9\]\{([0-9]+)\}", lambda found: "1" * int(found[1]), text)
    text = re.sub(r"\[0-9\](\{[0-9,]+\}|\+)?", "1", text)
    while "(" in text:
        text = re.sub(r"\(([^()|]*)(\|[^()]*)?\)(\?)?", lambda found: "" if found[3] else found[1], text)
    return text.replace("-?", "").replace("\\", "")


def _at(root: dict[str, Any], reference: str) -> dict[str, Any]:
    found = root
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def whole(name: str) -> dict[str, Any]:
    schema = load_schema(name)
    document: dict[str, Any] = sample(schema, schema)
    return document


WHOLE = {name: whole(name) for name in SCHEMAS}

KINDS: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1.0,
    2**31,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64,
    "",
    "x",
    "a\n",
    [],
    [None],
    ["x", "x"],
    {},
    {"unknown": 1},
)
TEXTS = (
    " ",
    "x" * 5000,
    "䲡𠮷",
    "a\x00b",
    "11111111-1111-4111-8111-11111111111",
    "AAAAAAAA-1111-4111-8111-111111111111",
    "{11111111-1111-4111-8111-111111111111}",
    "11111111111141118111111111111111",
    "11111111-1111-4111-8111-111111111111\n",
    "2026-03-02T09:00:00Z",
    "2026-03-02T09:00:00z",
    "2026-03-02t09:00:00Z",
    "2026-03-02 09:00:00Z",
    "2026-03-02T09:00:00",
    "2026-03-02T09:00:00+0800",
    "2026-03-02T09:00:00+24:00",
    "2026-03-02T09:00:00-00:00",
    "2026-03-02T09:00Z",
    "2026-03-02T24:00:00Z",
    "2026-03-02T09:60:00Z",
    "2026-03-02T23:59:60Z",
    "2026-02-29T09:00:00Z",
    "2024-02-29T09:00:00Z",
    "2026-03-02T09:00:00.123456789Z",
    "2026-03-02T09:00:00.1234567890Z",
    "2026-03-02T09:00:00.Z",
    "2026-03-02T09:00:00,5Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+08:00",
    "9999-12-31T23:59:59-08:00",
    "2026-03-02T09:00:00Z\n",
    "２026-03-02T09:00:00Z",
    "2026-W10-1",
    "20260302",
    "2026-03-32",
    "2026-13-01",
    "2026-02-29",
    "2024-02-29",
    "0000-01-01",
    "2026-03-02\n",
    "32128",
    "3212811",
    "321281001",
    "321281001002",
    "321281\n",
    "３２１２８１",
    "11321200014000028L",
    "11321200014000028M",
    "11321200014000028l",
    "1132120001400001XL",
    "01400002-8",
    "014000028",
    "014000029",
    "1.00",
    "1.005",
    "-0",
    "public",
)


def paths(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a document."""
    if path:
        yield path
    children = (
        document.items() if isinstance(document, dict) else enumerate(document if isinstance(document, list) else ())
    )
    for name, child in children:
        yield from paths(child, (*path, name))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy with another value at `path`."""
    copied = copy.deepcopy(document)
    _parent(copied, path)[path[-1]] = value
    return copied


def _parent(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document


def agree(name: str, document: Any) -> bool:
    """Return the verdict, after asserting that there is one."""
    fast, slow = shape(name).holds(document), not shape(name).problems(document)
    assert fast == slow, (name, shape(name).problems(document))
    return fast


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_document_with_every_field_is_valid_for_both(name: str) -> None:
    assert shape(name).problems(WHOLE[name]) == []
    assert agree(name, WHOLE[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_both_agree_on_every_value_in_every_field(name: str) -> None:
    """Every field gets every kind of value; a field of a format every text, the others each a share of them."""
    document, verdicts = copy.deepcopy(WHOLE[name]), set()
    for number, path in enumerate(list(paths(document))):
        parent, held = _parent(document, path), _parent(document, path)[path[-1]]
        texts = TEXTS if held in FORMATS.values() else TEXTS[number % 8 :: 8]
        for value in (*KINDS, *texts):
            parent[path[-1]] = value
            verdicts.add(agree(name, document))
        parent[path[-1]] = held
    assert verdicts == {True, False}


@pytest.mark.parametrize("name", SCHEMAS)
def test_both_agree_on_every_missing_and_every_unknown_field(name: str) -> None:
    for path in paths(WHOLE[name]):
        without = copy.deepcopy(WHOLE[name])
        del _parent(without, path)[path[-1]]
        agree(name, without)
        if isinstance(_parent(WHOLE[name], path), dict):
            more = changed(WHOLE[name], (*path[:-1], "unknown"), 1)
            agree(name, more)
    assert not agree(name, {**WHOLE[name], "unknown": 1}) or name == "catalogue.v1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_both_agree_on_anything_anywhere(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(SCHEMAS))
    path = data.draw(st.sampled_from(list(paths(WHOLE[name]))))
    agree(name, changed(WHOLE[name], path, data.draw(JSON)))


@given(
    st.from_regex(
        r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,10})?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
    )
)
def test_both_agree_on_every_instant(text: str) -> None:
    agree("case-event.v1", changed(WHOLE["case-event.v1"], ("time",), text))


def valid(field: tuple[Any, ...], value: str) -> bool:
    return agree("case-event.v1", changed(WHOLE["case-event.v1"], field, value))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T09:00:00+08:00", True),
        ("2026-03-02T01:00:00Z", True),
        ("2026-03-02T09:00:00.123456+08:00", True),
        ("2026-03-02T09:00:00", False),
        ("2026-03-02", False),
        ("2026-02-29T09:00:00+08:00", False),
        ("2016-12-31T23:59:60Z", False),
        ("2026-03-02T09:00:00+08:00\n", False),
    ],
)
def test_an_instant_has_an_offset_and_exists(text: str, expected: bool) -> None:  # noqa: FBT001 - a verdict
    assert valid(("time",), text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-03-02", True), ("2026-03-02T09:00:00+08:00", True), ("2026-02-29", False), ("", False)],
)
def test_what_happened_has_an_instant_or_a_day(text: str, expected: bool) -> None:  # noqa: FBT001 - a verdict
    assert valid(("data", "occurred_at"), text) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("321281", True),
        ("321281001", True),
        ("321281001002", True),
        ("3212", False),
        ("32128100", False),
        ("3212A1", False),
    ],
)
def test_a_region_is_a_division_a_township_or_a_village(code: str, expected: bool) -> None:  # noqa: FBT001 - a verdict
    assert valid(("data", "case", "region_code"), code) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("11321200014000028L", True),
        ("1132120001400001XL", True),
        ("014000028", True),
        ("11321200014000028K", False),
        ("11321200014000029L", False),
        ("11321200014000028l", False),
        ("014000027", False),
        ("", False),
    ],
)
def test_an_organisation_has_its_check_digits(code: str, expected: bool) -> None:  # noqa: FBT001 - a verdict
    assert valid(("data", "case", "department_id"), code) is expected


def test_a_problem_names_its_place_as_a_json_pointer() -> None:
    document = changed(WHOLE["case-event.v1"], ("data", "case", "region_code"), "x")
    assert [problem.path for problem in shape("case-event.v1").problems(document)] == ["/data/case/region_code"]
