"""Imports a department's past: registers its connection, reads a file to its end as a declared backfill, settles it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from hub.errors import Fault, Misconfigured
from hub.model.values import Connection
from hub.registry import register

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hub.drain import Line
    from hub.intake import Intake, ReadTotals
    from hub.ports import Source, Store


class Declared(Protocol):
    """What a mapping file declares of its connection."""

    @property
    def connection(self) -> str:
        """Return the connection's id."""

    @property
    def version(self) -> int:
        """Return the version of the mapping."""

    @property
    def offers(self) -> frozenset[str] | None:
        """Return the event types and fields that it fills; None where that is not known."""

    @property
    def user(self) -> str:
        """Return the bus user that publishes for it."""

    @property
    def departments(self) -> frozenset[str]:
        """Return the departments it may speak for."""

    @property
    def allowed_delay_s(self) -> int:
        """Return how late its data may be, in seconds."""

    @property
    def heartbeat_s(self) -> float:
        """Return how often it is polled round the clock, in seconds; 0 where it is not."""


def registration(declared: Declared, fingerprint: str) -> Connection:
    """Return the registration that a mapping file asks for."""
    return Connection(
        connection_id=declared.connection,
        user=declared.user,
        departments=declared.departments,
        allowed_delay_s=declared.allowed_delay_s,
        fingerprint=fingerprint,
        mapping_version=declared.version,
        offers=declared.offers,
        every_s=declared.heartbeat_s,
    )


def import_all(
    *,
    source: Source,
    intake: Intake,
    line: Line,
    store: Store,
    connection: Connection,
    watermark: datetime,
    progress: Callable[[int], None],
) -> ReadTotals:
    """Read `source` from its beginning to its end, handling as it goes, and judge everything once at `watermark`.

    `progress` is told how many records have been read. What was imported before comes again as duplicates. Every
    partition must be free: an import is judged by its own clock. Misconfigured where supervision runs elsewhere.
    """
    if held := line.hold():
        raise Misconfigured(_held_elsewhere(held))
    register(store, [_unread(connection, store)])
    handled = 0

    def after_portion(records: int) -> None:
        nonlocal handled
        handled += line.work_off()
        progress(records)

    totals = intake.run_once(source, backfill=True, watermark=watermark, progress=after_portion)
    line.settle(expected=totals.messages(len(line.partitions)) - handled)
    return totals


def _unread(connection: Connection, store: Store) -> Connection:
    """Return a connection of which an import alone gives no sign of life; one that is read gives it as before."""
    known = store.connections().get(connection.connection_id)
    return replace(connection, every_s=known.every_s if known is not None else 0.0)


def _held_elsewhere(partitions: Sequence[int]) -> Fault:
    return Fault(
        code="import.held",
        problem=f"another process supervises partitions {', '.join(map(str, partitions))}",
        hint="stop `sunlight serve` or `run supervise` for the import; a lease left by a killed process ends by itself",
    )
