"""What columns of tables are made of: instants, texts, whole numbers, and what the database checks of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: timestamptz on PostgreSQL, microseconds since 1970 on SQLite. Naive values are refused."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type of the database."""
        timestamp: sa.types.TypeEngine[Any] = sa.TIMESTAMP(timezone=True)
        return dialect.type_descriptor(timestamp if dialect.name == "postgresql" else sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:  # noqa: ANN401 - per database
        """Write an instant; TypeError for a naive one."""
        return aware(value) if dialect.name == "postgresql" else microseconds(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ANN401 - per database
        """Read an instant as aware UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else instant(value)


def aware(moment: datetime | None) -> datetime | None:
    """Return `moment` as it is; TypeError for a naive one."""
    if moment is not None and moment.tzinfo is None:
        problem = f"a naive instant is no instant: {moment!r}"
        raise TypeError(problem)
    return moment


def microseconds(moment: datetime | None) -> int | None:
    """Whole microseconds since 1970, exact; TypeError for a naive instant."""
    if moment is None:
        return None
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(value: int) -> datetime:
    """Return the aware UTC instant of `value` microseconds since 1970, exact."""
    seconds, rest = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    """Refuse whatever is not among `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def text(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def whole(name: str, *, primary_key: bool = False) -> sa.Column[int]:
    """Return a column of whole numbers, none of which the database makes up."""
    return sa.Column(name, sa.BigInteger, nullable=False, primary_key=primary_key, autoincrement=False)


def at(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    """Return a column of instants."""
    return sa.Column(name, Instant, nullable=nullable)
