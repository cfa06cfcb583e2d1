"""Whatever a source hands over, a mapping answers with events or with a refusal that says where."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import mapping
from hub.errors import Refused, Rejection
from hub.model.shapes import load_schema

EVERYTHING = """\
connection: total.one
department: {from: dep, allow: ["11321200014000028L"]}
kind: files
read: {names: {deep: a/b/c, child: kids/v}}
codes: {way: {"1": window, "*": other}, shut: {"1": "2"}}
let: {t: time(at), c: number(n)}
case:
  source_case_no: no
  key: ["default(year(at), 'none')", no]
  region_code: default(region, '321200')
  title: concat(trim(s), upper(s), lower(s), nfc(s), half_width(s), left(s, 3), right(s, 3), deep)
  channel: code("way", s)
  case_type: code("shut", way)
  applicant: person(s, id=s, phone=s, kind="1", id_type=way)
  materials: {each: kids, name: v, required: r, copies: p, received_at: v}
  attributes:
    a: match("a+", s)
    b: extract("(a)(b)?", s)
    c: replace("a", "b", s)
    d: s + s
    e: "'x' if s < at and at >= c or s == n and s != at and s in ['a', 1] else None"
    f: blank(s, '-')
    g: case_id(s)
    h: event_id("case.received", s, way)
    i: money(n)
    j: date(at)
    k: one_of(s, 'a') and not present(at)
    l: time(f, "%Y-%m-%d", "%Y/%m/%d %H:%M")
    m: integer(n)
events:
  - {type: case.received, occurred_at: "default(t, '2026-01-05')", version: n, promised_due_at: at, source_sequence: n}
  - {type: stage.completed, each: kids, when: v, occurrence: {composite: [v, child]}, occurred_at: "default(t, v)"}
  - {type: fee.charged, when: n, occurrence: n, occurred_at: t, fee: {item_code: s, amount: n}}
"""
COLUMNS = ("dep", "a", "kids", "at", "n", "no", "region", "s", "way", "f")
TEXTS = (
    st.text(max_size=12)
    | st.text(alphabet=st.characters(min_codepoint=0xD700, max_codepoint=0xE100), max_size=4)
    | st.sampled_from(
        ["2026-01-05", "20260105090000", "0001-01-01 00:00:00", "1", "-", "1e99", "aab", "11321200014000028L"]
    )
)
SCALARS = (
    TEXTS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**50, max_value=10**60)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from([Decimal("sNaN"), Decimal("1E+999999"), Decimal("12.30")])
    | st.datetimes()
    | st.binary(max_size=3)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["b", "c", "v", "r", "p", "kids"]), inner, max_size=3)
    ),
    max_leaves=6,
)
LIKELY = {"dep": "11321200014000028L", "no": "7", "at": "2026-01-05 09:00:00", "n": "12", "s": "a"}


@pytest.fixture(scope="module")
def total(tmp_path_factory: pytest.TempPathFactory) -> mapping.CompiledMapping:
    path = tmp_path_factory.mktemp("total") / "total.yaml"
    path.write_text(EVERYTHING, encoding="utf-8")
    return mapping.load(path, environment={mapping.TOKEN_KEY: "the key of tests, no secret"})


def test_the_likely_record_is_mapped(total: mapping.CompiledMapping) -> None:
    assert len(total.map_record({**LIKELY, "kids": [{"v": "2026-01-06"}]})) == 3


@settings(max_examples=600, deadline=None)
@given(changed=st.dictionaries(st.sampled_from(COLUMNS), TREES, max_size=4))
def test_any_tree_is_mapped_or_refused(total: mapping.CompiledMapping, changed: dict[str, Any]) -> None:
    try:
        events = total.map_record({**LIKELY, **changed})
    except Refused as refused:
        assert_says_where(refused.rejection)
        return
    for event in events:
        orjson.dumps(event.data)


@given(tree=TREES)
def test_what_is_no_record_is_refused(total: mapping.CompiledMapping, tree: Any) -> None:
    try:
        total.map_record(tree)
    except Refused as refused:
        assert_says_where(refused.rejection)


def assert_says_where(rejection: Rejection) -> None:
    assert rejection.stage == "map"
    assert rejection.code.startswith("map.")
    assert rejection.path
    assert len(rejection.value) <= 80
    orjson.dumps([rejection.value, rejection.problem])


def test_the_shape_of_mapping_files_knows_every_connector_kind() -> None:
    kinds = load_schema("mapping.v1")["properties"]["kind"]["enum"]
    assert {"files", "database", "soap", "rest"} <= set(kinds)
    assert Path(mapping.__file__).parent.name == "mapping"
