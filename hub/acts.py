"""Takes to the ledger what people do to alerts: asked here, decided by supervision, told by the act's outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from hub.model import ids
from hub.model.documents import act_document
from hub.model.values import Message
from hub.supervision.alert_cycle import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.errors import Rejection
    from hub.model.values import AlertRow
    from hub.supervision.alert_cycle import Deed
    from hub.supervision.calendar import WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An act on its way to the ledger. `refused` says why it will be refused, as far as can be seen from here."""

    act_id: str
    refused: Rejection | None


def ask(alert: AlertRow, deed: Deed, *, calendar: WorkCalendar, publish: Callable[[Message], None]) -> Asked:
    """Send a deed on its way; one that is refused is sent too, so that the ledger keeps it.

    Supervision decides: what is lawful here may have become unlawful when it gets there.
    """
    message = _message(alert, deed, calendar)
    publish(message)
    return Asked(act_id=message.message_id, refused=refusal(alert, deed, calendar))


def _message(alert: AlertRow, deed: Deed, calendar: WorkCalendar) -> Message:
    said = {"role": deed.role, "department_id": deed.department_id, "note": deed.note, "ground": deed.ground,
            "due_on": deed.due_on, "to": deed.to}  # fmt: skip
    document = act_document(
        f"alert.{deed.move}",
        subject=alert.alert_id,
        by=deed.by,
        at=deed.at.astimezone(calendar.zone).isoformat(),
        said={name: value for name, value in said.items() if value},
    )
    return Message(
        exchange="intake",
        key=str(ids.home_of(alert.subject)),
        kind="act",
        message_id=document["id"],
        body=orjson.dumps(document),
    )
