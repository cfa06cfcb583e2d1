"""Public resources 公共资源 (招投标, 政府采购, 土地出让, 产权交易): 公告, 报名, 开标, 评审, 公示, 成交, 签约, 办结."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.families.transition import Transition, move, within

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPEN: Final = ("announced", "enrolled", "opened", "evaluated", "result_published")
_ANY: Final = (*_OPEN, "awarded", "contracted", "closed")

PUBLIC_RESOURCE: Final[Mapping[str, Transition]] = {
    "deal.announced": move(0, ("",), "announced"),
    "deal.registered": move(1, ("announced",), "enrolled"),
    "deal.opened": move(2, ("announced", "enrolled"), "opened"),
    "deal.evaluated": move(3, ("opened",), "evaluated"),
    "deal.result_published": move(4, ("opened", "evaluated", "awarded"), "result_published", only_forward=True),
    "deal.objection_raised": within(5, _ANY),
    "deal.objection_answered": within(6, _ANY),
    "deal.awarded": move(7, ("opened", "evaluated", "result_published"), "awarded"),
    "deal.failed": move(8, _OPEN, "terminated"),
    "deal.contract_signed": move(9, ("awarded",), "contracted"),
    "deal.closed": move(10, ("awarded", "contracted"), "closed"),
}
"""Land is awarded at the auction and published afterwards, so the publication may follow the award."""
