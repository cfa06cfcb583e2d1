"""Polls a table of a department's database: keyset order, never past what may still be committing, nothing written
but the handshake columns.

A sweep reads the rows whose cursor lies in one window: from the end of the last sweep less `overlap`, to the source's
own clock less `settle`. Rows of the overlap that were delivered unchanged are skipped. So a transaction that commits
up to settle + overlap late is still read; and a sweep cut short goes on where it stood, however many rows share a time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from connectors.codecs import CodecOptions
from connectors.codecs.row import ROW_PLACE, raw_row, read_one
from connectors.database_children import ChildTable, Window, joined
from connectors.database_engine import Database
from connectors.database_manifest import TableStatement
from connectors.database_options import declared
from connectors.database_sweep import go_on, kept, taken_back
from hub.clock import SystemClock
from hub.errors import Fault, Misconfigured
from hub.model.digest import record_digest
from hub.model.values import Portion, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from connectors.database_options import DatabaseOptions
    from connectors.database_sweep import Position, Sweep
    from connectors.database_time import TimeForm
    from connectors.manifests import Statement
    from connectors.options import Declaration
    from hub.ports import Clock

PORTION_ROWS: Final = 1000
"""Rows read in one statement, published and confirmed together."""

DIGEST_CHARS: Final = 16
"""Hex digits of a row's digest that are remembered: 64 bits tell one content of a row from the next."""

ERROR_CHARS: Final = 200
"""Characters of an error text written back, where the column does not say how many it takes."""

KEYS_TOGETHER: Final = 10_000
"""Keys read in one statement, where nothing else is."""

ACKNOWLEDGED_TOGETHER: Final = 500
"""Rows locked at a time while their signs are set."""


class RowHandle(NamedTuple):
    """What the source needs to know of a row that was read: its key, what it said by itself, when it changed last."""

    key: Any
    digest: str
    mark: str


def mark_of(instant: datetime) -> str:
    """Write an instant (aware) so that texts are ordered as instants are."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


class DatabaseSource:
    """A Source over one table."""

    def __init__(self, database: Database, options: DatabaseOptions, clock: Clock) -> None:
        """Poll `database` as `options` say; it is connected to at the first read.

        Its own clock rules, but never beyond `clock`: in a replay that stands in the past, and a database whose clock
        once jumps ahead must not let all be passed over that is written until it is there.
        """
        self._database, self._options, self._clock = database, options, clock
        self._children = [ChildTable(database, child, options) for child in options.children]

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the rows changed after `checkpoint`; see the port. A sweep that ends says up to when it saw all."""
        sweep = self._sweep(checkpoint)
        delivered = 0
        while True:
            sweep, records = self._again(sweep) if sweep.turn else self._taken(sweep, self._page(sweep))
            sweep = self._next_turn(sweep)
            delivered += len(records)
            ends = sweep.finished or delivered >= self._options.rows_per_poll
            watermark = sweep.bound if sweep.finished else None
            yield Portion(records=records, checkpoint=sweep.checkpoint(), watermark=watermark, final=ends)
            if ends:
                return

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Sign the rows of `records`, or write back why they were refused, where they are as they were read."""
        handed = [record for record in records if record.handle is not None]
        if not self._options.handshake.columns:
            return
        for first in range(0, len(handed), ACKNOWLEDGED_TOGETHER):
            some = handed[first : first + ACKNOWLEDGED_TOGETHER]
            held = sa.select(self._table).where(self._key.in_([record.handle.key for record in some]))
            with self._database.writing() as connection:
                rows = connection.execute(held.with_for_update()).mappings().all()
                self._answer(connection, rows, {record.handle.key: record for record in some})

    def probe(self) -> Mapping[str, str]:
        """Connect, look at the table, and count nothing; tell of rows that no poll will ever read."""
        without_cursor = sa.select(self._key).where(self._cursor.is_(None)).limit(1)
        with self._database.reading() as connection:
            now = self._database.now(connection)
            lost = connection.execute(without_cursor).first()
        return {
            "clock": now.isoformat(),
            "columns": ", ".join(self._columns),
            "rows without cursor": "yes: they are never read" if lost else "none",
        }

    def close(self) -> None:
        """Let go of the connection."""
        self._database.close()

    # --- the table -----------------------------------------------------------------------------------------------

    @property
    def statement(self) -> Statement | None:
        """Return where the table says how many cases began on which day."""
        count = self._options.count
        return None if count is None else TableStatement(self._database, self._options, count)

    @property
    def options(self) -> DatabaseOptions:
        """Return what is read, and how."""
        return self._options

    @cached_property
    def _types(self) -> Mapping[str, Any]:
        """Return the table's columns with their types; raise Misconfigured for every one that is declared in vain."""
        options = self._options
        found = self._database.columns(options.table, options.schema)
        wanted = {
            "connect.key": (options.key,),
            "connect.cursor.column": (options.cursor,),
            "connect.columns": options.columns,
            "connect.acknowledge": options.handshake.columns,
        }
        lacking = [(path, name) for path, names in wanted.items() for name in names if name not in found]
        if lacking:
            raise Misconfigured(*(self._no_column(path, name, sorted(found)) for path, name in lacking))
        return found

    def _no_column(self, path: str, name: str, found: Sequence[str]) -> Fault:
        table = self._options.table
        problem = f"table {table} has no column {name}" if found else f"there is no table {table}"
        hint = f"it has {', '.join(found)}" if found else "check connect.table and what the account may see"
        return Fault(code="source.table", problem=problem, file=self._database.place, target_path=path, hint=hint)

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        options = self._options
        if options.columns:
            by = (child.by for child in self._children)
            return tuple(dict.fromkeys((options.key, options.cursor, *by, *options.columns)))
        return tuple(name for name in self._types if name not in options.handshake.columns)

    @cached_property
    def _form(self) -> TimeForm:
        options = self._options
        column = self._types[options.cursor]
        return self._database.time_form(column, zone=options.zone, text_format=options.cursor_format)

    @cached_property
    def _table(self) -> sa.TableClause:
        names = dict.fromkeys((*self._columns, *self._options.handshake.columns))
        schema = self._options.schema
        return sa.table(
            _quoted(self._options.table),
            *(sa.column(_quoted(name)) for name in names),
            schema=_quoted(schema) if schema else None,
        )

    @property
    def _key(self) -> ColumnElement[Any]:
        return self._table.c[self._options.key]

    @property
    def _cursor(self) -> ColumnElement[Any]:
        return self._table.c[self._options.cursor]

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
        """Return a parameter of a column's own type."""
        return self._database.parameter(value, self._types[name])

    # --- reading -------------------------------------------------------------------------------------------------

    def _sweep(self, checkpoint: Mapping[str, Any] | None) -> Sweep:
        for child in self._children:
            child.check()
        with self._database.reading() as connection:
            now = self._now(connection)
        return go_on(checkpoint, bound=now - timedelta(seconds=self._options.settle_s), overlap=self._overlap)

    def _now(self, connection: Connection) -> datetime:
        return min(self._database.now(connection), self._clock.now())

    @property
    def _overlap(self) -> timedelta:
        return timedelta(seconds=self._options.overlap_s)

    def _page(self, sweep: Sweep) -> Sequence[Mapping[str, Any]]:
        """Return the next rows of the sweep's window and one more, in order of cursor and key."""
        cursor, key, name = self._cursor, self._key, self._options.cursor
        found = sa.select(*(self._table.c[column] for column in self._columns))
        found = found.where(cursor <= self._value(name, self._form.write(sweep.bound)))
        if sweep.position is not None:
            at, last = (
                self._value(name, sweep.position[0]),
                self._value(self._options.key, taken_back(sweep.position[1])),
            )
            found = found.where(sa.or_(cursor > at, sa.and_(cursor == at, key > last)))
        elif sweep.since is not None:
            found = found.where(cursor >= self._value(name, self._form.write(sweep.since)))
        with self._database.reading() as connection:
            rows = connection.execute(found.order_by(cursor, key).limit(PORTION_ROWS + 1)).mappings().all()
            self._check_key(rows)
            return joined(connection, rows, self._children) if rows else []

    def _check_key(self, rows: Sequence[RowMapping]) -> None:
        """Refuse a key that is none: rows that share it and their time could not be told apart, nor all be read."""
        names = (self._options.cursor, self._options.key)
        for one, next_ in pairwise(rows):
            if all(one[name] == next_[name] for name in names):
                raise Misconfigured(
                    Fault(
                        code="source.key",
                        problem=f"column {names[1]} does not tell rows apart",
                        file=self._database.place,
                        target_path="connect.key",
                        hint="name a column that is unique in the table, or make a view that has one",
                    )
                )

    def _next_turn(self, sweep: Sweep) -> Sweep:
        """Let what has changed in child tables be read before a sweep ends; a first one has read all there is."""
        if not sweep.finished or sweep.since is None:
            return sweep
        turns = [number for number, child in enumerate(self._children, 1) if child.has_cursor and number > sweep.turn]
        return sweep.turned(turn=turns[0], seen=sweep.seen) if turns else sweep.ended()

    def _again(self, sweep: Sweep) -> tuple[Sweep, list[Record]]:
        """Return the sweep after a page of rows of which a child changed, and their records not delivered yet."""
        child, since = self._children[sweep.turn - 1], sweep.since or sweep.bound
        held = sa.select(*(self._table.c[name] for name in self._columns)).order_by(self._key)
        with self._database.reading() as connection:
            parents = child.changed(connection, Window(since, sweep.bound), taken_back(sweep.parent), PORTION_ROWS + 1)
            held = held.where(self._table.c[child.by].in_(parents[:PORTION_ROWS]))
            rows = joined(connection, connection.execute(held).mappings().all(), self._children)
        seen, records = dict(sweep.seen), []
        for row in rows:
            record = self._record(row)
            key, digest = str(row[self._options.key]), record_digest(record.raw)[:DIGEST_CHARS]
            if seen.get(key) != digest and sweep.known.get(key) != digest:
                records.append(record)
            seen[key] = digest
        if len(parents) <= PORTION_ROWS:
            return replace(sweep, seen=seen, finished=True), records
        last = parents[PORTION_ROWS - 1]
        parent = kept(last)
        return sweep.turned(turn=sweep.turn, parent=parent, seen=seen), records

    def _taken(self, sweep: Sweep, rows: Sequence[Mapping[str, Any]]) -> tuple[Sweep, list[Record]]:
        """Return the sweep after a page, and the records of those of its rows that were not delivered before."""
        known, seen, records = dict(sweep.known), dict(sweep.seen), []
        for row in rows[:PORTION_ROWS]:
            record = self._record(row)
            key, digest = str(row[self._options.key]), record_digest(record.raw)[:DIGEST_CHARS]
            if known.pop(key, None) != digest:
                records.append(record)
            if self._is_since(row[self._options.cursor], sweep.bound - self._overlap):
                seen[key] = digest
        position = self._position(rows[PORTION_ROWS - 1]) if len(rows) > PORTION_ROWS else None
        return sweep.moved(known=known, seen=seen, position=position), records

    def _record(self, row: Mapping[str, Any]) -> Record:
        options = self._options
        raw = raw_row(row, options.zone)
        alone = raw_row({name: row[name] for name in self._columns}, options.zone) if self._children else raw
        place = f"{ROW_PLACE}{options.table}, {options.key} {row[options.key]}"
        record = read_one(raw, CodecOptions(place=place, encoding=options.encoding))
        return replace(
            record, handle=RowHandle(row[options.key], record_digest(alone), self._mark(row[options.cursor]))
        )

    def _mark(self, cursor: Any) -> str:  # noqa: ANN401 - whatever the column holds
        """Return a row's time of change so that marks are ordered as times are; empty where it is none."""
        try:
            return mark_of(self._form.read(cursor))
        except (TypeError, ValueError, AttributeError):
            return ""

    def _is_since(self, cursor: Any, instant: datetime) -> bool:  # noqa: ANN401 - whatever the column holds
        """Tell whether a row lies in the window that the next sweep reads again."""
        try:
            return self._form.read(cursor) >= instant
        except (TypeError, ValueError, AttributeError):
            return False

    def _position(self, row: Mapping[str, Any]) -> Position:
        cursor, key = row[self._options.cursor], row[self._options.key]
        written = cursor.isoformat(sep=" ") if isinstance(cursor, datetime) else cursor
        return written, kept(key)

    # --- single rows, for comparing ------------------------------------------------------------------------------

    def keys(self, since: datetime, until: datetime) -> Iterator[tuple[Any, str]]:
        """Yield key and mark of every row that changed from `since` to `until` (aware; left out)."""
        name, after = self._options.cursor, None
        low, high = (self._value(name, self._form.write(at)) for at in (since, until))
        within = sa.select(self._key, self._cursor).where(self._cursor >= low, self._cursor < high)
        while True:
            page = within
            if after is not None:
                page = within.where(self._key > self._value(self._options.key, after))
            with self._database.reading() as connection:
                rows = connection.execute(page.order_by(self._key).limit(KEYS_TOGETHER)).all()
            yield from ((key, self._mark(cursor)) for key, cursor in rows)
            if len(rows) < KEYS_TOGETHER:
                return
            after = rows[-1][0]

    def fetch(self, keys: Sequence[Any]) -> list[Record]:
        """Return the rows of `keys` as records; one that is gone meanwhile is absent."""
        held = sa.select(*(self._table.c[name] for name in self._columns)).where(self._key.in_(keys))
        with self._database.reading() as connection:
            rows = connection.execute(held.order_by(self._cursor, self._key)).mappings().all()
            return [self._record(row) for row in joined(connection, rows, self._children)]

    # --- the handshake -------------------------------------------------------------------------------------------

    def _answer(self, connection: Connection, rows: Sequence[RowMapping], as_read: Mapping[Any, Record]) -> None:
        unchanged = [row for row in rows if self._is_as_read(row, as_read)]
        sound = [row[self._options.key] for row in unchanged if self._is_sound(row, as_read)]
        if sound:
            taken = self._signature(self._now(connection))
            connection.execute(sa.update(self._table).where(self._key.in_(sound)).values(taken))
        for row in unchanged:
            self._write_error(connection, row, as_read[row[self._options.key]])

    def _is_as_read(self, row: RowMapping, as_read: Mapping[Any, Record]) -> bool:
        raw = raw_row({name: row[name] for name in self._columns}, self._options.zone)
        return bool(as_read[row[self._options.key]].handle.digest == record_digest(raw))

    def _is_sound(self, row: RowMapping, as_read: Mapping[Any, Record]) -> bool:
        """Tell whether a row is to be signed. One that is signed stays as it is: a trigger may call it changed else."""
        shake = self._options.handshake
        signed = bool(shake.sign) and str(row[shake.sign]) == shake.done
        return as_read[row[self._options.key]].refused is None and not signed

    def _signature(self, now: datetime) -> Mapping[str, Any]:
        shake = self._options.handshake
        values: dict[str, Any] = {}
        if shake.sign:
            values[shake.sign] = self._value(shake.sign, shake.done)
        if shake.at:
            values[shake.at] = self._value(shake.at, self._date(now))
        if shake.error:
            values[shake.error] = None
        return values

    def _date(self, now: datetime) -> Any:  # noqa: ANN401 - what the column holds
        options = self._options
        column = self._types[options.handshake.at]
        return self._database.time_form(column, zone=options.zone, text_format=options.cursor_format).write(now)

    def _write_error(self, connection: Connection, row: RowMapping, record: Record) -> None:
        """Write why a row was refused, unless it stands there already: a trigger may call it changed else."""
        name = self._options.handshake.error
        if record.refused is None or not name:
            return
        width = getattr(self._types[name], "length", None) or ERROR_CHARS
        text = f"{record.refused.code}: {record.refused.path} {record.refused.problem}"[:width]
        if row[name] != text:
            connection.execute(sa.update(self._table).where(self._key == record.handle.key).values({name: text}))


def open_database(declaration: Declaration, environment: Mapping[str, str], clock: Clock | None) -> DatabaseSource:
    """Open what `declaration` says; raise Misconfigured with every fault. Nothing is connected yet."""
    found = declared(declaration, environment)
    database = Database(found.url, timeout_s=found.timeout_s, place=declaration.connection)
    return DatabaseSource(database, found.options, clock or SystemClock())


def _quoted(name: str) -> quoted_name:
    return quoted_name(name, quote=True)
