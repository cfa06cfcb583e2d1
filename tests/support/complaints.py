"""Lives of complaints for tests: a centre, departments, and moves an hour apart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.caselog import EMPTY, merge
from hub.supervision.catalogue import Catalogue
from hub.supervision.judge import judge
from tests.support.casework import CALENDAR, DEPARTMENT, a_fact, at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.supervision.caselog import Fact
    from hub.supervision.judge import Judgement

CENTRE, HANDLER, ASSISTING, STRANGER = DEPARTMENT, "1132120001400001XL", "11321200014000036F", "11321200014000044A"
OTHER_CENTRE: Final = "11321200014000052P"
BEGAN: Final = at("2026-03-02T09:00:00")

MOVES: Final[Mapping[str, Mapping[str, Any]]] = {
    "transferred": {"centre_id": "mayor"},
    "dispatched": {"department_id": HANDLER},
    "redispatched": {"department_id": HANDLER},
    "arbitrated": {"department_id": HANDLER, "designated": True},
    "assist_asked": {"department_id": ASSISTING},
    "returned": {"reason": "不属于本单位职责", "basis": "热线办法第九条"},
    "extension_requested": {"reason": "需现场检测", "staff_code": "H1", "limit": {"n": 3, "unit": "working_day"}},
    "extension_refused": {"reason": "无正当理由"},
    "extended": {"approved_by": "C1", "limit": {"n": 3, "unit": "working_day"}},
    "not_accepted": {"reason": "已进入诉讼程序"},
    "replied": {"reply": "已整改", "outcome": "substantiated"},
}
"""What a well-formed move says; the others need say nothing."""

TO_SIGNED: Final = "registered accepted dispatched assist_asked signed"


def told(name: str, hour: int, actor: str = CENTRE, **said: Any) -> Fact:
    """Return a move of a complaint, `hour` hours after its registration."""
    about = {"channel": "hotline", "kind": "complaint", "track": "hotline", "centre_id": "hotline"}
    about |= said.pop("complaint", {})
    case = {"family": "complaint", "department_id": actor, "complaint": about}
    more = {"refers_to": said.pop("refers_to", "2026-0009")} if name == "linked" else {}
    handling = {**MOVES.get(name, {}), **said}
    when = (BEGAN + timedelta(hours=hour)).isoformat()
    fields = {**more, **({"handling": handling} if handling else {})}
    return a_fact(f"complaint.{name}", when, occurrence=f"{actor} {hour}", case=case, **fields)


def life(names: str, **about: Any) -> list[Fact]:
    """Return a life of moves that the centre reports, one an hour."""
    return [told(name, hour, **({"complaint": about} if about else {})) for hour, name in enumerate(names.split())]


def verdict(facts: Sequence[Fact], now: str = "") -> Judgement:
    """Judge a complaint; without `now` nothing is overdue."""
    horizon = at(now) if now else None
    return judge(merge(EMPTY, facts), catalogue=Catalogue([]), calendar=CALENDAR, horizon=horizon)


def clock(judged: Judgement, kind: str) -> Any:
    """Return the first clock of a kind."""
    return next(each for each in judged.clocks if each.row.kind == kind)
