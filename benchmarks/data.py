"""Writes the benchmark's source: a CSV of wide records, each of which says six events of one case."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS: Final = (
    *("no", "item_id", "item_name", "area_no", "apply_name", "apply_person", "card_no", "mobile", "sb_way", "office"),
    *("reviewer", "doc_no", "receive_date", "accept_date", "promise_date", "review_date", "decide_date", "close_date"),
    *("deliver_date", "note"),
)

EVENTS_A_RECORD: Final = 6
"""received, accepted, stage completed, decided, closed, delivered."""

_STEPS_DAYS: Final = {
    "receive_date": 0,
    "accept_date": 1,
    "review_date": 6,
    "decide_date": 9,
    "close_date": 10,
    "deliver_date": 12,
    "promise_date": 21,
}


def write_records(path: Path, records: int, *, seed: int) -> None:
    """Write `records` wide rows, the same for the same seed; about one in ten decides after its promise."""
    dice = random.Random(seed)  # noqa: S311 - sample data
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for number in range(records):
            writer.writerow(_record(number, dice))


def _record(number: int, dice: random.Random) -> dict[str, str]:
    start = datetime(2026, 1, 5, 9) + timedelta(minutes=7 * (number % 20_000))  # noqa: DTZ001 - naive, as sources are
    slow = 3.0 if dice.random() < 0.1 else 1.0  # noqa: PLR2004 - a tenth
    dates = {
        name: (start + timedelta(days=days * (1.0 if name == "promise_date" else slow))).strftime("%Y-%m-%d %H:%M:%S")
        for name, days in _STEPS_DAYS.items()
    }
    return {
        "no": f"TZ2026{number:08d}",
        "item_id": "11321200014000028L4320117001000",
        "item_name": "食品经营许可（新办）",
        "area_no": dice.choice(("321281", "321283", "321202")),
        "apply_name": f"关于第{number}号经营场所的食品经营许可申请",
        "apply_person": "䲡记餐饮" + str(number % 997),
        "card_no": "321202189912310011",
        "mobile": "13800000000",
        "sb_way": dice.choice("12"),
        "office": "行政审批科",
        "reviewer": f"S{number % 40:03d}",
        "doc_no": f"泰食许〔2026〕{number}号",
        "note": "",
        **dates,
    }
