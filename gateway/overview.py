"""Decides what the live page shows: figures, counties with their departments, connections, latest alerts."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from gateway import words
from hub.supervision.lifecycle import ENDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.reading import Row
    from gateway.words import Names
    from hub.troubles import Trouble

STANDING: Final = frozenset({"pending", "raised"})
"""States of an alert that calls for an answer."""


def ordered(counts: Mapping[str, int], table: Mapping[str, words.Label]) -> list[dict[str, Any]]:
    """List counts in the table's order, unknown codes last, those that are 0 left out."""
    codes = [*table, *sorted(set(counts) - set(table))]
    total = sum(counts.values()) or 1
    return [
        {"code": code, "label": words.label(table, code), "n": counts[code], "share": counts[code] / total}
        for code in codes
        if counts.get(code)
    ]


def standing_by(rows: Iterable[Row], column: str) -> Counter[str]:
    """Count the alerts that stand by one column."""
    counts: Counter[str] = Counter()
    for row in rows:
        if row["state"] in STANDING:
            counts[row[column]] += row["n"]
    return counts


def rules(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """List rules with how many of their alerts stand, were cleared and were revoked."""
    states: dict[str, Counter[str]] = defaultdict(Counter)
    levels: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        states[row["rule_id"]]["standing" if row["state"] in STANDING else row["state"]] += row["n"]
        levels[row["rule_id"]].add(row["level"])
    return [
        {
            "code": code,
            "label": words.rule_label(code),
            "level": next((level for level in words.LEVELS if level in levels[code]), "notice"),
            "standing": states[code]["standing"],
            "cleared": states[code]["cleared"],
            "revoked": states[code]["revoked"],
        }
        for code in sorted(states, key=lambda code: int(code[1:]) if code[1:].isdigit() else 0)
    ]


def counties(cases: Sequence[Row], alerts: Sequence[Row], names: Names) -> list[dict[str, Any]]:
    """List counties, each with its departments, their cases and standing alerts."""
    tallies: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in cases:
        own = tallies[words.county_of(row["region_code"])][row["department_id"]]
        own["cases"] += row["n"]
        own["open"] += 0 if row["state"] in ENDED else row["n"]
    for row in alerts:
        if row["state"] in STANDING:
            tallies[words.county_of(row["region_code"])][row["department_id"]][row["level"]] += row["n"]
    return [_county(code, tallies[code], names) for code in sorted(tallies)]


def _county(code: str, departments: Mapping[str, Counter[str]], names: Names) -> dict[str, Any]:
    return {
        "code": code,
        "label": words.region_label(code),
        "sums": sum(departments.values(), Counter()),
        "departments": [
            {"id": each, "name": names.department(each), "sums": departments[each]}
            for each in sorted(departments, key=lambda each: -departments[each]["cases"])
        ],
    }


def connections(
    rows: Sequence[Row], accounts: Mapping[str, Row], quarantined: Mapping[str, int], troubles: Sequence[Trouble]
) -> list[dict[str, Any]]:
    """List connections with what they read, how far they have delivered, what was refused, what keeps them from it."""
    troubled = {each.connection: each for each in troubles}
    return [
        {
            **row,
            "in_flight": accounts.get(row["connection_id"], {}).get("in_flight", 0),
            "quarantined": quarantined.get(row["connection_id"], 0),
            "trouble": troubled.get(row["connection_id"]),
        }
        for row in rows
    ]
