"""`make bench`: events per second of the whole hub beside its floor, in one run, on RabbitMQ and PostgreSQL."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import floor, line, mapping
from benchmarks.data import EVENTS_A_RECORD, write_records
from benchmarks.measure import Meter
from hub.store import tables
from hub.store.engine import open_engine

RESULTS = Path("var") / "benchmarks.jsonl"
"""One JSON line a run is added here."""


def main() -> None:
    """Measure the hub, then the floor with the very messages the hub carried, and print both with their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=5000, help="wide records, six events each")
    options = parser.parse_args()
    amqp_url, store_url = os.environ["SUNLIGHT_BUS_URL"], os.environ["SUNLIGHT_STORE_URL"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.csv"
        write_records(path, options.records, seed=1)
        with Meter() as meter:
            seconds, figures = line.run(path, options.records, {"SUNLIGHT_DATA_DIR": folder}, meter.begin)
    events = options.records * EVENTS_A_RECORD
    bodies = _carried(store_url)
    with Meter() as floor_meter:
        floor_s = floor.run(bodies, amqp_url=amqp_url, postgres_url=store_url, partitions=2, begun=floor_meter.begin)
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "events": events,
        "bytes_per_event": sum(map(len, bodies)) // len(bodies),
        "hub_events_per_s": round(events / seconds),
        "floor_events_per_s": round(events / floor_s),
        "ratio": round(floor_s / seconds, 3),
        "hub_cpu_us_per_event": {part: round(s / events * 1e6) for part, s in meter.cpu_s.items()},
        "floor_cpu_us_per_event": {part: round(s / events * 1e6) for part, s in floor_meter.cpu_s.items()},
        "hub_peak_rss_mb": round(meter.peak_rss_bytes / 1e6),
        "alerts": sum(sum(states.values()) for states in figures["alerts"].values()),
        **mapping.measure(options.records),
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(result) + "\n")
    for name, value in result.items():
        print(f"{name:24} {value}")


def _carried(store_url: str) -> list[bytes]:
    """Return the bodies that the hub has just carried, so that the floor carries the same bytes."""
    engine = open_engine(store_url)
    with engine.connect().execution_options(reading=True) as connection:
        query = sa.select(tables.ledger.c.body).where(tables.ledger.c.kind == "event")
        found = [bytes(body) for body in connection.execute(query).scalars()]
    engine.dispose()
    return found


if __name__ == "__main__":
    main()
