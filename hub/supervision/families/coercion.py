"""Coercive measures 强制 (Compulsion Law 2012): 批准, 实施, 延长, 处理决定 or 解除, 结案."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.families.transition import Transition, move, within

if TYPE_CHECKING:
    from collections.abc import Mapping

COERCION: Final[Mapping[str, Transition]] = {
    "coercion.approved": move(0, ("", "imposed"), "approved", only_forward=True),
    "coercion.imposed": move(1, ("", "approved"), "imposed"),
    "coercion.extended": within(2, ("imposed",)),
    "coercion.decided": move(3, ("imposed",), "decided"),
    "coercion.lifted": move(4, ("imposed", "decided"), "lifted"),
    "coercion.closed": move(5, ("decided", "lifted"), "closed"),
}
"""In an emergency the approval follows within 24 hours (art. 19), so it may come after the measure."""
