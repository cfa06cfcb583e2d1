"""Joins what monitoring centres subscribe to: queues, feeds and webhooks."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hub.bus import open_bus
from hub.bus.topology import Subscriber, topology
from hub.store.subscribers import Subscribers
from hub.store.webhooks import WebhookStore
from hub.subscribing import Subscribing
from hub.webhook_signing import secret_of, webhook_key
from hub.webhooks import Poster, Webhooks
from hub.wiring.base import Base

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.ports import Bus
    from hub.subscription import Subscription


class ForSubscribers(Base):
    """The side of a hub that subscribers see."""

    @cached_property
    def subscribers(self) -> Subscribers:
        """Return who subscribes to what."""
        return Subscribers(self.settings.store_url)

    def subscribing(self) -> Subscribing:
        """Return what takes subscribers in and lets them go."""
        from hub.bus.amqp_accounts import BrokerAccounts  # noqa: PLC0415 - a library that few commands need

        at_broker = not self.settings.bus_url.startswith("embedded")
        accounts = BrokerAccounts(self.settings.bus_url, self.settings.management_url) if at_broker else None
        return Subscribing(
            kept=self.subscribers,
            keys=self.identities,
            accounts=accounts,
            bus=self.bus_of,
            views=self.settings.feed.views,
            forget_webhook=self.webhooks.forget,
            secret_of=self.webhook_secret,
            clock=self.clock,
        )

    def bus_of(self, subscribers: Sequence[Subscription]) -> Bus:
        """Open a bus that declares the queues of these subscribers too."""
        queues = [
            Subscriber(name=each.name, view=each.view, patterns=each.patterns(), max_length=each.max_length)
            for each in subscribers
            if each.view in self.settings.feed.views
        ]
        wanted = topology(partitions=len(self.partitions), views=self.settings.feed.views, subscribers=queues)
        return open_bus(self.settings.bus_url, wanted)

    @cached_property
    def webhooks(self) -> WebhookStore:
        """Return how far webhooks have come."""
        return WebhookStore(self.settings.store_url)

    def poster(self) -> Poster:
        """Return what posts documents to subscribers."""
        from connectors.webhook import post  # noqa: PLC0415 - a library that few commands need

        return Poster(
            keeping=self.webhooks,
            feed=self.queries,
            leases=self.store,
            post=post,
            secret_of=self.webhook_secret,
            clock=self.clock,
            owner=self.owner_name,
            is_present=lambda each: each.state == "active" and self.subscribers.find(each.name) == each,
        )

    def posting(self) -> Webhooks:
        """Return what posts to every subscriber that wants it, for one thread."""
        return Webhooks(
            poster=self.poster(),
            wanting=lambda: [each for each in self.subscribers.list() if each.webhook and each.state == "active"],
        )

    def webhook_secret(self, subscription: Subscription) -> str:
        """Return the secret of a subscriber's webhooks: made of the hub's own, and kept nowhere else."""
        return secret_of(webhook_key(self.settings.data_dir / "keys"), subscription)
