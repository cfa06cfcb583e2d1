"""Plays the staff of a reference department: keys the scripted cases in, and remembers what they really did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from conformance.reference.directory import departments
from conformance.reference.people import Applicant
from conformance.reference.story import MINUTES, STAGES, CityCase, Step, at
from conformance.reference.systems import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from conformance.reference.directory import CityDepartment
    from conformance.script import Act, Scripted
    from hub.supervision.calendar import WorkCalendar

KEYED_AFTER: Final = timedelta(seconds=20)
"""How long after a step staff key it in."""

MOVED: Final = timedelta(minutes=60)
"""By how much a corrected acceptance was earlier than first keyed in."""

STAFF: Final = "TST001"
_APPLICANT: Final = Applicant(kind="1", name="王小明", id_number="321200185001010011", phone="13800000001")

Fault = "Callable[[Sequence[Entry]], Sequence[Entry]]"
"""A department's fault: what its system makes of what staff keyed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a script is played: the session, the first day, the calendar, and whose cases they are."""

    session: str
    first_day: date
    calendar: WorkCalendar
    department: CityDepartment

    def day(self, number: int) -> date:
        """Return a working day of the script."""
        return self.calendar.add_workdays(self.first_day, number)[0]


def department_of(department_id: str) -> CityDepartment:
    """Return a department of the city."""
    return next(each for each in departments() if each.department_id == department_id)


def entries_of(script: Mapping[int, Scripted], stage: Stage) -> Sequence[Entry]:
    """Return everything that staff key in, in the order of keying."""
    entries = [entry for scripted in script.values() for entry in _entries(scripted, stage)]
    return sorted(entries, key=lambda entry: (entry.keyed_at, entry.case.key, entry.step.type != "case.corrected"))


def _entries(scripted: Scripted, stage: Stage) -> Sequence[Entry]:
    steps: list[Step] = []
    for act in scripted.acts:
        steps.append(_step(act, stage, steps))
    matter = next(matter for matter in stage.department.matters if matter.is_promised)
    if scripted.title:
        matter = replace(matter, name=f"{matter.name}{scripted.title}")
    case = CityCase(
        case_no=scripted.case_no(stage.session),
        key=scripted.number,
        department=stage.department,
        matter=matter,
        applicant=_APPLICANT,
        channel="window",
        scenario="",
        steps=steps,
    )
    return [Entry(keyed_at=step.keyed_at, case=case, step=step) for step in steps]


def _step(act: Act, stage: Stage, before: Sequence[Step]) -> Step:
    """Return one step; an acceptance that was corrected is the one before, an hour earlier, keyed in when corrected."""
    minute = MINUTES[act.type][0] if act.type in MINUTES else 990
    occurred = at(stage.day(act.day), minute * 60)
    if act.stage == "20":
        occurred += timedelta(minutes=15)
    recorded = occurred + KEYED_AFTER
    if act.version:
        old = next(step for step in before if step.type == act.type)
        return replace(old, occurred_at=old.occurred_at - MOVED, version=act.version, keyed_at=_corrected_at(before))
    promised = None
    if act.type == "case.accepted":
        matter = next(matter for matter in stage.department.matters if matter.is_promised)
        promised = stage.calendar.add_workdays(occurred.date(), matter.promised_days)[0]
    return Step(
        type=act.type,
        occurred_at=occurred,
        recorded_at=recorded,
        keyed_at=recorded,
        staff=STAFF,
        occurrence=act.occurrence,
        stage_code=act.stage,
        stage_name=dict(STAGES).get(act.stage, ""),
        result=act.result,
        special=act.special,
        days=act.days,
        corrects=act.corrects,
        promised_day=promised,
    )


def _corrected_at(before: Sequence[Step]) -> datetime:
    return before[-1].keyed_at + timedelta(minutes=5)


def counted(entries: Sequence[Entry]) -> Mapping[str, int]:
    """Count the cases that staff keyed in, by matter, state and day of receipt."""
    found: dict[str, int] = {}
    for case_no in {entry.case.case_no for entry in entries}:
        own = [entry for entry in entries if entry.case.case_no == case_no]
        received = next(entry.step.occurred_at for entry in own if entry.step.type == "case.received")
        last = max(own, key=lambda entry: entry.keyed_at)
        name = f"{own[0].case.matter.code}|{STATES[last.step.type]}|{received.date().isoformat()}"
        found[name] = found.get(name, 0) + 1
    return found


STATES: Final = {
    "case.received": "received",
    "case.supplement_requested": "awaiting_supplement",
    "case.supplement_received": "received",
    "case.accepted": "accepted",
    "case.not_accepted": "rejected",
    "case.withdrawn": "withdrawn",
    "stage.completed": "in_progress",
    "special.started": "suspended",
    "special.ended": "in_progress",
    "case.decided": "decided",
    "case.closed": "closed",
    "case.delivered": "delivered",
}
"""The state in which a case stands by the department's own book, after each step."""
