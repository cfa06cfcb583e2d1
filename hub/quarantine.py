"""Opens and replays what was refused; both are acts of a person, and the ledger remembers them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from hub.errors import Fault, Misconfigured, Refused, Rejection
from hub.model import ids
from hub.model.digest import xor_digests
from hub.model.documents import act_document, parse, report_document
from hub.model.values import EVERY_PARTITION, Delivery, Message

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.admission import Admission
    from hub.intake import Intake, ReadTotals
    from hub.model.values import Record
    from hub.ports import Bus, Vault


Refusal: TypeAlias = tuple[str, str, str]
"""Why a record was refused: stage, code and path."""


def open_bytes(sealed: bytes, *, rejection_id: str, vault: Vault, bus: Bus, by: str, now: datetime) -> bytes:
    """Return the exact bytes of a refused record; that `by` opened them is on its way to the ledger first."""
    if not sealed:
        raise Misconfigured(_elsewhere(rejection_id))
    bus.publish([_act("quarantine.opened", rejection_id, by, now)])
    return vault.open(sealed)


def _elsewhere(rejection_id: str) -> Fault:
    return Fault(
        code="quarantine.spooled",
        problem=f"the bytes of {rejection_id} are too large to travel: they are in the spool of their connector",
        hint="look for the record digest in the connector's data folder, spool/",
    )


def replay(
    record: Record, *, refused: Refusal, rejection_id: str, intake: Intake, bus: Bus, by: str, now: datetime
) -> tuple[ReadTotals, Rejection | None]:
    """Take a record in once more that was `refused` before, under the mapping as it is now.

    If it is refused for the same reason it stays open, counted once more; for another, that has an entry of its own.
    """
    totals, again = intake.replay_record(record)
    if again is None or refused != (again.stage, again.code, again.path):
        bus.publish([_act("quarantine.replayed", rejection_id, by, now)])
    return totals, again


def replay_message(
    body: bytes, *, rejection_id: str, connection_id: str, gate: Admission, bus: Bus, by: str, now: datetime
) -> Rejection | None:
    """Send a refused case event once more, as a read of its own; or return why it would be refused again.

    It must speak for `connection_id`, to which its refusal was charged: sent by the hub's own account, a forged
    message would otherwise be believed at the second try.
    """
    try:
        event = gate.event(_delivery(body, gate.trusted))
    except Refused as refused:
        return refused.rejection
    if event.connection_id != connection_id:
        return _FORGED
    bus.publish(_resent(parse(body), now))
    bus.publish([_act("quarantine.replayed", rejection_id, by, now)])
    return None


_FORGED: Final = Rejection(
    stage="authorise",
    code="authorise.speaker",
    problem="the message speaks for a connection that did not send it",
    hint="leave it here: it is evidence",
)


def _delivery(body: bytes, user: str) -> Delivery:
    return Delivery(queue="", tag=0, kind="event", message_id="", user=user, body=body)


def _resent(document: dict[str, Any], now: datetime) -> Sequence[Message]:
    """Return an event's message as the only one of a new read, and that read's report, which counts no record."""
    data, at, key = document["data"], now.isoformat(), str(ids.bucket_of(document["subject"]))
    origin = {"read_id": str(uuid.uuid4()), "portion": 0, "backfill": False}
    data["provenance"] |= {**origin, "ordinal": 0}
    report = report_document(
        {
            **origin,
            "connection_id": data["connection_id"],
            "final": True,
            "records": {"read": 0, "mapped": 0, "empty": 0, "quarantined": 0},
            "events": 1,
            "buckets": {key: 1},
            "digests_xor": xor_digests([]),
            "started_at": at,
            "ended_at": at,
        }
    )
    name = f"{origin['read_id']}:0:0"
    return [
        Message(exchange="intake", key=key, kind="event", message_id=name, body=orjson.dumps(document)),
        Message(
            exchange="intake",
            key=EVERY_PARTITION,
            kind="report",
            message_id=report["id"],
            body=orjson.dumps(report),
        ),
    ]


def _act(act: str, rejection_id: str, by: str, now: datetime) -> Message:
    document = act_document(act, subject=rejection_id, by=by, at=now.isoformat())
    return Message(
        exchange="intake",
        key=str(ids.bucket_of(rejection_id)),
        kind="act",
        message_id=document["id"],
        body=orjson.dumps(document),
    )
