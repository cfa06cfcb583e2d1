"""A department with a REST service: JSON by page and by time of change, a bearer token, and what it made of a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from conformance.reference.web import Asked, Told, WebSystem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAGE: Final = 50
"""Rows of one answer."""

_KIND: Final = "application/json"


class RestOffice:
    """The department: rows are put in, and asked for with `since`, `until` and `page`."""

    def __init__(self, token: str) -> None:
        """Begin empty."""
        self._token = token
        self.files: dict[str, tuple[str, bytes]] = {}
        """Media type and content of the files that it hands out, by name."""
        self._rows: list[Mapping[str, Any]] = []
        self._web = WebSystem(self._answer)

    @property
    def environment(self) -> Mapping[str, str]:
        """Return where it is, by the names that its mapping uses."""
        url = self._web.url
        return {"OFFICE_URL": f"{url}/api/cases", "OFFICE_FILES": f"{url}/files/", "OFFICE_TOKEN": self._token}

    def address_of(self, name: str) -> str:
        """Return where a file stands."""
        return f"{self._web.url}/files/{quote(name)}"

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take rows in, in the place of those of the same `id`; `changed_at` is their last change (RFC 3339, UTC)."""
        by_id = {row["id"]: row for row in (*self._rows, *rows)}
        self._rows = sorted(by_id.values(), key=lambda row: (row["changed_at"], row["id"]))

    def close(self) -> None:
        """Stop."""
        self._web.close()

    def _answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != f"Bearer {self._token}":
            return Told(401, _KIND, b'{"error": "no token"}')
        if asked.path.startswith("/files/"):
            kind, content = self.files.get(unquote(asked.path.removeprefix("/files/")), ("", b""))
            return Told(200, kind, content) if kind else Told(404, "text/plain", b"")
        since, until = asked.query.get("since", ""), asked.query.get("until", "9999")
        page = int(asked.query.get("page", "1"))
        rows = [row for row in self._rows if since <= row["changed_at"] <= until]
        some = rows[(page - 1) * PAGE : page * PAGE]
        body = {"total": len(rows), "page": page, "data": some}
        return Told(200, _KIND, json.dumps(body, ensure_ascii=False).encode())
