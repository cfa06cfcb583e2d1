"""Gives feed numbers to ledger entries: in chain order, without gaps, committed before anything is published.

The ledger is its own outbox. A partition's chain has no late commits, because its head is locked by whoever extends
it, so a cursor per chain skips nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from hub.model.values import FeedItem
from hub.store import rows, tables
from hub.store.bulk import insert
from hub.store.showing import Showing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.model.values import Entry, Place, Watermark


def watermarks_of(connection: sa.Connection, partition: int) -> Mapping[str, Watermark]:
    """Return one partition's watermarks by connection."""
    query = sa.select(tables.watermarks).where(tables.watermarks.c.partition == partition)
    return {row.connection_id: rows.watermark(row) for row in connection.execute(query)}


def is_idle(connection: sa.Connection, published: int) -> bool:
    """Tell whether there is nothing to number, nothing to publish again and nothing to record."""
    state = connection.execute(sa.select(tables.relay)).one_or_none()
    settled = state is None or (state.published == state.last_sequence and published <= state.published)
    return settled and not behind(connection)


def behind(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return the chains that the relay is behind in, with `position` and `numbered`, the least behind first."""
    head, cursor = tables.heads.c, tables.cursors.c
    same = (head.generation == cursor.generation) & (head.partition == cursor.partition)
    query: sa.Select[Any] = sa.select(head.generation, head.partition, head.position, cursor.numbered)
    joined = query.join_from(tables.heads, tables.cursors, same).where(cursor.numbered < head.position)
    return connection.execute(joined.order_by(head.position - cursor.numbered, head.partition)).all()


def number(
    connection: sa.Connection, *, limit: int, published: int, places: Callable[[Entry], Sequence[Place]]
) -> Sequence[FeedItem]:
    """Return items to publish: those numbered earlier and not confirmed, else the next ones, numbered now."""
    state = connection.execute(sa.select(tables.relay).with_for_update()).one_or_none()
    last, confirmed = (state.last_sequence, state.published) if state else (0, 0)
    confirmed = min(max(confirmed, published), last)
    if confirmed < last:
        _record(connection, last, confirmed)
        return _unconfirmed(connection, confirmed, limit)
    items = _next(connection, last, limit, places)
    _record(connection, items[-1].sequence if items else last, confirmed)
    return items


def _record(connection: sa.Connection, last: int, confirmed: int) -> None:
    insert(connection, tables.relay, [(1, last, confirmed)], conflict="replace")


def _unconfirmed(connection: sa.Connection, confirmed: int, limit: int) -> Sequence[FeedItem]:
    feed = tables.feed
    query = sa.select(feed).where(feed.c.sequence > confirmed).order_by(feed.c.sequence, feed.c.view).limit(limit)
    return [FeedItem(**rows.named(row)) for row in connection.execute(query)]


def _next(
    connection: sa.Connection, last: int, limit: int, places: Callable[[Entry], Sequence[Place]]
) -> Sequence[FeedItem]:
    """Number the next entries, chain by chain; entries that appear nowhere are passed over for good."""
    streams = _Streams(connection)
    items: list[FeedItem] = []
    while not items and (entries := _take(connection, limit)):
        showing = Showing(connection, entries)
        for entry in entries:
            for copy, place in enumerate(showing.placed(entry, places)):
                last += 1
                items.append(streams.item(entry, place, last, copy))
    insert(connection, tables.feed, [_feed_row(item) for item in items])
    streams.write()
    return items


def _take(connection: sa.Connection, limit: int) -> Sequence[Entry]:
    """Return the entries after the cursors, at most `limit`, and move the cursors behind them.

    Every chain has its share: what those that are least behind leave over goes to the others.
    """
    entries: list[Entry] = []
    moved = []
    chains = behind(connection)
    for index, chain in enumerate(chains):
        share = -((len(entries) - limit) // (len(chains) - index))
        if taken := _after(connection, chain, share):
            entries += taken
            moved.append((chain.generation, chain.partition, taken[-1].position))
    insert(connection, tables.cursors, moved, conflict="replace")
    return entries


def _after(connection: sa.Connection, chain: sa.Row[Any], limit: int) -> Sequence[Entry]:
    """Return the entries after the cursor of one chain."""
    entry = tables.ledger.c
    own = (entry.generation == chain.generation) & (entry.partition == chain.partition)
    query = sa.select(tables.ledger).where(own & (entry.position > chain.numbered)).order_by(entry.position)
    return [rows.entry(row) for row in connection.execute(query.limit(limit))] if limit else ()


class _Streams:
    """The last number of each (view, kind, county) during one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._last = {
            (row.view, row.kind, row.county): row.last for row in connection.execute(sa.select(tables.streams))
        }
        self._moved: set[tuple[str, str, str]] = set()

    def item(self, entry: Entry, place: Place, sequence: int, copy: int) -> FeedItem:
        """Number one document within its stream, and write the numbers into it.

        `copy` counts what one entry brought about: an act that shows or withholds a case has several in a view.
        """
        part = f":{copy}" if entry.kind == "act" and copy else ""
        stream = (place.view, place.kind, place.county)
        number = self._last[stream] = self._last.get(stream, 0) + 1
        self._moved.add(stream)
        return FeedItem(
            sequence=sequence,
            streamsequence=number,
            view=place.view,
            kind=place.kind,
            county=place.county,
            key=place.key,
            message_id=f"{entry.generation}:{entry.partition}:{entry.position}:{place.view}{part}",
            body=orjson.dumps({**place.document, "sequence": sequence, "streamsequence": number}),
        )

    def write(self) -> None:
        """Keep the last numbers."""
        moved = [(*stream, self._last[stream]) for stream in sorted(self._moved)]
        insert(self._connection, tables.streams, moved, conflict="replace")


def _feed_row(item: FeedItem) -> tuple[Any, ...]:
    return (
        item.view,
        item.sequence,
        item.streamsequence,
        item.kind,
        item.county,
        item.key,
        item.message_id,
        item.body,
    )
