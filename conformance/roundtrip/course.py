"""One complaint on a stand of its own, told move by move as its parties would publish it: what the hub makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from conformance.roundtrip.script import CENTRE, CENTRE_DEPARTMENT, OTHER, OTHER_DEPARTMENT
from conformance.roundtrip.side import PARTIES
from conformance.telling import Telling
from hub.catalogue import load_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from conformance.lab import Lab
    from conformance.roundtrip.side import Side
    from conformance.stand import Stand
    from hub.mapping import CompiledMapping

NUMBER: Final = "COURSE-1"

IT: Final = "it"
"""The department under test, as `by` and `to` name it."""


@dataclass
class Course:
    """A complaint on its way. Moves are made in the order of telling, at the stand's time unless told otherwise."""

    stand: Stand
    side: Side
    about: Mapping[str, Any] = field(default_factory=dict)
    applicant: Mapping[str, Any] = field(default_factory=dict)
    _made: int = 0

    def sent(self, to: str = IT) -> datetime:
        """Register the complaint, accept and dispatch it; return when it was dispatched."""
        self.move("registered")
        self.move("accepted")
        return self.move("dispatched", to=to)

    def move(self, kind: str, *, by: str = CENTRE, to: str = "", at: datetime | None = None, **said: Any) -> datetime:
        """Make one move; `said` goes into `handling`, but for `extension`, which stands beside it."""
        self._made += 1
        moment = at or self.stand.hub.clock.now() + timedelta(seconds=self._made)
        telling = self._telling(by)
        extension = said.pop("extension", None)
        named = {IT: self.side.department, OTHER: OTHER_DEPARTMENT, CENTRE: CENTRE_DEPARTMENT}.get(to)
        handling = {**said, **({"department_id": named} if named else {})}
        more = {
            **({"handling": handling} if handling else {}),
            **({"extension": extension} if extension else {}),
        }
        about = {"centre_id": CENTRE, "channel": "hotline", "kind": "complaint", "track": "hotline", **self.about}
        own = {"complaint": about, "applicant": dict(self.applicant), "title": "窗口排队时间过长"}
        event = telling.event(
            f"complaint.{kind}",
            moment,
            NUMBER,
            numbering=self.side.answers.declaration.numbering,
            occurrence=str(self._made),
            case=own if by == CENTRE else {},
            **more,
        )
        self.stand.tell(event, telling.report(self.stand.hub.clock.now()))
        return moment

    def wait(self, **how: float) -> None:
        """Let time pass, and let the centre say that nothing was missed."""
        self.stand.move_to(self.stand.hub.clock.now() + timedelta(**how))
        telling = self._telling(CENTRE)
        self.stand.tell(telling.report(self.stand.hub.clock.now()))

    @property
    def case(self) -> Mapping[str, Any]:
        """Return the complaint as the hub has it."""
        return self.stand.case(NUMBER)

    @property
    def state(self) -> str:
        """Return the state that the hub has it in."""
        return str(self.case.get("state", ""))

    def clocks(self, kind: str) -> Sequence[Any]:
        """Return its clocks of one kind, the earliest first."""
        found = [clock for clock in self.case.get("clocks", ()) if clock.kind == kind]
        return sorted(found, key=lambda clock: clock.started_at)

    def alerts(self) -> Sequence[tuple[str, str]]:
        """Return rule and level of every alert about it."""
        return sorted((alert.rule_id, alert.level) for alert in self.case.get("alerts", ()))

    def letters(self, mapping: CompiledMapping) -> Sequence[Mapping[str, Any]]:
        """Return the documents that a receiver of its orders or statuses is told, in order."""
        sender = self.stand.hub.sender(mapping)
        try:
            rows = self.stand.hub.queries.feed("restricted", after=0, limit=100_000)
            return [document for row in rows if row["kind"] == "case" for document in sender.letters.written(row)]
        finally:
            sender.close()

    def _telling(self, by: str) -> Telling:
        department = {CENTRE: CENTRE_DEPARTMENT, OTHER: OTHER_DEPARTMENT}.get(by, self.side.department)
        mapping = {CENTRE: self.side.centre, OTHER: self.side.other}.get(by, self.side.answers)
        base = {
            "family": "complaint",
            "department_id": department,
            "region_code": "321200",
            "disclosure": {"class": "intranet"},
        }
        return Telling(
            connection=mapping.declaration.connection,
            base=base,
            fingerprint=mapping.fingerprint,
            received_at=self.stand.hub.clock.now(),
            zone=self.stand.hub.settings.zone,
        )


def course(lab: Lab, **how: Any) -> Course:
    """Begin a complaint on a fresh stand."""
    side = lab.complaints.side
    known = [*lab.catalogues, load_catalogue(PARTIES / "department.yaml")]
    stand = lab.stand(catalogues=known, others=side.inbound)
    return Course(stand, side, **how)


def text_of(documents: Sequence[Mapping[str, Any]]) -> str:
    """Return documents as one text, to look for words in."""
    return "\n".join(orjson.dumps(each).decode() for each in documents)
