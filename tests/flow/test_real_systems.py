"""Real logs behind every kind of system: each event is read once, whatever moves meanwhile, and its times are kept."""

from __future__ import annotations

import gzip
import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

import orjson
import pytest

from connectors import open_source
from connectors.codecs import CODECS, CodecOptions
from connectors.soap_envelope import ENVELOPES
from hub import mapping
from tests.support.shelves import Declared
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.mapping import CompiledMapping
    from tests.support.servers import FolderServer

DATA: Final = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real logs (../shared/data) are not here")
COUNTS: Final = {"BPIC15_1": 52_217, "BPIC15_3": 59_681, "BPIC15_5": 59_083}
PAGE: Final = 2_000
NOW: Final = datetime(2026, 3, 2, tzinfo=UTC)
MAPPING: Final = """
connection: test.permits
department: "11321200014000028L"
kind: files
read: {{timezone: {zone}}}
case:
  source_case_no: case
  region_code: "'321200'"
events:
  - type: stage.completed
    occurrence: row
    stage_code: code
    occurred_at: time(default(finished, at))
    promised_due_at: time(due)
"""


@lru_cache(maxsize=1)
def events_of(log: str) -> Sequence[dict[str, str]]:
    """Return every event of a log as a row of a department's table: equal ones differ by their number alone."""
    with gzip.open(DATA / "eventlogs" / f"{log}.xes.gz") as stream:
        cases = [record.tree for record in CODECS["xes"](stream, CodecOptions(place=log))]
    found = [(case["concept:name"], event) for case in cases for event in case["events"]]
    return [
        {
            "row": f"{number:06}", "case": str(name), "code": event["concept:name"], "at": event["time:timestamp"],
            "finished": event.get("dateFinished", ""), "due": event.get("dueDate", ""),
        }
        for number, (name, event) in enumerate(found)
    ]  # fmt: skip


def mapped(tmp_path: Path, zone: str = "Europe/Amsterdam") -> CompiledMapping:
    path = tmp_path / f"{zone.replace('/', '-')}.yaml"
    path.write_text(MAPPING.format(zone=zone), encoding="utf-8")
    return mapping.load(path, environment={})


def accounted(source: Any, by: CompiledMapping) -> Counter[str]:
    """Read a source to its end; count records, refusals, and the distinct events that come of them."""
    count, ids = Counter[str](), set[str]()
    with closing(source):
        for portion in source.read(None):
            for record in portion.records:
                count["read"] += 1
                count["refused"] += record.refused is not None
                ids.update(event.event_id for event in by.map_record(record.tree))
    count["events"] = len(ids)
    return count


def all_of(log: str) -> Counter[str]:
    return Counter({"read": COUNTS[log], "refused": 0, "events": COUNTS[log]})


@pytest.fixture
def serving() -> Iterator[Any]:
    services: list[Service] = []

    def start(answers: Any) -> Service:
        services.append(Service(answers))
        return services[-1]

    yield start
    for service in services:
        service.close()


def test_a_log_behind_database_polling_is_read_whole_and_late_by_the_declared_zone(tmp_path: Path) -> None:
    rows = events_of("BPIC15_1")
    names = list(rows[0])
    with closing(sqlite3.connect(tmp_path / "d.db")) as database:
        database.execute(f"create table events ({', '.join(names)}, changed text)".replace("case,", '"case",'))
        marks = ", ".join("?" * (len(names) + 1))
        changed = "2026-03-01 00:00:00"
        database.executemany(f"insert into events values ({marks})", [(*row.values(), changed) for row in rows])  # noqa: S608 - the test's own names
        database.execute("create index by_change on events (changed, row)")
        database.commit()
    connect = {"url": f"sqlite:///{tmp_path}/d.db", "table": "events", "key": "row", "cursor": {"column": "changed"}}
    source = open_source(Declared(kind="database", connect={**connect, "rows_per_poll": 100_000}), {})
    assert accounted(source, mapped(tmp_path)) == all_of("BPIC15_1")
    late = {zone: finished_late(rows, mapped(tmp_path, zone)) for zone in ("Europe/Amsterdam", "UTC", "Asia/Shanghai")}
    assert late == {"Europe/Amsterdam": 621, "UTC": 623, "Asia/Shanghai": 619}


def finished_late(rows: Sequence[Mapping[str, str]], by: CompiledMapping) -> int:
    """Count the events that were finished after they were due."""
    late = 0
    for row in rows:
        if row["finished"] and row["due"]:
            (event,) = by.map_record(row)
            done, due = (datetime.fromisoformat(event.data[name]) for name in ("occurred_at", "promised_due_at"))
            late += done > due
    return late


def test_a_log_behind_soap_is_read_whole(tmp_path: Path, serving: Any) -> None:
    changed = (NOW - timedelta(days=1)).isoformat()
    rows = [{**row, "changed": changed} for row in events_of("BPIC15_3")]

    def answer(asked: Asked) -> Answer:
        page = int(re.findall(rb"<page>(\d+)</page>", asked.body)[0])
        some = rows[(page - 1) * PAGE : page * PAGE]
        cells = "".join(
            "<row>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in row.items()) + "</row>"
            for row in some
        )
        body = f"<s:Body><answer>{cells}</answer></s:Body>"
        return Answer(body=f'<s:Envelope xmlns:s="{ENVELOPES["1.1"]}">{body}</s:Envelope>'.encode())

    connect = {
        "url": serving(answer).url, "key": "row", "rows": "row", "request": "<ask><page>{page}</page></ask>",
        "cursor": {"column": "changed"}, "paging": {"by": "page"}, "rate": {"requests": 10_000},
    }  # fmt: skip
    source = open_source(Declared(kind="soap", connect=connect), {})
    assert accounted(source, mapped(tmp_path)) == all_of("BPIC15_3")


def test_a_log_behind_rest_is_read_whole_while_rows_are_put_in_between_the_pages(tmp_path: Path, serving: Any) -> None:
    rows, meant = [*events_of("BPIC15_5")], COUNTS["BPIC15_5"]
    changed = (NOW - timedelta(days=1)).isoformat()
    table = [{**row, "changed": changed} for row in rows]
    late = {**table[0], "changed": (NOW + timedelta(hours=1)).isoformat()}

    def answer(asked: Asked) -> Answer:
        start = int(asked.query["offset"])
        some = table[start : start + PAGE]
        if len(table) < meant + 40:
            table.insert(start // 2, {**late, "row": f"new-{len(table)}"})
        return Answer(body=orjson.dumps(some), headers={"Date": format_datetime(NOW, usegmt=True)})

    connect = {
        "url": serving(answer).url, "key": "row", "cursor": {"column": "changed"}, "rate": {"requests": 10_000},
        "paging": {"by": "offset", "size": {"parameter": "limit", "rows": PAGE}},
    }  # fmt: skip
    source = open_source(Declared(kind="rest", connect=connect), {})
    assert accounted(source, mapped(tmp_path)) == all_of("BPIC15_5")
    assert len(table) == meant + 40


@pytest.mark.servers
def test_the_receipt_log_behind_sftp_is_read_whole(tmp_path: Path, sftp: FolderServer) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "receipt.csv.gz").write_bytes((DATA / "eventlogs" / "receipt.csv.gz").read_bytes())
    source = open_source(Declared(kind="files", connect=sftp.connect(inbox)), {})
    with closing(source):
        found = [record for portion in source.read(None) for record in portion.records]
    assert (len(found), sum(record.refused is not None for record in found)) == (8_577, 0)
    assert len({record.tree["case:concept:name"] for record in found}) == 1_434


def test_of_the_service_requests_all_are_read_and_the_late_ones_known(tmp_path: Path) -> None:
    path = tmp_path / "requests.yaml"
    path.write_text(
        "connection: nyc.requests\ndepartment: 11321200014000028L\nkind: files\n"
        "read: {timezone: America/New_York, names: {no: Unique Key, due: Due Date, done: Closed Date}}\n"
        "case: {source_case_no: no, region_code: \"'321200'\"}\n"
        "let: {was_due: \"time(due, '%m/%d/%Y %I:%M:%S %p')\", was_done: \"time(done, '%m/%d/%Y %I:%M:%S %p')\"}\n"
        "events:\n  - {type: case.closed, when: done, occurred_at: was_done, promised_due_at: was_due}\n",
        encoding="utf-8",
    )
    by = mapping.load(path, environment={})
    source = open_source(by.declaration, {}, DATA / "civic" / "nyc311_sample_999.csv")
    late = count = 0
    with closing(source):
        for portion in source.read(None):
            for record in portion.records:
                count += 1
                for event in by.map_record(record.tree):
                    late += (
                        "promised_due_at" in event.data and event.data["occurred_at"] > event.data["promised_due_at"]
                    )
    assert (count, late) == (999, 160)
