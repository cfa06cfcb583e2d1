"""Who is told of which move of a complaint: the departments that handle it of orders, its centres of statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hub.complaint_post.standing import DISPATCHES, named
from hub.views import is_report_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.complaint_post.standing import Standing
    from hub.supervision.caselog import Fact

LEAD: Final = "lead"
ASSIST: Final = "assist"

_TO_NAMED: Final = DISPATCHES | {"complaint.arbitrated"}
_TO_ONE: Final = frozenset({"complaint.extended", "complaint.extension_refused", "complaint.reworked"})
"""For the department that the move names; for the one that handles it where it names none."""

_TO_ALL: Final = frozenset({"complaint.transferred", "complaint.linked", "complaint.withdrawn", "complaint.closed"})
"""For everybody who works on it: nothing more is owed, or it goes on elsewhere."""


class Address(NamedTuple):
    """One move for one receiver: told once, until it changes."""

    event_id: str
    receiver: str
    role: str = ""
    """lead or assist, of an order."""


def orders(standing: Standing, departments: Collection[str]) -> Mapping[Address, Fact]:
    """Return the orders that stand, for these departments, in the order of the complaint's life."""
    return {
        Address(fact.event_id, receiver, role): fact
        for fact in standing.moves
        for receiver, role in _ordered(standing, fact)
        if receiver in departments
    }


def _ordered(standing: Standing, fact: Fact) -> Iterator[tuple[str, str]]:
    """Yield the departments that a move is an order for, each with its role."""
    lead = standing.lead(fact)
    if fact.type in _TO_NAMED:
        chosen = named(fact, "department_id") or standing.designee(fact)
        yield chosen, LEAD
        if fact.type == "complaint.arbitrated" and standing.sent_last(fact) not in ("", chosen):
            yield standing.sent_last(fact), LEAD
    elif fact.type == "complaint.assist_asked":
        yield named(fact, "department_id"), ASSIST
    elif fact.type == "complaint.assisted":
        yield lead, LEAD
    elif fact.type in _TO_ONE:
        one = named(fact, "department_id") or lead
        yield one, LEAD if one == lead else ASSIST
    elif fact.type in _TO_ALL:
        yield lead, LEAD
        yield from ((each, ASSIST) for each in standing.assisting(fact) if each != lead)


def statuses(
    standing: Standing, centres: Mapping[str, str], *, echo: bool, run_by: Mapping[str, str]
) -> Mapping[Address, Fact]:
    """Return the statuses that stand for these centres, each with the connection by which it reports itself.

    A centre is not told what it said itself, unless it wants the echo; of a transfer the other centre is told. Of a
    report 举报 none is that is run, as `run_by` has it, by the unit that it speaks of (Petition Regulation art. 30).
    """
    first, *passed = standing.centres() or ("",)
    told = [first, *(each for each in passed if not is_report_of(standing.case.attributes, run_by.get(each, "")))]
    return {
        Address(fact.event_id, centre): fact
        for fact in standing.moves
        for centre in told
        if centre in centres and (echo or not centres[centre] or fact.connection_id != centres[centre])
    }
