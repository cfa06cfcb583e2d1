"""Reads a list that a service hands out on request: complete though rows come and go, and what cannot be read is kept.

A list in numbered pages moves under the reader: a row that goes shifts the others to pages already read. So such a list
is walked again until a walk finds nothing new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from connectors.codecs.common import is_deep, refused, too_deep
from connectors.http.paging import Page
from connectors.window import Sweeper, window_after
from hub.errors import Unavailable
from hub.model.digest import record_digest
from hub.model.values import Portion, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.http.paging import Paging
    from connectors.manifests import Statement
    from connectors.window import Window, WindowOptions
    from hub.errors import Rejection
    from hub.ports import Clock

PORTION_ROWS: Final = 1000
"""Rows published and confirmed together."""

WALKS: Final = 5
"""Walks through a list that moves; one that never stands still is delivered as far as it was seen."""

PLACE_CHARS: Final = 1000
"""Longest place of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answered to one request: rows, or why there are none to be read."""

    rows: Sequence[Any] = ()
    document: Any = None
    """What is around the rows, where a mark of the next page may stand."""
    link: str = ""
    """The header that may name the next page (RFC 8288)."""
    date: datetime | None = None
    """The service's own clock, aware UTC."""
    validator: str = ""
    """What the service calls this content, to ask for it only if it is another."""
    is_same: bool = False
    """Whether it said that nothing has changed since."""
    refusal: Record | None = None
    """The answer itself, where it could not be read."""


class Service(Protocol):
    """One list of one service. Raises Unavailable or Misconfigured as Source does."""

    place: str

    def fetch(self, parameters: Mapping[str, str], url: str, window: Window) -> Answer:
        """Ask for the page that `parameters` name, or for the one at `url`, within `window`."""

    def close(self) -> None:
        """Let go of the connections."""


class ListSource:
    """A Source over one list of a service."""

    def __init__(
        self,
        service: Service,
        paging: Paging,
        window: WindowOptions,
        clock: Clock,
        *,
        statement: Statement | None = None,
    ) -> None:
        """Walk `service`'s list as `paging` says, for the rows that `window` calls new."""
        self.statement = statement
        self._service, self._paging, self._options, self._clock = service, paging, window, clock

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield what changed since `checkpoint`; see the port."""
        reading = self._reading(checkpoint)
        sweeper = reading.sweeper
        for records in reading.portions():
            yield Portion(records=records, checkpoint=sweeper.passed(finished=False).checkpoint())
        if reading.refusal is not None:
            yield Portion(records=[reading.refusal], checkpoint=None, final=True)
            raise self._unread(reading.refusal)
        if reading.is_restless:
            yield Portion(records=[], checkpoint=sweeper.passed(finished=False).checkpoint(), final=True)
            return
        window = sweeper.passed(finished=True, validator=reading.validator)
        yield Portion(records=[], checkpoint=window.checkpoint(), watermark=window.bound, final=True)

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Do nothing: the service is only read."""

    def probe(self) -> Mapping[str, str]:
        """Ask for the first page, and forget it."""
        reading = self._reading(None)
        page = next(self._paging.walk(reading.fetch), None)
        if reading.refusal is not None and reading.refusal.refused is not None:
            return {"service": self._service.place, "answer": reading.refusal.refused.problem}
        rows = page.rows if page else []
        keys = sum(isinstance(row, dict) and self._options.key in row for row in rows)
        return {
            "service": self._service.place,
            "rows on the first page": str(len(rows)),
            "of them with a key": str(keys),
            "clock": reading.date.isoformat() if reading.date else "not shown",
        }

    def close(self) -> None:
        """Let go of the connections."""
        self._service.close()

    def _unread(self, refusal: Record) -> Unavailable:
        """Return the trouble that a service answers, and not with a list: it is named as away, its answer is kept."""
        why = refusal.refused
        problem = why.problem if why else "the answer cannot be read"
        return Unavailable(problem, place=self._service.place, hint=why.hint if why else "see the quarantine")

    def _reading(self, checkpoint: Mapping[str, Any] | None) -> _Reading:
        sweeper = Sweeper(self._options, window_after(checkpoint, self._clock.now(), self._options))
        return _Reading(self._service, self._paging, sweeper, self._options.key)


class _Reading:
    """One read: asks page by page, and turns rows into records."""

    def __init__(self, service: Service, paging: Paging, sweeper: Sweeper, key: str) -> None:
        self._service, self._paging, self.sweeper, self._key = service, paging, sweeper, key
        self.refusal: Record | None = None
        """The answer that could not be read, which ends the read."""
        self.is_restless = False
        """Whether the list still had something new when patience ended."""
        self.validator = sweeper.window.validator
        self.date: datetime | None = None

    def portions(self) -> Iterator[list[Record]]:
        """Yield the new records in bounded portions, of as many walks as it takes to miss none.

        What was yielded is what the sweeper has seen: a checkpoint taken then leaves nothing out.
        """
        for walk in range(1, (WALKS if self._paging.shifts else 1) + 1):
            fresh = pages = 0
            for page in self._paging.walk(self.fetch):
                pages += 1
                for records in self._new(page.rows):
                    fresh += len(records)
                    yield records
            if pages < 2 or self.refusal is not None:  # noqa: PLR2004 - one page cannot shift
                return
            if not fresh and walk > 1:  # one walk alone may have missed the one row that is new
                return
        self.is_restless = self._paging.shifts

    def fetch(self, parameters: Mapping[str, str], url: str = "") -> Page:
        """Ask for one page; one that cannot be read is kept as the refusal, and as an empty page."""
        answer = self._service.fetch(parameters, url, self.sweeper.window)
        self.date, self.refusal = answer.date or self.date, answer.refusal or self.refusal
        if answer.date is not None:
            self.sweeper.bind(answer.date)
        if answer.is_same:
            self.sweeper.same()
        else:
            self.validator = answer.validator
        return Page(list(answer.rows), answer.document, answer.link)

    def _new(self, rows: Sequence[Any]) -> Iterator[list[Record]]:
        found: list[Record] = []
        for row in rows:
            try:
                raw = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
            except TypeError:  # beyond its own depth
                row, raw = {}, b""  # noqa: PLW2901 - told as too deep
            if self.sweeper.is_new(row if isinstance(row, dict) else {}, record_digest(raw)):
                found.append(self._record(row, raw))
            if len(found) >= PORTION_ROWS:
                yield found
                found = []
        if found:
            yield found

    def _record(self, row: Any, raw: bytes) -> Record:  # noqa: ANN401 - any JSON
        place = f"row of {self._service.place}"
        if not raw or is_deep(raw):
            return too_deep(raw, place)
        if not isinstance(row, dict):
            return refused(
                raw, place, "no-object", "the row has no named fields", hint="name the list's path under rows"
            )
        named = f"{place}, {self._key} {row.get(self._key)}"[:PLACE_CHARS]
        return Record(place=named, raw=raw, tree=row, refused=self._lacks_key(row))

    def _lacks_key(self, row: Mapping[str, Any]) -> Rejection | None:
        if row.get(self._key) not in (None, ""):
            return None
        problem = f"the row has no {self._key}"
        return refused(b"", "", "no-key", problem, hint="name the field that tells rows apart under key").refused
