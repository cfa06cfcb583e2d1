"""What one event type does to a case: from which states it is lawful, by whom, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.supervision.caselog import Fact
    from hub.supervision.families.holding import Holding


DISORDER: Final = "R21"
"""The rule on events that stand where they may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A condition of a move besides the state: where it is not met the move is kept, marked and of no effect."""

    expected: str
    """What is asked for, in words."""
    zh: str = ""
    holds: Callable[[Fact, Holding], bool]
    rule: str = DISORDER
    """The rule that speaks where it is not met."""
    is_of_state: bool = False
    """Whether it can be told before the move is made: it hangs on how the case stands alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """What one event type does. `sources` None: lawful from any state; `target` None: leaves the state as it is.

    `rank` orders events of the same instant as a case lives through them. `simplified` are further states from which
    it is lawful in a simplified procedure 简易程序. `only_forward`: it never leads back from a state further along.
    """

    rank: int
    sources: frozenset[str] | None = None
    target: str | None = None
    simplified: frozenset[str] = frozenset()
    only_forward: bool = False
    by: frozenset[str] = frozenset()
    """Roles that may make it, in families in which several departments speak of one case."""
    guards: tuple[Guard, ...] = ()
    only_lawful: bool = False
    """Out of its order it has no effect at all, unless it leads forward."""


UNKNOWN: Final = Transition(rank=999)
"""Stands for a type outside every table: it moves nothing and comes last."""


def move(rank: int, sources: tuple[str, ...], target: str, *, only_forward: bool = False) -> Transition:
    """Return a move that is lawful from `sources`."""
    return Transition(rank=rank, sources=frozenset(sources), target=target, only_forward=only_forward)


def within(rank: int, sources: tuple[str, ...]) -> Transition:
    """Return an event that is lawful in `sources` and leaves the state as it is."""
    return Transition(rank=rank, sources=frozenset(sources))


def made_by(roles: frozenset[str], transition: Transition, *guards: Guard, only_lawful: bool = False) -> Transition:
    """Return a transition that only `roles` make, and under conditions."""
    return replace(transition, by=roles, guards=guards, only_lawful=only_lawful)
