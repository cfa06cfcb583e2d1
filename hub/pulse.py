"""Tells a source that has nothing to say from one that nobody reads: what each reader last did, and when.

Notes are small files in the data folder, one a connection, as those of hub.troubles are.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

import orjson

from hub.files import write_durably

if TYPE_CHECKING:
    from pathlib import Path

    from hub.troubles import Trouble

LOG: Final = logging.getLogger(__name__)

State = Literal["never", "away", "misconfigured", "dead", "resting", "reading", "quiet", "alive"]
"""Nobody has read it yet; it cannot be read; nobody tries any more; it is outside its hours; a read is under way; it is
read, but has said nothing for longer than it should; all is well."""

BEAT_S: Final = 10.0
"""Seconds between two notes while a read goes on."""

MISSED: Final = 5
"""Turns missed after which nobody is held to read any more."""

SILENT_S: Final = 300.0
"""Seconds without a note within which nobody is held dead, however often it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What is known of one connection's reader. Times are aware instants as RFC 3339, empty where there is none."""

    connection: str
    every_s: float = 60.0
    quiet_s: float = 0.0
    """Seconds of silence that are out of the ordinary; 0: none are."""
    beat_at: str = ""
    """When the reader last gave a sign."""
    read_at: str = ""
    """When a read last came to its end."""
    said_at: str = ""
    """When the source last had anything new."""
    records: int = 0
    """Records of the last read that had any."""
    watermark: str = ""
    """Up to when all that happened at the source has been delivered, as it says itself."""
    is_reading: bool = False
    is_resting: bool = False


def state_of(pulse: Pulse, trouble: Trouble | None, now: datetime) -> State:
    """Say in one word how a connection is."""
    if not pulse.beat_at:
        return trouble.state if trouble else "never"
    if _age(pulse.beat_at, now) > timedelta(seconds=max(MISSED * pulse.every_s, SILENT_S)):
        return "dead"
    if trouble is not None:
        return trouble.state
    if pulse.is_resting:
        return "resting"
    if pulse.is_reading:
        return "reading"
    is_quiet = pulse.quiet_s and (not pulse.said_at or _age(pulse.said_at, now) > timedelta(seconds=pulse.quiet_s))
    return "quiet" if is_quiet else "alive"


def lag_s(pulse: Pulse, now: datetime) -> float | None:
    """Return how old the oldest thing may be that was not read yet, in seconds; None where the source does not say."""
    return max(0.0, _age(pulse.watermark, now).total_seconds()) if pulse.watermark else None


def _age(instant: str, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(instant)


class Pulses:
    """The notes of one data folder."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made when first needed."""
        self._folder = folder

    def of(self, connection: str) -> Pulse:
        """Return what is known of a connection."""
        try:
            said: dict[str, Any] = orjson.loads(self._path(connection).read_bytes())
            return Pulse(**{each.name: said[each.name] for each in fields(Pulse) if each.name in said})
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return Pulse(connection=connection)

    def note(self, pulse: Pulse) -> None:
        """Write down what is known of a connection; that it cannot be is no reason to stop reading."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_durably(self._path(pulse.connection), orjson.dumps(asdict(pulse)))
        except OSError as refused:
            LOG.warning("cannot note a pulse", extra={"connection": pulse.connection, "problem": str(refused)})

    def _path(self, connection: str) -> Path:
        return self._folder / f"{quote(connection, safe='')}.json"


class Beating:
    """Takes the pulse of one reader."""

    def __init__(self, pulses: Pulses, connection: str, *, every_s: float, quiet_s: float) -> None:
        """Note in `pulses`."""
        self._pulses = pulses
        self._pulse = replace(pulses.of(connection), connection=connection, every_s=every_s, quiet_s=quiet_s)

    @property
    def connection(self) -> str:
        """Return whose pulse it is."""
        return self._pulse.connection

    def rest(self, now: datetime) -> None:
        """Note that the source is outside its hours."""
        self._note(now, is_resting=True, is_reading=False)

    def begin(self, now: datetime) -> None:
        """Note that a read begins, or that it was tried."""
        self._note(now, is_resting=False, is_reading=True)

    def beat(self, now: datetime) -> None:
        """Note now and then that a read goes on."""
        if _age(self._pulse.beat_at, now) >= timedelta(seconds=BEAT_S):
            self._note(now)

    def end(self, now: datetime, *, records: int, watermark: datetime | None) -> None:
        """Note that a read came to its end."""
        said = {"said_at": _written(now), "records": records} if records else {}
        known = {"watermark": _written(watermark)} if watermark else {}
        self._note(now, read_at=_written(now), is_reading=False, **said, **known)

    def fail(self, now: datetime) -> None:
        """Note that a read was tried in vain."""
        self._note(now, is_reading=False)

    def _note(self, now: datetime, **changes: Any) -> None:  # noqa: ANN401 - fields of a Pulse
        self._pulse = replace(self._pulse, beat_at=_written(now), **changes)
        self._pulses.note(self._pulse)


def _written(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
