"""Times the coverage board over a million cases: 8,000 obligations of 200 departments. Floor: 300 ms at the median.

Usage: python benchmarks/coverage.py [STORE_URL]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta

from hub import settings as settings_
from hub import wiring
from hub.cli.covering import Board
from hub.clock import ManualClock
from hub.model.certified import CertificateRow
from hub.model.values import Connection
from hub.store.bulk import insert
from hub.store.counted import case_facts
from hub.store.engine import open_engine, writing
from hub.store.migrate import begin, migrate

CASES, DEPARTMENTS, MATTERS, RUNS = 1_000_000, 200, 40, 15
FLOOR_MS = 300
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DEFAULTS = {"str": "x", "int": 0, "bool": False, "date": date(2026, 5, 1)}


def fill(url: str) -> None:
    engine = open_engine(url)
    names = [column.name for column in case_facts.columns]
    blank = {c.name: None if c.nullable else DEFAULTS[c.type.python_type.__name__] for c in case_facts.columns}
    with writing(engine) as connection:
        for start in range(0, CASES, 20_000):
            rows = []
            for n in range(start, start + 20_000):
                department = n % DEPARTMENTS
                row = {**blank, "case_id": f"case-{n}", "connection_id": f"c{department}"}
                row |= {"department_id": f"d{department}", "matter_code": f"m{n // DEPARTMENTS % MATTERS}"}
                row |= {"region_code": f"3212{department % 8:02d}", "opened_on": NOW.date() - timedelta(days=n % 500)}
                rows.append(tuple(row[name] for name in names))
            insert(connection, case_facts, rows)
    engine.dispose()


def a_document(n: int) -> dict[str, object]:
    """A department's document with matters as full as those that are shipped."""
    limit = {"n": 10, "unit": "working_day"}
    matter = {"version": "1", "valid_from": "2019-01-01", "status": "active", "name": "建筑工程施工许可证核发",
              "power_type": "01", "case_type": "2", "promised_limit": limit, "statutory_limit": limit,
              "legal_basis": [{"title": "建筑法", "article": "7"}], "disclosure": {"class": "public"}}  # fmt: skip
    department = {"department_id": f"d{n}", "name": f"部门{n}", "region_code": f"3212{n % 8:02d}"}
    return {"department": department, "matters": [{**matter, "matter_code": f"m{k}"} for k in range(MATTERS)]}


def certificate(n: int) -> CertificateRow:
    return CertificateRow(
        certificate_id=f"HCC-2026-{n + 1:06d}", connection_id=f"c{n}", department_id=f"d{n}", region_code="321200",
        sha256="0" * 64, levels=("C1", "C2", "C3"), flows=("case.events",), fingerprint="f" * 64,
        issued_at=NOW - timedelta(days=10), not_after=NOW + timedelta(days=300), state="active", since=NOW, reason="",
        criterion="", suspended=(), conditions_due=None, signed=b"",
    )  # fmt: skip


def a_connection(n: int) -> Connection:
    return Connection(connection_id=f"c{n}", user="u", departments=frozenset({f"d{n}"}), allowed_delay_s=0)


def a_hub(folder: str) -> wiring.Hub:
    """A hub whose departments, connections and three quarters of the certificates are there, and a million cases."""
    environment = {"SUNLIGHT_DATA_DIR": folder, **({"SUNLIGHT_STORE_URL": sys.argv[1]} if len(sys.argv) > 1 else {})}
    hub = wiring.build(settings_.load(environment=environment), clock=ManualClock(NOW))
    migrate(hub.settings.store_url)
    begin(hub.settings.store_url, partitions=2)
    hub.store.load_catalogue([a_document(n) for n in range(DEPARTMENTS)])
    hub.store.register([a_connection(n) for n in range(DEPARTMENTS)])
    for n in range(DEPARTMENTS * 3 // 4):
        hub.certification.issue(certificate(n), ())
    fill(hub.settings.store_url)
    return hub


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        hub = a_hub(folder)
        begun = time.perf_counter()
        hub.certification.count_reporting(NOW.date() - timedelta(days=365))
        print(f"counting {CASES:,} cases anew (hourly, by the role): {time.perf_counter() - begun:.2f} s")
        spans, works, board = [], [], Board(hub)
        board.told()
        for _ in range(RUNS):
            begun, worked = time.perf_counter(), time.process_time()
            found = board.told()
            spans.append((time.perf_counter() - begun) * 1000)
            works.append((time.process_time() - worked) * 1000)
        median, work = statistics.median(spans), statistics.median(works)
        print(f"coverage of {found['obligations']:,} obligations: median {median:.0f} ms ({work:.0f} ms of CPU)")
        hub.close()
        sys.exit(0 if median < FLOOR_MS else f"above the floor of {FLOOR_MS} ms")


if __name__ == "__main__":
    main()
