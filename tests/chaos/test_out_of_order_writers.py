"""Writers that commit out of order, with equal times and skewed clocks; a reader killed between any two steps.

Nothing is missed within the settle window, and the ledger has nothing twice: here the receiver's own set of contents
stands for it, since the same content of a row is one event.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import Postgres

pytestmark = pytest.mark.servers

WRITERS = 4
ROWS_EACH = 60
LATEST_S = 0.8
"""How long a transaction stays open at most. A row's time may lie 1.1 s before its insertion; the window of 10 s leaves
8 s to a machine that is busy with other things."""

SETTLED_S = 6.3
"""When the last row has surely settled."""

READER = """
import json, os, signal, sys
from connectors import open_source, database
from tests.support.shelves import Declared
database.PORTION_ROWS = 7
folder, url, die = sys.argv[1], sys.argv[2], int(sys.argv[3])
path = folder + "/checkpoint"
checkpoint = json.load(open(path)) if os.path.exists(path) else None
connect = {"url": url, "table": "t", "key": "no", "cursor": {"column": "at", "settle": "6s", "overlap": "4s"}}
source = open_source(Declared(kind="database", connect=connect, read={"timezone": "UTC"}), {})
steps = 0
def step():
    global steps
    if steps == die:
        os.kill(os.getpid(), signal.SIGKILL)
    steps += 1
for portion in source.read(checkpoint):
    step()
    with open(folder + "/received", "ab") as out:
        for record in portion.records:
            out.write(record.raw + b"\\n")
    step()
    source.acknowledge(portion.records)
    step()
    with open(path + ".new", "w") as out:
        json.dump(portion.checkpoint, out)
    step()
    os.replace(path + ".new", path)
source.close()
"""


def write(url: str, writer: int, seed: int) -> None:
    """Insert rows whose times are equal in bunches or skewed, each transaction open for a while of its own."""
    drawn = random.Random(seed * 100 + writer)  # noqa: S311 - a test's own dice
    with closing(psycopg.connect(url)) as session:
        for number in range(ROWS_EACH):
            skew = drawn.choice([0, 0, 0, -0.1, 0.1])
            session.execute(
                "INSERT INTO t VALUES (%s, date_trunc('second', clock_timestamp()) + %s * interval '1 s')",
                (f"{writer}-{number:03}", skew),
            )
            time.sleep(drawn.random() * LATEST_S if number % 10 == 0 else 0.005)
            session.commit()


def read(folder: Path, url: str, die: int) -> int:
    command = [sys.executable, "-c", READER, str(folder), url, str(die)]
    return subprocess.run(command, check=False, timeout=60).returncode


@pytest.mark.parametrize("seed", [1, 2])
def test_no_row_is_missed_and_none_is_two(postgres: Postgres, tmp_path: Path, seed: int) -> None:
    made: Any = postgres.fresh_database()
    url = made.replace("+psycopg", "", 1)
    with closing(psycopg.connect(url, autocommit=True)) as session:
        session.execute("CREATE TABLE t (no text PRIMARY KEY, at timestamp NOT NULL)")
        session.execute("ALTER DATABASE " + url.rpartition("/")[2] + " SET timezone = 'UTC'")
    writers = [threading.Thread(target=write, args=(url, number, seed)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    died, die = 0, 0
    while any(writer.is_alive() for writer in writers):
        died += read(tmp_path, made, die % 12) != 0
        die += 1
    for crash in range(12):
        died += read(tmp_path, made, crash) != 0
    time.sleep(SETTLED_S)
    assert read(tmp_path, made, -1) == 0, "ends the read that was interrupted, at the bound it had"
    assert read(tmp_path, made, -1) == 0
    received = (tmp_path / "received").read_bytes().splitlines()
    assert died >= 12
    assert len(set(received)) == WRITERS * ROWS_EACH
