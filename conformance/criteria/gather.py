"""Gathers what the criteria look at: what the store counts of a day, beside what the certificate binds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from conformance.certificate.signing import document_in
from conformance.certificate.validity import SCHEMA_GRACE_DAYS
from conformance.criteria.observe import DayFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime, tzinfo

    from conformance.criteria.observe import Party
    from hub.model.certified import CertificateRow

COUNTED: Final = (
    "units", "invalid", "unknown_codes", "illegal_moves", "closed_edits", "conflicting", "signs_of_life", "is_backfill",
    "latency_p95_s", "source_count", "hub_count", "key_differences", "reconciles", "orders", "orders_in_time",
    "skew_p99_s", "skew_units",
)  # fmt: skip


class Counting(Protocol):
    """Counts days in the store (hub/store/day_facts.py)."""

    def count(
        self,
        connection_id: str,
        day: date,
        *,
        is_over: bool = True,
        department_id: str = "",
        since: datetime | None = None,
    ) -> Mapping[str, Any]:
        """Return what is counted of a day, by name; of one that lasts still, what is known of it.

        `fingerprints` are of the reads begun at `since` or later.
        """

    def registered(self, connection_id: str) -> str:
        """Return the fingerprint of the mapping that a connection is registered with."""


class Health(Protocol):
    """What the hub knows of its own health (hub/store/own_health.py)."""

    def incidents(self) -> Mapping[date, Any]:
        """Return the days on which the hub was at fault."""

    def is_ingest_up(self, day: date) -> bool:
        """Tell whether the hub took in for most of a day's working hours."""

    def is_crawled(self, day: date, now: datetime) -> bool:
        """Tell whether the public side was looked through for canaries."""

    def leaks(self, connection_id: str, day: date, canaries: Sequence[str]) -> int:
        """Count what of `canaries` was first seen in public on a day."""


class Gathered:
    """The facts of one day after another; see conformance.criteria.keeper.Facts."""

    def __init__(  # noqa: PLR0913 - one for each thing that only its caller can look up
        self,
        counting: Counting,
        health: Health,
        *,
        now: Callable[[], datetime],
        zone: tzinfo,
        canaries: Callable[[str], Sequence[str]],
        drift_level: Callable[[str, Mapping[str, Any]], str],
        obsoleted: Mapping[str, date] | None = None,
        sla_s: Callable[[str, Mapping[str, Any]], float | None] = lambda *_: None,
        anomalies: Callable[[str, date], Mapping[str, Any]] = lambda *_: {},
        is_public: bool = True,
    ) -> None:
        """Count by `counting`; of the hub itself `health` tells.

        `canaries` has what must not leak, `is_public` says whether there is a public side at all; `drift_level` the
        lowest level that the mapping running for a connection puts in doubt, compared with given bindings, `obsoleted`
        the day on which each case schema goes out of use, `sla_s` how late its events may be by what was
        certified, `anomalies` what the last month says of a department beside its peers.
        """
        self._counting, self._now, self._zone = counting, now, zone
        self._canaries, self._health, self._drift_level = canaries, health, drift_level
        self._is_public = is_public
        self._obsoleted, self._sla_s, self._anomalies = obsoleted or {}, sla_s, anomalies

    def day(self, certificate: CertificateRow, day: date) -> DayFacts:
        """Count one local day of the connection of a certificate."""
        is_over = day < self._now().astimezone(self._zone).date()
        counted = self._counting.count(
            certificate.connection_id,
            day,
            is_over=is_over,
            department_id=certificate.department_id,
            since=certificate.issued_at,
        )
        facts = {name: counted[name] for name in COUNTED if name in counted}
        facts.setdefault("reconciles", False)
        if certificate.level < "C3":
            facts["reconciles"] = False
        if (promised := self._sla_s(certificate.connection_id, bindings_in(certificate.signed))) is not None:
            facts["latency_sla_s"] = promised
        facts |= self._anomalies(certificate.department_id, day)
        drifted = self._drifted(certificate, counted, is_over=is_over)
        level = self._drift_level(certificate.connection_id, bindings_in(certificate.signed)) if drifted else ""
        canaries = self._canaries(certificate.connection_id)
        return DayFacts(
            day=day,
            incident=day in self.incidents(),
            is_ingest_up=self._health.is_ingest_up(day),
            charged_to=_charged(counted),
            drifted=drifted,
            drift_level=level,
            leaks=self._health.leaks(certificate.connection_id, day, canaries) if canaries else 0,
            is_crawler_up=bool(canaries) and self._is_crawled(day),
            days_left=(self._ends_on(certificate) - day).days,
            **facts,
        )

    def incidents(self) -> Collection[date]:
        """Return the days on which somebody has declared the hub at fault."""
        return self._health.incidents().keys()

    def _is_crawled(self, day: date) -> bool:
        """Tell whether somebody looked at what the public can see; where there is no public side nothing is seen."""
        return not self._is_public or self._health.is_crawled(day, self._now())

    def _ends_on(self, certificate: CertificateRow) -> date:
        """Return the day a certificate ends: its own, or where its schema went out of use since, that one's."""
        own = certificate.not_after.astimezone(self._zone).date()
        version = bindings_in(certificate.signed)["case_schema"]["version"] if self._obsoleted else ""
        gone = self._obsoleted.get(version)
        return min(own, gone + timedelta(days=SCHEMA_GRACE_DAYS)) if gone else own

    def _drifted(self, certificate: CertificateRow, counted: Mapping[str, Any], *, is_over: bool) -> Sequence[str]:
        """Name the mappings other than the certified one that made the day's events, or will make today's next."""
        running = set(counted.get("fingerprints", ()))
        if not is_over:
            running = {self._counting.registered(certificate.connection_id)} - {""} or running
        return sorted(running - {certificate.fingerprint})


def bindings_in(signed: bytes) -> dict[str, Any]:
    """Read the bindings of a certificate of our own."""
    return dict(document_in(signed)["bindings"])


def _charged(counted: Mapping[str, Any]) -> Mapping[str, Party]:
    """Attribute refusals: those that our own supervision made, of what our own connector had let pass, are ours.

    What the certified mapping refuses it refused in the tests too: mapping and connector are the reference there. What
    another mapping refuses is nobody's but the drift's, which is a criterion of its own.
    """
    if counted.get("ours", 0) > 0 and counted.get("ours", 0) >= counted.get("invalid", 0):
        return {"K1": "hub"}
    return {}
