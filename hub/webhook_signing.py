"""Signs what is posted to others, as Standard Webhooks says: identifier, time and body under a shared secret.

Source: Standard Webhooks specification 1.0, "Signature scheme" (symmetric, `v1`). A subscriber's secret is made of the
hub's own key and the subscriber's name, so that no store and no backup of one holds it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hub.files import create_durably

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from hub.subscription import Subscription

PREFIX: Final = "whsec_"
"""What every secret begins with, so that scanners of repositories and logs can find a leaked one."""

KEY_BYTES: Final = 32
"""Bytes of the hub's own key, and of a secret made of it."""


def webhook_key(folder: Path) -> bytes:
    """Return the hub's key of which webhook secrets are made; it is made in `folder` where there is none."""
    path = folder / "webhooks.key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            create_durably(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def secret_of(key: bytes, subscription: Subscription) -> str:
    """Return a subscriber's secret, `whsec_…`; another after each rotation."""
    about = f"{subscription.name}\n{subscription.secret_no}".encode()
    return PREFIX + base64.b64encode(hmac.digest(key, about, hashlib.sha256)).decode()


def key_of(secret: str) -> bytes:
    """Read a secret; ValueError where it is none."""
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def signed(key: bytes, *, message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Return the three headers that prove who posts `body`, and when."""
    stamp = str(int(at.timestamp()))
    said = b".".join((message_id.encode(), stamp.encode(), body))
    digest = hmac.digest(key, said, hashlib.sha256)
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}
