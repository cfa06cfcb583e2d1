"""Takes in what departments send, whichever way it comes: once, with a receipt that says what became of it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.problems import Problem
from hub.errors import Unavailable
from hub.model import ids
from hub.pushing import Busy, Push, body_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.reading import Parts, Pushed, Row
    from hub.errors import Rejection
    from hub.identity import Identity
    from hub.model.values import Record
    from hub.pushing import Taken

BODY_BYTES: Final = 16 << 20
"""Largest body: what is longer is sent in parts, or delivered as a file."""

KEY_CHARS: Final = 200
"""Longest Idempotency-Key."""

AT_ONCE: Final = 8
"""Pushes of one key under way at a time."""

RECORDS: Final = 10_000
"""Records of one push: more of them are a backfill, which is imported."""

TOLD: Final = 200
"""Refused records that an answer lists; the counts are of all."""

SCOPE: Final = "records:write"


class Answer(NamedTuple):
    """What a sender is told: HTTP's number for it, and the document."""

    status: int
    document: Mapping[str, Any]


class Taking:
    """Takes pushes in; remembers how many of each key are under way."""

    def __init__(self, parts: Parts) -> None:
        """Take in through `parts`."""
        self._parts = parts
        self._under_way: dict[str, int] = {}
        self._lock = threading.Lock()

    def of(self, who: Identity, connection: str) -> Pushed:
        """Return how a connection's bodies are read; it must be the asker's own."""
        pushed = self._parts.pushed.get(connection)
        if pushed is None:
            hint = "its mapping says kind: push, in the mappings folder of this process"
            raise Problem(404, "no-connection", f"{connection[:80]!r} does not send records", hint=hint)
        is_own = who.kind == "connection" and who.name == connection
        if not is_own and not who.may("admin"):
            hint = f"sunlight key add {connection} --kind connection --scope {SCOPE}"
            raise Problem(403, "connection", "this key does not speak for that connection", hint=hint)
        return pushed

    @contextmanager
    def turn(self, who: Identity) -> Iterator[None]:
        """Let a few pushes of one key be under way at a time."""
        with self._lock:
            if self._under_way.get(who.key_id, 0) >= AT_ONCE:
                hint = "wait for the answers to those before"
                raise Problem(429, "too-many", f"{AT_ONCE} pushes of this key are under way", hint=hint)
            self._under_way[who.key_id] = self._under_way.get(who.key_id, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[who.key_id] -= 1

    def take(self, pushed: Pushed, connection: str, key: str, body: bytes) -> Answer:
        """Take a body in under the name `key` (empty: its digest is its name); raise Problem where it cannot be."""
        digest = body_digest(body)
        key = (key or digest)[:KEY_CHARS]
        before = self._before(connection, key, digest)
        if before is not None:
            return before
        return self._hand_over(pushed, connection, key, pushed.format.records(body), digest)

    def take_records(
        self, pushed: Pushed, connection: str, digest: str, records: Sequence[Record], *, key: str = ""
    ) -> Answer:
        """Take in records that are read already, under the name `key`; empty: under their own digest."""
        before = self._before(connection, key or digest, digest)
        return before or self._hand_over(pushed, connection, key or digest, records, digest)

    def _hand_over(self, pushed: Pushed, connection: str, key: str, records: Sequence[Record], digest: str) -> Answer:
        """Take in records that a body of that `digest` held."""
        if not records or len(records) > RECORDS:
            problem = f"the body holds {len(records):,} records, not 1 to {RECORDS:,}"
            raise Problem(422, "records", problem, hint="send some, in parts; a whole past is imported")
        try:
            taken = pushed.desk.take(Push(connection=connection, key=key, body_digest=digest, records=records))
        except Busy as busy:
            raise Problem(429, "busy", str(busy), hint="send it again in a moment") from busy
        return _answer(taken, len(records))

    def _before(self, connection: str, key: str, digest: str) -> Answer | None:
        """Return the answer to a push that was taken in before; None where it was not, or the store cannot tell."""
        receipt_id = ids.receipt_id(connection, key)
        try:
            reports = self._parts.reading.receipt(receipt_id, connection)["portions"]
        except Unavailable:
            return None
        if not reports:
            return None
        if reports != [ids.pushed_from(digest)]:
            hint = "a key names one body for ever: take another key"
            raise Problem(409, "conflicting", "this Idempotency-Key came with another body", hint=hint)
        return Answer(200, self._receipt(receipt_id, connection))

    def receipt(self, receipt_id: str, who: Identity) -> Row:
        """Tell what became of a push; of any where `who` may read the quarantine, else of their own."""
        if len(receipt_id) != len(_NO_ID) or not set(receipt_id) <= set("0123456789abcdef-"):
            raise Problem(404, "no-receipt", "this is no receipt", hint="use the receipt_id of the answer to a push")
        return self._receipt(receipt_id, None if who.may("quarantine:read") else who.name)

    def _receipt(self, receipt_id: str, connection: str | None) -> Row:
        found = self._parts.reading.receipt(receipt_id, connection)
        return {"receipt_id": receipt_id, "state": state_of(found), **{name: found[name] for name in _TOLD}}


_TOLD: Final = ("records", "events", "refused")
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"


def state_of(found: Mapping[str, Any]) -> str:
    """Say in one word what became of a push."""
    outcomes, records = found["events"], found["records"]
    if len(found["portions"]) > 1 or outcomes.get("conflicting"):
        return "conflicting"
    if not found["portions"] or sum(outcomes.values()) < found["published"]:
        return "pending"
    if records["quarantined"]:
        return "partly" if records["mapped"] else "quarantined"
    is_news = any(outcomes.get(name) for name in ("new", "revised", "remapped"))
    return "accepted" if is_news or not outcomes else "duplicate"


def _answer(taken: Taken, count: int) -> Answer:
    refused = _told(taken.refusals)
    if taken.totals is None:
        problem = Problem(422, "unmapped", f"none of the {count} records can be mapped", hint="mend them, send again")
        return Answer(422, {**problem.document(""), "problems": refused[:TOLD]})
    totals = taken.totals
    records = {name: getattr(totals, name) for name in ("read", "mapped", "empty", "quarantined")}
    said = {"receipt_id": taken.receipt_id, "state": "pending", "records": records, "published": totals.events}
    return Answer(202, {**said, "refused": refused[:TOLD]})


def _told(refusals: Sequence[Rejection | None]) -> list[dict[str, Any]]:
    names = ("code", "path", "problem", "hint", "value", "place")
    return [
        {"record": number, **{name: getattr(why, name) for name in names}}
        for number, why in enumerate(refusals, start=1)
        if why is not None
    ]
