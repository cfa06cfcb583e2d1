"""A department's REST service for tests: applications in pages of three, in each way that services page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import orjson

from connectors import open_source
from tests.support.shelves import Declared
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.ports import Source

PAGE = 3


class RestShelf:
    """The service; `by` is its way of paging."""

    def __init__(self, by: str) -> None:
        self.by = by
        self.rows: list[Any] = []
        self.clock = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
        self.service = Service(self.answer)
        self.missing = {**self.options, "url": "http://127.0.0.1:1/none"}

    def put(self, *applications: tuple[str, str], broken_after: int | None = None) -> None:
        """Add rows, each changed a second after the one before."""
        self.clock += timedelta(hours=1)
        rows: list[Any] = []
        for index, (number, name) in enumerate(applications):
            changed = self.clock - timedelta(minutes=1) + timedelta(seconds=index)
            rows.append({"no": number, "name": name, "changed": changed.isoformat()})
        if broken_after is not None:
            rows.insert(broken_after, "9")
        self.rows += rows

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        document: dict[str, Any] = {"data": {"rows": self.rows}}
        headers: dict[str, str] = {}
        if self.by != "none":
            at = self._start(asked)
            document["data"] = {"rows": self.rows[at : at + PAGE]}
            if at + PAGE < len(self.rows):
                document["next"] = str(at + PAGE)
                headers["Link"] = f'</list?at=0>; rel="first", </list?at={at + PAGE}>; rel="next"'
        body = orjson.dumps(document).decode().encode("gb18030")
        kind = "application/json; charset=GBK"
        return Answer(
            body=body, headers={"Content-Type": kind, "Date": self.date, **(headers if self.by == "link" else {})}
        )

    def _start(self, asked: Asked) -> int:
        if self.by == "page":
            return (int(asked.query["page"]) - 1) * PAGE
        return int(asked.query.get({"offset": "offset", "cursor": "cursor", "link": "at"}[self.by], 0))

    @property
    def date(self) -> str:
        """Return what the service's clock shows."""
        return format_datetime(self.clock, usegmt=True)

    @property
    def options(self) -> dict[str, Any]:
        """Return how a mapping reads it."""
        cursor = {"column": "changed", "settle": "0s", "overlap": "0s"}
        rate = {"requests": 10_000}
        return {"key": "no", "rows": "data/rows", "paging": {"by": self.by}, "cursor": cursor, "rate": rate}

    @property
    def declaration(self) -> Declared:
        """Return how a mapping declares this."""
        return self.declared({**self.options, "url": f"{self.service.url}/list"})

    def declared(self, connect: Mapping[str, Any]) -> Declared:
        """Return a declaration of this kind with other options."""
        return Declared(kind="rest", connect=connect, read={"encoding": "GB2312"})

    def source(self) -> Source:
        """Open it."""
        return open_source(self.declaration, {})

    def close(self) -> None:
        """Stop the service."""
        self.service.close()
