"""Measures what a mapping costs by itself, one core: a row of 21 columns to a validated event, beside two peers.

Figures are of CPU time. The peers are the same mapping written by hand in Python, and in jsonata on Node, where that is
to be had. Jsonata's part is the mapping and JSON alone: without identifiers, validation and envelope, so its figure
flatters it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import orjson

from hub.mapping import load
from hub.model import ids
from hub.model.documents import event_document
from hub.model.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.mapping import CompiledMapping

HERE: Final = Path(__file__).parent
ZONE: Final = ZoneInfo("Asia/Shanghai")
NODE_S: Final = 300
"""Seconds after which a peer that does not end is left out."""

ROUNDS: Final = 5
"""Each is measured as often, in turn; the fastest counts, which other programs on the machine disturbed least."""

Row = dict[str, Any]


def measure(records: int) -> Row:
    """Return records per second of each, and how many times faster or slower the mapping is."""
    rows = [_row(number) for number in range(records)]
    loaded = load(HERE / "row.yaml", environment={})
    if [*map(orjson.loads, _ours(loaded, rows[:9]))] != [*map(orjson.loads, _by_hand(loaded, rows[:9]))]:
        raise AssertionError("the two do not say the same")
    ours, hand = _fastest(rows, lambda some: _ours(loaded, some), lambda some: _by_hand(loaded, some))
    peer = _jsonata(rows)
    return {
        "mapping_records_per_s": round(records / ours),
        "mapping_us_per_record": round(ours / records * 1e6, 1),
        "by_hand_records_per_s": round(records / hand),
        "ratio_to_by_hand": round(hand / ours, 3),
        "jsonata_records_per_s": round(records / peer) if peer else "not measured: npm could not install jsonata",
        "ratio_to_jsonata": round(peer / ours, 2) if peer else None,
    }


def _fastest(rows: Sequence[Row], *workers: Callable[[Sequence[Row]], object]) -> list[float]:
    best = [float("inf")] * len(workers)
    for _ in range(ROUNDS):
        for number, work in enumerate(workers):
            begun = time.process_time()
            work(rows)
            best[number] = min(best[number], time.process_time() - begun)
    return best


def _ours(loaded: CompiledMapping, rows: Sequence[Row]) -> list[bytes]:
    events = (event for row in rows for event in loaded.map_record(row))
    return [_body(event.event_id, event.data, loaded.fingerprint) for event in events]


def _body(event_id: str, data: Row, fingerprint: str) -> bytes:
    document = event_document(
        event_id, data, provenance=_PROVENANCE, received_at=_RECEIVED, fingerprint=fingerprint, zone=ZONE
    )
    if not shape("case-event.v1").holds(document):
        raise AssertionError(shape("case-event.v1").problems(document))
    return orjson.dumps(document)


_RECEIVED: Final = "2026-03-02T12:00:00+08:00"
_PROVENANCE: Final = {
    "read_id": "9f0c3f0e-5d0a-4c0e-9d3e-0a4b8f6b2c11",
    "portion": 0,
    "ordinal": 0,
    "record_digest": "0" * 64,
    "place": "rows.jsonl:1",
    "backfill": False,
}
_CHANNELS: Final = {"1": "window", "2": "online"}
_RESULTS: Final = {"1": "granted", "2": "denied"}


def _by_hand(loaded: CompiledMapping, rows: Sequence[Row]) -> list[bytes]:
    """Do what the mapping does, as somebody who knows just these rows would write it."""
    return [_body(*_event_by_hand(row), loaded.fingerprint) for row in rows]


def _event_by_hand(row: Row) -> tuple[str, Row]:
    number = row["no"]
    case = {
        "case_id": ids.case_id("bench.rows", number),
        "case_no": number,
        "source_case_no": number,
        "family": "application",
        "department_id": "11321200014000028L",
        "region_code": row["area_no"],
        "disclosure": {"class": "intranet"},
        "matter_code": row["item_id"],
        "base_code": row["base_code"],
        "matter_name": row["item_name"].strip(),
        "power_type": row["power"],
        "case_type": row["kind"],
        "title": row["apply_name"].strip(),
        "channel": _CHANNELS[row["sb_way"]],
        "handling_office": row["office"],
    }
    times = {"occurred_at": "decide_date", "recorded_at": "create_date", "sent_at": "update_date"}
    data = {
        "type": "case.decided",
        "connection_id": "bench.rows",
        "source_event_key": number,
        "occurrence": "",
        "source_version": 0,
        "mapping_version": 1,
        "on_change": "conflict",
        **{name: _instant(row[column]) for name, column in times.items()},
        "original": {name: row[column] for name, column in times.items()},
        "stage_code": row["stage"],
        "stage_name": row["stage_name"],
        "opinion": row["note"].strip(),
        "operator": {"staff_code": row["reviewer"], "post": row["post"], "office": row["office"]},
        "result": {
            "code": _RESULTS[row["outcome"]],
            "document_no": row["doc_no"],
            "certificate_no": row["cert_no"],
        },
        "case": case,
    }
    return ids.event_id("bench.rows", number, "case.decided", ""), data


def _instant(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat()


def _moment(number: int, hour: int) -> str:
    """Return a time that no other row has, as far as a month's minutes and seconds go: none is read from a cache."""
    minutes, second = divmod(number, 60)
    return f"2026-03-{minutes // 60 % 28 + 1:02d} {hour}:{minutes % 60:02d}:{second:02d}"


def _row(number: int) -> Row:
    return {
        "no": f"TZ2026{number:08d}",
        "item_id": "11321200014000028L4320117001000",
        "base_code": "000131001000",
        "item_name": "食品经营许可（新办） ",
        "area_no": ("321281", "321283", "321202")[number % 3],
        "power": "01",
        "kind": "2",
        "apply_name": f" 关于第{number}号经营场所的食品经营许可申请",
        "sb_way": "12"[number % 2],
        "office": "行政审批科",
        "decide_date": _moment(number, 10),
        "create_date": _moment(number, 11),
        "update_date": _moment(number, 12),
        "stage": "20",
        "stage_name": "审批",
        "note": "符合条件，准予许可 ",
        "reviewer": f"S{number % 40:03d}",
        "post": "科长",
        "outcome": "1",
        "doc_no": f"泰食许〔2026〕{number}号",
        "cert_no": f"JY{number:012d}",
    }


def _jsonata(rows: Sequence[Row]) -> float | None:
    """Return the seconds that jsonata takes; None where Node or the package is not to be had."""
    folder, node, npm = HERE / "jsonata", shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    try:
        _run([npm, "ci", "--prefix", str(folder), "--silent", "--no-audit", "--no-fund"])
        with tempfile.NamedTemporaryFile("wb", suffix=".json") as file:
            file.write(orjson.dumps(rows))
            file.flush()
            said = json.loads(_run([node, str(folder / "peer.mjs"), file.name, str(folder / "row.jsonata")]))
    except (OSError, subprocess.SubprocessError):
        return None
    if said["first"]["case"]["title"] != rows[0]["apply_name"].strip():
        raise AssertionError("jsonata does not say the same")
    return float(said["seconds"])


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=NODE_S)
    return done.stdout
