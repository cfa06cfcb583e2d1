"""The complaint side of a connection: the mapping by which its department answers, and the one by which it is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured
from hub.mapping import load, load_outbound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.declaration import Declared
    from hub.mapping import CompiledMapping

PARTIES: Final = Path(__file__).parent / "parties"
"""Mappings of the suite's own centre, and of the other department that it plays."""

FLOW: Final = "complaints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Both mappings of a department, and those of the parties that the suite plays."""

    answers: CompiledMapping
    answers_file: Path
    orders: CompiledMapping
    centre: CompiledMapping
    other: CompiledMapping
    statuses: CompiledMapping

    @property
    def department(self) -> str:
        """Return the department that orders are for."""
        return min(self.orders.declaration.departments)

    @property
    def inbound(self) -> Sequence[CompiledMapping]:
        """Return the mappings that are to be registered beside the connection's own."""
        return (self.answers, self.centre, self.other)


def side_of(declared: Declared, mapping_file: Path, environment: Mapping[str, str]) -> Side | None:
    """Load what a declaration names beside its mapping; None where it has no complaints."""
    if FLOW not in declared.document["flows"]:
        return None
    named = declared.complaint_files
    answers_file, orders_file = (mapping_file.parent / named[name] for name in ("answers", "orders"))
    side = Side(
        answers=load(answers_file, environment=environment),
        answers_file=answers_file,
        orders=load_outbound(orders_file, environment=environment),
        centre=load(PARTIES / "centre.yaml", environment=environment),
        other=load(PARTIES / "other.yaml", environment=environment),
        statuses=load_outbound(PARTIES / "status.out.yaml", environment=environment),
    )
    if side.orders.declaration.of != "complaint-order" or len(side.orders.declaration.departments) != 1:
        problem = "complaints.orders is no mapping of complaint-order for one department"
        raise Misconfigured(
            Fault(code="ics.orders", problem=problem, file=str(orders_file), hint="see docs/conformance.md")
        )
    return side
