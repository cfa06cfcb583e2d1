"""Plays the centre in a session: sends what is due, passes orders and statuses on, and remembers nothing of its own.

What was sent stands in the pilot hub's ledger; so a session goes on where it was left, and nothing is sent twice.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.roundtrip.script import (
    CANARY,
    CANARY_PHONE,
    CENTRE,
    CENTRE_DEPARTMENT,
    COMPLAINTS,
    OTHER,
    OTHER_DEPARTMENT,
)
from conformance.telling import Telling
from connectors.sinks import open_sink
from hub.errors import Unavailable
from hub.mapping.outbound import as_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.roundtrip.centre import ComplaintCentre
    from conformance.roundtrip.script import Move, ScriptedComplaint
    from conformance.roundtrip.side import Side
    from conformance.stand import Stand
    from hub.mapping import CompiledMapping
    from hub.model.values import Message
    from hub.supervision.calendar import WorkCalendar

OPENS: Final = time(9)
"""When the centre begins its day."""

EVERY: Final = 100_000
"""Documents of a session at most."""

APART: Final = timedelta(seconds=1)
"""How long after one another the moves of one moment are made."""

_DEPARTMENTS: Final = {CENTRE: CENTRE_DEPARTMENT, OTHER: OTHER_DEPARTMENT}


@dataclass(kw_only=True)
class RoundTrip:
    """The scripted complaints of one session in its pilot hub."""

    pilot: Stand
    side: Side
    centre: ComplaintCentre
    script: Sequence[ScriptedComplaint] = COMPLAINTS
    session: str
    begun_on: Any
    """The session's first working day."""
    calendar: WorkCalendar
    environment: Mapping[str, str]
    orders_wait: timedelta = timedelta()
    """How long orders lie before they are sent: none, but where that is to be caught."""
    _senders: list[Any] = field(default_factory=list)

    def advance(self) -> None:
        """Send what is due by now, and pass on what the hub has for the department and for the centre."""
        found = self.moves()
        self._tell([(by, move, scripted) for scripted in self.script for by, move in self._due(scripted, found)])
        if self.orders_wait:
            self.pilot.move_to(self.pilot.hub.clock.now() + self.orders_wait)
        self.pass_on()

    def moves(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return what stands in the pilot's ledger of each scripted complaint, by its number, in order of arrival."""
        known: dict[str, list[Mapping[str, Any]]] = {each.case_no(self.session): [] for each in self.script}
        for event in self.pilot.entries("event"):
            if event["data"]["case"]["case_no"] in known:
                known[event["data"]["case"]["case_no"]].append(event)
        return known

    def answers(self, key: str) -> Sequence[Mapping[str, Any]]:
        """Return what the department under test said of a scripted complaint, in order of time."""
        case_no = next(each.case_no(self.session) for each in self.script if each.key == key)
        own = self.side.answers.declaration.connection
        said = [each for each in self.moves()[case_no] if each["data"]["connection_id"] == own]
        return sorted(said, key=lambda each: str(each["time"]))

    def pass_on(self) -> None:
        """Let the hub send orders to the department, and statuses to the centre; who is away is told later."""
        if not self._senders:
            self._senders = [self._sender(self.side.orders), self._sender(self.side.statuses)]
        for sender in self._senders:
            with contextlib.suppress(Unavailable):
                while sender.step():
                    pass

    def recall(self) -> None:
        """Tell the centre again what it has confirmed in another process: by the hub's own record of deliveries."""
        statuses = self.side.statuses
        confirmed = self.pilot.hub.deliveries.of(statuses.declaration.connection, limit=EVERY, states=("delivered",))
        known = {each.sequence for each in confirmed}
        sender = self.pilot.hub.sender(statuses)
        try:
            rows = self.pilot.hub.queries.feed("restricted", after=0, limit=EVERY, kinds=["case"]) if known else ()
            for row in rows:
                for document in sender.letters.written(row) if row["sequence"] in known else ():
                    written = statuses.write(as_record(document))
                    if written is not None:
                        self.centre.book.take(written)
        finally:
            sender.close()

    def close(self) -> None:
        """Let go of the senders."""
        for sender in self._senders:
            sender.close()

    def _sender(self, mapping: CompiledMapping) -> Any:
        sender = self.pilot.hub.sender(mapping)
        sender.opened = lambda: open_sink(mapping.declaration, self.environment)
        return sender

    def _due(
        self, scripted: ScriptedComplaint, found: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> Sequence[tuple[str, Move]]:
        """Return the next moves of a complaint whose day has come and that wait for nothing."""
        there = found[scripted.case_no(self.session)]
        made = {(each["data"]["type"], each["data"]["occurrence"], each["data"]["connection_id"]) for each in there}
        own = self.side.answers.declaration.connection
        answers = sum(each["data"]["connection_id"] == own for each in there)
        due: list[tuple[str, Move]] = []
        for move in scripted.moves:
            if (move.type, move.occurrence, move.by) in made:
                continue
            if answers < move.after or self.pilot.hub.clock.now() < self._opens(move.day):
                break
            due.append((move.by, move))
        return due

    def _opens(self, day: int) -> datetime:
        return datetime.combine(self.calendar.add_workdays(self.begun_on, day)[0], OPENS, self.calendar.zone)

    def _tell(self, due: Sequence[tuple[str, Move, ScriptedComplaint]]) -> None:
        now = self.pilot.hub.clock.now()
        for by in (CENTRE, OTHER):
            telling = self._telling(by)
            messages = [
                self._message(telling, move, scripted, now + APART * place)
                for place, (who, move, scripted) in enumerate(due)
                if who == by
            ]
            if messages or by == CENTRE:
                self.pilot.tell(*messages, telling.report(now))

    def _telling(self, by: str) -> Telling:
        base = {"family": "complaint", "department_id": _DEPARTMENTS[by], "region_code": "321200"}
        mapping = self.side.centre if by == CENTRE else self.side.other
        return Telling(
            connection=by,
            base=base,
            fingerprint=mapping.fingerprint,
            received_at=self.pilot.hub.clock.now(),
            zone=self.calendar.zone,
        )

    def _message(self, telling: Telling, move: Move, scripted: ScriptedComplaint, at: datetime) -> Message:
        named = {"it": self.side.department, "other": OTHER_DEPARTMENT}.get(move.to)
        handling = {**move.said, **({"department_id": named} if named else {})}
        said: dict[str, Any] = {"occurrence": move.occurrence}
        if handling:
            said["handling"] = handling
        if move.extension:
            said["extension"] = dict(move.extension)
        about = {"centre_id": CENTRE, "channel": "hotline", "kind": "complaint", "track": "hotline", **scripted.about}
        case = {
            "title": f"脚本投诉：{scripted.shows.zh}",
            "complaint": {**about, "content": f"请按脚本办理：{scripted.shows.zh}"},
            "applicant": {"name_masked": CANARY, "phone_masked": CANARY_PHONE} if scripted.about else {},
            "disclosure": {"class": "intranet"},
        }
        numbering = self.side.answers.declaration.numbering
        return telling.event(move.type, at, scripted.case_no(self.session), numbering=numbering, case=case, **said)
