"""A complaint centre that hears what becomes of its complaints: each status once, whatever comes again or too late."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.reference.web import Asked, Told, WebSystem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KIND = "application/json"


@dataclass
class StatusBook:
    """What a centre knows of its complaints: the moves in force by event, and the state of the latest document.

    That is all it takes to end with what the hub has, in whatever order documents come, and however often.
    """

    seen: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Every document by its id."""

    def take(self, document: Mapping[str, Any]) -> bool:
        """Take a document; tell whether it was new."""
        is_new = document["status_id"] not in self.seen
        self.seen.setdefault(document["status_id"], document)
        return is_new

    def of(self, complaint_no: str) -> list[Mapping[str, Any]]:
        """Return what was told of a complaint, in the order in which it happened at the hub."""
        own = (each for each in self.seen.values() if each["complaint_no"] == complaint_no)
        return sorted(own, key=lambda each: (int(each["sequence"]), int(each["part"])))

    def state(self, complaint_no: str) -> str:
        """Return the state of a complaint; empty where nothing was told of it."""
        told = self.of(complaint_no)
        return str(told[-1]["state"]) if told else ""

    def moves(self, complaint_no: str) -> list[str]:
        """Return the moves of a complaint that hold, in order."""
        last = {each["event_id"]: each for each in self.of(complaint_no)}
        return [str(each["move"]) for each in last.values() if str(each["in_force"]).lower() == "true"]


def read(documents: Iterable[Mapping[str, Any]]) -> StatusBook:
    """Return what a centre knows that was told these documents."""
    book = StatusBook()
    for each in documents:
        book.take(each)
    return book


class ComplaintCentre:
    """The centre's service: statuses are posted to it with a bearer token; it answers with a receipt of its own."""

    def __init__(self, token: str) -> None:
        """Listen."""
        self.book = StatusBook()
        self.heard: list[Mapping[str, Any]] = []
        """Every document as it came, those that came again too."""
        self._token, self._lock = token, threading.Lock()
        self._web = WebSystem(self._answer)

    @property
    def environment(self) -> Mapping[str, str]:
        """Return where it is, by the names that its mapping uses."""
        return {"SUITE_CENTRE_URL": f"{self._web.url}/status", "SUITE_CENTRE_TOKEN": self._token}

    def close(self) -> None:
        """Stop."""
        self._web.close()

    def _answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != f"Bearer {self._token}":
            return Told(401, _KIND, b'{"error": "no token"}')
        document = json.loads(asked.body)
        with self._lock:
            self.heard.append(document)
            is_new = self.book.take(document)
        receipt = {"receipt": f"回执-{document['status_id'][:8]}", "new": is_new}
        return Told(200, _KIND, json.dumps(receipt, ensure_ascii=False).encode())
