"""`sunlight import`: a department's past, read from a file as a declared backfill and judged once at its end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hub import wiring
from hub.cli import common, operate
from hub.cli.summary import show
from hub.clock import ManualClock, SystemClock
from hub.errors import Fault, Misconfigured
from hub.importing import import_all, registration
from hub.reader import reader_lease


def import_(
    mapping: Annotated[Path, typer.Argument(help="The mapping file that declares the connection.", dir_okay=False)],
    from_: Annotated[Path, typer.Option("--from", help="The file (or folder) to read, or .gz.", exists=True)],
    as_of: Annotated[str, typer.Option(help="Judge as if it were this instant, e.g. 2012-01-23T15:42:54+01:00.")] = "",
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Read a file to its end, handle and judge what it says, and print the summary.

    Importing twice is harmless: what is known already counts as duplicate. Deadlines are judged once, at the end.

    Example: sunlight import mappings/samples/receipt.yaml --from receipt.xes.gz --as-of 2012-01-23T15:42:54.644+01:00
    """
    instant = _instant(as_of)
    hub = common.hub(settings, clock=ManualClock(instant) if instant else SystemClock())
    operate.prepare(hub)
    loaded = wiring.load_mapping(mapping)
    beside = mapping.parent / "department.yaml"
    hub.bring([wiring.load_catalogue(beside)] if beside.is_file() else [])
    bus = hub.bus()
    line = hub.line(bus)
    try:
        with bus.lease(reader_lease(loaded.declaration.connection)), common.progress() as bar:
            task = bar.add_task(f"import {from_.name}", total=None, unit=" records")
            totals = import_all(
                source=hub.source(loaded, from_),
                intake=hub.intake(loaded, bus),
                line=line,
                store=hub.store,
                connection=registration(loaded.declaration, loaded.fingerprint),
                watermark=hub.clock.now(),
                progress=lambda records: bar.update(task, completed=records),
            )
    finally:
        line.release()
        bus.close()
    counted = f"{totals.mapped:,} mapped, {totals.empty:,} empty, {totals.quarantined:,} quarantined"
    seen = f" (sunlight quarantine list --connection {loaded.declaration.connection})" if totals.quarantined else ""
    common.ERR.print(
        f"this import: {common.counted(totals.read, 'record')}, {counted}{seen}", soft_wrap=True, highlight=False
    )
    figures = hub.queries.summary()
    common.print_json(figures) if as_json else show(figures)


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Misconfigured(_bad_time(text)) from wrong
    if instant.tzinfo is None:
        raise Misconfigured(_bad_time(text))
    return instant.astimezone(UTC)


def _bad_time(text: str) -> Fault:
    return Fault(
        code="import.as-of", problem=f"{text!r} is no instant", hint="write e.g. 2012-01-23T15:42:54+01:00, with offset"
    )
