"""Keeps certificates and what was observed of connections, on PostgreSQL and SQLite."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.model.certified import NO_LOOKS, CertificateChange, CertificateRow, Looks, Moved, ObservationRow, Reporting
from hub.store import rows
from hub.store.bulk import insert
from hub.store.certified import (
    certificate_changes,
    certificates,
    coverage_snapshots,
    criteria,
    looks,
    observations,
    reporting,
)
from hub.store.counted import case_facts
from hub.store.engine import open_engine, reading, writing
from hub.store.tables import catalogue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

PRODUCTION: Final = "production"
"""The environment of what is live."""

_LISTS = ("levels", "flows", "suspended")


class Certification:
    """conformance's keeping: certificates with their changes, observations, coverage. Threads may share it."""

    def __init__(self, url: str) -> None:
        """Keep in the database at `url`."""
        self._engine = open_engine(url)

    # --- certificates ---

    def next_number(self, year: int) -> str:
        """Return the number of the next certificate of a year; two who ask at once are told apart when they keep it."""
        prefix = f"HCC-{year}-"
        column = certificates.c.certificate_id
        with reading(self._engine) as connection:
            last = connection.execute(sa.select(sa.func.max(column)).where(column.startswith(prefix))).scalar()
        return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:06d}"

    def issue(self, new: CertificateRow, changes: Sequence[CertificateChange], *, ended: Moved | None = None) -> bool:
        """Keep a new certificate with what is to be told of it, and the end of the one it supersedes.

        False where somebody was faster: the old one was moved, its connection has another in force, or the number went.
        """
        with contextlib.suppress(sa.exc.IntegrityError), writing(self._engine) as connection:
            if ended is not None and not _moved(connection, ended):
                return False
            insert(connection, certificates, [_row(new)])
            insert(connection, certificate_changes, [change_row(each) for each in changes], conflict="ignore")
            return True
        return False

    def move(self, moved: Moved, change: CertificateChange, looks: Looks = NO_LOOKS) -> bool:
        """Keep a certificate's new state with what is to be told of it and what was observed by it.

        False where somebody was faster: it is not as it was any more, or something else was observed.
        """
        with contextlib.suppress(sa.exc.IntegrityError), writing(self._engine) as connection:
            if not _moved(connection, moved):
                return False
            insert(connection, certificate_changes, [change_row(change)], conflict="ignore")
            _look(connection, looks)
            return True
        return False

    def certificate(self, certificate_id: str) -> CertificateRow | None:
        """Return one certificate; None if there is none of that number."""
        found = self._certificates(certificates.c.certificate_id == certificate_id)
        return found[0] if found else None

    def certificates(self, connection_id: str = "") -> Sequence[CertificateRow]:
        """Return every certificate, of one connection where it is named, the newest first."""
        return self._certificates(certificates.c.connection_id == connection_id if connection_id else sa.true())

    def latest(self) -> Mapping[str, CertificateRow]:
        """Return the certificate that counts for what is live of each connection: the newest that is not superseded."""
        found: dict[str, CertificateRow] = {}
        live = (certificates.c.state != "superseded") & (certificates.c.environment == PRODUCTION)
        for row in self._certificates(live):
            found.setdefault(row.connection_id, row)
        return found

    def _certificates(self, chosen: sa.ColumnElement[bool]) -> list[CertificateRow]:
        order = (certificates.c.issued_at.desc(), certificates.c.certificate_id.desc())
        with reading(self._engine) as connection:
            return [_read(row) for row in connection.execute(sa.select(certificates).where(chosen).order_by(*order))]

    def changes(self, certificate_id: str) -> Sequence[CertificateChange]:
        """Return what happened to a certificate, in order."""
        own = certificate_changes.c.certificate_id == certificate_id
        return self._changes(own)

    def note(self, changes: Sequence[CertificateChange]) -> None:
        """Keep what was done about a connection's tests until the ledger is told."""
        with writing(self._engine) as connection:
            insert(connection, certificate_changes, [change_row(each) for each in changes], conflict="ignore")

    def stamp(self) -> tuple[int, datetime | None]:
        """Return what tells one state of all certificates from another: how much happened to them, and when last."""
        column = certificate_changes.c
        with reading(self._engine) as connection:
            row = connection.execute(
                sa.select(sa.func.count(), sa.func.max(column.at)).select_from(certificate_changes)
            ).one()
        return int(row[0]), row[1]

    def untold(self) -> Sequence[CertificateChange]:
        """Return what the ledger has not been told yet, in order."""
        return self._changes(certificate_changes.c.told_at.is_(None))

    def told(self, change_ids: Collection[str], now: datetime) -> None:
        """Remember that the bus took these changes."""
        mine = certificate_changes.c.change_id.in_(list(change_ids))
        with writing(self._engine) as connection:
            connection.execute(sa.update(certificate_changes).where(mine).values(told_at=now))

    def _changes(self, chosen: sa.ColumnElement[bool]) -> list[CertificateChange]:
        names = ("change_id", "certificate_id", "connection_id", "at", "what", "body")
        query = sa.select(certificate_changes).where(chosen)
        order = (certificate_changes.c.at, certificate_changes.c.change_id)
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(*order)).all()
        return [CertificateChange(**{name: getattr(row, name) for name in names}) for row in found]

    # --- observations ---

    def observe(self, looks: Looks, notices: Sequence[CertificateChange] = ()) -> bool:
        """Append observations with what is to be told of them; False where others have been made since these."""
        with contextlib.suppress(sa.exc.IntegrityError), writing(self._engine) as connection:
            _look(connection, looks)
            insert(connection, certificate_changes, [change_row(each) for each in notices], conflict="ignore")
            return True
        return False

    def observations(self, connection_id: str, criterion: str = "") -> Sequence[ObservationRow]:
        """Return everything observed of a connection, in order."""
        column = observations.c
        mine = column.connection_id == connection_id
        chosen = mine & (column.criterion == criterion) if criterion else mine
        with reading(self._engine) as connection:
            query = sa.select(observations).where(chosen).order_by(column.day, column.n, column.criterion)
            return [_seen(row) for row in connection.execute(query)]

    def criteria(self, connection_id: str = "") -> Mapping[tuple[str, str], str]:
        """Return how the criteria stand, as JSON by (connection, criterion)."""
        chosen = criteria.c.connection_id == connection_id if connection_id else sa.true()
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(criteria).where(chosen)).all()
        return {(row.connection_id, row.criterion): row.document for row in found}

    # --- coverage ---

    def looked_at(self) -> datetime | None:
        """Return when the criteria were looked at last; None: never."""
        with reading(self._engine) as connection:
            return connection.execute(sa.select(sa.func.max(looks.c.at))).scalar()

    def look(self, now: datetime) -> None:
        """Remember that the criteria were looked at."""
        with writing(self._engine) as connection:
            insert(connection, looks, [(1, now)], conflict="replace")

    def count_reporting(self, since: date) -> None:
        """Count anew which matters are reported over which connections since a day."""
        fact = case_facts.c
        key = (fact.connection_id, fact.department_id, fact.matter_code, fact.region_code)
        within = sa.func.sum(sa.case((fact.opened_on >= since, 1), else_=0))
        counted = sa.select(*key, within, sa.func.max(fact.opened_on)).group_by(*key)
        with writing(self._engine) as connection:
            connection.execute(sa.delete(reporting))
            connection.execute(sa.insert(reporting).from_select([column.name for column in reporting.columns], counted))

    def catalogue_stamp(self) -> tuple[int, datetime | None]:
        """Return what tells one state of the catalogue from another: how many departments, and the last loading."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(sa.func.count(), sa.func.max(catalogue.c.loaded_at))).one()
        return int(row[0]), row[1]

    def reporting(self) -> Sequence[Reporting]:
        """Return what is reported over which connections, as last counted."""
        column = reporting.c
        key = (column.connection_id, column.department_id, column.matter_code, column.region_code)
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(*key, column.cases, column.last_on))
            return [
                Reporting(
                    connection_id=name, department_id=department, matter_code=matter, region_code=region,
                    cases=cases, last_on=last_on,
                )
                for name, department, matter, region, cases, last_on in found
            ]  # fmt: skip

    def freeze(self, month: str, document: str, now: datetime) -> bool:
        """Keep coverage as it stood in a month; False where that month is frozen already."""
        with writing(self._engine) as connection:
            known = sa.select(coverage_snapshots.c.month).where(coverage_snapshots.c.month == month)
            if connection.execute(known).first() is not None:
                return False
            insert(connection, coverage_snapshots, [(month, now, document)])
        return True

    def snapshots(self) -> Mapping[str, str]:
        """Return the frozen months, the oldest first."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(coverage_snapshots).order_by(coverage_snapshots.c.month)).all()
        return {row.month: row.document for row in found}

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()


def _moved(connection: sa.Connection, moved: Moved) -> bool:
    """Move a certificate from how it was, to the moment; False where it is not like that any more."""
    column, was, now = certificates.c, moved.was, moved.now
    mine = (column.certificate_id == was.certificate_id) & (column.state == was.state) & (column.since == was.since)
    values = {name: getattr(now, name) for name in ("state", "since", "reason", "criterion")}
    values["suspended"] = orjson.dumps(list(now.suspended)).decode()
    return connection.execute(sa.update(certificates).where(mine).values(**values)).rowcount == 1


def _look(connection: sa.Connection, looks: Looks) -> None:
    """Append observations, and keep how their criteria stand now."""
    insert(connection, observations, [_observed(each) for each in looks.seen])
    insert(connection, criteria, [(*key, *value) for key, value in looks.cached.items()], conflict="replace")


def _row(each: CertificateRow) -> tuple[Any, ...]:
    return tuple(
        orjson.dumps(list(getattr(each, column.name))).decode() if column.name in _LISTS else getattr(each, column.name)
        for column in certificates.columns
    )


def _read(row: sa.Row[Any]) -> CertificateRow:
    values = rows.named(row)
    return CertificateRow(**{**values, **{name: tuple(orjson.loads(values[name])) for name in _LISTS}})


def change_row(each: CertificateChange) -> tuple[Any, ...]:
    """Return what is to be told as a row of certificate_changes, not told yet."""
    return each.change_id, each.certificate_id, each.connection_id, each.at, each.what, each.body, None


def _observed(each: ObservationRow) -> tuple[Any, ...]:
    measure = orjson.dumps(dict(each.measure)).decode()
    return each.connection_id, each.criterion, each.day, each.n, each.seen, each.by, measure, each.observed_at


def _seen(row: sa.Row[Any]) -> ObservationRow:
    values = rows.named(row)
    return ObservationRow(**{**values, "measure": orjson.loads(values["measure"])})
