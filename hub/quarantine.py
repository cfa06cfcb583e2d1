"""Opens and replays what was refused; both are acts of a person, and the ledger remembers them (contract 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from hub.model import ids
from hub.model.documents import act_document
from hub.model.values import Message

if TYPE_CHECKING:
    from datetime import datetime

    from hub.intake import Intake, ReadTotals
    from hub.model.values import Record
    from hub.ports import Bus, Vault


def open_bytes(sealed: bytes, *, rejection_id: str, vault: Vault, bus: Bus, by: str, now: datetime) -> bytes:
    """Return the exact bytes of a refused record; that `by` opened them is on its way to the ledger first."""
    bus.publish([_act("quarantine.opened", rejection_id, by, now)])
    return vault.open(sealed)


def replay(record: Record, *, rejection_id: str, intake: Intake, bus: Bus, by: str, now: datetime) -> ReadTotals:
    """Take a refused record in once more, under the mapping as it is now; if it is refused again it stays open."""
    totals = intake.replay_record(record)
    if totals.quarantined == 0:
        bus.publish([_act("quarantine.replayed", rejection_id, by, now)])
    return totals


def _act(act: str, rejection_id: str, by: str, now: datetime) -> Message:
    document = act_document(act, subject=rejection_id, by=by, at=now.isoformat())
    return Message(
        exchange="intake",
        key=str(ids.bucket_of(rejection_id)),
        kind="act",
        message_id=document["id"],
        body=orjson.dumps(document),
    )
