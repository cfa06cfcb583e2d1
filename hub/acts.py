"""Takes to the ledger what people do to alerts: asked here, decided by supervision, told by the act's outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from hub.model import ids
from hub.model.documents import act_document
from hub.model.values import Message
from hub.supervision.alert_cycle import refusal
from hub.supervision.blocking import CANARY_SEEN
from hub.supervision.instruments import why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from hub.errors import Rejection
    from hub.model.values import AlertRow, PaperRow
    from hub.supervision.alert_cycle import Deed
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.instruments import PaperWish


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


def ask_paper(
    alert: AlertRow,
    wish: PaperWish,
    *,
    issued: Sequence[PaperRow],
    calendar: WorkCalendar,
    publish: Callable[[Message], None],
) -> Asked:
    """Ask for a paper of an alert, of which `issued` are there; one that is refused is asked for too, and kept.

    Papers of all alerts are numbered by one owner, that of what is about no single case.
    """
    said = {"instrument": wish.instrument, "authority": wish.authority, "department_id": wish.department_id,
            "note": wish.note}  # fmt: skip
    message = _act("paper.issue", alert.alert_id, wish.by, _at(wish.at, calendar), said, ids.CITY)
    publish(message)
    return Asked(act_id=message.message_id, refused=why_not(alert, wish, issued, calendar))


def drawn(paper: PaperRow, *, docx_digest: str, pdf_digest: str) -> Message:
    """Return the message that the files of a paper are there; told twice it is told once."""
    said = {"docx_digest": docx_digest, "pdf_digest": pdf_digest}
    return _act("paper.drawn", paper.paper_id, "hub", paper.issued_at.isoformat(), said, ids.CITY)


def canary_seen(case_id: str, canary: str, where: str, at: str) -> Message:
    """Return the message that a canary of a case, named by its digest, was seen on the public side."""
    return _act(CANARY_SEEN, case_id, "hub", at, {"note": f"{canary} {where}"}, case_id)


def _message(alert: AlertRow, deed: Deed, calendar: WorkCalendar) -> Message:
    said = {"role": deed.role, "department_id": deed.department_id, "note": deed.note, "ground": deed.ground,
            "due_on": deed.due_on, "to": deed.to}  # fmt: skip
    return _act(f"alert.{deed.move}", alert.alert_id, deed.by, _at(deed.at, calendar), said, alert.subject)


def _at(moment: datetime, calendar: WorkCalendar) -> str:
    return moment.astimezone(calendar.zone).isoformat()


def _act(act: str, done_to: str, by: str, at: str, said: Mapping[str, str], home: str) -> Message:
    told = {name: value for name, value in said.items() if value}
    document = act_document(act, subject=done_to, by=by, at=at, said=told)
    key, body = str(ids.home_of(home)), orjson.dumps(document)
    return Message(exchange="intake", key=key, kind="act", message_id=document["id"], body=body)
