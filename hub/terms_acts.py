"""Takes to the ledger what people do to the catalogue and the calendar; supervision decides, and is asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from hub.model import ids
from hub.model.documents import act_document
from hub.model.values import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.supervision.notice import Notice


class TermsActs:
    """Sends acts on the terms that cases are judged by on their way: all to the city's partition, in order."""

    def __init__(self, publish: Callable[[Message], None], now: Callable[[], datetime], zone: tzinfo) -> None:
        """Publish by `publish`; acts are dated `now`, written in `zone`."""
        self._publish, self._now, self._zone = publish, now, zone

    def propose(
        self, change_id: str, department_id: str, parts: Sequence[Mapping[str, Any]], *, by: str, note: str
    ) -> str:
        """Propose a change of a department's catalogue; return the act's id."""
        said = {"department_id": department_id, "parts": list(parts), **({"note": note} if note else {})}
        return self._act("catalogue.propose", change_id, by, said)

    def decide(self, change_id: str, *, approve: bool, by: str, note: str, department_id: str = "") -> str:
        """Approve or refuse a change, as somebody of a department where one is named; return the act's id."""
        told = {"note": note, "department_id": department_id}
        said = {name: value for name, value in told.items() if value}
        return self._act("catalogue.approve" if approve else "catalogue.refuse", change_id, by, said)

    def load(self, notice: Notice, *, by: str) -> str:
        """Load a year's notice; return the act's id."""
        return self._act("calendar.load", ids.notice_id(notice.year), by, {"notice": notice.document()})

    def _act(self, act: str, subject: str, by: str, said: Mapping[str, Any]) -> str:
        at = self._now().astimezone(self._zone).isoformat()
        document = act_document(act, subject=subject, by=by, at=at, said=said)
        key = str(ids.bucket_of(ids.CITY))
        self._publish(
            Message(exchange="intake", key=key, kind="act", message_id=document["id"], body=orjson.dumps(document))
        )
        return str(document["id"])
