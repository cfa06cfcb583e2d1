"""Keeps what the hub knows of its own health: its incidents, whether it took in, and what of it was seen in public."""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from hub.model.digest import canary_name
from hub.store.bulk import insert
from hub.store.certification import change_row
from hub.store.certified import certificate_changes, crawls, heartbeats, incidents, leak_marks, sightings
from hub.store.engine import open_engine, reading, writing
from hub.store.leases import database_now
from hub.store.tables import feed, leases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, tzinfo

    from hub.model.certified import CertificateChange

SLOT: Final = timedelta(minutes=30)
"""How finely it is kept whether the hub took in."""

WORKED: Final = time(8), time(18)
"""The hours of a day, local, in which a department is held to report and the hub to take in."""

UP_SHARE: Final = 0.5
"""Share of those hours for which the hub must have taken in before a silent department is asked why."""

CRAWL_AGE: Final = timedelta(hours=1)
"""After so long without a look at the public side nobody can say that nothing is to be seen there (K9)."""

PAGE: Final = 1000
"""Documents of the public feed read at once."""


class OwnHealth:
    """What the hub knows of itself. Threads may share it."""

    def __init__(self, url: str, zone: tzinfo) -> None:
        """Keep in the database at `url`; days are those of `zone`."""
        self._engine, self._zone = open_engine(url), zone

    # --- incidents ---

    def declare(self, days: Iterable[date], change: CertificateChange, *, stands: bool, by: str, why: str) -> None:
        """Keep that the hub was at fault on these days, or was not after all, with the act that tells the ledger so."""
        with writing(self._engine) as connection:
            known = dict(
                connection.execute(sa.select(incidents.c.day, sa.func.max(incidents.c.n)).group_by("day")).all()
            )
            said = [(day, known.get(day, -1) + 1, stands, by, why, change.at) for day in days]
            insert(connection, incidents, said)
            insert(connection, certificate_changes, [change_row(change)])

    def incidents(self) -> dict[date, tuple[str, str]]:
        """Return the days on which the hub was at fault: who said so last, and why."""
        order = (incidents.c.day, incidents.c.n)
        with reading(self._engine) as connection:
            last = {row.day: row for row in connection.execute(sa.select(incidents).order_by(*order))}
        return {day: (row.by, row.why) for day, row in last.items() if row.stands}

    # --- whether it takes in ---

    def is_taking_in(self, partitions: int) -> bool:
        """Tell whether every partition has an owner at this moment: what comes in is entered then."""
        with reading(self._engine) as connection:
            held = leases.c.role.startswith("partition/") & (leases.c.lease_until > database_now(connection))
            return int(connection.execute(sa.select(sa.func.count()).where(held)).scalar_one()) >= partitions

    def took_in(self, now: datetime) -> None:
        """Keep that the hub takes in at this moment."""
        local = now.astimezone(self._zone)
        with writing(self._engine) as connection:
            insert(connection, heartbeats, [(local.date(), _slot(local.time()))], conflict="ignore")

    def is_ingest_up(self, day: date) -> bool:
        """Tell whether the hub took in for most of a local day's working hours."""
        first, last = map(_slot, WORKED)
        beat = heartbeats.c
        mine = (beat.day == day) & (beat.slot >= first) & (beat.slot < last)
        with reading(self._engine) as connection:
            seen = int(connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one())
        return seen >= UP_SHARE * (last - first)

    # --- what is seen in public ---

    def crawled(self, now: datetime, seen: Iterable[tuple[str, str, str]] = ()) -> None:
        """Keep that the public side was looked through to its end, and what was `seen`: connection, canary, place."""
        day = now.astimezone(self._zone).date()
        with writing(self._engine) as connection:
            insert(connection, sightings, [(*each, day) for each in sorted(set(seen))], conflict="ignore")
            insert(connection, crawls, [(day, now)], conflict="replace")

    def is_crawled(self, day: date, now: datetime) -> bool:
        """Tell whether the public side was looked through on a day that is over; on one that lasts, within the hour."""
        is_over = day < now.astimezone(self._zone).date()
        wanted = crawls.c.day == day if is_over else crawls.c.last_at >= now - CRAWL_AGE
        with reading(self._engine) as connection:
            return connection.execute(sa.select(crawls.c.day).where(wanted).limit(1)).first() is not None

    def leaks(self, connection_id: str, day: date, canaries: Sequence[str]) -> int:
        """Count the canaries of a connection that were first seen in public on a day, place by place.

        The public feed is searched here too, from where the last look ended, so that nobody waits for a crawl; from its
        beginning where other canaries are looked for than then.
        """
        with reading(self._engine) as connection:  # a first look at a long feed keeps no writer waiting
            found, mark = _searched(connection, connection_id, canaries)
        with writing(self._engine) as connection:
            insert(connection, leak_marks, [mark], conflict="replace")
            insert(connection, sightings, [(connection_id, *each, day) for each in found], conflict="ignore")
            mine = (sightings.c.connection_id == connection_id) & (sightings.c.day == day)
            return int(connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one())

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()


def _slot(moment: time) -> int:
    return (moment.hour * 60 + moment.minute) // (SLOT.seconds // 60)


def _feed(connection: sa.Connection, after: int) -> Iterator[tuple[int, bytes]]:
    column = feed.c
    while True:
        mine = (column.view == "public") & (column.sequence > after)
        page = sa.select(column.sequence, column.body).where(mine).order_by(column.sequence).limit(PAGE)
        rows = connection.execute(page).all()
        yield from ((int(sequence), bytes(body)) for sequence, body in rows)
        if len(rows) < PAGE:
            return
        after = int(rows[-1].sequence)


def _searched(
    connection: sa.Connection, connection_id: str, canaries: Sequence[str]
) -> tuple[list[tuple[str, str]], tuple[str, str, int]]:
    """Search what the public feed has got since the last look; return what was found, and this look's mark."""
    named = hashlib.sha256("\n".join(sorted(canaries)).encode()).hexdigest()
    mark = connection.execute(sa.select(leak_marks).where(leak_marks.c.connection_id == connection_id)).first()
    last = int(mark.after) if mark is not None and mark.canaries == named else 0
    source = f'"/connections/{connection_id}"'.encode().lower()
    names = {canary_name(each): each.lower().encode() for each in canaries}
    found = []
    for sequence, body in _feed(connection, last):
        last, low = sequence, body.lower()
        if source in low:
            found += [(name, f"feed {sequence}") for name, each in names.items() if each in low]
    return found, (connection_id, named, last)
