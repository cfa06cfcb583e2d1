"""The coverage board: every obligation with how it stands, counted and weighed by volume; unknown is never covered."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.model import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from conformance.coverage.obligations import Obligation
    from hub.model.certified import CertificateRow, Reporting

STATES: Final = ("not_started", *LEVELS, "in_grace", "suspended", "expired", "revoked", "exempt", "silent", "unknown")

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "not_started": ("未启动", "not started"),
    "C0": ("已登记", "registered"),
    "C1": ("已连通", "connected"),
    "C2": ("数据合格", "correct data"),
    "C3": ("运行可靠", "reliable"),
    "C4": ("双向贯通", "two-way"),
    "in_grace": ("宽限期内", "in grace"),
    "suspended": ("暂停", "suspended"),
    "expired": ("已到期", "expired"),
    "revoked": ("已吊销", "revoked"),
    "exempt": ("豁免", "exempt"),
    "silent": ("有证无数", "certified but silent"),
    "unknown": ("不明", "unknown: no catalogue"),
}

SILENT_DAYS: Final = 90
"""Days without a case of a matter after which its certified connection counts as silent there: a quarter, so that rare
matters are not called silent for being rare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How one obligation stands."""

    obligation: Obligation
    state: str
    level: str
    """The level that holds now; empty where none does."""
    certificate: str
    connection: str
    cases: int
    """Cases of the matter opened within the last year."""
    last_on: date | None
    late: Sequence[str]
    """Levels whose planned day has passed and that do not hold."""

    def as_dict(self) -> dict[str, Any]:
        """Return the cell as documents write it."""
        owed = self.obligation
        exempt = {"reason": owed.exempt.reason, "until": owed.exempt.until.isoformat()} if owed.exempt else None
        return {
            "department_id": owed.department_id,
            "region_code": owed.region_code,
            "matter_code": owed.matter_code,
            "flow": owed.flow,
            "state": self.state,
            "level": self.level,
            "certificate": self.certificate,
            "connection": self.connection,
            "cases": self.cases,
            "last_on": self.last_on.isoformat() if self.last_on else None,
            "exempt": exempt,
            "planned": {level: day.isoformat() for level, day in owed.planned.items()},
            "late": list(self.late),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What coverage is told from: what is owed, what is certified, who speaks for whom, and what is reported."""

    obligations: Sequence[Obligation]
    certificates: Mapping[str, CertificateRow]
    """The certificate that counts, by connection."""
    departments: Mapping[str, frozenset[str]]
    """For whom each connection speaks."""
    reporting: Sequence[Reporting]


def cells(world: World, now: datetime, day_of: Callable[[datetime], date]) -> list[Cell]:
    """Return every obligation with how it stands at a moment."""
    reported: dict[tuple[str, str], list[Reporting]] = defaultdict(list)
    for each in world.reporting:
        reported[each.department_id, each.matter_code].append(each)
    speaking: dict[str, list[CertificateRow]] = defaultdict(list)
    for connection, row in world.certificates.items():
        for department in world.departments.get(connection, frozenset({row.department_id})):
            speaking[department].append(row)
    return [
        _cell(owed, reported[owed.department_id, owed.matter_code], speaking[owed.department_id], now, day_of)
        for owed in world.obligations
    ]


def _cell(
    owed: Obligation,
    reported: Sequence[Reporting],
    speaking: Sequence[CertificateRow],
    now: datetime,
    day_of: Callable[[datetime], date],
) -> Cell:
    today = day_of(now)
    row = _counting(owed, {each.connection_id for each in reported}, speaking, now)
    last_on = max((each.last_on for each in reported), default=None)
    level = _level(row, now) if row else ""
    state = _state(owed, row, level, now)
    if state in LEVELS and state != "C0" and row and _is_silent(last_on, day_of(row.issued_at), today):
        state = "silent"
    late = [name for name, day in sorted(owed.planned.items()) if day < today and name > (level or "")]
    return Cell(
        obligation=owed,
        state=state,
        level=level,
        certificate=row.certificate_id if row else "",
        connection=row.connection_id if row else "",
        cases=sum(each.cases for each in reported),
        last_on=last_on,
        late=[] if owed.exempt else late,
    )


def _counting(
    owed: Obligation, reporters: set[str], speaking: Sequence[CertificateRow], now: datetime
) -> CertificateRow | None:
    """Return the certificate that an obligation is covered by: of a connection that reports the matter, where one does.

    A department may have several systems: a certificate of one covers nothing that another reports.
    """
    flowing = [row for row in speaking if owed.flow in row.flows]
    chosen = [row for row in flowing if row.connection_id in reporters] if reporters else flowing
    return max(chosen, key=lambda row: (_level(row, now), row.issued_at), default=None)


def _level(row: CertificateRow, now: datetime) -> str:
    """Return the highest level that a certificate gives now: what is suspended is taken away from the top."""
    if row.state in ("revoked", "superseded", "expired") or now >= row.not_after:
        return ""
    left = [level for level in row.levels if level not in row.suspended]
    return max(left, default="")


def _state(owed: Obligation, row: CertificateRow | None, level: str, now: datetime) -> str:
    if owed.exempt is not None:
        return "exempt"
    if not owed.is_known:
        return "unknown"
    if row is None:
        return "not_started"
    if row.state == "revoked":
        return "revoked"
    if row.state == "expired" or now >= row.not_after:
        return "expired"
    return row.state if row.state in ("suspended", "in_grace") else level


def _is_silent(last_on: date | None, issued_on: date, today: date) -> bool:
    return max(last_on or issued_on, issued_on) < today - timedelta(days=SILENT_DAYS)


def board(found: Sequence[Cell], now: datetime) -> dict[str, Any]:
    """Return the whole board as one document."""
    departments = {each.obligation.department_id for each in found}
    unlisted = {each.obligation.department_id for each in found if each.state == "unknown"}
    return {
        "as_of": now.isoformat(),
        "obligations": sum(each.state != "unknown" for each in found),
        "departments": len(departments),
        "departments_without_catalogue": sorted(unlisted),
        **_figures(found),
        "by_region": _grouped(found, lambda each: each.obligation.region_code[:6], "region_code"),
        "by_department": _grouped(found, lambda each: each.obligation.department_id, "department_id"),
        "planned": _planned(found),
        "cells": [each.as_dict() for each in found],
    }


def _figures(found: Sequence[Cell]) -> dict[str, Any]:
    """Count and weigh cells: shares are of what is owed and known; where anything is unknown the whole share is too."""
    owed = [each for each in found if each.state not in ("exempt", "unknown")]
    is_known = all(each.state != "unknown" for each in found) and bool(owed)
    shares, weighed = _shares(owed)
    counts = Counter(each.state for each in found)
    volumes: Counter[str] = Counter()
    for each in found:
        volumes[each.state] += each.cases
    return {
        "by_state": {state: counts[state] for state in STATES if counts[state]},
        "cases_by_state": {state: volumes[state] for state in STATES if volumes[state]},
        "coverage": shares if is_known else None,
        "coverage_by_volume": weighed if is_known else None,
        "coverage_of_known": shares,
    }


def _shares(owed: Sequence[Cell]) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """Return which share of what is owed holds each level, counted and weighed; None where nothing is owed."""
    counts, volumes = Counter[str](), Counter[str]()
    for each in owed:
        top = held(each)
        counts[top] += 1
        volumes[top] += each.cases
    return _from_above(counts), _from_above(volumes)


def _from_above(tops: Counter[str]) -> dict[str, float | None]:
    total = tops.total()
    above = {level: sum(n for top, n in tops.items() if top >= level) for level in LEVELS[1:]}
    return {level: round(n / total, 4) if total else None for level, n in above.items()}


def held(cell: Cell) -> str:
    """Return the highest level at which an obligation is covered now; what is silent, or has ended, is at none."""
    return "" if cell.state in ("silent", "exempt", "unknown", "expired", "revoked", "not_started") else cell.level


def _grouped(found: Iterable[Cell], key: Callable[[Cell], str], name: str) -> list[dict[str, Any]]:
    groups: dict[str, list[Cell]] = defaultdict(list)
    for each in found:
        groups[key(each)].append(each)
    return [{name: value, "obligations": len(groups[value]), **_figures(groups[value])} for value in sorted(groups)]


def _planned(found: Sequence[Cell]) -> dict[str, dict[str, int]]:
    """Compare what was planned with what is: by level, how many were to hold it by now, how many of those do not."""
    planned: dict[str, dict[str, int]] = {}
    for level in LEVELS:
        due = [each for each in found if level in each.obligation.planned and not each.obligation.exempt]
        if due:
            planned[level] = {"planned": len(due), "late": sum(level in each.late for each in due)}
    return planned
