"""Counts what one connection did on one local day: from reads, tallies, quarantine, alerts, clocks, and the feed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.model.digest import numbers_digest
from hub.store import tables
from hub.store.complaint_orders import orders_of
from hub.store.engine import open_engine, reading
from hub.supervision.instants import end_of, start_of
from hub.supervision.lifecycle import ENDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, tzinfo

UNKNOWN_CODE: Final = "map.unknown-code"
"""The code of a rejection that says that a value is in no code table."""

ILLEGAL: Final = "R21"
"""The rule that finds moves which a case's machine does not allow."""

SAMPLE: Final = 2000
"""Events of a day whose way is timed: enough for percentiles, few enough to read."""

DRAWN: Final = timedelta(days=60)
"""For how long a day's sample is kept: as far as a look reaches back when the role begins."""

_AFTER_END: Final = frozenset(f"not after {state}" for state in ENDED)
"""What R21 expected of a move that comes after a case's end."""

_TIMED: Final = "T"
"""What the text of an instant has, and that of a day has not."""


class DayCounts:
    """Counts days. Threads may share it."""

    def __init__(self, url: str, zone: tzinfo) -> None:
        """Count in the database at `url`; days are those of `zone`."""
        self._engine, self._zone = open_engine(url), zone
        self._drawn: dict[date, Sample] = {}

    def count(
        self,
        connection_id: str,
        day: date,
        *,
        is_over: bool = True,
        department_id: str = "",
        since: datetime | None = None,
    ) -> Mapping[str, Any]:
        """Return what is counted of a day, by name; what could not be counted is left out, latency while it lasts.

        `fingerprints` are those of the reads that began at `since` or later, where it is given.
        The complaint orders are those that the department `department_id` handles, whoever reports them.
        """
        span = start_of(day, self._zone), end_of(day, self._zone)
        with reading(self._engine) as connection:
            return {
                **_reads(connection, connection_id, span),
                **_refused(connection, connection_id, span),
                "conflicting": _conflicting(connection, connection_id, span),
                **_illegal(connection, connection_id, span),
                **_manifest(connection, connection_id, day, span),
                **(self._timed(connection, connection_id, day, span) if is_over else {}),
                **(orders_of(connection, department_id, span) if department_id and is_over else {}),
                "fingerprints": _fingerprints(connection, connection_id, span, since),
            }

    def _timed(self, connection: sa.Connection, connection_id: str, day: date, span: Span) -> Mapping[str, Any]:
        """Tell percentiles of way and skew; the sample of a day is drawn once, for all connections."""
        if day not in self._drawn:
            self._drawn = {known: drawn for known, drawn in self._drawn.items() if known > day - DRAWN}
            self._drawn[day] = _sampled(connection, span)
        ways, skews = (part.get(connection_id, ()) for part in self._drawn[day])
        return {
            **({"latency_p95_s": _percentile(ways, 0.95)} if ways else {}),
            **({"skew_p99_s": _percentile(skews, 0.99), "skew_units": len(skews)} if skews else {}),
        }

    def registered(self, connection_id: str) -> str:
        """Return the fingerprint of the mapping that a connection is registered with; empty if there is none."""
        with reading(self._engine) as connection:
            column = tables.connections.c
            query = sa.select(column.document).where(column.connection_id == connection_id)
            document = connection.execute(query).scalar()
        return str(orjson.loads(document).get("fingerprint", "")) if document else ""

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()


Span = tuple[datetime, datetime]
"""A local day: its first moment, and the first of the next."""


def _own(connection_id: str, span: Span) -> sa.ColumnElement[bool]:
    read = tables.reads.c
    return (read.connection_id == connection_id) & (read.ended_at >= span[0]) & (read.ended_at < span[1])


def _reads(connection: sa.Connection, connection_id: str, span: Span) -> Mapping[str, Any]:
    read = tables.reads.c
    sums = sa.select(
        sa.func.count(),
        sa.func.sum(read.read),
        sa.func.sum(read.events),
        sa.func.sum(sa.cast(read.backfill, sa.Integer)),
    ).where(_own(connection_id, span))
    reports, records, events, backfills = connection.execute(sums).one()
    return {
        "units": int(records or 0),
        "signs_of_life": int(reports or 0) + int(events or 0),
        "is_backfill": bool(backfills),
    }


def _refused(connection: sa.Connection, connection_id: str, span: Span) -> Mapping[str, Any]:
    """Count refused records by code; those that supervision itself refused are the hub's to answer for."""
    column = tables.quarantine.c
    mine = (column.connection_id == connection_id) & (column.received_at >= span[0]) & (column.received_at < span[1])
    query = (
        sa.select(column.stage, column.code, sa.func.sum(column.seen)).where(mine).group_by(column.stage, column.code)
    )
    found = [(stage, code, int(n)) for stage, code, n in connection.execute(query)]
    theirs = [(code, n) for stage, code, n in found if stage != "supervise"]
    return {
        "invalid": sum(n for _, n in theirs),
        "unknown_codes": sum(n for code, n in theirs if code == UNKNOWN_CODE),
        "ours": sum(n for stage, _, n in found if stage == "supervise"),
    }


def _conflicting(connection: sa.Connection, connection_id: str, span: Span) -> int:
    """Count conflicting re-sends, in the reads whose last report came on the day."""
    tally, read = tables.tallies.c, tables.reads.c
    reads = sa.select(read.read_id).where(_own(connection_id, span))
    mine = (tally.connection_id == connection_id) & (tally.outcome == "conflicting") & tally.read_id.in_(reads)
    return int(connection.execute(sa.select(sa.func.sum(tally.n)).where(mine)).scalar() or 0)


def _illegal(connection: sa.Connection, connection_id: str, span: Span) -> Mapping[str, int]:
    """Count the moves that stand where they may not, and those of them that would change a case which had ended."""
    alert, case = tables.alerts.c, tables.cases.c
    raised = (alert.rule_id == ILLEGAL) & (alert.raised_at >= span[0]) & (alert.raised_at < span[1])
    joined = sa.select(alert.document).select_from(tables.alerts.join(tables.cases, case.case_id == alert.subject))
    standing = raised & (case.connection_id == connection_id) & alert.state.not_in(("revoked", "cleared", "shadow"))
    documents = [orjson.loads(document) for document in connection.execute(joined.where(standing)).scalars()]
    return {"illegal_moves": len(documents), "closed_edits": sum(_is_closed_edit(each) for each in documents)}


def _is_closed_edit(alert: Mapping[str, Any]) -> bool:
    return any(item.get("expected") in _AFTER_END for item in alert["evidence"])


def _manifest(connection: sa.Connection, connection_id: str, day: date, span: Span) -> Mapping[str, Any]:
    """Return what the department says of the day, beside how many cases of the day the hub has from it.

    A connection is held to its word once it has ever given one; where it names its cases by their digest, to that too.
    """
    manifest, case = tables.manifests.c, tables.cases.c
    mine = manifest.connection_id == connection_id
    said = connection.execute(
        sa.select(manifest.cases, manifest.sha256).where(mine & (manifest.day == day.isoformat()))
    ).first()
    if said is None:
        first = connection.execute(sa.select(sa.func.min(manifest.day)).where(mine)).scalar()
        return {"reconciles": first is not None and first <= day.isoformat()}
    opened = (case.opened_at >= span[0]) & (case.opened_at < span[1]) & (case.connection_id == connection_id)
    held = connection.execute(sa.select(sa.func.count()).where(opened)).scalar()
    counts = {"source_count": int(said.cases), "hub_count": int(held or 0)}
    differ = 0
    if said.sha256 and said.cases == held:
        numbers = connection.execute(sa.select(case.case_no).where(opened)).scalars()
        differ = int(numbers_digest(numbers) != said.sha256)
    return {**counts, "key_differences": differ, "reconciles": True}


def _fingerprints(connection: sa.Connection, connection_id: str, span: Span, since: datetime | None) -> Sequence[str]:
    """Name the mappings by which the day's records were read, as the read-reports tell: of reads begun since then."""
    query = sa.select(tables.reads.c.body).where(_own(connection_id, span))
    reports = [orjson.loads(body)["data"] for body in connection.execute(query).scalars()]
    own = [each for each in reports if since is None or datetime.fromisoformat(each["started_at"]) >= since]
    return sorted({str(each.get("mapping_fingerprint", "")) for each in own} - {""})


Sample = tuple[dict[str, list[float]], dict[str, list[float]]]
"""Of some events of a day, by connection: the seconds of their way, and those by which two clocks differ."""


def _sampled(connection: sa.Connection, span: Span) -> Sample:
    """Time some of the day's events: from what happened to the ledger, and sent against received."""
    heads = connection.execute(sa.select(tables.heads)).all()
    ways: dict[str, list[float]] = {}
    skews: dict[str, list[float]] = {}
    for head in heads:
        first, last = _position(connection, head, span[0]), _position(connection, head, span[1])
        step = max(1, (last - first) // (SAMPLE // len(heads) + 1))
        for ledgered_at, body in _entries(connection, head, range(first, last, step)):
            document = orjson.loads(body)
            data = document["data"]
            if _TIMED in data["occurred_at"]:
                way = (ledgered_at - datetime.fromisoformat(data["occurred_at"])).total_seconds()
                ways.setdefault(data["connection_id"], []).append(way)
            if (skew := skew_s(data, document["receivedat"])) is not None:
                skews.setdefault(data["connection_id"], []).append(skew)
    return ways, skews


def skew_s(data: Mapping[str, Any], received_at: str) -> float | None:
    """Return by how many seconds a sender's clock differs from ours; None where its event tells no instant of its own.

    What was sent was sent when it was received, a moment's way apart. What was recorded may be sent much later, so
    that only a record from our future tells of a clock.
    """
    received = datetime.fromisoformat(received_at)
    sent, recorded = (str(data.get(name, "")) for name in ("sent_at", "recorded_at"))
    if _TIMED in sent:
        return abs((received - datetime.fromisoformat(sent)).total_seconds())
    if _TIMED in recorded:
        return max(0.0, (datetime.fromisoformat(recorded) - received).total_seconds())
    return None


def _entries(
    connection: sa.Connection, head: sa.Row[Any], positions: Sequence[int]
) -> Sequence[tuple[datetime, bytes]]:
    entry = tables.ledger.c
    mine = (entry.generation == head.generation) & (entry.partition == head.partition) & (entry.kind == "event")
    query = sa.select(entry.ledgered_at, entry.body).where(mine & entry.position.in_(list(positions)))
    return [(row.ledgered_at, row.body) for row in connection.execute(query)]


def _position(connection: sa.Connection, head: sa.Row[Any], moment: datetime) -> int:
    """Return the first position of a chain that was ledgered at or after a moment: a chain's times never go back."""
    entry = tables.ledger.c
    chain = (entry.generation == head.generation) & (entry.partition == head.partition)
    low, high = 1, head.position + 1
    while low < high:
        middle = (low + high) // 2
        at = connection.execute(sa.select(entry.ledgered_at).where(chain & (entry.position == middle))).scalar()
        if at is not None and at < moment:
            low = middle + 1
        else:
            high = middle
    return low


def _percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]
