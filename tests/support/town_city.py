"""One trial of every rule that looks at the catalogue or at the city: planted, near miss, and what comes late."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from hub.supervision.calendar import WorkCalendar
from hub.supervision.city import (
    Balance,
    CityView,
    Complained,
    Issued,
    LineState,
    Month,
    Penalty,
    Reference,
    Whose,
)
from tests.support.casework import DEPARTMENT, at
from tests.support.town import DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOW: Final = at("2026-04-07T12:00:00")
TODAY: Final = date(2026, 4, 7)
CALENDAR: Final = WorkCalendar()
WHOSE: Final = Whose(department_id=DEPARTMENT, region_code="321200")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at the city sees: the parts of its view, and the matters of the town's catalogue."""

    parts: Mapping[str, Any] = field(default_factory=dict)
    matters: Sequence[Mapping[str, Any]] = ()

    @property
    def view(self) -> CityView:
        return CityView(now=NOW, today=TODAY, calendar=CALENDAR, **self.parts)

    @property
    def documents(self) -> Sequence[Mapping[str, Any]]:
        about = {"department_id": DEPARTMENT, "name": "住房和城乡建设局", "region_code": "321200"}
        return [{"department": about, "matters": [*self.matters]}] if self.matters else []


@dataclass(frozen=True, slots=True, kw_only=True)
class CityTrial:
    """One rule tried: `late` is the city after late word came, `ends` what becomes of the alert by it, and `why`."""

    rule: str
    planted: Look
    near: Look
    late: Look
    ends: Literal["revoked", "cleared", "kept"]
    level: str
    evidence: tuple[str, str, str]
    """Field, value, and what was expected."""
    why: str = ""
    """Why nothing that comes late takes it back."""


MENDED: Final = "an entry that is mended was wrong while it stood: the alert is followed up"
MOVED: Final = "which complaints there were stays true whatever comes later"


def entry(**changes: Any) -> dict[str, Any]:
    """Return the town's licence as an entry that no rule finds fault with, changed; None leaves a field out."""
    whole = deepcopy(DOCUMENT["matters"][0])
    whole |= {"legal_basis": [{"title": "建筑法"}], "published_at": "2020-01-03", "reviewed_by": "法制处"}
    return {name: value for name, value in (whole | changes).items() if value is not None}


def fine(*tiers: tuple[str, str, str]) -> dict[str, Any]:
    """Return the town's penalty with these tiers (name, least, most)."""
    whole = deepcopy(DOCUMENT["matters"][2]) | {"legal_basis": [{"title": "x"}], "published_at": "2020-01-03"}
    table = [{"violation_code": "V1", "tier": name, "min": least, "max": most} for name, least, most in tiers]
    return whole | {"flow": {"stages": [{"code": "x", "name": "x"}]}, "discretion_table": table}


def days(n: int) -> dict[str, Any]:
    return {"n": n, "unit": "working_day"}


def listed(*rows: Mapping[str, Any]) -> Look:
    return Look(matters=rows)


def seen(**parts: Any) -> Look:
    return Look(parts=parts)


def fined(*amounts: int) -> list[Penalty]:
    common = {"whose": WHOSE, "violation": "V1", "tier": "轻", "decided_on": date(2026, 2, 2)}
    return [Penalty(case_id=f"c{n:02}", amount=Decimal(amount), **common) for n, amount in enumerate(amounts)]


def march(cases: int, late: int = 0) -> list[Month]:
    return [Month(whose=WHOSE, month="2026-03", cases=cases, entered_late=late, matters=3)]


def line(silent_minutes: int) -> list[LineState]:
    heard = NOW - timedelta(minutes=silent_minutes)
    return [LineState(whose=WHOSE, connection_id="c", heartbeat_at=heard, backlog_since=None)]


def balance(held: int, *, is_retried: bool = True) -> list[Balance]:
    day = date(2026, 4, 6)
    return [
        Balance(whose=WHOSE, connection_id="c", day=day, said=(9, ""), held=(held, ""), is_retried=is_retried)
    ]  # fmt: skip


def named(*, is_known: bool) -> list[Reference]:
    return [Reference(whose=WHOSE, kind="doc.issued", number="X1", event_id="e", is_known=is_known)]


def complained(*on: int) -> list[Complained]:
    start = date(2026, 3, 1)
    return [
        Complained(
            whose=WHOSE, case_id=f"c{n}", matter_code="m", related_case_no="", registered_on=start + timedelta(days=day)
        )
        for n, day in enumerate(on)
    ]  # fmt: skip


def issued(*on: str, level: str = "yellow", **more: Any) -> list[Issued]:
    fields = {"is_standing": True, "is_answered": True, "rule_id": "R14", "about": "m", **more}
    return [
        Issued(whose=WHOSE, alert_id=f"a{n}", level=level, raised_at=at(f"2026-{day}T09:00:00"), **fields)
        for n, day in enumerate(on)
    ]


def taken_back(alerts: Sequence[Issued]) -> list[Issued]:
    return [replace(alerts[0], is_standing=False), *alerts[1:]]


PEERS: Final = range(90, 111)
OLD_LAW: Final = {"legal_basis": [{"title": "旧办法", "to": "2026-03-01"}]}
WAITING: Final = issued("03-27", is_answered=False)
THREE: Final = issued("03-03", "03-12", "04-02")

CITY_TRIALS: Final = (
    CityTrial(rule="R03", planted=listed(entry(materials=None)), near=listed(entry()), late=listed(entry()),
              ends="kept", why=MENDED, level="yellow", evidence=("materials", "", "given")),
    CityTrial(rule="R04", planted=listed(entry(promised_limit=days(21))), near=listed(entry(promised_limit=days(20))),
              late=listed(entry()), ends="kept", why=MENDED, level="yellow",
              evidence=("promised_limit", "21", "<= 20")),
    CityTrial(rule="R05", planted=listed(entry(promised_limit=days(7))), near=listed(entry(promised_limit=days(8))),
              late=listed(entry()), ends="kept", why=MENDED, level="yellow", evidence=("flow", "8", "<= 7")),
    CityTrial(rule="R06", planted=listed(fine(("轻", "1", "10"), ("重", "10.02", "20"))),
              near=listed(fine(("轻", "1", "10"), ("重", "10.01", "20"))), late=listed(fine(("轻", "1", "20"))),
              ends="kept", why=MENDED, level="yellow", evidence=("discretion_table", "from 10.02", "from 10: gap")),
    CityTrial(rule="R07", planted=listed(entry(**OLD_LAW)),
              near=listed(entry(legal_basis=[{"title": "旧办法", "to": "2026-03-18"}])),
              late=listed(entry(valid_to="2026-03-02", **OLD_LAW), entry(version="2", valid_from="2026-03-02")),
              ends="kept", why=MENDED, level="yellow",
              evidence=("legal_basis 旧办法", "2026-03-01", "a new version by 2026-03-21")),
    CityTrial(rule="R29", planted=seen(penalties=fined(*PEERS, 120)), near=seen(penalties=fined(*PEERS, 115)),
              late=seen(penalties=fined(*PEERS, 100)), ends="revoked", level="notice",
              evidence=("discretion.amount", "120", "100 ± 15")),
    CityTrial(rule="R44", planted=seen(months=march(100, late=6)), near=seen(months=march(100, late=5)),
              late=seen(months=march(120, late=6)), ends="revoked", level="yellow",
              evidence=("entered_late", "6", "<= 5% of 100")),
    CityTrial(rule="R46", planted=seen(lines=line(31)), near=seen(lines=line(30)), late=seen(lines=line(0)),
              ends="cleared", level="notice", evidence=("heartbeat_at", "2026-04-07T03:29:00+00:00", "within 0:30:00")),
    CityTrial(rule="R47", planted=seen(months=march(0)), near=seen(months=march(1)), late=seen(months=march(1)),
              ends="revoked", level="notice", evidence=("cases", "0", "cases of 3 active matters")),
    CityTrial(rule="R48", planted=seen(balances=balance(8)), near=seen(balances=balance(8, is_retried=False)),
              late=seen(balances=balance(9)), ends="revoked", level="yellow", evidence=("held", "8", "9")),
    CityTrial(rule="R49", planted=seen(references=named(is_known=False)), near=seen(references=named(is_known=True)),
              late=seen(references=named(is_known=True)), ends="revoked", level="yellow",
              evidence=("refers_to", "X1", "a known case")),
    CityTrial(rule="R64", planted=seen(complaints=complained(0, 10, 30)), near=seen(complaints=complained(0, 10, 31)),
              late=seen(complaints=complained(0, 10)), ends="kept", why=MOVED, level="yellow",
              evidence=("complaint", "c2", "")),
    CityTrial(rule="R71", planted=seen(alerts=WAITING), near=seen(alerts=issued("03-30", is_answered=False)),
              late=seen(alerts=taken_back(WAITING)), ends="revoked", level="yellow",
              evidence=("alert_id", "a0", "<= 5 days")),
    CityTrial(rule="R72", planted=seen(alerts=THREE), near=seen(alerts=issued("03-02", "03-12", "04-02")),
              late=seen(alerts=taken_back(THREE)), ends="revoked", level="red", evidence=("alert_id", "a2", "")),
)  # fmt: skip
"""One trial of every rule that looks beyond one case; of R44 the part that looks at a month."""
