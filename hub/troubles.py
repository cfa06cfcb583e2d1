"""Remembers which sources cannot be read just now: since when, whose turn it is, and what was said.

Notes are small files in the data folder, one a connection in trouble, so that the gateway beside the readers can tell
of them, whatever else is away.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, unquote

import orjson

from hub.errors import Misconfigured
from hub.files import write_durably

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    from hub.errors import HubError

LOG: Final = logging.getLogger(__name__)

State = Literal["away", "misconfigured"]
"""Whose turn it is: time's, or the operator's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One source that cannot be read. `since` is RFC 3339; `problem` says what, where and what to do."""

    connection: str
    state: State
    since: str
    problem: str


class Troubles:
    """The notes of one data folder. Processes may share it; the last word on a connection stands."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made when first needed."""
        self._folder = folder

    def note(self, connection: str, problem: HubError, now: datetime) -> None:
        """Note what keeps `connection` from being read."""
        state: State = "misconfigured" if isinstance(problem, Misconfigured) else "away"
        before = self._read(connection)
        since = before.since if before and before.state == state else now.isoformat(timespec="seconds")
        trouble = Trouble(connection=connection, state=state, since=since, problem=" ".join(str(problem).split()))
        if trouble == before:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_durably(self._path(connection), orjson.dumps(asdict(trouble)))
        except OSError as refused:
            LOG.warning("cannot note a source's trouble", extra={"connection": connection, "problem": str(refused)})

    def clear(self, connection: str) -> None:
        """Forget the trouble of `connection`, if there was any."""
        try:
            self._path(connection).unlink(missing_ok=True)
        except OSError as refused:
            LOG.warning("cannot forget a source's trouble", extra={"connection": connection, "problem": str(refused)})

    def keep_only(self, connections: Collection[str]) -> None:
        """Forget the troubles of all connections but these: nobody reads the others any more."""
        for trouble in self.all():
            if trouble.connection not in connections:
                self.clear(trouble.connection)

    def all(self) -> Sequence[Trouble]:
        """Return every trouble, by connection."""
        names = (unquote(path.stem) for path in self._folder.glob("[!.]*.json"))
        return [trouble for name in sorted(names) if (trouble := self._read(name))]

    def _read(self, connection: str) -> Trouble | None:
        """Return a note; None where there is none, or none that can be read."""
        try:
            return Trouble(**orjson.loads(self._path(connection).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def _path(self, connection: str) -> Path:
        return self._folder / f"{quote(connection, safe='')}.json"
