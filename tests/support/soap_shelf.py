"""A department's SOAP service for tests: applications by page, in 1.1 or 1.2, or as a document within a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from connectors.soap_envelope import ENVELOPES
from tests.support.rest_shelf import PAGE, RestShelf
from tests.support.shelves import Declared
from tests.support.web import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Mapping


class SoapShelf(RestShelf):
    """The service; `version` is SOAP's, and `text` says that a whole document comes as one text."""

    def __init__(self, version: str, *, text: bool = False) -> None:
        self.version, self.text = version, text
        super().__init__("page")

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        page = int(re.findall(rb"<q:page>(\d+)</q:page>", asked.body)[0])
        rows = self.rows[(page - 1) * PAGE : page * PAGE]
        inner = "<rows>" + "".join(f"<row>{self._row(row)}</row>" for row in rows) + "</rows>"
        if self.text:
            inner = escape(f'<?xml version="1.0" encoding="gb2312"?>{inner}')
        space = ENVELOPES[self.version]
        body = (
            f'<?xml version="1.0" encoding="GBK"?><s:Envelope xmlns:s="{space}"><s:Body>'
            f'<r:answer xmlns:r="urn:cases"><r:return>{inner}</r:return></r:answer></s:Body></s:Envelope>'
        )
        kind = "text/xml; charset=GBK" if self.version == "1.1" else "application/soap+xml"
        return Answer(body=body.encode("gb18030"), headers={"Content-Type": kind, "Date": self.date})

    @staticmethod
    def _row(row: Any) -> str:
        return (
            row if isinstance(row, str) else "".join(f"<{name}>{escape(text)}</{name}>" for name, text in row.items())
        )

    @property
    def options(self) -> dict[str, Any]:
        """Return how a mapping reads it."""
        where = {"rows": "row", "embedded": "return"} if self.text else {"rows": "return/rows/row"}
        return {
            **where,
            "key": "no",
            "version": self.version,
            "action": "urn:cases:query",
            "request": '<q:query xmlns:q="urn:cases"><q:from>{since}</q:from><q:page>{page}</q:page></q:query>',
            "paging": {"by": "page"},
            "cursor": {"column": "changed", "settle": "0s", "overlap": "0s"},
            "rate": {"requests": 10_000},
        }

    def declared(self, connect: Mapping[str, Any]) -> Declared:
        """Return a declaration of this kind with other options."""
        return Declared(kind="soap", connect=connect, read={"encoding": "GB2312"})
