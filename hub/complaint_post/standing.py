"""How a complaint stands at one place of the ledger: which moves are in force, who handles it, when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.caselog import EMPTY, in_force, merge
from hub.supervision.families.holding import Holding, after
from hub.supervision.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.bench import Bench
    from hub.supervision.caselog import Fact
    from hub.supervision.fold import Case

FAMILY: Final = "complaint"

DISPATCHES: Final = frozenset({"complaint.dispatched", "complaint.redispatched"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One complaint as the ledger had it. `moves` are those in force, in the order of its life; none is marked."""

    case: Case
    moves: Sequence[Fact]

    def centres(self) -> Sequence[str]:
        """Return the centre that took it in, and those that it was transferred to, in order, each once."""
        first = (str(_about(fact)["centre_id"]) for fact in self.case.timeline if "centre_id" in _about(fact))
        passed = (named(fact, "centre_id") for fact in self.moves if fact.type == "complaint.transferred")
        return tuple(dict.fromkeys(name for name in (next(first, ""), *passed) if name))

    def lead(self, until: Fact | None = None) -> str:
        """Return the department that handles it, as it stands or as it stood before a move; empty: none does."""
        held = self.case.holding if until is None else self._before(until)
        return held.handler if held is not None else ""

    def sent_last(self, until: Fact) -> str:
        """Return the department that it was sent to last before a move, given back since or not; empty: none."""
        sent = [fact for fact in self.moves[: self.moves.index(until)] if fact.type in DISPATCHES]
        return named(sent[-1], "department_id") if sent else ""

    def designee(self, until: Fact) -> str:
        """Return the department that arbitration had chosen before a move; empty: none."""
        return self._before(until).designee

    def assisting(self, until: Fact) -> Sequence[str]:
        """Return the departments that assisted before a move, in order."""
        return sorted(self._before(until).assisting)

    def returns(self) -> int:
        """Count how often it was returned."""
        return self.case.holding.returns if self.case.holding is not None else 0

    def is_designated(self) -> bool:
        """Tell whether it may not be returned: its dispatch says so, or a decision before it."""
        return self.case.holding is not None and self.case.holding.designated

    def _before(self, until: Fact) -> Holding:
        """Return how it was held before a move, by the machine's own rules (hub/supervision/families/holding.py)."""
        held = Holding(centre=self.case.holding.centre if self.case.holding is not None else "")
        for fact in self.moves[: self.moves.index(until)]:
            held = after(held, fact)
        return held


def standing(facts: Iterable[Fact], bench: Bench) -> Standing | None:
    """Fold the facts of one complaint; None for what is no complaint, or of which nothing is in force."""
    held = in_force(merge(EMPTY, facts))
    if not held:
        return None
    case = fold(held, bench.calendar.zone, bench.practice(held))
    if case.family != FAMILY:
        return None
    marked = {anomaly.event_id for anomaly in case.anomalies}
    moves = [fact for fact in case.timeline if fact.type.startswith("complaint.") and fact.event_id not in marked]
    return Standing(case=case, moves=tuple(moves))


def named(fact: Fact, name: str) -> str:
    """Return what a move's `handling` says under a name; empty where it says nothing."""
    return str(fact.detail.get("handling", {}).get(name, ""))


def _about(fact: Fact) -> Mapping[str, Any]:
    about: Mapping[str, Any] = fact.attributes.get("complaint", {})
    return about
