"""Numbers that catch a slip of the pen, and secrets that are kept nowhere and tell nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.citizens.tracking import (
    ALPHABET,
    citizens_key,
    is_secret,
    number_for,
    number_in,
    secret_for,
)
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

KEY, OTHER = b"k" * 32, b"o" * 32
NUMBERS = [number_for(KEY, str(nonce)) for nonce in range(40)]


def test_the_same_form_gives_the_same_number_and_another_key_or_form_another() -> None:
    assert number_for(KEY, "a") == number_for(KEY, "a")
    assert len({number_for(KEY, "a"), number_for(KEY, "b"), number_for(OTHER, "a")}) == 3
    assert len(set(NUMBERS)) == len(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS[:5])
def test_a_number_is_read_however_it_is_written(number: str) -> None:
    plain = number.replace("-", "")
    wide = "".join(chr(ord(char) + 0xFEE0) for char in plain)
    for written in (number, plain, number.lower(), f"  {plain[:4]} {plain[4:]}。", wide, number.replace("0", "O", 1)):
        assert number_in(written) == number, written


def test_one_wrong_character_or_two_swapped_are_noticed() -> None:
    unnoticed = []
    for number in NUMBERS[:8]:
        plain = number[2:].replace("-", "")
        wrong = [plain[:i] + c + plain[i + 1 :] for i in range(12) for c in ALPHABET if c != plain[i]]
        wrong += [plain[:i] + plain[i + 1] + plain[i] + plain[i + 2 :] for i in range(11) if plain[i] != plain[i + 1]]
        unnoticed += [each for each in wrong if number_in("TS" + each)]
    assert unnoticed == []


@pytest.mark.parametrize(
    "text", ["", "TS", "12345", "SJ2026-00001", "TS-WMW2-8M3D-WCQ8-1", "TS-" + "𠮷" * 12, "x" * 500]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_in(text) == ""


def test_a_secret_opens_one_thing_of_one_kind_under_one_key() -> None:
    secret = secret_for(KEY, "complaint", "A")
    assert is_secret(KEY, "complaint", "A", secret)
    assert is_secret(KEY, "complaint", "A", secret.lower().replace("-", " "))
    for key, kind, name in ((OTHER, "complaint", "A"), (KEY, "case", "A"), (KEY, "complaint", "B")):
        assert not is_secret(key, kind, name, secret)
    for wrong in ("", "0" * 12, secret[:-1], secret + "0", "密" * 12, "\x00"):
        assert not is_secret(KEY, "complaint", "A", wrong)


def test_the_hub_makes_the_key_once_and_an_outer_site_must_be_given_it(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"copy keys/citizens\.key"):
        citizens_key(tmp_path, makes=False)
    made = citizens_key(tmp_path / "keys")
    assert (len(made), citizens_key(tmp_path / "keys"), citizens_key(tmp_path / "keys", makes=False)) == (
        32,
        made,
        made,
    )
