"""Opens how a complainant can be reached: the ledger remembers who did it and why, before they see it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.errors import Fault, Misconfigured
from hub.model import ids
from hub.model.documents import act_document
from hub.model.values import Message
from hub.supervision.caselog import decode, in_force
from hub.supervision.fold import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, tzinfo

    from hub.ports import Vault

ACT: Final = "contact.opened"


def open_contact(
    row: Mapping[str, Any], *, vault: Vault, publish: Callable[[Message], None], by: str, why: str, now: datetime,
    zone: tzinfo,
) -> Mapping[str, str]:  # fmt: skip
    """Return name, phone and e-mail that a complainant left; Misconfigured where there is none, or no key here.

    That `by` opened it is on its way to the ledger first.
    """
    about = fold(in_force(decode(row["log"])), zone).attributes
    sealed = about.get("complaint", {}).get("contact_sealed", "")
    if not sealed:
        hint = "they are anonymous, or came over another centre, which knows"
        fault = Fault(code="public.no-contact", problem=f"{row['case_no']} has no sealed contact", hint=hint)
        raise Misconfigured(fault)
    document = act_document(ACT, subject=row["case_id"], by=by, at=now.isoformat(), said={"note": why})
    key, body = str(ids.bucket_of(row["case_id"])), orjson.dumps(document)
    publish(Message(exchange="intake", key=key, kind="act", message_id=document["id"], body=body))
    opened: Mapping[str, str] = orjson.loads(vault.open(base64.b64decode(sealed)))
    return opened
