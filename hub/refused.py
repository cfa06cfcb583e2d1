"""Decides what becomes of a message that may not enter: to whom it is charged, and what is kept of it."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from hub.model import ids
from hub.model.digest import record_digest
from hub.model.shapes import PATTERNS
from hub.model.values import Arrival, Outcome, QuarantineRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hub.errors import Rejection
    from hub.model.values import Connection, Delivery

_NAME: Final = re.compile(rf"({PATTERNS['uuid'].strip('^$')}):([0-9]{{1,9}}):([0-9]{{1,9}})")
"""`<read_id>:<portion>:<ordinal>`; nine digits fit every store's integers."""

CONNECTION_CHARS: Final = 100
"""Longest connection id (schemas/mapping.v1); what a refused message claims is cut there."""

PLACE: Final = "message "
"""How the place of a refused message begins; a refused record's place is a file's, a table's or a path's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageName:
    """What a message id `<read_id>:<portion>:<ordinal>` says."""

    read_id: str
    portion: int
    ordinal: int


def message_name(message_id: str) -> MessageName:
    """Read a message id; one that is not of our form names a read of its own."""
    ours = _NAME.fullmatch(message_id)
    if ours:
        return MessageName(read_id=ours[1], portion=int(ours[3]), ordinal=int(ours[4]))
    return MessageName(read_id=ids.foreign_read_id(message_id), portion=0, ordinal=0)


def parked_name(delivery: Delivery) -> str:
    """Name a message that is parked: the same for its redelivery, another for any other of the same message id.

    One that was sent to several queues is refused in each of them, by a name of its own.
    """
    return ids.parked_id(delivery.user, delivery.message_id, delivery.queue, record_digest(delivery.body))


def charged_to(delivery: Delivery, connections: Mapping[str, Connection], trusted: str) -> str:
    """Return the connection that answers for a refused message: never one in whose name its publisher may not speak.

    The hub's own account `trusted` speaks for all; an account of several connections for the one that the message
    names, if that is one of them. An account of none is charged to a name that nobody has registered, else to nobody.
    """
    claimed = _claimed_connection(delivery)
    known = connections.get(claimed)
    if delivery.user == trusted or (known and known.user == delivery.user):
        return claimed
    own = sorted(name for name, connection in connections.items() if connection.user == delivery.user)
    if own:
        return own[0]
    return "" if known else claimed


def _claimed_connection(delivery: Delivery) -> str:
    try:
        claimed = orjson.loads(delivery.body)["data"]["connection_id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return storable(str(claimed)[:CONNECTION_CHARS])


def storable(text: str) -> str:
    """Return `text` without the one character that PostgreSQL cannot hold (U+0000)."""
    return text.replace("\x00", "\N{SYMBOL FOR NULL}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedMessage:
    """A message that may not enter, and why."""

    delivery: Delivery
    rejection: Rejection

    @property
    def subject(self) -> str:
        """Name it in the ledger."""
        return parked_name(self.delivery)

    @property
    def evidence(self) -> bytes:
        """Return what the ledger keeps of it: who sent what, by digest, and why it was refused."""
        return orjson.dumps(
            {
                "message_id": self.delivery.message_id,
                "user": self.delivery.user,
                "record_digest": record_digest(self.delivery.body),
                **dataclasses.asdict(self.rejection),
            }
        )

    def row(self, connection_id: str, now: datetime, seal: Callable[[bytes], bytes]) -> QuarantineRow:
        """Keep the message whole, charged to `connection_id`: its bytes sealed, and why."""
        name, why = message_name(self.delivery.message_id), self.rejection
        return QuarantineRow(
            rejection_id=self.subject,
            connection_id=connection_id,
            read_id=name.read_id,
            ordinal=name.ordinal,
            stage=why.stage,
            code=why.code,
            path=storable(why.path),
            problem=storable(why.problem),
            hint=why.hint,
            place=storable(f"{PLACE}{self.delivery.message_id} on {self.delivery.queue}"),
            record_digest=record_digest(self.delivery.body),
            sealed=seal(self.delivery.body),
            size_bytes=len(self.delivery.body),
            received_at=now,
            last_at=now,
            value=storable(why.value),
        )

    def arrival(self, connection_id: str) -> Arrival:
        """Account for an event message that the hub could not take, so that nothing is missing from the sums."""
        name = message_name(self.delivery.message_id)
        return Arrival(
            event_id=self.subject,
            read_id=name.read_id,
            portion=name.portion,
            ordinal=name.ordinal,
            connection_id=connection_id,
            digest="",
            source_version=0,
            mapping_version=0,
            record_digest=record_digest(self.delivery.body),
            fingerprint="",
            outcome=Outcome.PARKED,
            position=None,
        )
