"""As whom people act on certificates, and which acts need two of them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured
from hub.supervision.persons import is_name, same_person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.certificate.issue import Approval

DUTIES: Final[Mapping[str, tuple[str, ...]]] = {
    "certify": ("business", "technical"),
    "renew": ("business", "technical"),
    "suspend": ("supervisor",),
    "reinstate": ("supervisor", "reviewer"),
    "revoke": ("supervisor", "reviewer"),
}
"""As whom people act. Whatever gives a right, or takes one away for good, needs two of them, who are not the same."""

RULES: Final = "sunlight"
"""In whose name the criteria act: nobody's but the published rules'."""


def check_people(duty: str, people: Sequence[Approval]) -> None:
    """Raise Misconfigured unless those who act are named, say why, and are as many and different as the act needs."""
    roles, names = DUTIES[duty], [each.by.strip() for each in people]
    if sorted(each.role for each in people) != sorted(roles) or not all(is_name(each) for each in names):
        problem = f"to {duty} needs {' and '.join(roles)}, each by name"
        raise refused("certificate.people", problem, "name them: --by NAME, and --second NAME where there are two")
    if any(same_person(name, RULES) for name in names):
        raise refused("certificate.people", f"{RULES} is nobody's name", "the published rules act under it")
    if any(same_person(*pair) for pair in combinations(names, 2)):
        raise refused("certificate.people", f"{names[0]} cannot be both", "two people, not one twice")
    if not all(each.reason.strip() for each in people):
        raise refused("certificate.reason", f"to {duty} needs a reason", "say why: --reason TEXT")


def refused(code: str, problem: str, hint: str) -> Misconfigured:
    """Return the refusal of an act on a certificate."""
    return Misconfigured(Fault(code=code, problem=problem, hint=hint))
