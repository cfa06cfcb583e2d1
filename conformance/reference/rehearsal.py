"""Rehearses a certification: a reference department plays its script through the pilot hub, on a manual clock."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.declaration import Declared, beside, load_declaration
from conformance.door import Door
from conformance.evidence import EvidenceStore
from conformance.lab import Lab, Outage
from conformance.reference.complaint_desk import ComplaintDesk
from conformance.reference.played import EXPORT, REFERENCES, Faults, reference
from conformance.reference.playing import Stage, department_of
from conformance.roundtrip.centre import ComplaintCentre
from conformance.roundtrip.play import OPENS, RoundTrip
from conformance.roundtrip.script import COMPLAINTS
from conformance.roundtrip.side import PARTIES, side_of
from conformance.script import LAST_DAY, script_for
from conformance.stand import Stands
from connectors import open_source
from connectors.plausibility import Plausible, judged
from connectors.push import push_format
from hub.clock import ManualClock
from hub.mapping import load
from hub.supervision.calendar import WorkCalendar
from hub.supervision.instants import HUB_ZONE
from hub.vault import SealedBoxVault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from conformance.door import MakeParts
    from conformance.reference.played import Reference
    from conformance.roundtrip.script import ScriptedComplaint
    from conformance.roundtrip.side import Side
    from conformance.stand import Hub, Stand
    from hub.mapping import CompiledMapping
    from hub.model.values import Record
    from hub.ports import Clock, Source
    from hub.settings import Settings

FIRST_DAY: Final = date(2026, 3, 2)
"""A Monday in a year whose working days are announced, with no holiday in the weeks that follow."""

SESSION: Final = "20260302-demo"

READ_AFTER: Final = timedelta(minutes=5)
"""How long after the departments have handed a day over the hub reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a rehearsal differs from a sound one: the department's faults, an edit of its mapping, days nobody reads."""

    faults: Faults = Faults()  # noqa: RUF009 - frozen
    mapping: Callable[[str], str] = str
    catalogue: Callable[[dict[str, Any]], dict[str, Any]] = dict
    unread_days: Collection[int] = ()
    orders_wait: timedelta = timedelta()
    """How long the hub lets orders lie."""
    complaints: Collection[str] | None = None
    """The scripted complaints that are sent, and then staff key in nothing else; None: all, and the cases too."""
    no_complaints: bool = False
    """Whether none is sent: what is wrong has nothing to do with them."""
    patch: Callable[[], AbstractContextManager[Any]] = contextlib.nullcontext
    """What is done to the connector for as long as the department is read."""


class Rehearsal:
    """One reference department on its way through the suite. Close it."""

    def __init__(  # noqa: PLR0913 - what a rehearsal is made of
        self,
        name: str,
        folder: Path,
        *,
        build: Callable[[Settings, Clock], Hub],
        parts: MakeParts,
        settings: Settings,
        catalogues: Callable[[Path], dict[str, Any]],
        setting: Setting | None = None,
        environment: Mapping[str, str],
        template: Path | None = None,
    ) -> None:
        """Set the department up in `folder`, and let it hand its script over to the pilot hub, day by day."""
        self._setting = setting or Setting()
        self._stack = contextlib.ExitStack()
        self._environment, self._parts = dict(environment), parts
        self.clock = ManualClock(datetime.combine(FIRST_DAY, time(8), HUB_ZONE))
        self.calendar = WorkCalendar()
        self.stands = Stands(build, settings, folder / "stands", template)
        self._stack.callback(self.stands.close)
        self.department = self._department(name, folder / "department")
        self.mapping_file = self._mapping_file(folder / "mapping")
        self.declared: Declared = load_declaration(beside(self.department.mapping))
        self.mapping: CompiledMapping = load(self.mapping_file, environment=self._environment)
        documents = [self._setting.catalogue(catalogues(path)) for path in self.department.catalogues]
        side = self._side()
        others = side.inbound if side else ()
        known = [*documents, *([catalogues(PARTIES / "department.yaml")] if side else [])]
        self.pilot = self.stands.new(self.mapping, known, self.clock, others=others)
        self.roundtrip = self._roundtrip(side) if side else None
        with self._setting.patch():
            self._play()
        self.lab = self._lab(documents, folder)

    def _department(self, name: str, folder: Path) -> Reference:
        stage = Stage(
            session=SESSION,
            first_day=FIRST_DAY,
            calendar=self.calendar,
            department=department_of("11321200014000028L"),
        )
        claims = load_declaration(beside(REFERENCES[name][1])).document["claims"]
        script = {} if self._setting.complaints is not None else script_for((*ALL_CLAIMS, *claims))
        found = reference(name, folder, stage, script, self._setting.faults)
        self._stack.callback(found.close)
        return found

    def _mapping_file(self, folder: Path) -> Path:
        """Return the mapping's file, or an edited copy of it beside copies of its bases."""
        own = self.department.mapping
        text = own.read_text(encoding="utf-8")
        if self._setting.mapping is str:
            return own
        shutil.copytree(own.parent, folder)
        (folder / own.name).write_text(self._setting.mapping(text), encoding="utf-8")
        if "extends: wide" in text:
            base = (own.parent / "wide.yaml").read_text(encoding="utf-8")
            (folder / "wide.yaml").write_text(self._setting.mapping(base), encoding="utf-8")
        return folder / own.name

    def _side(self) -> Side | None:
        """Return the department's complaint side, whose module takes orders from now on; None where it has none."""
        side = None if self._setting.no_complaints else side_of(self.declared, self.mapping_file, self._environment)
        if side is not None:
            desk = ComplaintDesk(
                session=SESSION,
                script=self._complaints(),
                day_of=lambda number: self.calendar.add_workdays(FIRST_DAY, number)[0],
                faults=self._setting.faults.desk,
            )
            self.department.answering = self.department.answers_for(desk)
        return side

    def _complaints(self) -> Sequence[ScriptedComplaint]:
        """Return the scripted complaints of this rehearsal."""
        chosen = self._setting.complaints
        return [each for each in COMPLAINTS if chosen is None or each.key in chosen]

    def _last_day(self) -> int:
        """Return the last working day that is played: where there are complaints alone, two after their last act."""
        if self._setting.complaints is None:
            return LAST_DAY
        moved = [move.day for each in self._complaints() for move in each.moves]
        return max(moved + [duty.day for each in self._complaints() for duty in each.duties]) + 2

    def _roundtrip(self, side: Side) -> RoundTrip:
        centre = ComplaintCentre("a token of the suite's centre")
        self._stack.callback(centre.close)
        found = RoundTrip(
            pilot=self.pilot,
            side=side,
            centre=centre,
            script=self._complaints(),
            session=SESSION,
            begun_on=FIRST_DAY,
            calendar=self.calendar,
            environment={**self._environment, **self.placed(), **centre.environment},
            orders_wait=self._setting.orders_wait,
        )
        self._stack.callback(found.close)
        return found

    def placed(self) -> Mapping[str, str]:
        """Return where the department's systems are."""
        answering = self.department.answering
        return {**self.department.environment(), **(answering.environment() if answering else {})}

    def _hear(self, trip: RoundTrip) -> None:
        """Let the pilot take in what the department's staff did about complaints, and the centre go on."""
        answers = trip.side.answers
        if answers.declaration.kind == "push":
            with contextlib.closing(Door(self.pilot, self._parts, answers)) as door:
                token = door.key().token
                answering = self.department.answering
                if answering is not None:
                    answering.answered_by(lambda body, headers: door.post(body, headers, token))
            self.pilot.line.settle()
        else:
            source = open_source(answers.declaration, {**self._environment, **self.placed()}, clock=self.clock)
            with contextlib.closing(source):
                totals = self.pilot.hub.intake(answers, self.pilot.bus).run_once(source)
                self.pilot.line.settle(expected=totals.messages(len(self.pilot.hub.partitions)))
        trip.advance()

    def _play(self) -> None:
        """Let every day of the script pass: the department hands over, the hub reads."""
        for number in range(self._last_day() + 1):
            day = self.calendar.add_workdays(FIRST_DAY, number)[0]
            if self.roundtrip is not None:
                self.clock.move_to(datetime.combine(day, OPENS, HUB_ZONE))
                self.roundtrip.advance()
            moment = datetime.combine(day, EXPORT, HUB_ZONE)
            self.department.advance(moment)
            self.clock.move_to(moment + READ_AFTER)
            if number not in self._setting.unread_days:
                self.read(self.department, self.pilot)
            if self.roundtrip is not None:
                self._hear(self.roundtrip)

    def read(self, department: Reference, stand: Stand) -> None:
        """Let a stand read what is new at a department, or the department send it."""
        if self.mapping.declaration.kind == "push":
            with contextlib.closing(Door(stand, self._parts)) as door:
                token = door.key().token
                department.answered_by(lambda body, headers: door.post(body, headers, token))
            stand.line.settle()
            return
        with contextlib.closing(self.opened(department, stand.hub.clock)) as source:
            stand.read(source)

    def opened(self, department: Reference, clock: Clock) -> Source:
        """Open the department's source, as the hub does."""
        environment = {**self._environment, **department.environment()}
        source = open_source(self.mapping.declaration, environment, clock=clock)
        return source if self.mapping.declaration.read.get("texts") == "any" else Plausible(source)

    def records(self) -> Sequence[Record]:
        """Return everything the department has, from the beginning; of one that sends, what it would send."""
        if self.mapping.declaration.kind == "push":
            return self._sent()
        with contextlib.closing(self.opened(self.department, self.clock)) as source:
            return [judged(record) for portion in source.read(None) for record in portion.records]

    def _sent(self) -> Sequence[Record]:
        again = self.department.afresh(self.department.folder / "again")
        form, found = push_format(self.mapping.declaration), list[Any]()

        def take(body: bytes, _: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
            found.extend(form.records(body))
            return 202, {}, b"{}"

        again.advance(self.clock.now())
        while again.answered_by(take):
            pass
        return found

    def outage(self) -> Outage:
        """Return the department before its first day, with nobody reading."""
        again = self.department.afresh(self.department.folder / f"outage-{len(list(self.department.folder.glob('*')))}")
        self._stack.callback(again.close)
        days = [
            datetime.combine(self.calendar.add_workdays(FIRST_DAY, number)[0], EXPORT, HUB_ZONE)
            for number in range(LAST_DAY + 1)
        ]
        return Outage(
            days=days,
            advance=again.advance,
            read=lambda stand: self.read(again, stand),
            deliver=lambda answers: again.answered_by(answers) or 0,
            environment=again.environment(),
            keys=again.keys() or (),
        )

    def _lab(self, documents: Sequence[dict[str, Any]], folder: Path) -> Lab:
        secrets = [value for name, value in self.placed().items() if not name.endswith(("_URL", "INBOX"))]
        return Lab(
            declared=self.declared,
            mapping=self.mapping,
            mapping_file=self.mapping_file,
            environment={**self._environment, **self.placed()},
            roundtrip=self.roundtrip,
            orders_book=answering.desk.orders if (answering := self.department.answering) else None,
            catalogues=documents,
            session=SESSION,
            clock=self.clock,
            calendar=self.calendar,
            pilot=self.pilot,
            stands=self.stands,
            store=EvidenceStore(folder / "evidence", secrets, SealedBoxVault.at(folder / "keys")),
            parts=self._parts,
            records=self.records,
            department=self.department,
            outage=self.outage,
            secrets=secrets,
            live=self.stands.new(self.mapping, documents, self.clock).hub,
        )

    def close(self) -> None:
        """Close everything."""
        self._stack.close()


ALL_CLAIMS: Final = ("special_procedures", "corrections")
