"""Check digits are those of the standards: one digit changed, or two neighbours swapped, is no longer a number."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.organisations import is_citizen_id, is_organisation, is_organisation_code, is_uscc

USCCS = ("11321200014000028L", "1132120001400001XL")
CITIZENS = ("321202189912310011", "321282180010100024")
ALPHANUMERIC = string.digits + string.ascii_uppercase


@pytest.mark.parametrize("code", USCCS)
def test_the_fixture_values_of_the_standard_hold(code: str) -> None:
    assert is_uscc(code)
    assert is_organisation_code(code[8:17])
    assert is_organisation(code)
    assert is_organisation(code[8:17])


@pytest.mark.parametrize("number", CITIZENS)
def test_the_fixture_citizens_hold(number: str) -> None:
    assert is_citizen_id(number)


def test_a_right_check_digit_does_not_save_an_impossible_birthday() -> None:
    assert not is_citizen_id("321281190002290019")


def changed(code: str, place: int, char: str) -> str:
    return code[:place] + char + code[place + 1 :]


@given(st.sampled_from(USCCS), st.integers(0, 17), st.sampled_from(ALPHANUMERIC))
def test_one_character_changed_is_no_credit_code(code: str, place: int, char: str) -> None:
    assert is_uscc(changed(code, place, char)) == (code[place] == char)


@given(st.sampled_from([code[8:17] for code in USCCS]), st.integers(0, 8), st.sampled_from(string.digits))
def test_one_digit_changed_is_no_organisation_code(code: str, place: int, char: str) -> None:
    assert is_organisation_code(changed(code, place, char)) == (code[place] == char)


@given(st.sampled_from(CITIZENS), st.integers(0, 17), st.sampled_from(string.digits + "X"))
def test_one_character_changed_is_no_citizen(number: str, place: int, char: str) -> None:
    assert is_citizen_id(changed(number, place, char)) == (number[place] == char)


@given(st.sampled_from(CITIZENS), st.integers(0, 16))
def test_two_neighbours_swapped_are_no_citizen(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert is_citizen_id(swapped) == (swapped == number)


@pytest.mark.parametrize("code", [*USCCS, *CITIZENS])
@pytest.mark.parametrize("around", ["{}\n", " {}", "{} ", "{}0", "0{}"])
def test_nothing_may_stand_around_a_code(code: str, around: str) -> None:
    written = around.format(code)
    assert not is_organisation(written)
    assert not is_citizen_id(written)


@pytest.mark.parametrize("code", USCCS)
def test_a_code_is_in_capitals_and_half_width(code: str) -> None:
    wide = code.translate({ord(char): ord(char) + 0xFEE0 for char in ALPHANUMERIC})
    assert not is_organisation(code.lower())
    assert not is_organisation(wide)
    assert not is_citizen_id(CITIZENS[0].translate({ord(char): ord(char) + 0xFEE0 for char in string.digits}))


@given(st.text(max_size=20))
def test_any_text_has_a_verdict(text: str) -> None:
    assert is_organisation(text) in {True, False}
    assert is_citizen_id(text) in {True, False}
