"""How the reference departments answer for complaints: one is called by the hub, the other fetches orders and sends."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, Protocol

from conformance.reference.rest_office import ANSWERS
from conformance.reference.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from conformance.reference.complaint_desk import ComplaintDesk
    from conformance.reference.rest_office import RestOffice

    Answers = Callable[[bytes, Mapping[str, str]], tuple[int, Mapping[str, str], bytes]]


class Answering(Protocol):
    """The complaint side of a reference department."""

    @property
    def desk(self) -> ComplaintDesk:
        """Return its complaint module."""

    def environment(self) -> Mapping[str, str]:
        """Return where it takes orders, by the names that its mapping uses."""

    def work(self, until: datetime) -> None:
        """Let staff work up to a moment, and make visible what they did."""

    def answered_by(self, answers: Answers) -> None:
        """Send what is queued to whoever answers so; one that is asked does nothing."""


class OfficeAnswers:
    """The office's: orders are posted to it, answers are asked for."""

    def __init__(self, system: RestOffice, desk: ComplaintDesk) -> None:
        """Let `system` take orders for `desk`."""
        self.desk, self._system = desk, system
        system.take = desk.take

    def environment(self) -> Mapping[str, str]:
        """See Answering."""
        return self._system.environment

    def work(self, until: datetime) -> None:
        """See Answering."""
        changed = until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._system.put([{**row, "changed_at": changed} for row in self.desk.work(until)], ANSWERS)

    def answered_by(self, _: Answers) -> None:
        """See Answering."""


class SenderAnswers:
    """The sender's: it fetches orders from a folder, which it empties, and sends what its staff did."""

    def __init__(self, inbox: Path, desk: ComplaintDesk) -> None:
        """Fetch orders from `inbox`, which only its own group can write to."""
        self.desk, self._inbox, self._outbox = desk, inbox, Sender()
        inbox.mkdir(parents=True, exist_ok=True)
        inbox.chmod(0o777 if desk.faults.takes_from_anybody else 0o770)

    def environment(self) -> Mapping[str, str]:
        """See Answering."""
        return {"SENDER_ORDERS_INBOX": str(self._inbox)}

    def work(self, until: datetime) -> None:
        """See Answering."""
        for path in sorted(self._inbox.glob("*.json"), key=lambda path: (len(path.name), path.name)):
            order: Mapping[str, Any] = json.loads(path.read_bytes())
            self.desk.take(order)
            path.unlink()
        rows: Sequence[Mapping[str, Any]] = self.desk.work(until)
        self._outbox.put(rows)

    def answered_by(self, answers: Answers) -> None:
        """See Answering."""
        while self._outbox.deliver(answers):
            pass
