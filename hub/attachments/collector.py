"""Fetches what cases name: verified before it is kept, again by a schedule where it cannot be had, in no case's way.

The same file is fetched anew for every case that names it: whoever only knows a digest must not come by the file that
another has.
"""

from __future__ import annotations

import calendar
import logging
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hub.attachments.safety import Objection, refused, refused_unseen
from hub.errors import HubError, Misconfigured, Refused, Unavailable
from hub.trace import traced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from hub.attachments.ports import Fetcher, Scanner, Wanted
    from hub.attachments.shelf import Draft, Shelf
    from hub.model.attachments import Attachment
    from hub.ports import Bus, Clock

LOG: Final = logging.getLogger(__name__)

LEASE: Final = "attachments"
"""The lease at the bus that lets one process at a time fetch."""

LEARNED: Final = 1000
"""Ledger entries of each chain looked at in one step."""

TOGETHER: Final = 100
"""Files looked at in one step; of each connection one is fetched, so that a slow one holds up nobody for long."""

AGAIN_AFTER: Final = tuple(timedelta(minutes=each) for each in (1, 5, 30, 120, 480, 1440, 1440))
"""How long after each failed attempt a file is tried again: three days in all, a weekend with its Monday. Our own."""

WHOLE_S: Final = 600.0
"""Seconds that one file may take, however slowly it drips."""

LARGEST_BYTES: Final = 50 << 20
"""Bytes of the largest file that is kept, where the settings say nothing: a short film of a telephone."""


@dataclass(slots=True, kw_only=True)
class Collector:
    """Fetches files. Belongs to one thread, as its bus does."""

    wanted: Wanted
    shelf: Shelf
    fetcher: Callable[[str], Fetcher | None]
    """Open what fetches the files of a connection; None where its mapping says not from where."""
    scanner: Scanner | None = None
    bus: Bus
    clock: Clock
    largest_bytes: int = LARGEST_BYTES
    kept_months: int = 0
    """Months after the end of its case for which a file is kept; 0: for good."""
    _open: dict[str, Fetcher] = field(default_factory=dict)
    _is_clear: bool = False

    def step(self) -> bool:
        """Take up what is new, and fetch what is due; tell whether there was any."""
        with self.bus.lease(LEASE):
            if not self._is_clear:
                self.shelf.clear()
                self._is_clear = True
            looked_at = self.wanted.learn(self.clock.now(), LEARNED)
            due = _one_each(self.wanted.due(self.clock.now(), TOGETHER))
            for each in due:
                self.wanted.settle(self.fetched(each))
            over = self._let_go_of_old()
        return bool(looked_at or due or over)

    def _let_go_of_old(self) -> int:
        """Let go of files whose time is over; return how many. The bytes go first: what ends halfway goes on."""
        if not self.kept_months:
            return 0
        now = self.clock.now()
        over = self.wanted.over(months_before(now, self.kept_months), TOGETHER)
        for each in over:
            if not self.wanted.is_shared(each):
                self.shelf.forget(each.sha256)
            said = f"kept for {self.kept_months} months after its case ended"
            gone = replace(each, state="blocked", problem="attachment.over", said=said, next_at=None, changed_at=now)
            self.wanted.settle(gone)
            LOG.info("attachment let go", extra=_about(each))
        return len(over)

    def fetched(self, attachment: Attachment) -> Attachment:
        """Try to fetch one file; return how it stands now."""
        try:
            self._bring(attachment)
        except Refused as wrong:
            return self._blocked(attachment, Objection(wrong.rejection.code, wrong.rejection.problem))
        except _UnsafeError as unsafe:
            return self._blocked(attachment, unsafe.objection)
        except Exception as fault:  # noqa: BLE001 - one file of many, tried again
            self._let_go(attachment.connection_id)
            return self._later(attachment, *_told(fault))
        LOG.info("attachment kept", extra=_about(attachment))
        now = self.clock.now()
        return replace(attachment, state="available", problem="", said="", next_at=None, changed_at=now)

    def close(self) -> None:
        """Let go of connections."""
        for name in tuple(self._open):
            self._let_go(name)
        self.bus.close()

    def _bring(self, attachment: Attachment) -> None:
        objection = refused_unseen(attachment, self.largest_bytes)
        if objection is not None:
            raise _UnsafeError(objection)
        fetcher = self._fetcher(attachment.connection_id)
        with self.shelf.draft() as draft:
            for part in _no_more_than(fetcher.fetch(attachment.uri), attachment.size_bytes):
                draft.write(part)
            draft.flush()
            self._verify(draft, attachment)
            self.shelf.keep(draft)

    def _verify(self, draft: Draft, attachment: Attachment) -> None:
        if draft.size_bytes != attachment.size_bytes:
            problem = f"it has {draft.size_bytes:,} bytes, not {attachment.size_bytes:,}"
            raise _DiffersError(problem)
        if draft.sha256 != attachment.sha256:
            problem = "its SHA-256 is another than was reported"
            raise _DiffersError(problem)
        objection = refused(draft.path, attachment.media_type)
        if objection is None and self.scanner is not None:
            found = self.scanner.found(draft.path)
            objection = Objection("attachment.malware", f"the scanner found {found}") if found else None
        if objection is not None:
            raise _UnsafeError(objection)

    def _fetcher(self, connection: str) -> Fetcher:
        if connection not in self._open:
            opened = self.fetcher(connection)
            if opened is None:
                hint = "write connect.attachments in its mapping"
                raise Unavailable("nobody says from where its files are fetched", place=connection, hint=hint)
            self._open[connection] = opened
        return self._open[connection]

    def _let_go(self, connection: str) -> None:
        fetcher = self._open.pop(connection, None)
        if fetcher is not None:
            fetcher.close()

    def _blocked(self, attachment: Attachment, objection: Objection) -> Attachment:
        LOG.warning("attachment blocked", extra={**_about(attachment), "problem": objection.code})
        return replace(
            attachment,
            state="blocked",
            problem=objection.code,
            said=objection.said,
            attempts=attachment.attempts + 1,
            next_at=None,
            changed_at=self.clock.now(),
        )

    def _later(self, attachment: Attachment, code: str, said: str) -> Attachment:
        tried, now = attachment.attempts, self.clock.now()
        LOG.warning("attachment not to be had", extra={**_about(attachment), "problem": code})
        return replace(
            attachment,
            state="unavailable",
            problem=code,
            said=said,
            attempts=tried + 1,
            next_at=now + AGAIN_AFTER[tried] if tried < len(AGAIN_AFTER) else None,
            changed_at=now,
        )


def months_before(moment: datetime, months: int) -> datetime:
    """Return the moment so many months earlier, on the last day of its month where that has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


class _UnsafeError(Exception):
    """The file may not be kept."""

    def __init__(self, objection: Objection) -> None:
        super().__init__(objection.said)
        self.objection = objection


class _DiffersError(Exception):
    """The file is not what its department said: perhaps it is still being written."""


def _told(fault: Exception) -> tuple[str, str]:
    """Say why a file could not be had: a stable code, and words for people."""
    match fault:
        case FileNotFoundError():
            return "attachment.gone", "there is no such file, or not any more"
        case _DiffersError():
            return "attachment.differs", str(fault)
        case Misconfigured():
            return "attachment.refused", fault.faults[0].problem
        case HubError():
            return "attachment.away", str(fault)
    return "attachment.fault", traced(fault)


def _no_more_than(parts: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """Yield parts for as long as the file has not more bytes than were reported, and comes within its time."""
    seen, ends = 0, time.monotonic() + WHOLE_S
    for part in parts:
        if time.monotonic() > ends:
            raise Unavailable("it comes too slowly", hint="check the network and the server")
        seen += len(part)
        if seen > size_bytes:
            problem = f"it has more than the {size_bytes:,} bytes that were reported"
            raise _DiffersError(problem)
        yield part


def _one_each(due: Sequence[Attachment]) -> Sequence[Attachment]:
    """Return the first of each connection."""
    first: dict[str, Attachment] = {}
    for each in due:
        first.setdefault(each.connection_id, each)
    return list(first.values())


def _about(attachment: Attachment) -> dict[str, str]:
    """Name a file in logs: never by its name, which may be a person's."""
    return {"connection": attachment.connection_id, "sha256": attachment.sha256, "case_id": attachment.case_id}
