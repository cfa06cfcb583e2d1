"""How a case of the generated city goes: from working-day distances to what staff keyed in, and when."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from conformance.reference.directory import CityDepartment, CityMatter
    from conformance.reference.people import Applicant
    from hub.supervision.calendar import WorkCalendar

MINUTES: Final = {
    "case.received": (515, 50),
    "case.supplement_requested": (575, 30),
    "case.supplement_received": (615, 30),
    "case.accepted": (655, 30),
    "case.not_accepted": (655, 30),
    "case.withdrawn": (840, 30),
    "stage.completed": (840, 40),
    "special.started": (885, 10),
    "special.ended": (525, 30),
    "case.extended": (896, 10),
    "case.decided": (935, 25),
    "case.closed": (962, 13),
    "case.delivered": (980, 20),
}
"""Minute of the local day from which a step happens, and the width of that window: a day's steps stand in the order of
life, within office hours (8:30-11:30, 14:00-17:00), each keyed in before 17:00 and exported before midnight."""

KEYED_WITHIN_MINUTES: Final = 5
"""Minutes after a step within which diligent staff key it in."""

REWRITE_MINUTES: Final = 75
"""Minutes by which a rewritten time moves: to an earlier hour of the same day, so that no clock depends on it."""

CORRECTED_BEFORE: Final = timedelta(minutes=70)
"""A lawful correction is entered so long before the corrected time that no export can carry them in the other order."""

STAGES: Final = (("10", "审查"), ("20", "审批"))
"""Codes and names of the two stages that the departments report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing staff keyed in. Instants are aware, in the hub's zone.

    `recorded_at` is the entry time the system shows for it; `keyed_at` is when this content was really there: later
    only for a content rewritten afterwards. (type, occurrence) names the step within its case.
    """

    type: str
    occurred_at: datetime
    recorded_at: datetime
    keyed_at: datetime
    staff: str
    occurrence: str = ""
    stage_code: str = ""
    stage_name: str = ""
    result: str = ""
    special: str = ""
    days: int = 0
    promised_day: date | None = None
    version: int = 0
    corrects: str = ""
    """Type of the step that a correction names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """A reported time that is changed later: by an hour of its day, or back to `to_day` working days from acceptance.

    `type` empty: the decision, or the closing where decisions are not reported.
    """

    type: str = ""
    after_days: int = 2
    to_day: int | None = None
    corrected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One case as distances in working days; None: that step does not come.

    `supplement` is (asked after receipt, answered after that), `special` (started after acceptance, length or None,
    kind), `extension` (after acceptance, added days), `late` the working days by which a step is keyed in late.
    `at_once`: all up to the closing is keyed in with the closing.
    """

    accept: int = 1
    decide: int | None = None
    deliver: int | None = None
    close: bool = True
    supplement: tuple[int, int] | None = None
    special: tuple[int, int | None, str] | None = None
    extension: tuple[int, int] | None = None
    withdraw: int | None = None
    refused: bool = False
    result: str = "granted"
    late: Mapping[str, int] = field(default_factory=dict)
    rewrite: Rewrite | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CityCase:
    """One case of the city, with every content of every step in the order it was keyed in."""

    case_no: str = ""
    key: int = 0
    """Serial number 流水号 in its system."""
    department: CityDepartment
    matter: CityMatter
    applicant: Applicant
    channel: str
    scenario: str
    steps: Sequence[Step]

    @property
    def title(self) -> str:
        """Return what the case is called; never by its applicant, for a title is shown."""
        return f"{self.matter.name}申请"


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Tells one life of one case, with the department's calendar and staff."""

    calendar: WorkCalendar
    rng: Random
    matter: CityMatter
    letters: str
    decides: bool
    """Whether the system reports decisions; where not, the closing stands where the decision would."""

    def tell(self, life: Life, received: date) -> Sequence[Step]:
        """Return every step of a life that begins on `received`, in the order keyed in."""
        steps = [self._step("case.received", received), *self._supplement(life, received)]
        accepted = self._after(steps[-1].occurred_at.date(), life.accept)
        if life.refused:
            return self._keyed([*steps, self._step("case.not_accepted", accepted)], life)
        promised = self._after(accepted, self.matter.promised_days) if self.matter.is_promised else None
        steps.append(self._step("case.accepted", accepted, promised_day=promised))
        steps += [*self._handling(life, accepted), *self._ending(life, accepted)]
        return self._keyed(steps, life)

    def _supplement(self, life: Life, received: date) -> Sequence[Step]:
        if life.supplement is None:
            return ()
        asked = self._after(received, life.supplement[0])
        answered = self._after(asked, life.supplement[1])
        return (
            self._step("case.supplement_requested", asked, occurrence="1"),
            self._step("case.supplement_received", answered, occurrence="1"),
        )

    def _handling(self, life: Life, accepted: date) -> Sequence[Step]:
        steps = [self._stage(0, self._after(accepted, min(1, life.decide or 0)))]
        if life.special is not None:
            start, length, kind = life.special
            began = self._after(accepted, start)
            steps.append(self._step("special.started", began, occurrence="1", special=kind))
            if length is not None:
                ended = self._after(began, length)
                steps.append(self._step("special.ended", ended, occurrence="1", special=kind))
        if life.extension is not None:
            after, days = life.extension
            steps.append(self._step("case.extended", self._after(accepted, after), occurrence="1", days=days))
        if life.decide is not None:
            moved = life.rewrite.to_day if life.rewrite is not None else None
            steps.append(self._stage(1, self._after(accepted, life.decide if moved is None else moved)))
        return steps

    def _ending(self, life: Life, accepted: date) -> Sequence[Step]:
        if life.withdraw is not None:
            return (self._step("case.withdrawn", self._after(accepted, life.withdraw)),)
        if life.decide is None:
            return ()
        day = self._after(accepted, life.decide)
        steps = [self._step("case.decided", day, result=life.result)] if self.decides else []
        if life.close:
            steps.append(self._step("case.closed", day, result="" if self.decides else life.result))
        if life.deliver is not None:
            steps.append(self._step("case.delivered", self._after(day, life.deliver)))
        return steps

    def _stage(self, number: int, day: date) -> Step:
        code, name = STAGES[number]
        return self._step("stage.completed", day, occurrence=code, stage_code=code, stage_name=name)

    def _step(self, kind: str, day: date, **fields: object) -> Step:
        start, width = MINUTES[kind]
        minute = start + (15 * (fields.get("stage_code") == "20")) + self.rng.randrange(width)
        occurred = at(day, minute * 60 + self.rng.randrange(60))
        recorded = occurred + timedelta(seconds=30 + self.rng.randrange(60 * KEYED_WITHIN_MINUTES - 60))
        staff = f"{self.letters}{self.rng.randrange(1, 13):03d}"
        return Step(
            type=kind,
            occurred_at=occurred,
            recorded_at=recorded,
            keyed_at=recorded,
            staff=staff,
            **fields,  # type: ignore[arg-type]  # the optional fields of Step, passed through by name
        )

    def _keyed(self, steps: Sequence[Step], life: Life) -> Sequence[Step]:
        """Apply late entries and rewrites, and put everything in the order it was keyed in."""
        keyed = [self._late(step, life.late.get(step.type, 0)) for step in steps]
        if life.at_once:
            keyed = _at_once(keyed)
        keyed += self._rewritten(keyed, life)
        return sorted(keyed, key=lambda step: (step.keyed_at, step.type != "case.corrected"))

    def _late(self, step: Step, days: int) -> Step:
        if days == 0:
            return step
        recorded = datetime.combine(self._after(step.occurred_at.date(), days), step.recorded_at.timetz())
        return replace(step, recorded_at=recorded, keyed_at=recorded)

    def _rewritten(self, steps: Sequence[Step], life: Life) -> Sequence[Step]:
        rewrite = life.rewrite
        if rewrite is None:
            return ()
        kind = rewrite.type or ("case.decided" if self.decides else "case.closed")
        old = next(step for step in steps if step.type == kind)
        accepted = next(step for step in steps if step.type == "case.accepted")
        occurred = old.occurred_at - timedelta(minutes=REWRITE_MINUTES)
        if rewrite.to_day is not None:
            day = self._after(accepted.occurred_at.date(), rewrite.to_day)
            occurred = datetime.combine(day, old.occurred_at.timetz())
        keyed = at(self._after(old.keyed_at.date(), rewrite.after_days), 16 * 3600 + 1800)
        new = replace(old, occurred_at=occurred, keyed_at=keyed, version=int(rewrite.corrected))
        return [self._correction(old, keyed - CORRECTED_BEFORE), new] if rewrite.corrected else [new]

    def _correction(self, old: Step, keyed: datetime) -> Step:
        return Step(
            type="case.corrected",
            occurred_at=keyed - timedelta(minutes=5),
            recorded_at=keyed,
            keyed_at=keyed,
            staff=old.staff,
            occurrence="1",
            corrects=old.type,
        )

    def _after(self, day: date, working_days: int) -> date:
        return self.calendar.add_workdays(day, working_days)[0]


def _at_once(steps: Sequence[Step]) -> list[Step]:
    """Let everything up to the closing be keyed in with it."""
    closing = next(step.keyed_at for step in steps if step.type == "case.closed")
    return [replace(s, recorded_at=closing, keyed_at=closing) if s.keyed_at < closing else s for s in steps]


def at(day: date, second_of_day: int) -> datetime:
    """Return a moment of a local day."""
    return datetime.combine(day, time(0), HUB_ZONE) + timedelta(seconds=second_of_day)
