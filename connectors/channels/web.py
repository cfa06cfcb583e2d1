"""Sends notices over HTTP: webhooks signed after Standard Webhooks, and text messages through a provider's gateway."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx
import orjson

from hub.errors import Refused, Rejection, Unavailable
from hub.webhook_signing import signed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hub.model.values import NotificationRow

TIMEOUT_S: Final = 20.0
"""Seconds that a receiver may be silent."""

_LATER: Final = frozenset({401, 403, 408, 425, 429})
"""Answers below 500 that time, or the operator, mends."""

_MARK: Final = re.compile(r"\{(phone|text|id)\}")
"""What is filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Posts notices as JSON to a person's address; receivers check `webhook-signature` with the shared secret."""

    key: bytes = field(repr=False)
    now: Callable[[], datetime]

    def send(self, notice: NotificationRow, contact: str) -> None:
        """See hub.notifying.Channel."""
        body = orjson.dumps(
            {
                "type": "sunlight.notice",
                "timestamp": notice.created_at.isoformat(),
                "data": {
                    "alert_id": notice.alert_id,
                    "reason": notice.reason,
                    "level": notice.level,
                    "line": notice.line,
                    "subject": notice.subject,
                    "text": notice.text,
                },
            }
        )
        proof = signed(self.key, message_id=notice.notification_id, at=self.now(), body=body)
        headers = {"content-type": "application/json", **proof}
        _posted("the webhook", contact, body, headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextGateway:
    """A provider's gateway for text messages, as the settings describe it.

    `{phone}`, `{text}` and `{id}` in the fields are filled in; `expect`, where given, must be in its answer.
    """

    url: str
    fields: Mapping[str, str] = field(repr=False)
    encoding: str = "json"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    expect: str = ""

    def send(self, notice: NotificationRow, contact: str) -> None:
        """See hub.notifying.Channel."""
        given = {"phone": contact, "text": notice.text, "id": notice.notification_id}
        filled = {name: _filled(value, given) for name, value in self.fields.items()}
        if self.encoding == "json":
            body, media = orjson.dumps(filled), "application/json"
        else:
            body, media = str(httpx.QueryParams(filled)).encode(), "application/x-www-form-urlencoded"
        answer = _posted("the text gateway", self.url, body, {"content-type": media, **self.headers})
        if self.expect and self.expect not in answer:
            raise Unavailable("the text gateway took it, but does not say so", hint="see [notify.sms] expect")


def _filled(template: str, given: Mapping[str, str]) -> str:
    """Fill a template in one go: what is filled in is not looked at again."""
    return _MARK.sub(lambda mark: given[mark[1]], template)


def _posted(what: str, url: str, body: bytes, headers: Mapping[str, str]) -> str:
    """Post a body and return the answer; no error quotes the address, which may be somebody's."""
    try:
        answer = httpx.post(url, content=body, headers=dict(headers), timeout=TIMEOUT_S, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as away:
        raise Unavailable(f"{what} is away: {type(away).__name__}") from None
    if answer.is_success:
        return answer.text
    problem = f"{what} answered {answer.status_code}"
    if answer.is_server_error or answer.status_code in _LATER:
        raise Unavailable(problem)
    hint = "check the contact in the roster, and [notify] in the settings"
    raise Refused(Rejection(stage="supervise", code="notice.refused", problem=problem, hint=hint))
