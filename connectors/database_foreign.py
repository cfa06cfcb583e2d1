"""Databases whose drivers the hub does not bring: Oracle, SQL Server, 达梦 DM. Each is the operator's to install.

人大金仓 KingbaseES and openGauss speak PostgreSQL's protocol, and are reached by postgresql:// URLs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import exc, types

from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.types import TypeEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """See connectors.database_dialects.Dialect."""

    driver: str
    """What SQLAlchemy calls it."""
    package: str
    """What brings it."""
    clock: str
    """The statement that asks for the present time in UTC, without a zone."""
    reading: tuple[str, ...]
    writing: tuple[str, ...]
    """Statements with which a transaction begins; `{ms}` is what a statement may take."""
    instants: Mapping[type[TypeEngine[Any]], str]

    def engine(self, url: URL) -> Engine:
        """See Dialect; Misconfigured where the driver is not there."""
        try:
            return sa.create_engine(
                url.set(drivername=self.driver), pool_size=1, max_overflow=0, pool_pre_ping=True, echo=False
            )
        except (ImportError, exc.NoSuchModuleError) as lacking:
            problem = f"the driver of {url.get_backend_name()} is not installed"
            hint = f"install {self.package} into the hub's environment"
            fault = Fault(code="source.driver", problem=problem, target_path="connect.url", hint=hint)
            raise Misconfigured(fault) from lacking

    def opening(self, *, writing: bool, timeout_s: float) -> tuple[str, ...]:
        """See Dialect."""
        statements = self.writing if writing else self.reading
        return tuple(statement.format(ms=int(timeout_s * 1000)) for statement in statements)

    def limit(self, connection: Connection, timeout_s: float) -> None:
        """Let the driver give up a statement, where it can."""
        driver: Any = connection.connection.driver_connection
        if hasattr(driver, "call_timeout"):
            driver.call_timeout = int(timeout_s * 1000)

    def now(self, connection: Connection) -> datetime:
        """See Dialect."""
        instant: datetime = connection.exec_driver_sql(self.clock).scalar_one()
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)

    def parameter(self, value: Any, column: TypeEngine[Any]) -> Any:  # noqa: ANN401 - whatever a column holds
        """See Dialect: a time that comes back from a checkpoint as text is a time again."""
        if isinstance(value, str) and isinstance(column, (types.DateTime, types.TIMESTAMP)):
            return datetime.fromisoformat(value)
        return value


_TIMES: Final[Mapping[type[TypeEngine[Any]], str]] = {
    types.DateTime: "local",
    types.TIMESTAMP: "local",
    types.String: "text",
}

FOREIGN: Final[Mapping[str, Foreign]] = {
    "oracle": Foreign(
        driver="oracle+oracledb",
        package="oracledb",
        clock="SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM DUAL",
        reading=("SET TRANSACTION READ ONLY",),
        writing=("SET TRANSACTION READ WRITE",),
        instants=_TIMES,
    ),
    "mssql": Foreign(
        driver="mssql+pymssql",
        package="pymssql",
        clock="SELECT SYSUTCDATETIME()",
        reading=("SET LOCK_TIMEOUT {ms}",),
        writing=("SET LOCK_TIMEOUT {ms}",),
        instants=_TIMES,
    ),
    "dm": Foreign(
        driver="dm+dmPython",
        package="dmPython and dmSQLAlchemy, which come with the database",
        clock="SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM DUAL",
        reading=("SET TRANSACTION READ ONLY",),
        writing=("SET TRANSACTION READ WRITE",),
        instants=_TIMES,
    ),
}
"""By the name that a URL begins with. Written by the vendors' manuals; no such server runs in this project's tests."""
