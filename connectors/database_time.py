"""Decides how a cursor column's values stand to the source's clock: zoned, local, or local written as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.types import TypeEngine

_UTC: Final = ZoneInfo("UTC")


class TimeForm(Protocol):
    """Turns instants (aware UTC) into a column's values and back."""

    def write(self, instant: datetime) -> Any:  # noqa: ANN401 - what the column holds
        """Return the column's value of `instant`."""

    def read(self, value: Any) -> datetime:  # noqa: ANN401 - what the column holds
        """Return the instant (aware UTC) of a column's value; ValueError where it is none."""


@dataclass(frozen=True, slots=True)
class Zoned:
    """`timestamp with time zone`."""

    def write(self, instant: datetime) -> datetime:
        """Return the instant itself."""
        return instant

    def read(self, value: datetime) -> datetime:
        """Return the instant itself, in UTC."""
        return value.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Local:
    """`timestamp without time zone`, in the declared zone."""

    zone: ZoneInfo

    def write(self, instant: datetime) -> datetime:
        """Return the wall-clock time of `instant`."""
        return instant.astimezone(self.zone).replace(tzinfo=None)

    def read(self, value: datetime) -> datetime:
        """Return the instant at which the wall clock showed `value`."""
        return value.replace(tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Text:
    """Wall-clock time in the declared zone as text of one fixed format, so that its order is the order of time."""

    zone: ZoneInfo
    form: str

    def write(self, instant: datetime) -> str:
        """Write the wall-clock time of `instant`."""
        return instant.astimezone(self.zone).strftime(self.form)

    def read(self, value: str) -> datetime:
        """Read a wall-clock time; ISO 8601 is understood besides the declared format."""
        try:
            moment = datetime.strptime(value, self.form)  # noqa: DTZ007 - the zone is the next line's
        except ValueError:
            moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)


def time_form(
    column: TypeEngine[Any],
    *,
    zone: ZoneInfo,
    text_format: str,
    instants: Mapping[type[TypeEngine[Any]], str],
    place: str,
) -> TimeForm:
    """Return the form of a column's times; raise Misconfigured where its type orders rows too coarsely or not by time.

    `instants` says by type what the database's times are.
    """
    meant = next((form for kind, form in instants.items() if isinstance(column, kind)), "")
    if meant == "local" and getattr(column, "timezone", False):
        return Zoned()
    if meant in ("local", "utc"):
        return Local(zone if meant == "local" else _UTC)
    if meant == "text":
        return Text(zone, text_format)
    raise Misconfigured(
        Fault(
            code="source.cursor",
            problem=f"a column of type {column} cannot be the cursor",
            file=place,
            target_path="connect.cursor.column",
            hint="name a column that holds the date and time of the row's last change",
        )
    )
