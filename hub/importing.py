"""Imports a department's past: registers its connection, reads a file to its end as a declared backfill, settles it."""

from __future__ import annotations

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
    register(store, [connection])
    handled = 0

    def after_portion(records: int) -> None:
        nonlocal handled
        handled += line.work_off()
        progress(records)

    totals = intake.run_once(source, backfill=True, watermark=watermark, progress=after_portion)
    line.settle(expected=totals.messages(len(line.partitions)) - handled)
    return totals


def _held_elsewhere(partitions: Sequence[int]) -> Fault:
    return Fault(
        code="import.held",
        problem=f"another process supervises partitions {', '.join(map(str, partitions))}",
        hint="stop `sunlight serve` or `run supervise` for the import; a lease left by a killed process ends by itself",
    )
