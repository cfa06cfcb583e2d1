"""Issues papers 文书 within a batch of supervision: one partition's owner numbers them all, without gaps.

A paper's number and content stand in the ledger, in the act that issued it. Its files are drawn afterwards from that
content, so that nothing is ever drawn while a partition is held; their digests are ledgered by a second act.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import orjson

from hub.errors import Rejection
from hub.model.values import PaperRow
from hub.supervision.instruments import PaperWish, content_of, why_not

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.admission import Act
    from hub.bench import Bench
    from hub.model.values import AlertRow
    from hub.ports import Unit
    from hub.supervision.instruments import Office

PAPER_ACT: Final = "paper."
"""What the names of acts on papers begin with."""

_NO_ALERT: Final = Rejection(
    stage="supervise", code="paper.alert", problem="there is no such alert", hint="see `sunlight alerts --json`"
)
_NO_PAPER: Final = Rejection(
    stage="supervise", code="paper.unknown", problem="no such paper was issued", hint="see `sunlight alert papers`"
)
_DRAWN: Final = Rejection(
    stage="supervise", code="paper.drawn", problem="its files are there already", hint="the first drawing stands"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an act on a paper comes to: the outcome and body of its entry."""

    outcome: str
    body: bytes


@dataclass(slots=True, kw_only=True)
class Paperwork:
    """The papers of one batch. Reads the unit, writes nothing; `written` are the papers that change."""

    unit: Unit
    office: Office
    bench: Bench
    _written: dict[str, PaperRow] = field(default_factory=dict)
    _last: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def written(self) -> list[PaperRow]:
        """Return the papers that the batch issues or completes."""
        return list(self._written.values())

    def take(self, act: Act, alert: AlertRow | None) -> Taken:
        """Issue a paper, or note the files of one; what is refused says why."""
        done = self._drawn(act) if act.act == "paper.drawn" else self._issued(act, alert)
        if isinstance(done, Rejection):
            return Taken(outcome=f"refused: {done.code}: {done.problem}", body=act.body)
        self._written[done.paper_id] = done
        body = act.body if act.act == "paper.drawn" else _with_content(act.body, done)
        return Taken(outcome=f"{act.act}: {done.content['no']}", body=body)

    def _issued(self, act: Act, alert: AlertRow | None) -> PaperRow | Rejection:
        if alert is None:
            return _NO_ALERT
        wish = wish_of(act)
        refused = why_not(alert, wish, self._of(alert.alert_id), self.bench.calendar)
        if refused is not None:
            return refused
        year = self.bench.calendar.day_of(wish.at).year
        number = self._next(wish.instrument, year)
        known = self.bench.catalogue.department(alert.department_id)
        addressee = str(known["name"]) if known else alert.department_id
        calendar = self.bench.calendar
        content = content_of(alert, wish, number, addressee=addressee, office=self.office, calendar=calendar)
        return PaperRow(
            paper_id=act.subject,
            instrument=wish.instrument,
            year=year,
            number=number,
            alert_id=alert.alert_id,
            issued_at=wish.at,
            content=content,
        )

    def _drawn(self, act: Act) -> PaperRow | Rejection:
        known = self._of(act.done_to)
        if not known:
            return _NO_PAPER
        if known[0].is_drawn:
            return _DRAWN
        return replace(known[0], docx_digest=act.data["docx_digest"], pdf_digest=act.data["pdf_digest"])

    def _of(self, name: str) -> list[PaperRow]:
        """Return a paper by its id, or the papers of an alert, those of this batch included."""
        found = {paper.paper_id: paper for paper in self.unit.papers({name})}
        found |= {key: paper for key, paper in self._written.items() if name in (paper.paper_id, paper.alert_id)}
        return list(found.values())

    def _next(self, instrument: str, year: int) -> int:
        key = (instrument, year)
        self._last[key] = (self._last.get(key) or self.unit.last_paper(instrument, year)) + 1
        return self._last[key]


def wish_of(act: Act) -> PaperWish:
    """Read what somebody wants to have issued."""
    said: Mapping[str, str] = {
        name: act.data.get(name, "") for name in ("instrument", "authority", "by", "department_id", "note")
    }
    return PaperWish(at=act.at, **said)


def _with_content(body: bytes, paper: PaperRow) -> bytes:
    """Return an act's document with what was issued by it."""
    document = orjson.loads(body)
    return orjson.dumps({**document, "data": {**document["data"], "content": paper.content}})
