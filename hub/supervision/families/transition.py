"""What one event type does to a case: from which states it is lawful, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


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


UNKNOWN: Final = Transition(rank=999)
"""Stands for a type outside every table: it moves nothing and comes last."""


def move(rank: int, sources: tuple[str, ...], target: str, *, only_forward: bool = False) -> Transition:
    """Return a move that is lawful from `sources`."""
    return Transition(rank=rank, sources=frozenset(sources), target=target, only_forward=only_forward)


def within(rank: int, sources: tuple[str, ...]) -> Transition:
    """Return an event that is lawful in `sources` and leaves the state as it is."""
    return Transition(rank=rank, sources=frozenset(sources))
