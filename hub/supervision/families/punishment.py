"""Penalties 处罚 (Penalty Law 2021): 受案, 立案, 调查, 法制审核, 告知, [听证], 决定, 送达, 执行, 结案."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hub.supervision.families.transition import Transition, move, within

if TYPE_CHECKING:
    from collections.abc import Mapping

_BEFORE: Final = ("filed", "investigated", "notified", "hearing", "heard")
"""States of a case that is filed and not decided."""

_AFTER: Final = ("decided", "served", "executed", "closed")
_ON_THE_SPOT: Final = frozenset({"", "registered"})
"""A simplified procedure decides at once (art. 51)."""

PUNISHMENT: Final[Mapping[str, Transition]] = {
    "clue.registered": move(0, ("",), "registered"),
    "penalty.filed": move(1, ("", "registered"), "filed"),
    "penalty.investigated": move(2, ("filed",), "investigated"),
    "penalty.notified": move(3, ("filed", "investigated", "notified"), "notified"),
    "hearing.requested": move(4, ("notified",), "hearing"),
    "hearing.held": move(5, ("notified", "hearing"), "heard"),
    "penalty.legal_reviewed": within(6, _BEFORE),
    "penalty.extended": within(7, _BEFORE),
    "special.started": within(8, _BEFORE),
    "special.ended": within(9, _BEFORE),
    "penalty.decided": replace(move(10, _BEFORE, "decided"), simplified=_ON_THE_SPOT),
    "penalty.dismissed": replace(move(11, _BEFORE, "decided"), simplified=_ON_THE_SPOT),
    "penalty.transferred": move(12, ("registered", *_BEFORE), "terminated"),
    "penalty.collected": within(13, _AFTER),
    "penalty.deposited": within(14, _AFTER),
    "penalty.served": move(15, ("decided",), "served"),
    "penalty.executed": move(16, ("decided", "served"), "executed"),
    "penalty.published": within(17, _AFTER),
    "penalty.closed": move(18, ("decided", "served", "executed"), "closed"),
    "penalty.revoked": move(19, _AFTER, "revoked"),
}
"""The review by the legal office stands anywhere between filing and decision: the law asks that it precedes the
decision (art. 58), not that it precedes the notice."""
