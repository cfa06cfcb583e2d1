"""How a due date came about is told in Chinese too, whatever the reason."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.derivations import in_chinese
from hub.supervision.calendar import WorkCalendar
from hub.supervision.deadline import Adjustment, adjusted, end_of_day
from tests.support.casework import at, judged
from tests.support.town import TOWN, TRIALS, Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

CALENDAR = WorkCalendar()


def sentences(trial: Trial) -> Iterator[str]:
    for facts in (trial.facts, trial.near, [*trial.facts, *trial.excuse]):
        for clock in judged(*facts, horizon=f"2026-{trial.horizon}T01:00:00", catalogue=TOWN).clocks:
            yield from clock.row.derivation


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.rule)
def test_every_sentence_about_the_cases_of_a_rule_is_said_in_chinese(trial: Trial) -> None:
    for sentence in sentences(trial):
        said = in_chinese(sentence)
        assert said != sentence, "it is of no known form"
        assert said.endswith("。")
        assert not re.search(r"\b(due|limit|days|working|from|with|catalogue|version|art)\b", said), said


def spoken(word: str, *, kind: str = "pause", until: datetime | None = None, lawful: bool = True, day: int = 10) -> str:
    due = end_of_day(CALENDAR, date(2026, 3, 18), provisional=False)
    more = {"days": 10, "unit": "working_day"} if kind == "extension" else {}
    beginning = at(f"2026-03-{day}T09:00:00")
    change = Adjustment(kind=kind, at=beginning, until=until, word=word, lawful=lawful, **more)  # type: ignore[arg-type]
    (note,) = adjusted(CALENDAR, due, [change]).notes
    return in_chinese(note)


def test_what_moved_a_limit_is_named_in_chinese() -> None:
    special = "Special procedure 特别程序 testing"
    assert spoken(special) == "特别程序（检测）尚未结束，暂停计时。"
    ended = spoken(f"{special}, Hearing 听证", until=at("2026-03-12T09:00:00"))
    assert ended == "特别程序（检测）、听证 2026-03-10 至 2026-03-12，顺延2个工作日：到期 2026-03-20 24:00。"
    assert spoken("Special procedure 特别程序 other", lawful=False).startswith(
        "特别程序（其他）不在《行政许可法》第45条"
    )
    assert spoken("Extension 延长审批", kind="extension") == "延长审批，延长10个工作日：到期 2026-04-01 24:00。"
    assert spoken(special, day=20) == "特别程序（检测）在时限届满之后，不改变时限。"


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Starts with case.accepted 受理 on 2026-03-02; that day is not counted.",
         "自2026-03-02“受理”起算，当日不计。"),
        ("Limit 20 working days by 《行政许可法》 art. 42: due 2026-03-30 24:00.",
         "时限20个工作日（《行政许可法》第42条）：到期 2026-03-30 24:00。"),
        ("Limit 5 working days by 职权目录 catalogue M-1 version 2: due 2026-03-09 24:00.",
         "时限5个工作日（职权目录 M-1 第2版）：到期 2026-03-09 24:00。"),
        ("Limit 1 working days by 投诉: signed for in 1 working day: due 2026-11-30 24:00.",
         "时限1个工作日（投诉规则）：到期 2026-11-30 24:00。"),
        ("They agree; governed by reported promised_due_at: 2026-03-09 24:00.",
         "各项一致，以部门报送的到期时间为准：2026-03-09 24:00。"),
        ("3 working days after 2026-03-02: due 2026-03-05 24:00.",
         "自 2026-03-02 起3个工作日：到期 2026-03-05 24:00。"),
        ("Order 1 names 2026-03-05 as its last day.", "第1次督办限 2026-03-05 前完成。"),
        ("something else", "something else"),
    ],
)  # fmt: skip
def test_a_sentence_says_the_same_in_chinese(sentence: str, said: str) -> None:
    assert in_chinese(sentence) == said
