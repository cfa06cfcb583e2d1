"""A small supervised world for tests of the gateway: every class of disclosure, late cases, a refused row."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import httpx

from gateway.app import create_app
from hub.cli.gatewaying import Running, parts_of
from hub.clock import SystemClock
from hub.identity import issue
from hub.store.queries import Queries
from tests.support.hubs import an_import, hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gateway.reading import Parts
    from hub.identity import Kind
    from hub.wiring import Hub

NOW: Final = datetime(2026, 4, 1, 4, tzinfo=UTC)
HOSTILE: Final = """<script>alert("1")</script>'&"""
DEPARTMENT: Final = "11321200014000028L"

MAPPING: Final = """
connection: taizhou.desk.cases
version: 1
department: "11321200014000028L"
kind: files
connect: {format: csv}
read: {encoding: utf-8, timezone: Asia/Shanghai}
case:
  source_case_no: no
  title: title
  region_code: region
  disclosure: {class: klass}
events:
  - type: case.received
    when: received
    occurred_at: time(received)
  - type: case.accepted
    when: accepted
    occurred_at: time(accepted)
    promised_due_at: time(promised)
  - type: case.closed
    when: closed
    occurred_at: time(closed)
"""

FIELDS: Final = ("no", "title", "klass", "region", "received", "accepted", "promised", "closed")
ROWS: Final = (
    ("T-1", "食品经营许可申请", "public", "321281", "2026-03-02 09:00", "2026-03-02 10:00", "2026-03-20 17:00", ""),
    ("T-2", HOSTILE, "intranet", "321281", "2026-03-03 09:00", "2026-03-03 10:00", "2026-03-20 17:00", ""),
    ("T-3", "商品房预售许可申请", "intranet", "321283", "2026-03-04 09:00", "2026-03-04 10:00", "2026-03-20 17:00",
     "2026-03-12 15:30"),
    ("T-4", "涉密事项甲", "restricted", "321283", "2026-03-05 09:00", "2026-03-05 10:00", "2026-03-20 17:00", ""),
    ("T-5", "涉密事项乙", "secret", "321283", "2026-03-06 09:00", "2026-03-06 10:00", "2026-03-20 17:00", ""),
    ("T-6", "取水许可申请", "public", "321283", "2026-03-09 09:00", "2026-03-06 10:00", "2026-03-20 17:00", ""),
    ("T-7", "这一行时间有误", "public", "321281", "sometime", "", "", ""),
)  # fmt: skip
LATE: Final = {"T-1", "T-2", "T-4", "T-5", "T-6"}


def a_desk(folder: Path, rows: Sequence[Sequence[str]] = ROWS, **urls: str) -> Hub:
    """Return a hub that has read and judged `rows`."""
    hub = hub_at(folder, now=NOW, **urls)
    hub.store.load_catalogue(
        [{"department": {"department_id": DEPARTMENT, "name": "泰州市住房和城乡建设局", "region_code": "321200"}}]
    )
    bring(hub, folder, rows)
    return hub


def bring(hub: Hub, folder: Path, rows: Sequence[Sequence[str]]) -> None:
    """Import `rows` into a hub."""
    mapping, data = folder / "desk.yaml", folder / "desk.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    with data.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([FIELDS, *rows])
    with an_import(hub, mapping, data):
        pass


@contextmanager
def a_client(hub: Hub, *, parts: Parts | None = None) -> Iterator[httpx.Client]:
    """Open a client of a gateway over a hub that listens on a loopback port."""
    queries = Queries(hub.settings.store_url)
    running = Running(create_app(parts or parts_of(hub, queries)), "127.0.0.1", 0, queries.close)
    try:
        with httpx.Client(base_url=running.url, trust_env=False, timeout=60) as client:
            yield client
    finally:
        running.stop()


def a_key(hub: Hub, *scopes: str, kind: Kind = "person", name: str = "值班台", **options: Any) -> str:
    """Issue a key with `scopes`, of a person who is called `name`; return its token."""
    issued = issue(name, kind=kind, scopes=scopes, now=SystemClock().now(), **options)
    hub.identities.add(issued)
    return issued.token


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a key."""
    return {"Authorization": f"Bearer {token}"}
