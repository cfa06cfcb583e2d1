"""What expressions mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("expression", "record", "expected"),
    [
        ("a", {"a": "x"}, "x"),
        ("a", {"a": ""}, None),
        ("a", {}, None),
        ("a", {"a": 321200.0}, "321200"),
        ("a", {"a": True}, "true"),
        ("a + '-' + b", {"a": "x", "b": 7}, "x-7"),
        ("a + '-' + b", {"a": "x"}, None),
        ("concat(a, '-', b)", {"a": "x"}, "x-"),
        ("'y' if a == 1 else 'n'", {"a": "1"}, "y"),
        ("'y' if a == '1' else 'n'", {"a": 1}, "y"),
        ("'y' if a in ['1', 2] else 'n'", {"a": "2"}, "y"),
        ("'y' if a not in ['1', 2] else 'n'", {}, "y"),
        ("'y' if number(a) < 10 else 'n'", {"a": "9"}, "y"),
        ("'y' if a < '10' else 'n'", {"a": "9"}, "n"),
        ("'y' if a < 10 else 'n'", {}, "n"),
        ("'y' if a <= 10 else 'n'", {}, "n"),
        ("'y' if number(a) >= 10 else 'n'", {"a": "10.0"}, "y"),
        ("'y' if a is None else 'n'", {"a": ""}, "y"),
        ("'y' if not a and b else 'n'", {"b": "1"}, "y"),
        ("'y' if a == -1 else 'n'", {"a": "-1"}, "y"),
        ("a or b", {"b": "z"}, "z"),
        ("trim(a)", {"a": " \u3000x "}, "x"),
        ("trim(a)", {"a": "   "}, None),
        ("upper(a) + lower(a)", {"a": "aB"}, "ABab"),
        ("nfc(a)", {"a": "e\u0301"}, "é"),
        ("half_width(a)", {"a": "ＡＢ１\u3000"}, "AB1 "),
        ("left(a, 2) + right(a, 1)", {"a": "321200"}, "320"),
        ("number(a)", {"a": "1,234.50"}, "1234.50"),
        ("integer(a)", {"a": "007"}, "7"),
        ("money(a)", {"a": "¥1,234.5"}, "1234.50"),
        ("money(a)", {"a": 12}, "12.00"),
        ("default(a, b, 'z')", {"b": ""}, "z"),
        ("blank(a, '-', '无')", {"a": "无"}, None),
        ("one_of(a, '1', '2')", {"a": "2"}, "true"),
        ("present(a)", {"a": 0}, "true"),
        ("match(r'^\\d{2}$', a)", {"a": "12"}, "true"),
        ("match('x', a)", {}, "false"),
        ("extract(r'第(\\d+)号', a)", {"a": "泰建第042号"}, "042"),
        ("replace(r'\\s+', ' ', a)", {"a": "x \t y"}, "x y"),
        ("field('Created Date')", {"Created Date": "x"}, "x"),
        ("办件编号", {"办件编号": "x"}, "x"),
        ("date(time(date))", {"date": "2026-01-05 23:00:00"}, "2026-01-05"),
        ("year(a)", {"a": "20260105"}, "2026"),
        ("mask_name(a) + mask_id(b) + mask_phone(c)", {"a": "欧阳修", "b": "321202189912310011", "c": "13812345678"},
         "欧阳*321*************11138****5678"),
    ],
)  # fmt: skip
def test_an_expression_gives(
    value_of: Callable[..., Any], expression: str, record: dict[str, object], expected: str | None
) -> None:
    assert value_of(expression, **record) == expected


CODES = """\
codes:
  way: {"1": window, "2": online, "9": ~}
  open: {"1": window, "*": other}
"""


@pytest.mark.parametrize(
    ("expression", "sent", "expected"),
    [
        ('code("way", a)', "1", "window"),
        ('code("way", a)', 2, "online"),
        ('code("way", a)', "9", None),
        ('code("way", a)', "", None),
        ('code("open", a)', "7", "other"),
    ],
)
def test_a_code_is_looked_up(value_of: Callable[..., Any], expression: str, sent: object, expected: str | None) -> None:
    assert value_of(expression, CODES, a=sent) == expected


@pytest.mark.parametrize(
    ("expression", "sent", "code"),
    [
        ('code("way", a)', "7", "map.unknown-code"),
        ("time(a)", "2026-02-30", "map.bad-time"),
        ("number(a)", "12,x", "map.bad-number"),
        ("number(a)", "1e400000", "map.bad-number"),
        ("number(a)", "nan", "map.bad-number"),
        ("integer(a)", "1.5", "map.bad-number"),
        ("money(a)", "1.005", "map.bad-money"),
        ("a", {"nested": 1}, "map.not-text"),
        ("a", "\ud800", "map.bad-text"),
        ("a + a", "x" * 15_000, "map.too-long"),
    ],
)
def test_what_cannot_be_mapped_is_refused_with_its_target(
    value_of: Callable[..., Any], expression: str, sent: object, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        value_of(expression, CODES, a=sent)
    rejection = refused.value.rejection
    assert (rejection.stage, rejection.code, rejection.path) == ("map", code, "case/attributes/x")
    assert rejection.hint


def test_chained_names_cannot_grow_a_text_without_end(value_of: Callable[..., Any]) -> None:
    lets = "let:\n  v0: a + a\n" + "".join(f"  v{n}: v{n - 1} + v{n - 1}\n" for n in range(1, 40))
    with pytest.raises(Refused) as refused:
        value_of("v39", lets, a="x")
    assert refused.value.rejection.code == "map.too-long"


def test_a_catastrophic_pattern_is_harmless(value_of: Callable[..., Any]) -> None:
    assert value_of("match('^(a+)+$', a)", a="a" * 10_000 + "!") == "false"


@pytest.mark.parametrize("sent", ["13812345678", "321202189912310011", "张三丰", "Zhang Sanfeng"])
def test_a_refusal_does_not_show_the_value(value_of: Callable[..., Any], sent: str) -> None:
    with pytest.raises(Refused) as refused:
        value_of('code("way", a)', CODES, a=sent)
    shown = refused.value.rejection
    assert sent not in repr(shown)
    assert sent[3 if sent.isascii() else 1 :] not in shown.value
    assert len(shown.value) <= 80
