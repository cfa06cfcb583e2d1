"""`make bench-tick`: what one tick costs with a million running clocks of which a thousand fall due, on PostgreSQL."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.measure import Meter
from hub import settings as settings_
from hub import wiring
from hub.clock import ManualClock
from hub.mapping import TOKEN_KEY
from hub.model import ids
from hub.model.values import Connection, Watermark
from hub.store import rows, tables
from hub.store.migrate import begin, migrate
from hub.supervision.calendar import WorkCalendar
from hub.supervision.caselog import EMPTY, merge
from hub.supervision.catalogue import Catalogue
from hub.supervision.judge import judge
from tests.support.casework import CONNECTION, DEPARTMENT, a_fact
from tests.support.spine import CATALOGUE_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.supervision.judge import Judgement
    from hub.wiring import Hub

NOW = datetime(2026, 3, 17, 16, 0, 1, tzinfo=UTC)
"""A second past the end of 17 March in Taizhou: what was accepted on 3 March is promised until then."""

CLOCKS_A_CASE = 2
"""Promised and statutory."""


def main() -> None:
    """Fill the store, let one tick pass with nothing due and one with the due ones, and print what each cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clocks", type=int, default=1_000_000, help="running clocks, two a case")
    parser.add_argument("--due", type=int, default=1_000, help="cases whose promised clock falls due")
    options = parser.parse_args()
    os.environ.setdefault(TOKEN_KEY, "the key of benchmarks")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update({"SUNLIGHT_DATA_DIR": folder, "SUNLIGHT_PARTITIONS": "1"})
        clock = ManualClock(NOW - timedelta(minutes=1))
        hub = wiring.build(settings_.load(), clock=clock)
        _prepare(hub, options.clocks // CLOCKS_A_CASE, options.due)
        result = _measured(hub, clock)
    for name, value in result.items():
        print(f"{name:24} {value}")
    print(json.dumps({"clocks": options.clocks, "due": options.due, **result}))


def _measured(hub: Hub, clock: ManualClock) -> dict[str, Any]:
    bus = hub.bus()
    owner = hub.owner(bus)
    owner.hold(0)
    owner.patrol(0)
    with Meter() as idle:
        for _ in range(100):
            owner.patrol(0)
    clock.move_to(NOW)
    _mark(hub, NOW)
    before = _updated(hub)
    with Meter() as due:
        judged = owner.patrol(0)
    touched = _updated(hub) - before
    owner.release()
    bus.close()
    return {
        "judged": judged,
        "case_rows_touched": touched,
        "cpu_s": {part: round(s, 3) for part, s in due.cpu_s.items()},
        "cpu_s_total": round(sum(due.cpu_s.values()), 3),
        "idle_tick_cpu_ms": round(sum(idle.cpu_s.values()) * 10, 2),
        "peak_rss_mb": round(due.peak_rss_bytes / 1e6),
    }


def _prepare(hub: Hub, cases: int, due: int) -> None:
    migrate(hub.settings.store_url)
    begin(hub.settings.store_url, partitions=1)
    known = Connection(connection_id=CONNECTION, user="u", departments=frozenset({DEPARTMENT}), allowed_delay_s=0)
    hub.store.register([known])
    hub.store.load_catalogue([CATALOGUE_DOCUMENT])
    _mark(hub, NOW - timedelta(minutes=1))
    with psycopg.connect(_plain(hub)) as session:
        _copy(session, "cases", [column.name for column in tables.cases.columns], _case_rows(cases, due))
        _copy(session, "clocks", [column.name for column in tables.clocks.columns], _clock_rows(cases, due))
    with psycopg.connect(_plain(hub), autocommit=True) as session:
        session.execute("VACUUM ANALYZE")


def _copy(session: psycopg.Connection, table: str, columns: list[str], found: Iterator[tuple[Any, ...]]) -> None:
    with session.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copied:  # type: ignore[arg-type]
        for row in found:
            copied.write_row(row)


def _judged(accepted: str) -> Judgement:
    log = merge(EMPTY, [a_fact("case.accepted", accepted)])
    horizon = NOW - timedelta(minutes=1)
    return judge(log, catalogue=Catalogue([CATALOGUE_DOCUMENT]), calendar=WorkCalendar(), horizon=horizon)


def _templates(cases: int, due: int) -> Iterator[tuple[str, Judgement]]:
    """Yield a case id and what it is like: the due ones spread evenly among those that have time."""
    soon, later = _judged("2026-03-03T09:00:00+08:00"), _judged("2026-03-12T09:00:00+08:00")
    step = cases // due
    for number in range(cases):
        yield ids.case_id("benchmark", str(number)), soon if number % step == 0 and number // step < due else later


def _case_rows(cases: int, due: int) -> Iterator[tuple[Any, ...]]:
    for name, judgement in _templates(cases, due):
        row = next(iter(rows.case_rows([judgement.row], 0)))
        own = judgement.row.case_id
        yield tuple(_renamed(value, own, name) for value in row)


def _clock_rows(cases: int, due: int) -> Iterator[tuple[Any, ...]]:
    for name, judgement in _templates(cases, due):
        for clock in rows.clock_rows(judgement.clock_rows):
            yield (ids.clock_id(name, clock[2], clock[3]), name, *clock[2:])


def _renamed(value: Any, old: str, new: str) -> Any:  # noqa: ANN401 - whatever a column holds
    if isinstance(value, bytes):
        return value.replace(old.encode(), new.encode())
    return value.replace(old, new) if isinstance(value, str) else value


def _mark(hub: Hub, moment: datetime) -> None:
    """Say that everything up to `moment` has been delivered."""
    mark = Watermark(connection_id=CONNECTION, delivered_to=moment)
    row = rows.watermark_rows([mark], 0)[0]
    with psycopg.connect(_plain(hub)) as session:
        session.execute("DELETE FROM watermarks")
        _copy(session, "watermarks", [column.name for column in tables.watermarks.columns], iter([row]))


def _updated(hub: Hub) -> int:
    """Count the rows of cases ever updated; a server process tells what it did when its connection ends, at latest."""
    hub.store.close()
    with psycopg.connect(_plain(hub), autocommit=True) as session:
        session.execute("SELECT pg_stat_force_next_flush()")
        session.execute("SELECT pg_sleep(1)")
        found = session.execute("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'cases'").fetchone()
    return int(found[0]) if found else 0


def _plain(hub: Hub) -> str:
    return hub.settings.store_url.replace("+psycopg", "", 1)


if __name__ == "__main__":
    main()
