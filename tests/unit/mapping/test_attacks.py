"""Nobody who writes a mapping gets beyond its language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import mapping
from hub.mapping.grammar import BadExpression, parse

if TYPE_CHECKING:
    from collections.abc import Callable

ATTACKS = [
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__",
    "a.b",
    "time.__globals__",
    "a['x']",
    "a[0]",
    "__import__('os').system('id')",
    "__builtins__",
    "open('/etc/passwd')",
    "exec('1')",
    "getattr(a, 'b')",
    "9**9**9**9",
    "'a' * 10**9",
    "1 << 99999",
    "-a",
    "~1",
    "1e999",
    "1j",
    "b'x'",
    "...",
    "'x' % a",
    "a - b",
    "a / b",
    "lambda: 1",
    "(lambda x: x)(a)",
    "(x := 1)",
    "[x for x in a]",
    "{x for x in a}",
    "{x: 1 for x in a}",
    "(x for x in a)",
    "{'a': 1}",
    "f'{a}'",
    "f'{a.__class__}'",
    "[a, b]",
    "(a, b)",
    "a in b",
    "a in [b]",
    "a < b < c",
    "trim(*a)",
    "trim(**a)",
    "trim(a)(b)",
    "(trim)(a) (b)",
    "await a",
    "yield",
    "a; b",
    "a = 1",
    "import os",
    "a # comment\nb",
    "a\nb",
    "ｔｒｉｍ(a)",
    "ｎo",
    "\uf900",
    "ﬁeld('x')",
    "person(a, ｉｄ=b)",
    "a\u202eb",
    "a\u200b",
    "a\x00b",
    "\ud800",
    "'\\x41'",
    "(" * 15 + "not " * 21 + "a" + ")" * 15,
    "(" * 500 + "a" + ")" * 500,
    "[" * 200,
    "not " * 200 + "a",
    "-" * 900 + "1",
    "'" + "a" * 5000 + "'",
    "a or " * 140 + "a",
    "match(a, b)",
    r"match(r'(a)\1', b)",
    "match('(?=a)', b)",
    "match('(?<!a)b', b)",
    "match('(a{1000}){1000}', b)",
    "match('((((a{100}){100}){100}){100}){100}', b)",
    "match('(', b)",
    "replace('a', r'\\9', b)",
    "replace('a', b, c)",
    "left(a, 10**9)",
    "left(a, 999999999)",
    "left(a, True)",
    "time(a, '%q')",
    "time(a, b)",
    "time(a, '%Y%Y')",
    "code(a, b)",
    "field(a)",
    "field()",
    "no_such(a)",
    "trim()",
    "trim(a, b)",
    "trim(a, b=1)",
    "person(a, idd=b)",
    "parent('x')",
    "event_id('no.such', a)",
    "",
    " ",
    "'unclosed",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_before_anything_runs(linted: Callable[..., Any], attack: str) -> None:
    quoted = "".join(f"\\U{ord(char):08x}" for char in attack)
    case = f'case:\n  source_case_no: no\n  region_code: "\'321200\'"\n  title: "{quoted}"\n'
    faults = linted(case=case)
    assert faults
    assert all(fault.file and fault.line == 7 for fault in faults)
    assert all(fault.code.startswith("map.") for fault in faults)


@settings(max_examples=300)
@given(st.text(max_size=60) | st.text(alphabet="ab'\"()[]{}.,:+-*<>=! \\\nnotifelsr", max_size=80))
def test_no_text_breaks_the_parser(source: str) -> None:
    try:
        parse(source)
    except BadExpression:
        return


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "a: &a [*a]",
        "[" * 3000,
        "a: !!python/object/apply:os.system [id]",
        "\x00",
        "a: [1",
        "- - - a",
        "just text",
        "",
        "a: 1\na: 2",
        "? [1, 2]\n: x",
        "<<: {a: 1}",
        "connection: [1]\nevents: {}\ncase: 3\nlet: 7\ncodes: {a: {b: [1]}}\nread: x\ndepartment: {from: {a: 1}}",
        "events: [1, null, {type: [x]}, {type: case.received, each: {a: 1}, occurrence: [1], key: {a: 2}}]",
        "read: {names: {a: {b: 1}, 'x y': b}, columns: 7}\neach: {a: b}\ncase: {materials: {each: [[1]]}}\nevents: 3",
        "codes: [a]\ndepartment: {codes: x, of: y}\nlet: {a: b, b: a}\ncase: {key: [], title: b, applicant: [1]}",
    ],
)
def test_a_broken_file_is_faults_and_never_an_exception(linted: Callable[..., Any], text: str) -> None:
    assert linted(head=text, case="", events="")


def test_half_characters_and_other_encodings_are_faults(written: Callable[..., Any]) -> None:
    path = written()
    path.write_bytes(path.read_bytes() + b'\nlet: {a: "\\ud800"}\n')
    assert mapping.lint(path)
    path.write_bytes("connection: 泰州\n".encode("gb18030"))
    assert [fault.code for fault in mapping.lint(path)] == ["map.bad-yaml"]
    assert [fault.code for fault in mapping.lint(path.with_name("none.yaml"))] == ["map.unreadable"]
