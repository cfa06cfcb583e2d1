"""Makes and takes away subscribers' accounts at a RabbitMQ broker, by its management API: one account, one queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

import httpx

from hub.errors import Fault, Misconfigured, Unavailable
from hub.model.queues import subscriber_queue

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S: Final = 30.0
"""Seconds one request to the management API may take."""

NOTHING: Final = "^$"
"""A permission's pattern that no name satisfies."""

PORTS: Final = {"amqp": ("http", 15672), "amqps": ("https", 15671)}
"""Where the management API listens unless the settings say otherwise (RabbitMQ documentation, "Networking")."""

_MISSING: Final = 404
_SHUT_OUT: Final = frozenset({401, 403})
_FAILED: Final = 400
_AWAY: Final = 500


def account_of(subscriber: str) -> str:
    """Return the name of a subscriber's account."""
    return f"subscriber.{subscriber}"


class BrokerAccounts:
    """Subscribers' accounts on the virtual host of one bus URL."""

    def __init__(self, bus_url: str, api_url: str = "") -> None:
        """Ask the management API at `api_url`, by default that of the bus's own host, as the bus's own account."""
        parts = urlsplit(bus_url)
        scheme, port = PORTS[parts.scheme]
        asked = urlsplit(api_url or f"{scheme}://{parts.hostname}:{port}")
        self._vhost = quote(unquote(parts.path.removeprefix("/")) or "/", safe="")
        self._at = f"{asked.scheme}://{asked.hostname}:{asked.port or port}/api"
        owner = asked if asked.username else parts
        self._login = httpx.BasicAuth(unquote(owner.username or ""), unquote(owner.password or ""))

    def allow(self, subscriber: str, password: str) -> None:
        """Make the account, or give it this password; it may read its own queue and do nothing else."""
        self._ask("PUT", f"users/{self._name(subscriber)}", {"password": password, "tags": ""})
        self.resume(subscriber)

    def resume(self, subscriber: str) -> None:
        """Let the account read its queue."""
        own = f"^{re.escape(subscriber_queue(subscriber))}$"
        self._permit(subscriber, {"configure": NOTHING, "write": NOTHING, "read": own})

    def suspend(self, subscriber: str) -> None:
        """Let the account do nothing, and end its connections; its queue stays."""
        self._permit(subscriber, {"configure": NOTHING, "write": NOTHING, "read": NOTHING})
        self._cut(subscriber)

    def remove(self, subscriber: str) -> None:
        """Take the account and its queue away; what is gone already is no error."""
        self._ask("DELETE", f"users/{self._name(subscriber)}", gone_is_fine=True)
        self._cut(subscriber)
        self._ask("DELETE", f"queues/{self._vhost}/{quote(subscriber_queue(subscriber), safe='')}", gone_is_fine=True)

    def _name(self, subscriber: str) -> str:
        return quote(account_of(subscriber), safe="")

    def _permit(self, subscriber: str, rights: Mapping[str, str]) -> None:
        self._ask("PUT", f"permissions/{self._vhost}/{self._name(subscriber)}", rights)

    def _cut(self, subscriber: str) -> None:
        self._ask("DELETE", f"connections/username/{self._name(subscriber)}", gone_is_fine=True)

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, gone_is_fine: bool = False
    ) -> None:
        try:
            with httpx.Client(auth=self._login, timeout=TIMEOUT_S, trust_env=False) as client:
                answer = client.request(method, f"{self._at}/{path}", json=body)
        except httpx.HTTPError as away:
            hint = "the broker's plugin rabbitmq_management must run; [bus] management says where it listens"
            raise Unavailable(f"the management API does not answer: {away}", place=self._at, hint=hint) from away
        if answer.status_code >= _FAILED and not (gone_is_fine and answer.status_code == _MISSING):
            raise self._refused(answer.status_code)

    def _refused(self, status: int) -> Misconfigured | Unavailable:
        if status >= _AWAY:
            return Unavailable(f"the management API answered {status}", place=self._at, hint="try again")
        problem = f"the management API answered {status}"
        hint = "see the broker's log"
        if status in _SHUT_OUT:
            problem = f"the hub's account may not make accounts ({status})"
            hint = (
                "give it the tag administrator (rabbitmqctl set_user_tags), or name one that has it in [bus] management"
            )
        return Misconfigured(Fault(code="bus.accounts", problem=problem, file=self._at, hint=hint))
