"""Two names are one person's however they are written, and different people stay different."""

from __future__ import annotations

import pytest

from hub.supervision.persons import same_person


@pytest.mark.parametrize(
    "other",
    ["李四", "李四 (b2)", " 李四 ", "李 四", "李\u3000四 (b2)", "李\u200b四", "李四\u2060 (b2)", "李四\ufe00",
     "\uf9e1四", "李四（法制科）", "李四\u3164", "李四\t(b2)"],
)  # fmt: skip
def test_one_person_is_known_however_the_name_is_written(other: str) -> None:
    assert same_person("李四 (a1)", other)
    assert same_person(other, "李四 (a1)")


@pytest.mark.parametrize(
    ("one", "other"), [("李四 (a1)", "李四光 (a1)"), ("Li Si", "Li Ssi"), ("(甲)", "(乙)"), ("…", "!"), ("a", "")]
)
def test_different_people_stay_different(one: str, other: str) -> None:
    assert not same_person(one, other)


def test_latin_names_are_one_in_whatever_case_and_width() -> None:
    assert same_person("Li Si", "ＬＩ ＳＩ (b2)")


def test_two_keys_of_one_name_are_one_person_and_one_key_does_not_make_two_people_one() -> None:
    assert same_person("李四 (a1b2)", "李四 (c3d4)")
    assert not same_person("李四 (a1b2)", "王五 (a1b2)")
