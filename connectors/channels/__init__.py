"""The ways by which people are told of alerts: e-mail, webhook, and a gateway for text messages."""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING

from connectors.channels.mail import Mail
from connectors.channels.web import TextGateway, Webhook
from hub.errors import Fault, Misconfigured
from hub.notify_settings import secret_of
from hub.webhook_signing import PREFIX, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hub.notify_settings import EmailSection, NotifySection, SmsSection
    from hub.notifying import Channel

__all__ = ["open_channels"]


def open_channels(notify: NotifySection, now: Callable[[], datetime]) -> Mapping[str, Channel]:
    """Return the channels that are set up, by name; Misconfigured where a secret is missing or malformed."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)  # what they tell besides quotes addresses of people
    found: dict[str, Channel] = {}
    if notify.email.host:
        found["email"] = _mail(notify.email)
    if notify.webhook.secret:
        found["webhook"] = Webhook(key=_key(secret_of(notify.webhook.secret)), now=now)
    if notify.sms.url:
        found["sms"] = _texts(notify.sms)
    return found


def _mail(given: EmailSection) -> Mail:
    try:
        trust = ssl.create_default_context(cafile=given.authorities) if given.authorities else None
    except (OSError, ssl.SSLError) as wrong:
        fault = Fault(code="notify.authorities", problem="this is no PEM file of authorities", file=given.authorities)
        raise Misconfigured(fault) from wrong
    return Mail(
        host=given.host,
        port=given.port,
        sender=given.sender,
        starttls=given.starttls,
        user=given.user,
        password=secret_of(given.password),
        trust=trust,
    )


def _key(secret: str) -> bytes:
    try:
        return key_of(secret)
    except ValueError as wrong:
        hint = f"write it as Standard Webhooks has it: {PREFIX} and base64 of 24 to 64 bytes"
        fault = Fault(code="notify.secret", problem="the webhook's secret cannot be read", hint=hint)
        raise Misconfigured(fault) from wrong


def _texts(given: SmsSection) -> TextGateway:
    return TextGateway(
        url=secret_of(given.url),
        encoding=given.encoding,
        fields={name: secret_of(value) for name, value in given.fields.items()},
        headers={name: secret_of(value) for name, value in given.headers.items()},
        expect=given.expect,
    )
