"""Polls a department's REST service: every page of what changed, complete though rows come and go meanwhile.

A list in numbered pages moves under the reader: a row that goes shifts the others to pages already read. So such a list
is walked again until a walk finds nothing new. What a service answers in place of JSON is kept and refused, once a
read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import orjson

from connectors.codecs.common import refused
from connectors.encodings import canonical
from connectors.http.client import HttpClient, http_options
from connectors.http.paging import Page, paging_of, value_at
from connectors.options import Options, encoding_of
from connectors.window import Sweeper, Window, WindowOptions, window_after, window_options
from hub.clock import SystemClock
from hub.errors import Misconfigured
from hub.mapping.paths import path_in
from hub.model.digest import record_digest
from hub.model.values import Portion, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.http.client import Reply
    from connectors.http.paging import Paging
    from connectors.options import Declaration
    from hub.errors import Rejection
    from hub.ports import Clock

PORTION_ROWS: Final = 1000
"""Rows published and confirmed together."""

WALKS: Final = 5
"""Walks through a list that moves; one that never stands still is delivered as far as it was seen."""

_NOT_MODIFIED: Final = 304
_ROW_PLACE: Final = "row of "


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOptions:
    """Where the rows stand in an answer, how the list is walked, and which rows are new."""

    url: str
    place: str
    rows: tuple[str, ...]
    """Path of the list within the document; empty where the document is the list."""
    paging: Paging
    window: WindowOptions
    parameters: Mapping[str, str] = field(default_factory=dict)
    since: str = ""
    """Parameter that asks for what changed since an instant; empty where the service has none."""
    until: str = ""
    form: str = "%Y-%m-%dT%H:%M:%SZ"
    """How these two are written; in UTC where the form ends in Z, else in the service's zone."""
    encoding: str = "utf-8"


class RestSource:
    """A Source over one list of a REST service."""

    def __init__(self, client: HttpClient, options: RestOptions, clock: Clock) -> None:
        """Poll with `client` as `options` say."""
        self._client, self._options, self._clock = client, options, clock

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield what changed since `checkpoint`, a page a portion; see the port."""
        sweeper = Sweeper(self._options.window, window_after(checkpoint, self._clock.now(), self._options.window))
        reading = _Reading(self._client, self._options, sweeper)
        for records in reading.pages():
            yield Portion(records=records, checkpoint=sweeper.passed(finished=False).checkpoint())
        if reading.refusal is not None:
            yield Portion(records=[reading.refusal], checkpoint=None, final=True)
            return
        window = sweeper.passed(finished=True, validator=reading.validator)
        yield Portion(records=[], checkpoint=window.checkpoint(), watermark=window.bound, final=True)

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Do nothing: the service is only read."""

    def probe(self) -> Mapping[str, str]:
        """Ask for the first page, and forget it."""
        reading = _Reading(self._client, self._options, Sweeper(self._options.window, self._first()))
        page = next(self._options.paging.walk(reading.fetch), None)
        if reading.refusal is not None and reading.refusal.refused is not None:
            return {"service": self._options.url, "answer": reading.refusal.refused.problem}
        rows = page.rows if page else []
        keys = sum(isinstance(row, dict) and self._options.window.key in row for row in rows)
        return {
            "service": self._options.url,
            "rows on the first page": str(len(rows)),
            "of them with a key": str(keys),
            "clock": reading.clock,
        }

    def _first(self) -> Window:
        return window_after(None, self._clock.now(), self._options.window)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


class _Reading:
    """One read: asks page by page, and turns rows into records."""

    def __init__(self, client: HttpClient, options: RestOptions, sweeper: Sweeper) -> None:
        self._client, self._options, self._sweeper = client, options, sweeper
        self.refusal: Record | None = None
        """The answer that could not be read, which ends the read."""
        self.validator = sweeper.window.validator
        self.clock = ""

    def pages(self) -> Iterator[list[Record]]:
        """Yield the new records page by page, of as many walks as it takes to miss none.

        What was yielded is what the sweeper has seen: a checkpoint taken then leaves nothing out.
        """
        for _ in range(WALKS if self._options.paging.shifts else 1):
            fresh = pages = 0
            for page in self._options.paging.walk(self.fetch):
                pages += 1
                for records in self._new(page.rows):
                    fresh += len(records)
                    yield records
            if not fresh or pages < 2 or self.refusal is not None:  # noqa: PLR2004 - one page cannot shift
                return

    def fetch(self, parameters: Mapping[str, str], url: str = "") -> Page:
        """Ask for one page; an answer that cannot be read is kept as the refusal, and as an empty page."""
        if url:
            reply = self._client.ask("GET", self._client.joined(url))
        else:
            asked = {**self._options.parameters, **self._asked(), **parameters}
            reply = self._client.ask("GET", self._options.url, params=asked, headers=self._condition())
        return self._page(reply)

    def _asked(self) -> Mapping[str, str]:
        """Return the parameters that bound the window, where the service has them."""
        window, options = self._sweeper.window, self._options
        bounds = {options.since: window.since, options.until: window.bound}
        return {name: self._written(instant) for name, instant in bounds.items() if name and instant is not None}

    def _written(self, instant: datetime) -> str:
        zone = ZoneInfo("UTC") if self._options.form.endswith("Z") else self._options.window.zone
        return instant.astimezone(zone).strftime(self._options.form)

    def _condition(self) -> Mapping[str, str]:
        """Ask a list that comes whole only if it is another than last time."""
        if self._options.paging.by != "none" or not self._sweeper.window.validator:
            return {}
        kind, _, value = self._sweeper.window.validator.partition(" ")
        return {{"etag": "If-None-Match", "date": "If-Modified-Since"}[kind]: value}

    def _page(self, reply: Reply) -> Page:
        self.clock = reply.date.isoformat() if reply.date else self.clock
        if reply.date is not None:
            self._sweeper.bind(reply.date)
        if reply.status == _NOT_MODIFIED:
            self._sweeper.same()
            return Page([], None, "")
        self.validator = _validator(reply)
        document = self._document(reply)
        rows = value_at(document, self._options.rows)
        if rows is None and self.refusal is None:
            self._refuse(reply, "no-rows", f"the answer has no {'/'.join(self._options.rows)}", "name the list's path")
        listed = rows if isinstance(rows, list) else [rows] if isinstance(rows, dict) else []
        return Page(listed, document, reply.headers.get("link", ""))

    def _document(self, reply: Reply) -> Any:  # noqa: ANN401 - any JSON
        """Decode an answer by the declared encoding, with which its header must agree."""
        declared = self._options.encoding
        try:
            named = canonical(reply.charset) if reply.charset else declared
            if named != declared:
                problem = f"the service says {reply.charset}, its connection {declared}"
                return self._refuse(reply, "encoding-conflict", problem, "declare what it really writes")
            return orjson.loads(reply.body.decode(declared))
        except UnicodeDecodeError as wrong:
            return self._refuse(reply, "bad-encoding", f"byte {wrong.start} is not {declared}", "declare its encoding")
        except orjson.JSONDecodeError:
            kind = "a web page" if b"<html" in reply.body[:1000].lower() else reply.media_type or "something else"
            what = f"the answer is no JSON but {kind if reply.body.strip() else 'empty'}"
            return self._refuse(reply, "no-json", what, "a login page or an error page may come with status 200")
        except Misconfigured:
            return self._refuse(reply, "encoding-conflict", f"charset {reply.charset} is unknown", "ask the service")

    def _refuse(self, reply: Reply, code: str, problem: str, hint: str) -> None:
        self.refusal = refused(reply.body, reply.place, code, problem, hint=hint)

    def _new(self, rows: Sequence[Any]) -> Iterator[list[Record]]:
        """Yield the new rows of a page in bounded portions."""
        found: list[Record] = []
        for row in rows:
            raw = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
            if self._sweeper.is_new(row if isinstance(row, dict) else {}, record_digest(raw)):
                found.append(self._record(row, raw))
            if len(found) >= PORTION_ROWS:
                yield found
                found = []
        if found:
            yield found

    def _record(self, row: Any, raw: bytes) -> Record:  # noqa: ANN401 - any JSON
        place = f"{_ROW_PLACE}{self._options.place}"
        if not isinstance(row, dict):
            return refused(raw, place, "no-object", "the row is no object", hint="name the list's path under rows")
        return Record(place=f"{place}, {self._name(row)}"[:1000], raw=raw, tree=row, refused=self._lacks_key(row))

    def _name(self, row: Mapping[str, Any]) -> str:
        return f"{self._options.window.key} {row.get(self._options.window.key)}"

    def _lacks_key(self, row: Mapping[str, Any]) -> Rejection | None:
        if row.get(self._options.window.key) not in (None, ""):
            return None
        problem = f"the row has no {self._options.window.key}"
        return refused(b"", "", "no-key", problem, hint="name the field that tells rows apart under key").refused


def _validator(reply: Reply) -> str:
    if reply.headers.get("etag"):
        return f"etag {reply.headers['etag']}"
    return f"date {reply.headers['last-modified']}" if reply.headers.get("last-modified") else ""


def open_rest(declaration: Declaration, environment: Mapping[str, str], clock: Clock | None) -> RestSource:
    """Open what `declaration` says; raise Misconfigured with every fault. Nothing is connected yet."""
    connect = Options(declaration.connect, file=declaration.connection, environment=environment)
    http = http_options(connect, place=declaration.connection)
    zone = ZoneInfo(str(declaration.read.get("timezone") or "Asia/Shanghai"))
    parameters, asked = connect.section("parameters"), connect.section("since")
    options = RestOptions(
        url=http.url,
        place=declaration.connection,
        rows=path_in(connect.text("rows", "")),
        paging=paging_of(connect, place=declaration.connection),
        window=window_options(connect, zone=zone),
        parameters={name: parameters.text(name) for name in parameters.names()},
        since=asked.text("parameter", ""),
        until=asked.text("until", ""),
        form=asked.text("format", "%Y-%m-%dT%H:%M:%SZ"),
        encoding=encoding_of(declaration),
    )
    asked.no_more()
    connect.no_more(also=("every",))
    connect.done()
    return RestSource(HttpClient(http), options, clock or SystemClock())
