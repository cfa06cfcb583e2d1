"""`make bench-statistics`: how long statistics over a million cases take, by the question's shape, on PostgreSQL."""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hub import settings as settings_
from hub.mapping import TOKEN_KEY
from hub.model.facts import CaseFacts
from hub.statistics.asked import Asked
from hub.statistics.figures import difference
from hub.statistics.periods import Span, parsed
from hub.store import counted, rows
from hub.store.facts import cell_row, duration_rows
from hub.store.migrate import begin, migrate
from hub.store.queries import Queries

if TYPE_CHECKING:
    from collections.abc import Iterable

REGIONS: Final = ("321200", "321202", "321203", "321204", "321281", "321282", "321283", "321284")
DEPARTMENTS: Final = 60
MATTERS: Final = 10
"""Matters of each department, by two power types."""

BEGIN: Final = date(2024, 1, 1)
DAYS: Final = 1_000
PARTITIONS: Final = 4
MIDDLE: Final = Span(start=date(2024, 3, 11), last=date(2026, 7, 23))
"""Days that begin and end within months."""

SHAPES: Final = {
    "one year, one line": Asked(span=parsed("2025")),
    "all years, by month": Asked(span=MIDDLE, by=("month",)),
    "all years, by department": Asked(span=MIDDLE, by=("department",)),
    "all years, by region and year": Asked(span=MIDDLE, by=("year", "region")),
    "all years, by month and department": Asked(span=MIDDLE, by=("month", "department")),
    "all years, by matter (600)": Asked(span=MIDDLE, by=("matter",)),
    "one year, by matter and power type": Asked(span=parsed("2025"), by=("matter", "power_type")),
    "a quarter, by department and matter": Asked(span=parsed("2025-Q2"), by=("department", "matter")),
    "two years, by day": Asked(span=Span(start=date(2024, 1, 1), last=date(2025, 12, 31)), by=("day",)),
    "one year, by week and region": Asked(span=parsed("2025"), by=("week", "region")),
    "one department, by day of a month": Asked(span=parsed("2025-06"), by=("day",), department="d07"),
    "one matter, by day of a year": Asked(span=parsed("2025"), by=("day",), matter="m07-3"),
    "one region, by power type": Asked(span=MIDDLE, by=("power_type",), region="321204"),
}


def main() -> None:
    """Fill the store, ask every question some times, and print the median of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=9, help="how often each question is asked")
    options = parser.parse_args()
    os.environ.setdefault(TOKEN_KEY, "the key of benchmarks")
    url = settings_.load().store_url
    migrate(url)
    begin(url, partitions=PARTITIONS)
    _fill(url.replace("+psycopg", "", 1), options.cases)
    queries = Queries(url)
    found = {name: _median_ms(queries, asked, options.times) for name, asked in SHAPES.items()}
    for name, (median_ms, lines) in found.items():
        print(f"{name:40} {median_ms:8.1f} ms {lines:7} lines")
    slowest = max(median_ms for median_ms, _ in found.values())
    print(
        json.dumps(
            {"cases": options.cases, "median_ms": {name: ms for name, (ms, _) in found.items()}, "slowest_ms": slowest}
        )
    )


def _median_ms(queries: Queries, asked: Asked, times: int) -> tuple[float, int]:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        lines = queries.statistics(asked)
        taken.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(taken), 1), len(lines)


def _fill(url: str, cases: int) -> None:
    """Write cases day by day, as they come in, and the sums that the hub would have kept of them."""
    chance = random.Random(1)  # noqa: S311 - a fixed city
    figures: dict[tuple[Any, int], Any] = {}
    durations: Counter[tuple[Any, int, int]] = Counter()
    with psycopg.connect(url) as session:
        for day in range(DAYS):
            opened = BEGIN + timedelta(days=day)
            city = [_case(f"{day}-{n}", opened, chance) for n in range(cases // DAYS)]
            _copy(session, counted.case_facts, rows.fact_rows(city))
            for partition in range(PARTITIONS):
                moved = difference((), city[partition::PARTITIONS])
                for cell, sums in moved.figures.items():
                    kept = figures.setdefault((cell, partition), dict.fromkeys(sums, 0))
                    kept.update({name: kept[name] + n for name, n in sums.items()})
                durations.update({(cell, partition, days): n for (cell, days), n in moved.durations.items()})
        _copy(session, counted.figures, (cell_row(*key, *sums.values()) for key, sums in figures.items()))
        _copy(session, counted.durations, _duration_rows(durations))
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("VACUUM ANALYZE")
        for table in (counted.case_facts, counted.figures, counted.durations):
            found = session.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table.name]).fetchone()
            print(f"{table.name:12} {int(found[0]) if found else 0:10,} rows")


def _duration_rows(durations: Counter[tuple[Any, int, int]]) -> Iterable[tuple[Any, ...]]:
    for partition in range(PARTITIONS):
        mine = {(cell, days): n for (cell, own, days), n in durations.items() if own == partition}
        yield from duration_rows(partition, mine)


def _copy(session: psycopg.Connection, table: Any, found: Iterable[tuple[Any, ...]]) -> None:  # noqa: ANN401
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    with session.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copied:
        for row in found:
            copied.write_row(row)


def _case(name: str, opened: date, chance: random.Random) -> CaseFacts:
    department, matter = chance.randrange(DEPARTMENTS), int(chance.triangular(0, MATTERS, 0))
    accepted = opened + timedelta(days=chance.randrange(3))
    used = int(chance.triangular(0, 14, 4))
    finished = accepted + timedelta(days=used * 7 // 5) if chance.random() < 0.95 else None  # noqa: PLR2004
    late = used > 10  # noqa: PLR2004
    return CaseFacts(
        case_id=name, connection_id="c", department_id=f"d{department:02}", region_code=REGIONS[department % 8],
        matter_code=f"m{department:02}-{matter}", power_type=("01", "07")[matter % 2], family="application",
        channel="online", case_type="2", disclosure="public", state="closed" if finished else "accepted",
        result="granted" if finished else "", opened_on=opened, accepted_on=accepted, decided_on=finished,
        closed_on=finished, delivered_on=None, finished_on=finished, used_workdays=used if finished else None,
        paused_workdays=0, promised_workdays=10, promised_n=10, promised_unit="working_day", statutory_n=20,
        statutory_unit="working_day", on_time=finished is not None and not late,
        early=finished is not None and used < 10, late=finished is not None and late, late_by_law=False,  # noqa: PLR2004
        open_late=False, is_provisional=False, supplement=False, special=False, extension=False, late_entry=False,
        online=chance.random() < 0.6, reworked=False, rating=None,  # noqa: PLR2004
    )  # fmt: skip


if __name__ == "__main__":
    main()
