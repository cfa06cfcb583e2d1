"""Reads from the power catalogue what departments owe: every matter over every flow, by when, or why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FLOW: Final = "case.events"
"""What every department owes of every matter: the events of its cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """Leave from an obligation, for a reason and until a day; nothing is left out for good."""

    reason: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One thing that a department owes. One without a catalogue owes what nobody has listed: without `matter_code`."""

    department_id: str
    region_code: str
    matter_code: str
    flow: str
    planned: Mapping[str, date] = field(default_factory=dict)
    """By when each level is to be reached 序时进度."""
    exempt: Exemption | None = None

    @property
    def is_known(self) -> bool:
        """Tell whether it is known what is owed."""
        return bool(self.matter_code)


def obligations(documents: Sequence[Mapping[str, Any]], today: date) -> list[Obligation]:
    """Return what every department of a city owes on a day, from its documents (schemas/catalogue.v1)."""
    return [each for document in documents for each in _of_department(document, today)]


def _of_department(document: Mapping[str, Any], today: date) -> list[Obligation]:
    department, onboarding = document["department"], document.get("onboarding", {})
    planned = {level: date.fromisoformat(day) for level, day in onboarding.get("planned", {}).items()}
    flows = onboarding.get("flows", [FLOW])
    codes = [matter["matter_code"] for matter in document.get("matters", ()) if _is_owed(matter, today)]
    return [
        Obligation(
            department_id=department["department_id"],
            region_code=department["region_code"],
            matter_code=code,
            flow=flow,
            planned=planned,
            exempt=_exemption(onboarding.get("exempt", ()), code, today),
        )
        for code in dict.fromkeys(codes or [""])
        for flow in flows
    ]


def _is_owed(matter: Mapping[str, Any], today: date) -> bool:
    """Tell whether a matter is in force: what was taken back, is not begun or has ended is not owed."""
    begun, ended = matter.get("valid_from", ""), matter.get("valid_to", "")
    day = today.isoformat()
    return matter.get("status", "active") == "active" and begun <= day and not (ended and ended < day)


def _exemption(said: Sequence[Mapping[str, str]], code: str, today: date) -> Exemption | None:
    """Return the leave that holds today for a matter; one for no matter in particular is for all of them."""
    for each in said:
        until = date.fromisoformat(each["until"])
        if each.get("matter_code", code) == code and today <= until:
            return Exemption(reason=each["reason"], until=until)
    return None
