"""The role `conformance`: holds connections to the criteria, tells of certificates, runs what is owed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from conformance.bindings import complaint_parts, running
from conformance.certificate.recertify import lowest_level
from conformance.criteria.anomalies import Anomalies
from conformance.criteria.gather import Gathered
from conformance.criteria.keeper import Keeper
from conformance.criteria.observe import USUAL_LATENCY_S
from conformance.declaration import beside, load_declaration
from conformance.suite import load_suite
from hub import mapping, wiring
from hub.cli import bureau
from hub.errors import Fault, Misconfigured
from hub.roles import Task
from hub.sandbox import connection_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from conformance.declaration import Declared
    from hub.wiring import Hub

LOG: Final = logging.getLogger(__name__)

LEASE: Final = "conformance"
"""Name of the lease: of all processes with this role one is at work."""

LEASE_S: Final = 300.0

EVERY: Final = timedelta(hours=1)
"""How often volumes are counted anew."""

YEAR_DAYS: Final = 365
"""Days of cases that make up a volume."""


def keeper(hub: Hub) -> Keeper:
    """Return who holds the connections of a hub to the criteria."""
    facts = Gathered(
        hub.day_counts,
        hub.own_health,
        now=hub.clock.now,
        zone=hub.settings.zone,
        canaries=lambda connection: canaries(hub, connection),
        drift_level=lambda connection, bound: drift_level(hub, connection, bound),
        obsoleted=hub.settings.conformance.schema_obsoleted,
        sla_s=lambda connection, bound: promised_latency_s(hub, connection, bound),
        anomalies=Anomalies(hub.scores.truthfulness).facts,
        is_public="public" in hub.settings.feed.views,
    )
    return Keeper(hub.certification, facts, bureau.office(hub), hub.calendar(), hub.clock.now)


def canaries(hub: Hub, connection: str) -> Sequence[str]:
    """Return what must never be seen on the public feed: one a line in `conformance/canaries/<connection>.txt`."""
    path = hub.settings.data_dir / "conformance" / "canaries" / f"{connection}.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else ()
    return [line.split()[0] for line in lines if line.strip()]


def drift_level(hub: Hub, connection: str, bound: Mapping[str, Any]) -> str:
    """Return the lowest level that the mapping running for a connection puts in doubt; empty where it is not here."""
    path = mapping_of(hub, connection)
    if path is None:
        return ""
    zone = hub.settings.zone.key
    try:
        found = {**mapping.fingerprint(path, zone=zone).parts, **complaint_parts(path, declared(path), zone=zone)}
    except Misconfigured as unreadable:
        LOG.warning("mapping cannot be read", extra={"connection": connection, "problem": str(unreadable)})
        return ""
    known = bound["mapping"]["parts"]
    differing = [f"mapping.parts.{name}" for name, value in found.items() if known.get(name) != value]
    return lowest_level(differing, own_levels(path)) if differing else ""


def declared(path: Path) -> Declared | None:
    """Return the declaration beside a mapping file; None where there is none that can be read: that is said."""
    if not beside(path).is_file():
        return None
    try:
        return load_declaration(beside(path))
    except Misconfigured as unreadable:
        LOG.warning("declaration cannot be read", extra={"file": str(beside(path)), "problem": str(unreadable)})
        return None


def promised_latency_s(hub: Hub, connection: str, bound: Mapping[str, Any]) -> float | None:
    """Return how late the events of a connection may be by its declaration; None where it has none that can be read.

    A declaration counts as it was certified: one that was changed since may ask for less time, and not for more.
    """
    path = mapping_of(hub, connection)
    said = declared(path) if path else None
    if said is None:
        return None
    promised = 60.0 * int(said.document["latency_minutes"])
    return promised if said.sha256 == bound["ics"]["sha256"] else min(promised, USUAL_LATENCY_S)


def own_levels(path: Path) -> Mapping[str, str]:
    """Return the levels of the tests that are a mapping file's own; nothing where it has no declaration."""
    said = declared(path)
    return {case.id: case.level for case in load_suite().plan(said, "C4").tests} if said else {}


def mapping_of(hub: Hub, connection: str) -> Path | None:
    """Return the mapping file of a connection; None where this process has none."""
    if not hub.settings.mappings.folder.is_dir():
        return None
    folders = wiring.department_folders(hub.settings.mappings.folder)
    paths = (path for folder in folders for path in wiring.mapping_files(folder))
    return next((path for path in paths if connection_in(path) == connection), None)


def bindings_of(hub: Hub, connection: str) -> dict[str, Any]:
    """Return the bindings of what runs for a connection, as far as known; Misconfigured without its mapping."""
    path = mapping_of(hub, connection)
    if path is None:
        hint = "run it where the mapping is ([mappings] folder)"
        raise Misconfigured(Fault(code="verify.mapping", problem=f"no mapping declares {connection}", hint=hint))
    return running(wiring.load_mapping(path), path, load_suite(), zone=hub.settings.zone.key)


class Census:
    """Counts anew each hour what is reported of which matter, and freezes each month of coverage once it is over."""

    def __init__(self, hub: Hub) -> None:
        """Count in the store of `hub`."""
        self._hub = hub
        self._counted_at: datetime | None = None

    def step(self) -> None:
        """Count and freeze, where that is due."""
        now = self._hub.clock.now()
        if self._counted_at is not None and now - self._counted_at < EVERY:
            return
        today = self._hub.calendar().day_of(now)
        self._hub.certification.count_reporting(today - timedelta(days=YEAR_DAYS))
        self._freeze(today.replace(day=1) - timedelta(days=1))
        self._counted_at = now

    def _freeze(self, last: date) -> None:
        """Freeze the month that ended on a day, unless it is frozen: the first look after its end is what stands."""
        month = f"{last:%Y-%m}"
        if month not in self._hub.certification.snapshots():
            from hub.cli.covering import covered  # noqa: PLC0415 - it asks this module what is running

            document = orjson.dumps({**covered(self._hub), "month": month}).decode()
            self._hub.certification.freeze(month, document, self._hub.clock.now())


def task(hub: Hub) -> Task:
    """Return the role `conformance`."""
    from hub.cli.rerunning import Rerunning  # noqa: PLC0415 - it asks this module what is running

    def renewed() -> bool:
        return hub.store.claim(LEASE, owner=hub.owner_name, lease_s=LEASE_S) is not None

    keeping, census, rerunning = keeper(hub), Census(hub), Rerunning(hub, renewed)

    def step() -> bool:
        if not renewed():
            return False
        if hub.own_health.is_taking_in(len(hub.partitions)):
            hub.own_health.took_in(hub.clock.now())
        keeping.step()
        bureau.tell(hub)
        census.step()
        hub.certification.look(hub.clock.now())
        rerunning.step()
        return False

    return Task(
        name="conformance", step=step, close=hub.day_counts.close, idle_s=lambda: hub.settings.conformance.every_s
    )
