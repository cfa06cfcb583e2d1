"""A department with a REST service: cases and complaint answers by page and time of change, files, orders taken in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from conformance.reference.web import Asked, Told, WebSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PAGE: Final = 50
"""Rows of one answer."""

CASES, ANSWERS, ORDERS, FILES = "/api/cases", "/api/answers", "/api/orders", "/files/"

_KIND: Final = "application/json"


class RestOffice:
    """The department: rows are put in, and asked for with `since`, `until` and `page`."""

    def __init__(self, token: str, orders_token: str = "") -> None:
        """Begin empty. `orders_token` is the hub's, by which it may post orders; empty: nobody's is asked for."""
        self._token, self._orders_token = token, orders_token
        self.files: dict[str, tuple[str, bytes]] = {}
        """Media type and content of the files that it hands out, by name."""
        self.take: Callable[[Mapping[str, Any]], bool] | None = None
        """Takes an order, and tells whether it was new; None: it has no complaint module."""
        self._rows: dict[str, list[Mapping[str, Any]]] = {CASES: [], ANSWERS: []}
        self._web = WebSystem(self._answer)

    @property
    def environment(self) -> Mapping[str, str]:
        """Return where it is, by the names that its mappings use."""
        url = self._web.url
        return {
            "OFFICE_URL": url + CASES,
            "OFFICE_ANSWERS_URL": url + ANSWERS,
            "OFFICE_ORDERS_URL": url + ORDERS,
            "OFFICE_FILES_URL": url + FILES,
            "OFFICE_TOKEN": self._token,
            "OFFICE_ORDERS_TOKEN": self._orders_token or "none is asked for",
        }

    def address_of(self, name: str) -> str:
        """Return where a file stands."""
        return f"{self._web.url}{FILES}{quote(name)}"

    def put(self, rows: Sequence[Mapping[str, Any]], table: str = CASES) -> None:
        """Take rows in, in the place of those of the same `id`; `changed_at` is their last change (RFC 3339, UTC)."""
        by_id = {row["id"]: row for row in (*self._rows[table], *rows)}
        self._rows[table] = sorted(by_id.values(), key=lambda row: (row["changed_at"], row["id"]))

    def close(self) -> None:
        """Stop."""
        self._web.close()

    def _answer(self, asked: Asked) -> Told:
        if asked.path == ORDERS:
            return self._ordered(asked)
        if asked.headers.get("authorization") != f"Bearer {self._token}":
            return Told(401, _KIND, b'{"error": "no token"}')
        if asked.path.startswith(FILES):
            kind, content = self.files.get(unquote(asked.path.removeprefix(FILES)), ("", b""))
            return Told(200, kind, content) if kind else Told(404, "text/plain", b"")
        return self._listed(asked)

    def _listed(self, asked: Asked) -> Told:
        since, until = asked.query.get("since", ""), asked.query.get("until", "9999")
        page = int(asked.query.get("page", "1"))
        rows = [row for row in self._rows[asked.path] if since <= row["changed_at"] <= until]
        some = rows[(page - 1) * PAGE : page * PAGE]
        return _told(200, {"total": len(rows), "page": page, "data": some})

    def _ordered(self, asked: Asked) -> Told:
        """Take an order of the hub's: whoever shows no token of the hub's is no hub."""
        if self._orders_token and asked.headers.get("authorization") != f"Bearer {self._orders_token}":
            return _told(401, {"error": "not the hub"})
        if self.take is None:
            return _told(404, {"error": "no complaint module"})
        order = json.loads(asked.body)
        is_new = self.take(order)
        return _told(200 if is_new else 409, {"receipt": f"回执-{order['指令编号'][:8]}"})


def _told(status: int, document: Mapping[str, Any]) -> Told:
    return Told(status, _KIND, json.dumps(document, ensure_ascii=False).encode())
