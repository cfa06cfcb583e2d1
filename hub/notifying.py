"""Tells people of alerts and certificates: plans notices into an outbox, each once; couriers send them by channel.

Planned at most once: a notice's id is what it is about, who it is for and by which channel, and it is written in the
transaction that moves the feed's cursor. Sent at least once: what a crash leaves between the sending and its note is
sent again, under the same Message-ID, webhook-id or message id, by which receivers know it: of an alert rather twice
than never. The store is the outbox, so that supervision never waits for a server of messages.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson
from tenacity import RetryCallState, Retrying, wait_exponential_jitter

from hub.errors import HubError, Refused
from hub.model.documents import is_tombstone
from hub.supervision.certificate_duty import told_of_certificate
from hub.supervision.duty import NotifyTerms, told_at_once, told_later
from hub.trace import traced

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from hub.model.values import AlertRow, NotificationRow
    from hub.notify_settings import NotifySection
    from hub.ports import Bus, Clock
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.duty import Roster

LOG: Final = logging.getLogger(__name__)

TOGETHER: Final = 100
"""Documents, or notices, looked at in one step."""

FIRST_S: Final = 5.0
"""Seconds before the second try; doubled each time."""

LONGEST_S: Final = 1800.0
"""Seconds between two tries at most."""


class Outbox(Protocol):
    """Keeps notices. Raises Unavailable when the store is away."""

    def cursor(self) -> int | None:
        """Return up to which sequence of the feed notices are planned; None where none ever was."""

    def add(self, notices: Sequence[NotificationRow], cursor: int | None = None) -> None:
        """Keep notices, and move the cursor, in one transaction; a notice that is there stays as it is."""

    def watched(self) -> Sequence[tuple[AlertRow, Sequence[NotificationRow]]]:
        """Return every open alert of which somebody was told, with its notices."""

    def due(self, channel: str, now: datetime, limit: int) -> Sequence[NotificationRow]:
        """Return notices of a channel that wait and may be sent by now, the first due first."""

    def settle(self, notice: NotificationRow) -> None:
        """Keep what became of a notice: state, attempts, next try, problem, time of sending."""


class AlertFeed(Protocol):
    """The numbered documents of alerts and of certificates."""

    def after(self, sequence: int, kind: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return the documents of a kind after a sequence, in order, each with `sequence` and `body`."""

    def last(self) -> int:
        """Return the highest sequence given so far."""


class Channel(Protocol):
    """Sends notices one way. An instance belongs to one thread."""

    def send(self, notice: NotificationRow, contact: str) -> None:
        """Return once the receiver's server has it; Unavailable: later; Refused: never. No error quotes the contact."""


@dataclass(slots=True, kw_only=True)
class Planner:
    """Plans whom to tell of what. Belongs to one thread, as its bus does; one process at a time plans."""

    feed: AlertFeed
    outbox: Outbox
    alert: Callable[[str], AlertRow | None]
    terms: Callable[[], NotifyTerms]
    calendar: Callable[[], WorkCalendar]
    """Return the calendar of now: a notice that is loaded meanwhile moves deadlines and quiet days."""
    clock: Clock
    bus: Bus
    addressed: Callable[[AlertRow], AlertRow] = lambda alert: alert
    """Return an alert for those who may be told of it: without a department it is for the centre alone."""
    name: str = "plan"

    def step(self) -> bool:
        """Plan notices for what is new on the feed, then for what has waited too long; tell whether any was new."""
        with self.bus.lease("notify.plan"):
            terms, calendar, now = self.terms(), self.calendar(), self.clock.now()
            worked = self._at_once(terms, calendar, now)
            for alert, known in self.outbox.watched():
                later = told_later(self.addressed(alert), known, terms, calendar, now)
                if later:
                    self.outbox.add(later)
            return worked

    def _at_once(self, terms: NotifyTerms, calendar: WorkCalendar, now: datetime) -> bool:
        at = self.outbox.cursor()
        if at is None:
            self.outbox.add((), self.feed.last())  # a new hub tells of what comes from now on
            return False
        found = [row for kind in ("alert", "certificate") for row in self.feed.after(at, kind, TOGETHER)]
        for row in sorted(found, key=lambda each: each["sequence"])[:TOGETHER]:
            document = orjson.loads(row["body"])
            tell = told_of_certificate if row["kind"] == "certificate" else self._told
            self.outbox.add(tell(document, terms, calendar, now), row["sequence"])
        return bool(found)

    def _told(
        self, document: Mapping[str, Any], terms: NotifyTerms, calendar: WorkCalendar, now: datetime
    ) -> Sequence[NotificationRow]:
        alert = None if is_tombstone(document) else self.alert(document["data"]["alert_id"])
        if alert is None or _is_past(alert, document):
            return ()
        notices = told_at_once(document, self.addressed(alert), terms, calendar, now)
        for notice in notices:
            if notice.state == "nobody":
                LOG.warning("nobody on duty can be told", extra={"alert_id": alert.alert_id, "reason": notice.reason})
        return notices


def _is_past(alert: AlertRow, document: Mapping[str, Any]) -> bool:
    """Tell whether an alert has gone since: nobody is told of what is taken back."""
    return alert.state in ("cleared", "revoked", "closed") and document["data"]["state"] != alert.state


@dataclass(slots=True, kw_only=True)
class Courier:
    """Sends the notices of one channel. Belongs to one thread; one process at a time sends for a channel."""

    name: str
    channel: Channel
    outbox: Outbox
    roster: Callable[[], Roster]
    clock: Clock
    bus: Bus
    attempts: int
    _wait: wait_exponential_jitter = field(
        default_factory=lambda: wait_exponential_jitter(multiplier=FIRST_S, max=LONGEST_S, jitter=1)
    )

    def step(self) -> bool:
        """Send what is due; tell whether there was any. A server that is away ends the step: its notices wait."""
        with self.bus.lease(f"notify.{self.name}"):
            due = self.outbox.due(self.name, self.clock.now(), TOGETHER)
            for notice in due:
                settled = self._sent(notice)
                self.outbox.settle(settled)
                if settled.state == "waiting":
                    return False
            return bool(due)

    def _sent(self, notice: NotificationRow) -> NotificationRow:
        """Send a notice, and return it as it stands then. Whoever left the roster, or the channel, is not told."""
        person = self.roster().people.get(notice.person)
        contact = person.contacts.get(self.name, "") if person else ""
        if not contact:
            return self._failed(notice, "not on the roster any more, or not reached by this channel", for_good=True)
        try:
            self.channel.send(notice, contact)
        except Refused as refused:
            return self._failed(notice, refused.rejection.problem, for_good=True)
        except HubError as away:
            return self._failed(notice, away.problem, for_good=False)
        except Exception as fault:  # noqa: BLE001 - one notice of many; what it says may quote a contact
            return self._failed(notice, f"the channel failed: {traced(fault)}", for_good=False)
        LOG.info("notice sent", extra={"notification_id": notice.notification_id, "channel": self.name})
        now = self.clock.now()
        return notice.now(state="sent", attempts=notice.attempts + 1, sent_at=now, problem="")

    def _failed(self, notice: NotificationRow, problem: str, *, for_good: bool) -> NotificationRow:
        tried, now = notice.attempts + 1, self.clock.now()
        state = "failed" if for_good or tried >= self.attempts else "waiting"
        details = {
            "notification_id": notice.notification_id,
            "channel": self.name,
            "attempt": tried,
            "problem": problem,
        }
        LOG.warning("notice not sent", extra=details)
        return notice.now(state=state, attempts=tried, problem=problem, next_at=now + self._pause(tried))

    def _pause(self, tried: int) -> timedelta:
        state = RetryCallState(retry_object=Retrying(), fn=None, args=(), kwargs={})
        state.attempt_number = tried
        return timedelta(seconds=self._wait(state))


def terms_of(notify: NotifySection, roster: Roster) -> NotifyTerms:
    """Return what notices are planned under, as the settings say."""
    return NotifyTerms(
        roster=roster,
        quiet=notify.quiet_hours,
        sign_within=timedelta(minutes=notify.sign_within_min),
        levels=frozenset(notify.levels),
        channels=notify.channels,
        link=notify.link,
    )
