"""Who holds a complaint: its centre, the department it is dispatched to, those that assist; and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from hub.model.values import ComplaintRole
from hub.views import is_report, is_report_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hub.supervision.caselog import Fact

CENTRE: Final = "centre"
HANDLER: Final = "handler"
ASSISTING: Final = "assisting"
ORIGIN: Final = "origin"
"""The centre that took it in: the complainant goes on speaking through it, whoever has the complaint by now."""

RETURNS: Final = 1
"""Times a complaint may be returned before it is arbitrated, where R63 says nothing else."""

_OWNING: Final = ("complaint.registered", "complaint.accepted", "complaint.not_accepted", "complaint.dispatched")
"""What a centre alone says, best first: whose complaint it is follows from the first of them that was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What a city lays down for its complaints: how often one may be returned (R63), and who takes reports 举报."""

    returns: int = RETURNS
    bodies: frozenset[str] | None = None
    """The discipline-inspection and supervisory bodies to which alone reports go, never to ordinary dispatch (Petition
    Regulation 2022, art. 30). None: that is not asked here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How a complaint stands among departments after its moves so far. Departments are named by their ids."""

    centre: str
    origin: str = ""
    """The centre that took it in, where it was passed on."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What it is about: the case's `complaint`."""
    handler: str = ""
    """Whom it is dispatched to; empty before, and after a return."""
    designee: str = ""
    """Whom arbitration designates, until it is dispatched again."""
    centre_id: str = ""
    """The centre that has it, as centres are named."""
    assisting: frozenset[str] = frozenset()
    returns: int = 0
    practice: Practice = Practice()
    designated: bool = False
    """Whoever is designated may not return it."""
    request: Fact | None = None
    """The extension asked for and not yet decided."""

    @property
    def is_report(self) -> bool:
        """Tell whether it is a report 举报, which its respondent must not learn of."""
        return is_report({"complaint": self.about})

    def takes_reports(self, department: str) -> bool:
        """Tell whether reports 举报 go to a department."""
        return department in (self.practice.bodies or ())

    def is_about(self, department: str) -> bool:
        """Tell whether it is a report of this department, which must not learn of it (Petition Regulation art. 30)."""
        return is_report_of({"complaint": self.about}, department)

    def roles(self, department: str) -> frozenset[str]:
        """Return what a department is to the complaint."""
        held = {
            CENTRE: department == self.centre,
            HANDLER: bool(department) and department == self.handler,
            ASSISTING: department in self.assisting,
            ORIGIN: bool(department) and department == self.origin,
        }
        return frozenset(role for role, is_so in held.items() if is_so)


def roles_in(case_id: str, holding: Holding | None) -> Sequence[ComplaintRole]:
    """Return what every department is to a complaint; nothing where it is none."""
    if holding is None:
        return ()
    held = [(holding.centre, CENTRE), (holding.handler, HANDLER), *((each, ASSISTING) for each in holding.assisting)]
    return [ComplaintRole(case_id=case_id, department_id=each, role=role) for each, role in sorted(set(held)) if each]


def owner_of(facts: Sequence[Fact]) -> str:
    """Return the department whose complaint it is: that of the registration which was ledgered first.

    Where none is reported, of the first other move that a centre alone makes; else of the first fact.
    """
    for kind in _OWNING:
        said = [fact for fact in facts if fact.type == kind]
        if said:
            return min(said, key=lambda fact: (fact.ledgered_at, fact.occurred_at, fact.event_id)).department_id
    return facts[0].department_id


def centres_of(facts: Sequence[Fact], owner: str) -> frozenset[str]:
    """Return the departments that have been its centre: the owner, and whom one of them passed it to."""
    found = {owner}
    for fact in facts:
        if fact.type == "complaint.transferred" and fact.department_id in found and named(fact):
            found.add(named(fact))
    return frozenset(found)


def named(fact: Fact) -> str:
    """Return the department that a move names."""
    return str(said(fact).get("department_id", ""))


def said(fact: Fact) -> Mapping[str, Any]:
    """Return what a move says of the handling."""
    handling: Mapping[str, Any] = fact.detail.get("handling", {})
    return handling


def staff_of(fact: Fact) -> frozenset[str]:
    """Return the persons that a move names as acting."""
    names = (said(fact).get("staff_code"), fact.detail.get("operator", {}).get("staff_code"))
    return frozenset(name for name in names if name)


def after(holding: Holding, fact: Fact) -> Holding:
    """Return how a complaint is held after a move that is in force."""
    change = _CHANGES.get(fact.type)
    return change(holding, fact) if change else holding


def _sent(holding: Holding, fact: Fact) -> Holding:
    designated = holding.designated or said(fact).get("designated") is True
    handler = named(fact) or holding.designee or holding.handler
    return replace(holding, handler=handler, designee="", designated=designated, request=None)


def _returned(holding: Holding, _: Fact) -> Holding:
    return replace(holding, handler="", returns=holding.returns + 1, request=None)


def _arbitrated(holding: Holding, fact: Fact) -> Holding:
    return replace(holding, handler="", designee=named(fact), designated=True, request=None)


def _assist_asked(holding: Holding, fact: Fact) -> Holding:
    return replace(holding, assisting=holding.assisting | {named(fact)})


def _transferred(holding: Holding, fact: Fact) -> Holding:
    """Pass it on: nobody works on it any more; what one centre designated binds no other. Returns are not undone."""
    centre, name = named(fact) or holding.centre, str(said(fact).get("centre_id", ""))
    return replace(
        holding, centre=centre, origin=holding.origin or holding.centre, centre_id=name, handler="", designee="",
        designated=False, assisting=frozenset(), request=None,
    )  # fmt: skip


def _requested(holding: Holding, fact: Fact) -> Holding:
    return replace(holding, request=fact)


def _decided(holding: Holding, _: Fact) -> Holding:
    return replace(holding, request=None)


_CHANGES: Final[Mapping[str, Callable[[Holding, Fact], Holding]]] = {
    "complaint.dispatched": _sent,
    "complaint.redispatched": _sent,
    "complaint.returned": _returned,
    "complaint.arbitrated": _arbitrated,
    "complaint.assist_asked": _assist_asked,
    "complaint.transferred": _transferred,
    "complaint.extension_requested": _requested,
    "complaint.extension_refused": _decided,
    "complaint.extended": _decided,
}


def deeply(merged: Mapping[str, Any], facts: Iterable[Fact]) -> Mapping[str, Any]:
    """Add what every fact says of the complaint: a later one that says less does not take back what it leaves out."""
    about: dict[str, Any] = {}
    for fact in facts:
        about.update(fact.attributes.get("complaint", {}))
    return {**merged, "complaint": about} if about else merged
