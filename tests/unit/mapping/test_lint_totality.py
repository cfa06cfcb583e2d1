"""Whatever lints clean answers every record with events or with a typed refusal, whichever expressions it holds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import mapping
from hub.errors import Misconfigured, Refused, Rejection

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.sampled_from(["a", "b", "c", "t", "deep", 'field("x y")'])
CONSTANTS = st.sampled_from(["'1'", "'window'", "'2026-01-05'", "1", "-2.5", "True", "None", "'情'"])
ONE = st.sampled_from([
    "text", "trim", "upper", "lower", "nfc", "half_width",
    "time", "date", "year", "number", "integer", "money", "present",
    "mask_name", "mask_id", "mask_phone", "case_id",
])  # fmt: skip
SHAPES = st.sampled_from([
    "left({0}, 3)", "right({0}, 2)", "concat({0}, {1})", "default({0}, {1})", "blank({0}, '-', 1)", "one_of({0}, 'a')",
    "match('a+b?', {0})", "extract('(a)(b)?', {0})", "replace('a', 'b', {0})", "code('way', {0})", "({0} + {1})",
    "({0} == {1})", "({0} < {1})", "({0} >= {1})", "({0} in ['1', 2])", "({0} is None)", "(not {0})", "({0} and {1})",
    "({0} or {1})", "({0} if {1} else {0})", "time({0}, '%Y-%m-%d', '%d.%m.%Y %H:%M')",
    "event_id('case.received', {0}, {1})",
])  # fmt: skip


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    called = st.builds(lambda name, given: f"{name}({given})", ONE, inner)
    return called | st.builds(lambda shape, first, second: shape.format(first, second), SHAPES, inner, inner)


EXPRESSIONS = st.recursive(NAMES | CONSTANTS, grown, max_leaves=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.binary(max_size=2)
    | st.sampled_from(["2026-01-05", "20260105090000", "1", "-", "12.345", Decimal("sNaN"), Decimal("1E+99999")]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["b", "c"]), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
RECORDS = st.dictionaries(st.sampled_from(["a", "b", "c", "x y", "no", "at", "kids"]), VALUES, max_size=6)


def written(expressions: list[str]) -> bytes:
    """Write a mapping whose fields are the expressions; JSON is YAML too."""
    title, channel, office, matter, when, let, occurred = expressions
    document = {
        "connection": "generated.one", "department": "11321200014000028L", "kind": "files",
        "read": {"names": {"deep": "a/b/c"}}, "codes": {"way": {"1": "window", "*": None}}, "let": {"t": let},
        "case": {"source_case_no": "no", "region_code": "'321200'",
                 "attributes": {"a": title, "b": channel, "c": office, "d": matter}},
        "events": [
            {"type": "case.received", "occurred_at": "at"},
            {"type": "case.accepted", "when": when, "occurred_at": occurred},
            {"type": "stage.completed", "each": "kids", "when": "b", "occurrence": {"composite": ["b", "c"]},
             "occurred_at": "time(c)"},
        ],
    }  # fmt: skip
    return orjson.dumps(document)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("generated") / "generated.yaml"


def refusal_of(loaded: mapping.CompiledMapping, record: dict[str, Any]) -> Rejection | None:
    """Map a record; return why it was refused, None where events came out that can be written."""
    try:
        events = loaded.map_record(record)
    except Refused as refusal:
        return refusal.rejection
    orjson.dumps([event.data for event in events])
    return None


@settings(max_examples=250, deadline=None)
@given(
    expressions=st.lists(EXPRESSIONS, min_size=7, max_size=7),
    records=st.lists(RECORDS, min_size=1, max_size=5),
    likely=st.booleans(),
)
def test_what_lints_clean_raises_nothing_but_a_refusal(
    file: Path, expressions: list[str], records: list[dict[str, Any]], *, likely: bool
) -> None:
    file.write_bytes(written(expressions))
    errors = [fault for fault in mapping.lint_all(file) if fault.severity == "error"]
    if errors:
        with pytest.raises(Misconfigured) as refused:
            mapping.load(file, environment={mapping.TOKEN_KEY: "the key of tests, no secret"})
        assert set(errors) == set(refused.value.faults)
        return
    loaded = mapping.load(file, environment={mapping.TOKEN_KEY: "the key of tests, no secret"})
    for record in records:
        rejection = refusal_of(loaded, {**record, **({"no": "1", "at": "2026-01-05"} if likely else {})})
        assert rejection is None or (rejection.code.startswith("map.") and rejection.path)
