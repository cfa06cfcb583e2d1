"""A mapping changes while its files pour in: nothing is lost or doubled, and a bad file changes nothing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hub import wiring
from hub.importing import registration
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from pathlib import Path

MAPPING = """
connection: test.pouring
version: {version}
department: "11321200014000028L"
kind: files
connect: {{path: {folder}, pattern: "*.csv"}}
case:
  source_case_no: no
  region_code: "'321200'"
  title: "'by version {version}'"
events:
  - {{type: case.received, occurred_at: time(at){more}}}
"""
FILES, ROWS = 40, 25


def test_under_load_nothing_is_lost_or_doubled_and_a_bad_file_is_refused(tmp_path: Path) -> None:
    inbox, department = tmp_path / "inbox", tmp_path / "mappings" / "one"
    inbox.mkdir()
    department.mkdir(parents=True)
    path = department / "pouring.yaml"

    def write(version: int, more: str = "") -> None:
        fresh = path.with_suffix(".tmp")
        fresh.write_text(MAPPING.format(version=version, folder=inbox, more=more), encoding="utf-8")
        fresh.rename(path)

    def pour() -> None:
        for number in range(FILES):
            rows = "".join(f"{number:03}-{row:03},2026-03-02\n" for row in range(ROWS))
            (inbox / f"{number:03}.part").write_text("no,at\n" + rows, encoding="utf-8")
            (inbox / f"{number:03}.part").rename(inbox / f"{number:03}.csv")
            if number % 10 == 3:
                write(number, more=", nonsense: 1")
            if number % 10 == 6:
                write(number)

    write(1)
    hub = hub_at(tmp_path, now=datetime(2026, 4, 1, tzinfo=UTC))
    loaded = wiring.load_mapping(path)
    hub.store.register([registration(loaded.declaration, loaded.fingerprint)])
    reader = hub.live_reader(loaded, path)
    pouring = threading.Thread(target=pour)
    pouring.start()
    while pouring.is_alive():
        reader.read()
    reader.read()
    reader.read()
    reader.close()
    bus = hub.bus()
    line = hub.line(bus)
    line.hold()
    line.settle()
    line.release()
    bus.close()
    summary = hub.queries.summary()
    assert summary["records"] == {"read": FILES * ROWS, "mapped": FILES * ROWS, "empty": 0, "quarantined": 0}
    assert summary["events"] == {**dict.fromkeys(summary["events"], 0), "new": FILES * ROWS}
    (account,) = hub.queries.accounting().values()
    assert (account["in_flight"], account["surplus"]) == (0, 0)
    assert hub.store.connections()["test.pouring"].mapping_version == 36
    assert hub.troubles.all() == []
    hub.close()
