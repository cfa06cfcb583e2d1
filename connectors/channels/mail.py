"""Sends notices by e-mail (SMTP), with STARTTLS unless told otherwise; sent again a notice has the same Message-ID."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final

from hub.errors import Refused, Rejection, Unavailable

if TYPE_CHECKING:
    from hub.model.values import NotificationRow

TIMEOUT_S: Final = 20.0
"""Seconds that a mail server may be silent."""

_LATER: Final = range(400, 500)
"""SMTP replies that time mends (RFC 5321, 4.2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail server. `user` empty: no login; `trust` None: the system's authorities."""

    host: str
    port: int
    sender: str
    starttls: bool = True
    user: str = ""
    password: str = field(default="", repr=False)
    trust: ssl.SSLContext | None = None

    def send(self, notice: NotificationRow, contact: str) -> None:
        """See hub.notifying.Channel."""
        try:
            with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S) as server:
                if self.starttls:
                    server.starttls(context=self.trust or ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(self._message(notice, contact))
        except smtplib.SMTPRecipientsRefused as refused:
            raise _told(next(iter(refused.recipients.values()))[0], "the recipient") from None
        except smtplib.SMTPResponseException as answer:
            if isinstance(answer, (smtplib.SMTPDataError, smtplib.SMTPSenderRefused)):
                raise _told(answer.smtp_code, "the message") from None
            raise Unavailable(f"the mail server answered {answer.smtp_code}", place=self.host) from None
        except (OSError, smtplib.SMTPException) as away:
            raise Unavailable(f"the mail server is away: {type(away).__name__}", place=self.host) from None

    def _message(self, notice: NotificationRow, contact: str) -> EmailMessage:
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = notice.subject, self.sender, contact
        message["Message-ID"] = f"<{notice.notification_id}@sunlight>"
        message["Date"] = notice.created_at
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.text)
        return message


def _told(code: int, what: str) -> Unavailable | Refused:
    """Return what a reply means; it is not quoted, as it may name the recipient."""
    problem = f"the mail server answered {code} to {what}"
    if code in _LATER:
        return Unavailable(problem)
    return Refused(
        Rejection(stage="supervise", code="notice.refused", problem=problem, hint="check the contact in the roster")
    )
