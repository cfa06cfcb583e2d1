"""The Store port on PostgreSQL and SQLite: the ledger and all that is derived from it, in fenced transactions."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from hub.errors import Fault, Fenced, Misconfigured
from hub.model.values import Head
from hub.store import leases, numbering, rows, tables, terms, terms_tables, waking
from hub.store.bulk import insert
from hub.store.city_reading import CityReader
from hub.store.engine import LOCK_S, STALL_S, open_engine, reading, writing
from hub.store.score_book import ScoreBook
from hub.store.score_reading import ScoreReader
from hub.store.terms import OPERATOR
from hub.store.truth_reading import TruthReader
from hub.store.unit import SqlUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from hub.model.terms import CatalogueChange, NoticeRow, Touched
    from hub.model.values import (
        Connection,
        Entry,
        FeedItem,
        Place,
    )
    from hub.ports import Unit
    from hub.supervision.law import Moved


class SqlStore:
    """hub.ports.Store on one database. Threads may share it: every call has its own connection."""

    def __init__(self, url: str, *, stall_s: float = STALL_S, lock_s: float = LOCK_S) -> None:
        """Use the database at `url`; it is reached when first needed. The limits are PostgreSQL's (engine.py)."""
        self._engine = open_engine(url, stall_s=stall_s, lock_s=lock_s, by_key=True)

    def partitions(self) -> int:
        """Return the number of partitions of the present generation; Misconfigured where there is none yet."""
        with reading(self._engine) as connection:
            count = len(present_heads(connection))
        if not count:
            raise Misconfigured(
                Fault(code="store.empty", problem="the ledger has not begun", hint="run `sunlight migrate`")
            )
        return count

    def claim(self, role: str, *, owner: str, lease_s: float) -> int | None:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            return leases.claim(connection, role, owner=owner, lease_s=lease_s)

    def release(self, role: str, *, epoch: int) -> None:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            leases.release(connection, role, epoch=epoch)

    @contextmanager
    def unit(self, partition: int, *, epoch: int) -> Iterator[Unit]:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            leases.check(connection, f"partition/{partition}", epoch=epoch)
            yield SqlUnit(connection, _locked_head(connection, partition))

    def number(
        self, *, epoch: int, limit: int, published: int, places: Callable[[Entry], Sequence[Place]]
    ) -> Sequence[FeedItem]:
        """See hub.ports.Store."""
        with reading(self._engine) as connection:
            leases.check(connection, "relay", epoch=epoch, hold=False)
            if numbering.is_idle(connection, published):
                return ()
        with writing(self._engine) as connection:
            leases.check(connection, "relay", epoch=epoch)
            return numbering.number(connection, limit=limit, published=published, places=places)

    def connections(self) -> Mapping[str, Connection]:
        """See hub.ports.Store."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(tables.connections)).all()
        return {row.connection_id: rows.connection(row.document) for row in found}

    def register(self, connections: Sequence[Connection]) -> None:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            documents = [(each.connection_id, rows.connection_document(each)) for each in connections]
            insert(connection, tables.connections, documents, conflict="replace")

    def catalogue(self) -> Sequence[Mapping[str, Any]]:
        """See hub.ports.Store."""
        with reading(self._engine) as connection:
            ordered = sa.select(tables.catalogue.c.document).order_by(tables.catalogue.c.department_id)
            return [orjson.loads(document) for document in connection.execute(ordered).scalars()]

    def load_catalogue(self, documents: Sequence[Mapping[str, Any]], *, by: str = OPERATOR) -> None:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            now = leases.database_now(connection)
            found = [(each["department"]["department_id"], orjson.dumps(each).decode(), now) for each in documents]
            column = tables.catalogue.c
            known = {row[0]: row[1] for row in connection.execute(sa.select(column.department_id, column.document))}
            insert(connection, tables.catalogue, found, conflict="replace")
            waking.departments(connection, [name for name, document, _ in found if known.get(name) != document])
            for each in documents:
                old = known.get(each["department"]["department_id"])
                before = orjson.loads(old) if old else None
                if before != each:
                    terms.keep(connection, [terms.imported(connection, before, each, by, now)])

    def wake_departments(self, department_ids: Collection[str]) -> None:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            waking.departments(connection, department_ids)

    def wake_touched(self, given: Sequence[Touched]) -> None:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            waking.touched(connection, given)

    def wake_recounted(self, is_present: Callable[[str], bool]) -> int:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            return waking.recounted(connection, is_present)

    def wake_relawed(self, moved: Moved, start_of: Callable[[date], datetime]) -> int:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            return waking.relawed(connection, moved, start_of)

    def wake_open(self, kinds: Collection[str] | None) -> int:
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            return waking.still_open(connection, kinds)

    def remembered(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """See hub.ports.Store."""
        with reading(self._engine) as connection:
            query = sa.select(terms_tables.terms.c.document).where(terms_tables.terms.c.name == name)
            found = connection.execute(query).scalar()
            return None if found is None else orjson.loads(found)

    def remember(self, name: str, value: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        """See hub.ports.Store."""
        with writing(self._engine) as connection:
            insert(connection, terms_tables.terms, [(name, orjson.dumps(value).decode())], conflict="replace")

    def notices(self) -> Sequence[NoticeRow]:
        """See hub.ports.Store."""
        with reading(self._engine) as connection:
            return terms.notices(connection)

    def catalogue_changes(self) -> Sequence[CatalogueChange]:
        """See hub.ports.Store."""
        with reading(self._engine) as connection:
            return terms.changes(connection, terms_tables.catalogue_changes.c.state.in_(("approved", "imported")))

    @cached_property
    def reader(self) -> CityReader:
        """Return who looks at many cases at once."""
        return CityReader(self._engine)

    @cached_property
    def score_reader(self) -> ScoreReader:
        """Return who gathers what months are scored from."""
        return ScoreReader(self._engine)

    @cached_property
    def truth_reader(self) -> TruthReader:
        """Return who gathers how months were reported."""
        return TruthReader(self._engine)

    @cached_property
    def score_book(self) -> ScoreBook:
        """Return who keeps frozen months and people's entries."""
        return ScoreBook(self._engine)

    def close(self) -> None:
        """See hub.ports.Store."""
        self._engine.dispose()


def present_heads(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return the heads of the present generation by partition."""
    heads = tables.heads
    latest = sa.select(sa.func.max(heads.c.generation)).scalar_subquery()
    query = sa.select(heads).where(heads.c.generation == latest).order_by(heads.c.partition)
    return connection.execute(query).all()


def _locked_head(connection: sa.Connection, partition: int) -> Head:
    heads = tables.heads
    latest = sa.select(sa.func.max(heads.c.generation)).scalar_subquery()
    query = sa.select(heads).where((heads.c.generation == latest) & (heads.c.partition == partition)).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        problem = f"the present generation has no partition {partition}: the number of partitions has changed"
        raise Fenced(problem)
    return Head(generation=row.generation, partition=row.partition, position=row.position, hash=row.hash)
