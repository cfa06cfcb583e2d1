"""The Bus in a SQLite file, for one machine without a broker: as durable, as ordered and as unforgiving as one.

What a process held when it died is delivered again: each instance locks a file of its own, the operating system lets
go of the lock whatever way the process ends, and the next instance to consume takes back what the dead one held.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.bus import embedded_sql as sql
from hub.bus.embedded_locks import Locks
from hub.bus.embedded_routes import Routes
from hub.bus.limits import check
from hub.bus.topology import MARK, at_broker, renumbered
from hub.errors import Fault, Misconfigured, Unavailable
from hub.model.values import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.bus.topology import Queue, Topology
    from hub.model.values import Message

BUSY_S: Final = 30.0
"""Seconds a statement waits for other instances' transactions, each of which takes milliseconds."""

FIRST_LOOK_S: Final = 0.002
"""Pause before an idle consumer looks again; it doubles up to LONGEST_LOOK_S."""

LONGEST_LOOK_S: Final = 0.05
"""Longest pause of an idle consumer: the delay a message may see, at about 20 cheap looks a second."""


class EmbeddedBus:
    """One instance on one file. Instances of the same file share its queues, within a process and between processes."""

    def __init__(self, path: str, topology: Topology, *, user: str) -> None:
        """Use the file at `path`, created when first needed; every message is published as `user`."""
        self._path, self._topology, self._user = Path(path), topology, user
        self._locks = Locks(Path(f"{path}.locks"))
        self._name = uuid.uuid4().hex
        self._life = -1
        self._db: sqlite3.Connection | None = None
        self._closed = False
        self._routes = Routes((), ())
        self._routes_known: tuple[int, ...] = ()
        self._tags = count(1)
        self._taken: dict[int, int] = {}

    def publish(self, messages: Sequence[Message]) -> None:
        """Write `messages` to every queue they are meant for in one transaction: all of them, or none."""
        check(messages)
        with self._transaction() as db:
            routes = self._current_routes(db)
            rows = [(queue, *self._row(message)) for message in messages for queue in _queues_of(routes, message)]
            db.executemany(sql.PUT, rows)
            for queue, grown in Counter(row[0] for row in rows).items():
                _make_room(db, queue, grown)

    def consume(self, queue: str, *, limit: int, wait_s: float) -> Sequence[Delivery]:
        """Take what is ready, looking again and again until `wait_s` is over."""
        deadline, pause = time.monotonic() + wait_s, FIRST_LOOK_S
        while True:
            batch = self._take(queue, limit)
            left = deadline - time.monotonic()
            if batch or left <= 0:
                return batch
            time.sleep(min(pause, left))
            pause = min(2 * pause, LONGEST_LOOK_S)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Delete `deliveries`; Unavailable where this instance does not hold them (any more)."""
        with self._let_go(deliveries, sql.ACK) as (db, gone):
            for queue, number in Counter(row["queue"] for row in gone).items():
                db.execute(sql.GROW, (-number, queue))

    def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Return `deliveries` to their place in the queue; past its delivery limit they are dead-lettered instead."""
        with self._let_go(deliveries, sql.GIVE_BACK) as (db, returned):
            self._bury_spent(db, returned)

    def leave(self, queue: str) -> None:
        """Return all that is held of `queue`; nothing is ever sent ahead."""
        with self._transaction() as db:
            self._bury_spent(db, db.execute(sql.LEAVE, (self._name, queue)).fetchall())

    def depth(self, queue: str) -> int:
        """Count the messages of `queue`, ready or held by any instance."""
        with self._translated() as db:
            return int(_queue_row(db, queue)["depth"])

    @contextmanager
    def lease(self, name: str) -> Iterator[None]:
        """Hold `name` by an operating-system lock on a file beside the bus."""
        with ExitStack() as held:
            with self._translated():
                held.enter_context(self._locks.lease(name))
            yield

    def close(self) -> None:
        """Return what is held, then close the file."""
        if self._db is not None:
            with suppress(Unavailable), self._transaction() as db:  # the next instance takes it back otherwise
                self._release(db, self._name)
            self._db.close()
            self._locks.end(self._name, self._life)
        self._db, self._closed = None, True

    # --- the file --------------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        """Return the open file; create it and declare what is missing the first time."""
        if self._closed:
            raise Unavailable("the bus is closed", place=str(self._path), hint="open another one")
        if self._db is None:
            with self._locks.opening():
                self._path.touch(mode=0o600)
                db = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
                try:
                    self._declare(db)
                except BaseException:
                    db.close()
                    raise
                self._life = self._locks.live(self._name)
                self._db = db
            self._bury([row["holder"] for row in db.execute(sql.HOLDERS).fetchall()])
        return self._db

    @contextmanager
    def _translated(self) -> Iterator[sqlite3.Connection]:
        """Hand out the open file; what SQLite or the operating system refuses is Unavailable."""
        try:
            yield self._open()
        except (sqlite3.Error, OSError) as error:
            hint = "see that the disk has room and that the file may be written"
            raise Unavailable(str(error), place=str(self._path), hint=hint) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that may write from its first statement on; commit on a clean exit."""
        with self._translated() as db, _writing(db):
            yield db

    def _declare(self, db: sqlite3.Connection) -> None:
        """Create tables, exchanges, queues and bindings where they are missing."""
        db.row_factory = sqlite3.Row
        for statement in sql.SETTINGS:
            db.execute(statement)
        with _writing(db):
            for statement in sql.TABLES:
                db.execute(statement)
            db.executemany(sql.ADD_EXCHANGE, [(each.name, each.kind) for each in self._topology.exchanges])
            for queue in self._topology.queues:
                self._declare_queue(db, queue)
            bindings = [(each.exchange, each.queue, each.key) for each in self._topology.bindings]
            db.executemany(sql.ADD_BINDING, bindings)

    def _declare_queue(self, db: sqlite3.Connection, queue: Queue) -> None:
        limits = (queue.overflow, queue.max_length, queue.delivery_limit, queue.dead_letter)
        db.execute(sql.ADD_QUEUE, (queue.name, *limits))
        if tuple(_queue_row(db, queue.name))[: len(limits)] != limits:
            if queue.name == MARK:
                raise renumbered(str(self._path))
            problem, hint = f"the queue {queue.name} exists with other limits", "drain it and start a new file"
            raise Misconfigured(Fault(code="bus.refused", problem=problem, file=str(self._path), hint=hint))

    # --- publishing ------------------------------------------------------------------------------------------------

    def _row(self, message: Message) -> tuple[Any, ...]:
        """Return a message as the table holds it, but for its queue."""
        headers = orjson.dumps(dict(message.headers))
        return message.kind, message.message_id, self._user, headers, bytes(message.body)

    def _current_routes(self, db: sqlite3.Connection) -> Routes:
        """Return the routes, read again where another instance changed the bindings."""
        known = tuple(db.execute(sql.ROUTES_STATE).fetchone())
        if known != self._routes_known:
            exchanges = [(row["name"], row["kind"]) for row in db.execute(sql.EXCHANGES)]
            bindings = [(row["exchange"], row["queue"], row["key"]) for row in db.execute(sql.BINDINGS)]
            self._routes, self._routes_known = Routes(exchanges, bindings), known
        return self._routes

    # --- consuming -------------------------------------------------------------------------------------------------

    def _take(self, queue: str, limit: int) -> Sequence[Delivery]:
        """Take at most `limit` ready messages, after giving back what dead instances held."""
        with self._translated() as db:
            _queue_row(db, queue)
            self._bury(self._locks.others(self._name))
            if db.execute(sql.ANY_READY, (queue,)).fetchone() is None:
                return []
        with self._transaction() as db:
            rows = db.execute(sql.TAKE, (self._name, queue, limit)).fetchall()
        return [self._delivery(queue, row) for row in sorted(rows, key=lambda row: int(row["id"]))]

    def _delivery(self, queue: str, row: sqlite3.Row) -> Delivery:
        tag = next(self._tags)
        self._taken[tag] = row["id"]
        return Delivery(
            queue=queue,
            tag=tag,
            kind=row["kind"],
            message_id=row["message_id"],
            user=row["user"],
            body=row["body"],
            redelivered=row["returns"] > 0,
            headers=orjson.loads(row["headers"]),
        )

    @contextmanager
    def _let_go(
        self, deliveries: Sequence[Delivery], statement: str
    ) -> Iterator[tuple[sqlite3.Connection, list[sqlite3.Row]]]:
        """Run `statement` on each of `deliveries`, all of which must be held; forget them once that is committed."""
        tags = {delivery.tag for delivery in deliveries}
        with self._transaction() as db:
            held = [self._taken[tag] for tag in tags if tag in self._taken]
            rows = [row for each in held for row in db.execute(statement, (each, self._name)).fetchall()]
            if len(rows) < len(tags):
                raise Unavailable("these deliveries are void", place=str(self._path), hint="they are delivered again")
            yield db, rows
        for tag in tags:
            del self._taken[tag]

    # --- the dead and the spent ------------------------------------------------------------------------------------

    def _bury(self, names: Sequence[str]) -> None:
        """Give back what those of `names` hold that are dead."""
        with self._locks.dead(names) as dead:
            if dead:
                with self._transaction() as db:
                    for name in dead:
                        self._release(db, name)

    def _release(self, db: sqlite3.Connection, holder: str) -> None:
        self._bury_spent(db, db.execute(sql.RELEASE, (holder,)).fetchall())

    def _bury_spent(self, db: sqlite3.Connection, returned: Sequence[sqlite3.Row]) -> None:
        """Dead-letter those of `returned` that came back more often than their queue allows."""
        for row in returned:
            queue = _queue_row(db, row["queue"])
            if 0 < queue["delivery_limit"] < row["returns"]:
                targets = self._current_routes(db).queues(queue["dead_letter"], "") if queue["dead_letter"] else []
                for target in targets:
                    db.execute(sql.COPY, (target, row["id"]))
                    db.execute(sql.GROW, (1, target))
                db.execute(sql.DELETE, (row["id"],))
                db.execute(sql.GROW, (-1, row["queue"]))


@contextmanager
def _writing(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _queue_row(db: sqlite3.Connection, queue: str) -> sqlite3.Row:
    """Return the limits and depth of `queue`; Unavailable where nobody has declared it."""
    row: sqlite3.Row | None = db.execute(sql.QUEUE, (queue,)).fetchone()
    if row is None:
        raise Unavailable("there is no such queue", place=queue, hint="start the hub, which declares it")
    return row


def _queues_of(routes: Routes, message: Message) -> list[str]:
    """Return the queues `message` goes to; Unavailable where the broker would return it."""
    exchange = at_broker(message.exchange)
    queues = routes.queues(exchange, message.key)
    if not queues and not message.exchange.startswith("feed."):
        where = f"{exchange} with key {message.key}"
        raise Unavailable("no queue takes this message", place=where, hint="start the hub, which declares them")
    return queues


def _make_room(db: sqlite3.Connection, queue: str, grown: int) -> None:
    """Count the `grown` messages just put into `queue`; a full queue refuses them or drops its oldest."""
    row = _queue_row(db, queue)
    excess = row["depth"] + grown - row["max_length"] if row["overflow"] != "unbounded" else 0
    if excess > 0 and row["overflow"] == "refuse":
        raise Unavailable(
            "a queue refuses more messages", place=queue, hint="let its consumer catch up, then try again"
        )
    dropped = db.execute(sql.DROP_OLDEST, (queue, excess)).rowcount if excess > 0 else 0
    db.execute(sql.GROW, (grown - dropped, queue))
