"""Watches for canaries 暗记: texts planted in what is not public, which must never be seen on the public side.

A canary is planted by the bureau, in a department's system or in a case of its own, and known to nobody else. The book
of them is a file a connection, `conformance/canaries/<connection>.txt`: one canary a line, after a blank the number of
the case that it is in. A canary that is seen raises R42 on its case, which blocks it at once, and fails K9.
"""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from hub.acts import canary_seen
from hub.errors import Fault, Misconfigured
from hub.model.digest import canary_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from hub.model.values import Message
    from hub.ports import Clock

LOG: Final = logging.getLogger(__name__)

_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{6,62}[A-Za-z0-9]")
"""What a canary is: long enough that nobody writes it by chance, and the same however a page spells its characters."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")

RANDOM_BYTES: Final = 8
"""Random bytes of a canary that the hub makes: 16 hex digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One canary of one connection, and the number of its case where that is known."""

    token: str
    connection: str
    case_no: str = ""

    @property
    def digest(self) -> str:
        """Return what names it where it must not be written: 12 hex digits of its SHA-256."""
        return canary_name(self.token)


class Shown(NamedTuple):
    """Something that the public can read: where, of which case if that is known, and what it says."""

    where: str
    case_id: str
    body: bytes


class Sighting(NamedTuple):
    """A canary seen where it must not be; `case_id` is empty where nobody knows of which case."""

    canary: Canary
    where: str
    case_id: str


@dataclass(frozen=True, slots=True)
class CanaryBook:
    """The canaries of a hub, in a folder of files."""

    folder: Path

    def all(self) -> Sequence[Canary]:
        """Return every canary."""
        return [canary for path in sorted(self.folder.glob("*.txt")) for canary in _read(path)]

    def add(self, connection: str, token: str = "", case_no: str = "") -> Canary:
        """Write a canary down, one that is made up where none is given; Misconfigured where it can be none."""
        token = token or f"c-{secrets.token_hex(RANDOM_BYTES)}"
        if not _TOKEN.fullmatch(token):
            hint = "8 to 64 letters, digits and hyphens, which nobody writes by chance; or none, and one is made up"
            raise Misconfigured(Fault(code="canary.token", problem=f"{token[:80]!r} cannot be a canary", hint=hint))
        if not _NAME.fullmatch(connection):
            raise Misconfigured(
                Fault(code="canary.connection", problem=f"{connection[:80]!r} is no connection", hint="its id")
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{connection}.txt").open("a", encoding="utf-8") as book:
            book.write(f"{token} {case_no}".rstrip() + "\n")
        return Canary(token=token, connection=connection, case_no=case_no)


def _read(path: Path) -> Iterator[Canary]:
    for line in path.read_text(encoding="utf-8").splitlines():
        token, _, case_no = line.strip().partition(" ")
        if token:
            yield Canary(token=token, connection=path.stem, case_no=case_no.strip())


def seen_in(canaries: Sequence[Canary], shown: Iterable[Shown]) -> Iterator[Sighting]:
    """Yield every canary in what is shown, in any case of its letters."""
    marks = [(canary, canary.token.lower().encode()) for canary in canaries]
    for each in shown:
        body = each.body.lower()
        yield from (Sighting(canary, each.where, each.case_id) for canary, mark in marks if mark in body)


@dataclass(slots=True, kw_only=True)
class CanaryWatch:
    """Looks at the public side for canaries, and tells supervision of those that it sees."""

    book: CanaryBook
    public_side: Callable[[], Iterable[Shown]]
    case_of: Callable[[str], str | None]
    """Return the id of the case of a number."""
    publish: Callable[[Message], None]
    clock: Clock
    keep: Callable[[Sequence[Sighting]], None] = lambda _: None
    """Keep that all was looked through, and what was seen."""

    def look(self) -> Sequence[Sighting]:
        """Look once; every case in which a canary is seen is told of. Of a canary of no known case a log speaks."""
        canaries = self.book.all()
        found = list(seen_in(canaries, self.public_side())) if canaries else []
        told = set()
        for sighting in found:
            case_id = sighting.case_id or self.case_of(sighting.canary.case_no) or ""
            details = {"canary": sighting.canary.digest, "where": sighting.where, "case_id": case_id}
            LOG.error("canary seen on the public side", extra=details)
            if case_id and (case_id, sighting.canary) not in told:
                told.add((case_id, sighting.canary))
                digest = sighting.canary.digest
                self.publish(canary_seen(case_id, digest, sighting.where, self.clock.now().isoformat()))
        self.keep(found)
        return found
