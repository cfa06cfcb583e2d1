"""Who is told of a certificate, and of what: by the roster, the quiet hours and the channels of alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.model import ids
from hub.model.values import NotificationRow
from hub.supervision.duty import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.duty import NotifyTerms

TOLD: Final[Mapping[str, tuple[str, str]]] = {
    "notice": ("yellow", "提示 notice"),
    "suspended": ("red", "暂停 suspended"),
    "expired": ("red", "到期 expired"),
    "revoked": ("red", "吊销 revoked"),
}
"""What is told, and how urgently: a first failure, half of a grace gone, an end coming near (notice); what is lost."""


def told_of_certificate(
    document: Mapping[str, Any], terms: NotifyTerms, calendar: WorkCalendar, now: datetime
) -> list[NotificationRow]:
    """Return the notices of what happened to a certificate, as the feed has it: to its department and the centre."""
    word, data = str(document["type"]).split(".")[2], document["data"]
    if word not in TOLD or TOLD[word][0] not in terms.levels:
        return []
    level, _ = TOLD[word]
    lines = terms.roster.lines(data["department_id"], level, now)
    first = next(iter(lines), 0)
    reached: list[tuple[str, str]] = [
        (person.name, channel)
        for person in lines.get(first, ())
        for channel in CHANNELS
        if channel in terms.channels and person.contacts.get(channel)
    ]
    subject, text = _words(word, data, terms.link)
    begins = terms.quiet.allowed_from(level, now, calendar)
    return [
        NotificationRow(
            notification_id=ids.notification_id(str(document["id"]), str(first), channel, person),
            alert_id=data["certificate_id"],
            trigger=str(document["id"]),
            reason=word,
            level=level,
            line=first,
            person=person,
            channel=channel,
            state="waiting" if person else "nobody",
            subject=subject,
            text=text,
            created_at=now,
            not_before=begins,
            next_at=begins,
        )
        for person, channel in reached or [("", "")]
    ]


def _words(word: str, data: Mapping[str, Any], link: str) -> tuple[str, str]:
    """Write a notice: what happened to which certificate, why, and where more is to be seen."""
    subject = f"【阳光监察】证书 {data['certificate_id']} {TOLD[word][1]}"
    criterion = f"{data['criterion']} " if data.get("criterion") else ""
    lines = [
        subject,
        f"接入 connection: {data['connection_id']}",
        f"责任部门 department: {data['department_id']}",
        f"级别 levels: {data.get('levels', '')}",
        f"原因 why: {criterion}{data.get('note', '')}",
        *([f"{link.rstrip('/')}/conformance/{data['connection_id']}"] if link else []),
    ]
    return subject, "\n".join(lines)
