"""Takes subscribers in and lets them go: queue, account at the broker and key; every step may be repeated.

What a subscriber is handed over is shown once and kept nowhere. Whatever is interrupted is mended by `rotate`.
"""

from __future__ import annotations

import secrets
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from hub.errors import Fault, Misconfigured, Unavailable
from hub.identity import issue
from hub.model.queues import subscriber_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from hub.identity import Identity, Issued
    from hub.ports import Bus, Clock
    from hub.subscription import Subscription

PASSWORD_BYTES: Final = 24
"""Bytes of randomness in the password of an account at the broker."""


class Accounts(Protocol):
    """Subscribers' accounts at the broker. Each method may be called again; Unavailable when the broker is away."""

    def allow(self, subscriber: str, password: str) -> None:
        """Make the account, or give it this password; it may read its own queue and do nothing else."""

    def resume(self, subscriber: str) -> None:
        """Let the account read its queue."""

    def suspend(self, subscriber: str) -> None:
        """Let the account do nothing, and end its connections; its queue stays."""

    def remove(self, subscriber: str) -> None:
        """Take the account and its queue away; what is gone already is no error."""


class Kept(Protocol):
    """Who subscribes to what."""

    def add(self, wanted: Subscription) -> None:
        """Keep a new subscriber; Misconfigured where there is one of that name."""

    def put(self, changed: Subscription) -> None:
        """Keep a subscriber as it is now."""

    def remove(self, name: str) -> None:
        """Forget a subscriber."""

    def find(self, name: str) -> Subscription | None:
        """Return a subscriber by its name."""

    def list(self) -> Sequence[Subscription]:
        """Return every subscriber, by name."""


class KeyRing(Protocol):
    """The API keys."""

    def add(self, issued: Issued) -> None:
        """Keep a new key."""

    def revoke(self, key_id: str, now: datetime) -> bool:
        """Revoke a key."""

    def list(self) -> Sequence[tuple[Identity, datetime | None]]:
        """Return every key ever issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What a subscriber is told, once. `queue` and `password` are empty where the bus has no accounts."""

    subscription: Subscription
    token: str
    account: str = ""
    password: str = ""
    queue: str = ""
    webhook_secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribing:
    """Takes subscribers in and lets them go."""

    kept: Kept
    keys: KeyRing
    accounts: Accounts | None
    """None: the bus has no accounts; subscribers read the feed over HTTP, or are posted to."""
    bus: Callable[[Sequence[Subscription]], Bus]
    """Open a bus that declares these subscribers' queues when it is first used."""
    views: Collection[str]
    """The views of which the hub keeps a feed."""
    forget_webhook: Callable[[str], None]
    """Forget how far a subscriber's webhook has come."""
    secret_of: Callable[[Subscription], str]
    """Return the secret that a subscriber's webhooks are signed with."""
    clock: Clock

    def add(self, wanted: Subscription) -> HandedOver:
        """Take a subscriber in: its queue fills from now on."""
        if wanted.view not in self.views:
            problem = f"this hub keeps no feed of the view {wanted.view}"
            hint = "add it to [feed] views in settings.toml, or choose one of " + ", ".join(self.views)
            raise Misconfigured(Fault(code="subscriber.view", problem=problem, hint=hint))
        self.kept.add(wanted)
        try:
            self._declare(wanted)
            return self._hand_over(wanted)
        except Unavailable as away:
            again = f"sunlight subscriber rotate {wanted.name}"
            raise Unavailable(f"{away}; {wanted.name} is taken in, its secrets are not handed over: {again}") from away

    def rotate(self, name: str) -> HandedOver:
        """Give a subscriber a new password, key and webhook secret; the old ones are worth nothing from now on."""
        found = self.named(name)
        self._declare(found)
        if found.key_id:
            self.keys.revoke(found.key_id, self.clock.now())
        return self._hand_over(replace(found, state="active", secret_no=found.secret_no + 1))

    def suspend(self, name: str) -> Subscription:
        """Let a subscriber read nothing until it is resumed; its queue goes on filling, and drops its oldest."""
        found = replace(self.named(name), state="suspended")
        self.kept.put(found)
        if self.accounts:
            self.accounts.suspend(name)
        return found

    def resume(self, name: str) -> Subscription:
        """Let a suspended subscriber read again."""
        found = replace(self.named(name), state="active")
        self._declare(found)
        if self.accounts:
            self.accounts.resume(name)
        self.kept.put(found)
        return found

    def remove(self, name: str) -> None:
        """Take a subscriber's key, account and queue away, and forget it."""
        found = self.named(name)
        if found.key_id:
            self.keys.revoke(found.key_id, self.clock.now())
        if self.accounts:
            self.accounts.remove(name)
        self.forget_webhook(name)
        self.kept.remove(name)

    def declare_all(self) -> int:
        """Declare the queue of every subscriber, those that somebody deleted too; return how many there are."""
        found = self.kept.list()
        self._declare(*found)
        return len(found)

    def named(self, name: str) -> Subscription:
        """Return a subscriber; Misconfigured where there is none of that name."""
        found = self.kept.find(name)
        if found is None:
            hint = "see `sunlight subscriber list`"
            raise Misconfigured(Fault(code="subscriber.unknown", problem=f"no subscriber {name[:80]!r}", hint=hint))
        return found

    def _declare(self, *subscribers: Subscription) -> None:
        """Declare the queues; before the broker has them all nobody is told anything."""
        if self.accounts is None or not subscribers:
            return
        with closing(self.bus(subscribers)) as bus:
            for each in subscribers:
                bus.depth(subscriber_queue(each.name))

    def _revoke_others(self, name: str) -> None:
        """Revoke every key of a subscriber but the one it goes by: two people may have rotated at the same moment."""
        now, kept = self.clock.now(), self.named(name).key_id
        for who, _ in self.keys.list():
            is_its = who.kind == "subscriber" and who.name == name and who.key_id != kept
            if is_its and who.is_valid(now):
                self.keys.revoke(who.key_id, now)

    def _hand_over(self, found: Subscription) -> HandedOver:
        issued = issue(
            found.name, kind="subscriber", scopes=[f"feed:read:{found.view}"], now=self.clock.now(), expires_at=None
        )
        changed = replace(found, key_id=issued.identity.key_id)
        self.kept.put(changed)
        self.keys.add(issued)
        self._revoke_others(found.name)
        secret = self.secret_of(changed) if changed.webhook else ""
        if self.accounts is None:
            return HandedOver(subscription=changed, token=issued.token, webhook_secret=secret)
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        self.accounts.allow(found.name, password)
        return HandedOver(
            subscription=changed,
            token=issued.token,
            account=f"subscriber.{found.name}",
            password=password,
            queue=subscriber_queue(found.name),
            webhook_secret=secret,
        )
