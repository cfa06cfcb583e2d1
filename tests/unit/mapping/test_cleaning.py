"""Texts are cleaned as the mapping says, and an organisation's code is right or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.errors import Refused
from tests.unit.mapping.conftest import CASE

if TYPE_CHECKING:
    from collections.abc import Callable

USCC = "11321200014000028L"


@pytest.mark.parametrize(
    ("raw", "clean"), [("a\x00b\x1bc", "abc"), ("a\r\nb\tc", "a  b c"), ("\x07", None), ("甲\u3000乙", "甲\u3000乙")]
)
def test_control_characters_go_and_words_stay_apart(value_of: Callable[..., Any], raw: str, clean: str | None) -> None:
    assert value_of("drop_controls(a)", a=raw) == clean


@pytest.mark.parametrize(
    ("policy", "raw", "title"),
    [
        ("drop", "a\x00b\r\nc", "ab  c"),
        ("drop", "\x07", None),
        ("keep", "a\x1bb", "a\x1bb"),
        ("refuse", "a\nb\tc", "a\nb\tc"),
    ],
)
def test_control_characters_go_by_the_declared_policy(
    compiled: Callable[..., Any], policy: str, raw: str, title: str | None
) -> None:
    loaded = compiled(f"read: {{controls: {policy}, names: {{deep: a/b}}}}\n", case=CASE + "  title: deep\n")
    (event,) = loaded.map_record({"no": "1", "at": "2026-01-05", "a": {"b": raw}})
    assert event.data["case"].get("title") == title


@pytest.mark.parametrize("raw", ["a\x1bb", "\x00", "\x7f"])
def test_control_characters_refuse_the_record_where_that_is_declared(compiled: Callable[..., Any], raw: str) -> None:
    loaded = compiled("read: {controls: refuse}\n", case=CASE + "  title: deep\n")
    with pytest.raises(Refused) as refused:
        loaded.map_record({"no": "1", "at": "2026-01-05", "deep": raw})
    assert (refused.value.rejection.code, refused.value.rejection.path) == ("map.bad-text", "deep")


@pytest.mark.parametrize("raw", [USCC, f" {USCC.lower()} ", "\uff11" + USCC[1:], f"{USCC[:8]}-{USCC[8:]}"])
def test_a_credit_code_gets_its_one_spelling(value_of: Callable[..., Any], raw: str) -> None:
    assert value_of("organisation(a)", a=raw) == USCC


def test_an_old_organisation_code_loses_its_dash(value_of: Callable[..., Any]) -> None:
    assert value_of("organisation(a)", a="01400002-8") == USCC[8:17]


def test_an_absent_code_stays_absent(value_of: Callable[..., Any]) -> None:
    assert [value_of("organisation(a)", a=raw) for raw in (None, "", " ", "-")] == [None] * 4


@pytest.mark.parametrize("raw", [USCC[:-1] + "M", "123", "01400002-9", "x" * 10_000])
def test_a_wrong_check_digit_refuses_the_record(value_of: Callable[..., Any], raw: str) -> None:
    with pytest.raises(Refused) as refused:
        value_of("organisation(a)", a=raw)
    assert refused.value.rejection.code == "map.bad-organisation"
