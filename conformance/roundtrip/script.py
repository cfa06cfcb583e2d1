"""The scripted complaints 脚本投诉: what the suite's centre does, and what the department's staff are asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from conformance.model import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CENTRE: Final = "suite.centre"
CENTRE_DEPARTMENT: Final = "11321200014009006D"
OTHER: Final = "suite.other"
OTHER_DEPARTMENT: Final = "113212000140090148"

CANARY: Final = "欧阳暗记"
"""Name of the complainant who asks to stay unknown: it must reach nobody who handles the complaint."""

CANARY_PHONE: Final = "13955557777"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move of the centre, or of the other department: on a working day at the earliest, counted from 0.

    It waits until `after` moves of the department under test are there. `to` is whom it names: the department under
    test (`it`), the other (`other`), or nobody.
    """

    type: str
    day: int
    after: int = 0
    by: str = CENTRE
    to: str = ""
    occurrence: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)
    extension: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One thing that the department's staff do, on which working day; `said` in the words of `handling`."""

    type: str
    day: int
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedComplaint:
    """One scripted complaint."""

    key: str
    number: int
    shows: Words
    moves: Sequence[Move]
    duties: Sequence[Duty]
    about: Mapping[str, Any] = field(default_factory=dict)

    def case_no(self, session: str) -> str:
        """Return its number at the centre: the session's marker, and C for complaint."""
        return f"TST-{session}-C{self.number}"


REASON: Final = "不属于本部门职责"
BASIS: Final = "市政府部门职责清单第三章"
_REPLY: Final = {"outcome": "substantiated", "reply": "经现场核实，情况属实，已整改。"}


def _sent(to: str = "it") -> tuple[Move, ...]:
    return (
        Move(type="complaint.registered", day=1),
        Move(type="complaint.accepted", day=1),
        Move(type="complaint.dispatched", day=1, to=to),
    )


def _ended(day: int, after: int, occurrence: str = "1") -> tuple[Move, ...]:
    return (
        Move(
            type="complaint.followed_up",
            day=day,
            after=after,
            occurrence=occurrence,
            said={"reached": True, "solved": True, "satisfaction": "5"},
        ),
        Move(type="complaint.closed", day=day, after=after),
    )


def _begun(day: int) -> tuple[Duty, ...]:
    return (Duty(type="complaint.signed", day=day), Duty(type="complaint.started", day=day))


COMPLAINTS: Final[Sequence[ScriptedComplaint]] = (
    ScriptedComplaint(
        key="whole",
        number=1,
        shows=Words(zh="签收、承办、答复", en="signed for, taken up, answered"),
        moves=(*_sent(), *_ended(4, 3)),
        duties=(*_begun(1), Duty(type="complaint.replied", day=3, said=_REPLY)),
    ),
    ScriptedComplaint(
        key="returned",
        number=2,
        shows=Words(zh="退单两次，仲裁后承办", en="returned twice, taken up once it is designated"),
        moves=(
            *_sent(),
            Move(type="complaint.redispatched", day=2, after=1, to="it", occurrence="1"),
            Move(type="complaint.arbitrated", day=3, after=2, to="it", occurrence="1", said={"designated": True}),
            Move(
                type="complaint.redispatched",
                day=3,
                after=2,
                to="it",
                occurrence="2",
                said={"designated": True},
            ),
            *_ended(5, 5),
        ),
        duties=(
            Duty(type="complaint.returned", day=1, said={"reason": REASON, "basis": BASIS}),
            Duty(type="complaint.returned", day=2, said={"reason": REASON, "basis": BASIS}),
            *_begun(3),
            Duty(type="complaint.replied", day=4, said=_REPLY),
        ),
    ),
    ScriptedComplaint(
        key="extended",
        number=3,
        shows=Words(zh="申请延期三个工作日，批准后答复", en="three more working days asked for and granted"),
        moves=(
            *_sent(),
            Move(
                type="complaint.extended",
                day=3,
                after=3,
                occurrence="1",
                said={"approved_by": "分管主任（职务）"},
                extension={"n": 3, "unit": "working_day", "approved_by": "分管主任（职务）"},
            ),
            *_ended(8, 4),
        ),
        duties=(
            *_begun(1),
            Duty(
                type="complaint.extension_requested",
                day=2,
                said={"reason": "需现场勘查", "limit": {"n": 3, "unit": "working_day"}},
            ),
            Duty(type="complaint.replied", day=7, said=_REPLY),
        ),
    ),
    ScriptedComplaint(
        key="silent",
        number=4,
        shows=Words(zh="不签收、不办理（检验告警）", en="left alone, so that the alarm shows"),
        moves=_sent(),
        duties=(),
    ),
    ScriptedComplaint(
        key="assisted",
        number=5,
        shows=Words(zh="协办", en="another department is assisted"),
        moves=(
            *_sent("other"),
            Move(type="complaint.signed", day=1, by=OTHER),
            Move(type="complaint.started", day=1, by=OTHER),
            Move(
                type="complaint.assist_asked",
                day=2,
                to="it",
                occurrence="1",
                said={"limit": {"n": 2, "unit": "working_day"}, "reason": "请核实产权"},
            ),
            Move(type="complaint.replied", day=4, after=1, by=OTHER, occurrence="1", said=_REPLY),
            *_ended(5, 1),
        ),
        duties=(Duty(type="complaint.assisted", day=3, said={"reply": "产权清晰，无争议。"}),),
    ),
    ScriptedComplaint(
        key="reworked",
        number=6,
        shows=Words(zh="回访不满意，退回重办", en="not satisfied, done again"),
        moves=(
            *_sent(),
            Move(
                type="complaint.followed_up",
                day=3,
                after=3,
                occurrence="1",
                said={"reached": True, "solved": False, "satisfaction": "2"},
            ),
            Move(type="complaint.reworked", day=3, after=3, occurrence="1", said={"reason": "问题依旧"}),
            *_ended(6, 4, "2"),
        ),
        duties=(
            *_begun(1),
            Duty(type="complaint.replied", day=2, said=_REPLY),
            Duty(type="complaint.replied", day=5, said=_REPLY),
        ),
    ),
    ScriptedComplaint(
        key="shielded",
        number=7,
        shows=Words(zh="投诉人要求保密", en="the complainant asks to stay unknown"),
        moves=(*_sent(), *_ended(3, 3)),
        duties=(*_begun(1), Duty(type="complaint.replied", day=2, said=_REPLY)),
        about={"confidential": True},
    ),
)
"""Seven complaints over eight working days."""

BY_KEY: Final[Mapping[str, ScriptedComplaint]] = {each.key: each for each in COMPLAINTS}
