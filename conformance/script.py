"""The scripted cases 脚本办件: what a department's staff key in for a session, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.model import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RARE: Final = "䲡喆㐀𠮷😀Ａ"
"""Characters that GB 2312, GBK or the basic plane lack, an emoji and a full-width letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing to key in: on which working day of the session, from 0."""

    type: str
    day: int
    occurrence: str = ""
    stage: str = ""
    result: str = ""
    special: str = ""
    days: int = 0
    corrects: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """One scripted case: what it shows, what its title holds besides the marker, and its acts in order."""

    number: int
    shows: Words
    acts: Sequence[Act]
    title: str = ""
    files: int = 0
    """How many files are attached to it, names in Chinese among them."""
    needs: str = ""
    """The claim without which it is left out."""

    def case_no(self, session: str) -> str:
        """Return its number: the session's marker, which nothing else has."""
        return f"TST-{session}-{self.number:02d}"


def _life(start: int, *middle: Act, decide: int, result: str = "granted") -> tuple[Act, ...]:
    return (
        Act(type="case.received", day=start),
        Act(type="case.accepted", day=start + 1),
        *middle,
        Act(type="case.decided", day=decide, result=result),
        Act(type="case.closed", day=decide),
        Act(type="case.delivered", day=decide + 1),
    )


SCRIPT: Final[Sequence[Scripted]] = (
    Scripted(
        number=1,
        shows=Words(zh="完整生命周期", en="a whole life cycle"),
        acts=_life(
            0,
            Act(type="stage.completed", day=2, occurrence="10", stage="10"),
            Act(type="stage.completed", day=3, occurrence="20", stage="20"),
            decide=3,
        ),
    ),
    Scripted(number=2, shows=Words(zh="生僻字", en="rare characters"), acts=_life(0, decide=3), title=RARE),
    Scripted(
        number=3,
        shows=Words(zh="补正", en="a supplement"),
        acts=(
            Act(type="case.received", day=0),
            Act(type="case.supplement_requested", day=1, occurrence="1"),
            Act(type="case.supplement_received", day=3, occurrence="1"),
            Act(type="case.accepted", day=4),
            Act(type="case.decided", day=6, result="granted"),
            Act(type="case.closed", day=6),
            Act(type="case.delivered", day=7),
        ),
    ),
    Scripted(
        number=4,
        shows=Words(zh="特别程序", en="a special procedure"),
        acts=_life(
            0,
            Act(type="special.started", day=2, occurrence="1", special="expert_review"),
            Act(type="special.ended", day=5, occurrence="1", special="expert_review"),
            decide=7,
        ),
        needs="special_procedures",
    ),
    Scripted(
        number=5,
        shows=Words(zh="不予受理", en="not accepted"),
        acts=(Act(type="case.received", day=1), Act(type="case.not_accepted", day=2)),
    ),
    Scripted(
        number=6,
        shows=Words(zh="撤回", en="withdrawn"),
        acts=(
            Act(type="case.received", day=1),
            Act(type="case.accepted", day=2),
            Act(type="case.withdrawn", day=3),
        ),
    ),
    Scripted(
        number=7,
        shows=Words(zh="更正受理时间", en="the time of acceptance is corrected"),
        acts=(
            Act(type="case.received", day=1),
            Act(type="case.accepted", day=2),
            Act(type="case.corrected", day=4, occurrence="1", corrects="case.accepted"),
            Act(type="case.accepted", day=4, version=1),
            Act(type="case.decided", day=5, result="granted"),
            Act(type="case.closed", day=5),
            Act(type="case.delivered", day=6),
        ),
        needs="corrections",
    ),
    Scripted(number=8, shows=Words(zh="不予许可", en="denied"), acts=_life(2, decide=5, result="denied")),
    *(
        Scripted(
            number=9 + place, shows=Words(zh="普通办件", en="an ordinary case"), acts=_life(start, decide=start + 3)
        )
        for place, start in enumerate((1, 2, 3, 4, 4, 5))
    ),
    Scripted(
        number=15,
        shows=Words(zh="五个附件，文件名含中文", en="five files, with Chinese names"),
        acts=_life(1, decide=4),
        files=5,
        needs="attachments",
    ),
)
"""Fifteen cases over ten working days; then some without any, so that silence is told from zero."""

LAST_DAY: Final = 11
"""The last working day of the script's shadow window, counted from 0."""


def script_for(claims: Sequence[str]) -> Mapping[int, Scripted]:
    """Return the cases for a department that claims so much."""
    return {case.number: case for case in SCRIPT if not case.needs or case.needs in claims}
