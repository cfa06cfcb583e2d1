"""Posts the feed to those subscribers who want it so: in order, signed, again until it is answered, each by itself.

A document is posted again only under its own `webhook-id`: a receiver that has stored it and answered 500 knows it by
that. What a receiver refuses for good is parked, so that what is behind it arrives; a receiver that is away for longer
than the schedule lasts is stopped, loses nothing, and goes on with `sunlight subscriber replay`.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from hub.errors import HubError, Unavailable
from hub.trace import traced
from hub.webhook_signing import key_of, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from hub.ports import Clock
    from hub.subscription import Subscription

LOG: Final = logging.getLogger(__name__)

PAUSES_S: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each further attempt (Standard Webhooks 1.0, "Retry schedule"); together three days and a half."""

PARK_AFTER: Final = 3
"""Attempts after which a document that the receiver refuses is passed by."""

TOGETHER: Final = 100
"""Documents posted to one receiver before it is looked for others."""

FRESH: Final = timedelta(seconds=5)
"""How long what was read is posted before it is read anew: what was withheld meanwhile is a tombstone by then."""

AT_ONCE: Final = 32
"""Receivers that are posted to at the same time: so many may be slow before one waits for another."""

LEASE_S: Final = 120.0
"""Seconds one process may post to one receiver before another may think it dead; longer than any single post."""

GONE: Final = 410
"""The receiver wants nothing any more (RFC 9110, 15.5.11; Standard Webhooks 1.0)."""

OK: Final = range(200, 300)
REFUSALS: Final = frozenset(range(400, 500)) - {401, 403, 404, 407, 408, 409, 423, 425, 429}
"""Answers that are about this very document; the others are about the receiver, or about now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a post: the HTTP status (0: nobody answered), what was said, and how long to wait."""

    status: int
    said: str
    wait_s: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one subscriber's webhook has come. `next_at`: not before that instant."""

    name: str
    sequence: int
    attempts: int = 0
    next_at: datetime | None = None
    said: str = ""
    state: Literal["running", "stopped"] = "running"


def _restarted(at: Progress | None, name: str, last: int, after: int | None) -> Progress:
    """Return the progress of a webhook that is to go on: from `after`, else from where it stopped, else from `last`."""
    sequence = after if after is not None else at.sequence if at else last
    return Progress(name=name, sequence=sequence, said=at.said if at else "")


def _role(name: str) -> str:
    """Name the lease that lets one process at a time post to a subscriber."""
    return f"webhook/{name}"


class Keeping(Protocol):
    """Where the progress of webhooks is kept."""

    def progress(self, name: str) -> Progress | None:
        """Return how far a subscriber's webhook has come; None for one that has not begun."""

    def save(self, progress: Progress) -> None:
        """Keep how far it has come."""

    def advance(self, known: Progress, now: Progress) -> bool:
        """Keep how far it has come, unless it stands otherwise than `known` or is gone; tell whether it was kept."""

    def park(self, name: str, sequence: int, said: str, at: datetime) -> None:
        """Note a document that was passed by. Noting it twice changes nothing."""


class Feed(Protocol):
    """The numbered documents."""

    def feed(
        self,
        view: str,
        *,
        after: int,
        limit: int,
        kinds: Collection[str] | None = None,
        regions: Collection[str] | None = None,
    ) -> Sequence[Mapping[str, Any]]:
        """List documents of one view after a sequence, in order, each with sequence, message_id and body."""

    def last_sequence(self) -> int:
        """Return the highest sequence given so far."""


class Leases(Protocol):
    """Who does what."""

    def claim(self, role: str, *, owner: str, lease_s: float) -> int | None:
        """Take or renew a role; None while another holds it."""

    def release(self, role: str, *, epoch: int) -> None:
        """Give a role up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """Posts to one receiver at a time. Threads may share it."""

    keeping: Keeping
    feed: Feed
    leases: Leases
    post: Callable[[str, Mapping[str, str], bytes], Answer]
    """Post a body to an address with these headers; it raises nothing."""
    secret_of: Callable[[Subscription], str]
    clock: Clock
    owner: str
    is_present: Callable[[Subscription], bool] = lambda _: True
    """Tell whether a subscriber is still there as it was looked up: neither gone, suspended nor rotated since."""

    def deliver(self, to: Subscription) -> bool:
        """Post what is new to a subscriber; tell whether there was any and it was taken."""
        epoch = self.leases.claim(_role(to.name), owner=self.owner, lease_s=LEASE_S)
        if epoch is None:
            return False
        try:
            return self.is_present(to) and self._deliver(to, self._begun(to.name))
        finally:
            self.leases.release(_role(to.name), epoch=epoch)

    def restart(self, name: str, *, after: int | None = None) -> None:
        """Let a webhook go on, from `after` or from where it is; Unavailable while it is being posted to.

        Whoever posts notes how far it is after each document, and would undo what is noted beside it.
        """
        epoch = self.leases.claim(_role(name), owner=self.owner, lease_s=LEASE_S)
        if epoch is None:
            hint = f"try again in a moment, at the latest after {LEASE_S:.0f} seconds"
            raise Unavailable("it is being posted to at this moment", place=name, hint=hint)
        try:
            at, last = self.keeping.progress(name), self.feed.last_sequence()
            self.keeping.save(_restarted(at, name, last, after))
        finally:
            self.leases.release(_role(name), epoch=epoch)

    def _begun(self, name: str) -> Progress:
        """Return how far it is; a new webhook begins with what comes from now on."""
        found = self.keeping.progress(name)
        if found is None:
            found = Progress(name=name, sequence=self.feed.last_sequence())
            self.keeping.save(found)
        return found

    def _deliver(self, to: Subscription, at: Progress) -> bool:
        if at.state == "stopped" or (at.next_at is not None and self.clock.now() < at.next_at):
            return False
        last = self.feed.last_sequence()
        rows = self.feed.feed(
            to.view, after=at.sequence, limit=TOGETHER, kinds=sorted(to.kinds), regions=to.prefixes() or None
        )
        until = self.clock.now() + FRESH
        for row in rows:
            if self.clock.now() >= until:
                return True
            if not self._may_post(to):
                return False
            known, at = at, self._posted(to, at, row)
            if not self.keeping.advance(known, at) or at.sequence < row["sequence"]:
                return False  # what the operator decided while it was being posted holds
        if not rows and at.sequence < last:
            self.keeping.advance(at, replace(at, sequence=last))
        return bool(rows)

    def _may_post(self, to: Subscription) -> bool:
        """Tell whether to go on: this process may have stood still while another, or the operator, went on."""
        is_ours = self.leases.claim(_role(to.name), owner=self.owner, lease_s=LEASE_S) is not None
        return is_ours and self.is_present(to)

    def _posted(self, to: Subscription, at: Progress, row: Mapping[str, Any]) -> Progress:
        """Post one document; return how far the webhook has come by that."""
        answer = self.again(to, row)
        if answer.status in OK:
            return Progress(name=at.name, sequence=row["sequence"], said=answer.said)
        attempts = at.attempts + 1
        if answer.status in REFUSALS - {GONE} and attempts >= PARK_AFTER:
            self.keeping.park(at.name, row["sequence"], answer.said, self.clock.now())
            LOG.warning("document parked", extra={"subscriber": at.name, "sequence": row["sequence"]})
            return Progress(name=at.name, sequence=row["sequence"], said=answer.said)
        if answer.status == GONE or attempts > len(PAUSES_S):
            LOG.warning("webhook stopped", extra={"subscriber": at.name, "status": answer.status})
            return replace(at, attempts=attempts, said=answer.said, state="stopped", next_at=None)
        pause = timedelta(seconds=max(PAUSES_S[attempts - 1], answer.wait_s))
        return replace(at, attempts=attempts, said=answer.said, next_at=self.clock.now() + pause)

    def again(self, to: Subscription, row: Mapping[str, Any]) -> Answer:
        """Post one document as it was published, signed as of now."""
        body = bytes(row["body"])
        proof = signed(key_of(self.secret_of(to)), message_id=row["message_id"], at=self.clock.now(), body=body)
        return self.post(to.webhook, {"content-type": "application/cloudevents+json", **proof}, body)


@dataclass(slots=True, kw_only=True)
class Webhooks:
    """Posts to every subscriber that wants it, each in a thread of its own. Belongs to one thread."""

    poster: Poster
    wanting: Callable[[], Sequence[Subscription]]
    """Return the subscribers that are posted to."""
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "webhook"))
    _posting: dict[str, Future[bool]] = field(default_factory=dict)

    def step(self) -> bool:
        """Let every receiver that is not being posted to have its turn; tell whether any took something."""
        worked = self._finished()
        for each in self.wanting():
            if each.name not in self._posting:
                self._posting[each.name] = self._pool.submit(self._deliver, each)
        return worked

    def close(self) -> None:
        """End after the posts that are on their way."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _finished(self) -> bool:
        done = {name: posting for name, posting in self._posting.items() if posting.done()}
        for name in done:
            del self._posting[name]
        return any(posting.result() for posting in done.values())

    def _deliver(self, to: Subscription) -> bool:
        """Post to one receiver; whatever goes wrong there stops no other."""
        try:
            return self.poster.deliver(to)
        except HubError as problem:
            LOG.warning("webhook waits", extra={"subscriber": to.name, "problem": str(problem)})
        except Exception as fault:  # noqa: BLE001 - one of many receivers
            LOG.error("webhook failed", extra={"subscriber": to.name, "fault": traced(fault)})  # noqa: TRY400
        return False
