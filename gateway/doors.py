"""Decides which of the console's pages somebody may open, and which of them is their first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.identity import Identity


@dataclass(frozen=True, slots=True)
class Door:
    """One page of the navigation, and the scopes of which each opens it."""

    href: str
    zh: str
    en: str
    scopes: tuple[str, ...]


DOORS: Final = (
    Door("/", "总览", "Overview", ("cases:read",)),
    Door("/cases", "办件", "Cases", ("cases:read",)),
    Door("/alerts", "预警", "Alerts", ("alerts:read",)),
    Door("/complaints", "投诉", "Complaints", ("complaints:centre", "complaints:handle")),
    Door("/coverage", "覆盖", "Coverage", ("cases:read",)),
    Door("/statistics", "统计", "Statistics", ("cases:read",)),
    Door("/scores", "绩效", "Scores", ("scores:read",)),
    Door("/conformance", "认证", "Certification", ("conformance:read",)),
    Door("/quarantine", "隔离区", "Quarantine", ("quarantine:read",)),
)
"""Every page that is one click away, as its route is guarded."""


def open_to(who: Identity | None) -> Sequence[Door]:
    """Return the doors that somebody may open, in their order; none before they have logged in."""
    return [door for door in DOORS if who is not None and any(who.may(scope) for scope in door.scopes)]


def first_of(who: Identity | None) -> str:
    """Return the page that somebody begins with: the overview where they may see it, else what they may."""
    if who is not None and who.kind == "connection" and who.may("records:write"):
        return f"/desk/{who.name}"
    return next((door.href for door in open_to(who)), "/")
