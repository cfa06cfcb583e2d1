# ruff: noqa: E501 - scenarios are a table: one row a line
"""Punishments, coercion, inspections, deals, complaints, a county's cases and the archives': ordinary and otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.simulation.applications import REFUSED, again, delayed, mended, moved, ordinary, put, without
from conformance.simulation.days import MISNAMED_ON, TOLD_LATE_ON
from conformance.simulation.directory import (
    DEAL,
    DISCIPLINE,
    FILES,
    FINE,
    FOOD,
    HOUSING,
    INSPECTION,
    LIGHT,
    MARKET,
    SEIZURE,
    SPOT,
    VIOLATIONS,
)
from conformance.simulation.model import Draft, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

TWO: Final = {"operator": {"staff_code": "P1", "second_staff_code": "P2"}}
ONE: Final = {"operator": {"staff_code": "P1"}}
CITIZEN: Final = "1"


FAR: Final = "990.00"
"""Within its tier, and far from what others paid."""


# --- punishments -----------------------------------------------------------------------------------------------------


COMMON: Final = 0.2
"""Share of penalties for the one violation that has peers enough in small cities too."""


def _discretion(rng: Random, amount: str = "") -> dict[str, Any]:
    chosen = amount or f"{rng.randint(400, 600)}.00"
    violation = 0 if amount == FAR or rng.random() < COMMON else rng.randrange(VIOLATIONS)
    return {"discretion": {"violation_code": f"V{violation:02}", "tier_code": LIGHT, "amount": chosen},
            "result": {"code": "penalised"}}  # fmt: skip


def _penalty(rng: Random, amount: str = "", *, decide: int = 10, served: int = 4, published: int = 4) -> list[Draft]:
    paid = {"payment": {"amount": "500.00", "receipt_no": "1"}}
    return [
        Draft(type="penalty.filed", day=0),
        Draft(type="penalty.investigated", day=3, fields=TWO),
        Draft(type="penalty.legal_reviewed", day=5),
        Draft(type="penalty.notified", day=6),
        Draft(type="penalty.decided", day=decide, fields=_discretion(rng, amount)),
        Draft(type="penalty.served", day=decide + served),
        Draft(type="penalty.published", day=decide + published),
        Draft(type="penalty.executed", day=decide + 6),
        Draft(type="penalty.collected", day=decide + 6, occurrence="1", fields=paid),
        Draft(type="penalty.deposited", day=decide + 8, occurrence="1", fields=paid),
        Draft(type="penalty.closed", day=decide + 9),
    ]


def _deposited(after: int) -> Callable[[Random], Sequence[Draft]]:
    return lambda rng: moved(_penalty(rng), "penalty.deposited", day=16 + after)


def _on_the_spot(rng: Random, amount: str) -> list[Draft]:
    decided = Draft(type="penalty.decided", day=0, fields=_discretion(rng, amount))
    return [
        decided,
        Draft(type="penalty.served", day=0),
        Draft(type="penalty.published", day=3),
        Draft(type="penalty.closed", day=5),
    ]


def _amount_mended(rng: Random, bad: str, life: Callable[[Random, str], list[Draft]]) -> list[Draft]:
    told = life(rng, bad)
    decided = next(each for each in told if each.type == "penalty.decided")
    right = {**decided.fields["discretion"], "amount": "150.00"}
    return again(
        told, "penalty.decided", replace(decided, version=1, shown=17, fields={**decided.fields, "discretion": right})
    )


def _fines(name: str, life: Callable[[Random], Sequence[Draft]], **more: Any) -> Scenario:
    about = {"family": "punishment", "matter_code": FINE, "power_type": "02", **more.pop("about", {})}
    return Scenario(name=name, system="market", life=life, about=about, **more)


SIMPLE: Final = {"procedure": "simplified", "applicant_kind": CITIZEN}

PUNISHMENTS: Final = (
    _fines("penalty", _penalty, share=0.14),
    _fines("penalty dismissed", lambda r: [*_penalty(r)[:4], Draft(type="penalty.dismissed", day=9), Draft(type="penalty.closed", day=9)],
           share=0.01),
    _fines("decided without prior notice", lambda r: without(_penalty(r), "penalty.notified"), planted=("R22",)),
    _fines("one officer alone", lambda r: moved(_penalty(r), "penalty.investigated", fields=ONE), planted=("R22",)),
    _fines("second officer told late", lambda r: [*(bad := moved(_penalty(r), "penalty.investigated", fields=ONE)),
           replace(bad[1], version=1, shown=12, earlier=1, fields=TWO)], excused=("R22",)),
    _fines("beyond its tier", lambda r: _penalty(r, "1000.01"), planted=("R28",)),
    _fines("highest of its tier", lambda r: _penalty(r, "1000.00"), near=("R28",)),
    _fines("amount mended", lambda r: _amount_mended(r, "1000.01", _penalty), excused=("R28",)),
    _fines("far from its peers", lambda r: _penalty(r, FAR)),
    _fines("too much on the spot", lambda r: _on_the_spot(r, "200.01"), about=SIMPLE, planted=("R30",)),
    _fines("most on the spot", lambda r: _on_the_spot(r, "200.00"), about=SIMPLE, near=("R30",)),
    _fines("on the spot, mended", lambda r: _amount_mended(r, "300.00", _on_the_spot), about=SIMPLE, excused=("R30",)),
    _fines("decided after ninety days", lambda r: moved(_penalty(r, decide=66), "penalty.notified", day=20), planted=("R32",), span=77),
    _fines("ninety days nearly over", lambda r: _penalty(r)[:2], planted=("R32",), to_end=54),
    _fines("ninety days not nearly over", lambda r: _penalty(r)[:2], near=("R32",), to_end=45),
    _fines("decided in time and told late", lambda r: delayed(_penalty(r), 13, 9), excused=("R32",), span=77),
    _fines("served late", lambda r: _penalty(r, served=8)[:7], planted=("R40",)),
    _fines("served on the last day", lambda r: _penalty(r, served=7)[:7], near=("R40",)),
    _fines("penalty published late", lambda r: _penalty(r, published=8), planted=("R41",)),
    _fines("penalty published on the last day", lambda r: _penalty(r, published=7), near=("R41",)),
    _fines("deposited late", _deposited(5), planted=("R43",)),
    _fines("deposited on the last day", _deposited(4), near=("R43",)),
    _fines("deposit told late", lambda r: moved(_penalty(r), "penalty.deposited", delay=2), excused=("R43",)),
)  # fmt: skip


# --- coercion, inspections, deals ------------------------------------------------------------------------------------


def _seizure(*days: int) -> list[Draft]:
    kinds = ("coercion.approved", "coercion.imposed", "coercion.decided", "coercion.closed")
    return sorted((Draft(type=kind, day=day) for kind, day in zip(kinds, days, strict=True)), key=lambda each: each.day)


def _inspection(officers: dict[str, Any]) -> list[Draft]:
    return [Draft(type="inspection.planned", day=0), Draft(type="inspection.carried_out", day=2, fields=officers),
            Draft(type="inspection.result", day=3), Draft(type="inspection.closed", day=5)]  # fmt: skip


def _deal(awarded: int, published: int) -> list[Draft]:
    days = {"announced": 0, "registered": 4, "opened": 8, "evaluated": 9, "result_published": published,
            "awarded": awarded, "contract_signed": 16, "closed": 18}  # fmt: skip
    return sorted((Draft(type=f"deal.{kind}", day=day) for kind, day in days.items()), key=lambda each: each.day)


def _told(system: str, about: dict[str, Any], name: str, drafts: Sequence[Draft], **more: Any) -> Scenario:
    return Scenario(name=name, system=system, life=lambda _: drafts, about=about, **more)


COERCING: Final = {"family": "coercion", "matter_code": SEIZURE, "power_type": "03"}
INSPECTING: Final = {"family": "inspection", "matter_code": INSPECTION, "power_type": "06"}
DEALING: Final = {"family": "public_resource", "matter_code": DEAL, "power_type": "09"}

ENFORCEMENT: Final = (
    _told("urban", COERCING, "coercion", _seizure(0, 1, 8, 9), share=0.04),
    _told("urban", COERCING, "approved after the measure", _seizure(1, 0, 8, 9), near=("R21",)),
    _told("urban", COERCING, "decided before the measure", _seizure(0, 5, 4, 9), planted=("R21",)),
    _told("urban", INSPECTING, "inspection", _inspection(TWO), share=0.04, near=("R22",)),
    _told("urban", INSPECTING, "one inspector alone", _inspection(ONE), planted=("R22",)),
    _told("resources", DEALING, "deal", _deal(12, 11), share=0.03),
    _told("resources", DEALING, "published after the award", _deal(11, 12), near=("R21",)),
    _told("resources", DEALING, "awarded before the bids were opened", _deal(6, 11), planted=("R21", "R21")),
)  # fmt: skip


# --- complaints ------------------------------------------------------------------------------------------------------


def _complaint(*, accept: int = 1, sign: int = 1, reply: int = 3, to: str = HOUSING, outcome: str = "") -> list[Draft]:
    answer = {"handling": {"outcome": outcome}} if outcome else {}
    replied = accept + reply
    return [
        Draft(type="complaint.registered", day=0),
        Draft(type="complaint.accepted", day=accept),
        Draft(type="complaint.dispatched", day=accept, fields={"handling": {"department_id": to}}),
        Draft(type="complaint.signed", day=accept + sign, occurrence="1"),
        Draft(type="complaint.replied", day=replied, occurrence="1", fields=answer),
        Draft(type="complaint.followed_up", day=replied + 1, occurrence="1", fields={"handling": {"solved": True}}),
        Draft(type="complaint.closed", day=replied + 2),
    ]


NOT_OURS: Final = {"handling": {"reason": "不属于本单位职责", "basis": "市12345热线管理办法第九条"}}
"""Why a complaint is returned, and on what basis."""


def _returned(after: int) -> list[Draft]:
    whole = without(_complaint(), "complaint.signed", "complaint.accepted")
    elsewhere = {"handling": {"department_id": MARKET}}
    return [
        *whole[:2],
        Draft(type="complaint.returned", day=1 + after, occurrence="1", fields=NOT_OURS),
        Draft(type="complaint.redispatched", day=1 + after, occurrence="1", fields=elsewhere),
        Draft(type="complaint.signed", day=2 + after, occurrence="2"),
        *moved(
            moved(moved(whole[2:], "complaint.replied", day=5), "complaint.followed_up", day=6),
            "complaint.closed",
            day=7,
        ),
    ]


def _unsolved(after: int) -> list[Draft]:
    whole = moved(_complaint(), "complaint.followed_up", fields={"handling": {"solved": False}})
    redone = [Draft(type="complaint.reworked", day=5 + after, occurrence="1"),
             Draft(type="complaint.replied", day=9, occurrence="2"),
             Draft(type="complaint.followed_up", day=10, occurrence="2", fields={"handling": {"solved": True}})]  # fmt: skip
    return [*whole[:-1], *redone, Draft(type="complaint.closed", day=11)]


def _calls(name: str, drafts: Sequence[Draft], *, said: dict[str, Any] | None = None, **more: Any) -> Scenario:
    about = {"channel": "hotline", "kind": "complaint", "track": "hotline", "category": "delay", **(said or {})}
    return Scenario(
        name=name, system="hotline", life=lambda _: drafts, about={"family": "complaint", "complaint": about}, **more
    )


RESPONDENT: Final = {"respondent_department": HOUSING}
REPORT: Final = {"kind": "report", "track": "report", **RESPONDENT}
KNOWN: Final = {"related_case_no": "ZJ2026-000001", "kind": "enquiry"}
"""An enquiry holds nothing against anybody, so that it is not counted among repeated complaints."""

REPEATED: Final = "complained of three times"
"""Three complaints about one case make one finding."""

COMPLAINTS: Final = (
    _calls("complaint", _complaint(), share=0.10),
    _calls("enquiry", _complaint(reply=2), said={"kind": "enquiry"}, share=0.03),
    _calls("signed for late", _complaint(sign=2), planted=("R60",)),
    _calls("signed for very late", _complaint(sign=3, reply=4), planted=("R60", "R60")),
    _calls("signed for on the last day", _complaint(sign=1), near=("R60",)),
    _calls("signing told late", delayed(_complaint(), 1, 1), excused=("R60", "R60"), on_monday=True),
    _calls("accepted late", _complaint(accept=6), planted=("R61",)),
    _calls("accepted on the last day", _complaint(accept=5), near=("R61",)),
    _calls("acceptance told late", delayed(_complaint(accept=2), 2, 1), excused=("R61",)),
    _calls("replied late", _complaint(reply=6), planted=("R62",)),
    _calls("replied very late", _complaint(reply=12), planted=("R62", "R62")),
    _calls("replied on the last day", _complaint(reply=5), near=("R62",)),
    _calls("near its limit", _complaint()[:4], planted=("R62",), to_end=5),
    _calls("not yet near its limit", _complaint()[:4], near=("R62",), to_end=4),
    _calls("reply told late", moved(moved(moved(_complaint(), "complaint.replied", delay=2), "complaint.followed_up", delay=2),
                                    "complaint.closed", delay=2), excused=("R62",), on_monday=True),
    _calls("returned after a day", _returned(1), planted=("R63",)),
    _calls("returned at once", _returned(0), near=("R63",)),
    _calls("return mended", again(_returned(1), "complaint.returned", replace(_returned(0)[2], version=1, shown=9)), excused=("R63",)),
    _calls("closed without a follow-up", without(_complaint(), "complaint.followed_up"), planted=("R65",)),
    _calls("unsolved and left", _unsolved(3), planted=("R65",)),
    _calls("unsolved and done again", _unsolved(2), near=("R65",)),
    _calls("follow-up told late", moved(_complaint(), "complaint.followed_up", delay=2), excused=("R65",)),
    _calls("report sent to whom it is about", _complaint(to=HOUSING)[:3], said=REPORT, planted=("R66",)),
    _calls("report in ordinary dispatch", _complaint(to=MARKET)[:3], said=REPORT, planted=("R66",)),
    _calls("report sent to whoever takes reports", _complaint(to=DISCIPLINE), said=REPORT, near=("R66",)),
    _calls("dispatch mended", mended(_complaint(to=HOUSING), _complaint(to=DISCIPLINE), "complaint.dispatched", 9), said=REPORT,
           excused=("R66", "R21")),
    _calls("found true", _complaint(outcome="substantiated"), said=KNOWN, planted=("R67",)),
    _calls("found untrue", _complaint(outcome="unsubstantiated"), said=KNOWN, near=("R67",)),
    _calls("outcome mended", mended(_complaint(outcome="substantiated"), _complaint(outcome="partly"), "complaint.replied", 12),
           said=KNOWN, excused=("R67",)),
    _calls(REPEATED, _complaint(), said=RESPONDENT, share=0.0045, since=date(2026, 5, 6), span=20),
)  # fmt: skip


# --- a county, and archives that fall silent -------------------------------------------------------------------------

SPOTTED: Final = {"matter_code": SPOT, "case_type": "1", "power_type": "10"}
_FOOD: Final = {"matter_code": FOOD}
BRIEF: Final = (Draft(type="case.received", day=0), Draft(type="case.not_accepted", day=2, fields={"result": REFUSED}))
_KEPT: Final = {"matter_code": FILES, "power_type": "20"}

COUNTIES: Final = (
    _told("county", _FOOD, "county application", ordinary(), share=0.05),
    _told("county", _FOOD, "county promise broken", ordinary(decide=13), planted=("R14",)),
    _told("county", _FOOD, "county entry keyed in late", moved(ordinary(decide=7), "shencha", late=2), planted=("R44",), share=0.006),
    _told("county", SPOTTED, "done on the spot", [*ordinary()[:1], replace(ordinary()[1], day=0), Draft(type="case.closed", day=0)],
          near=("R17",)),
    _told("county", SPOTTED, "not done on the spot", [*ordinary()[:1], replace(ordinary()[1], day=0), Draft(type="case.closed", day=1)],
          planted=("R17",)),
    _told("county", SPOTTED, "done on the spot and told late", [*ordinary()[:1], replace(ordinary()[1], day=0),
          Draft(type="case.closed", day=0, delay=1)], excused=("R17",)),
    _told("county", _FOOD, "county day told before its case", [replace(each, delay=1) for each in BRIEF], near=("R48",),
          since=TOLD_LATE_ON, until=TOLD_LATE_ON + timedelta(days=1), on_monday=True),
    _told("county", _FOOD, "county case that its day misnames", BRIEF, since=MISNAMED_ON, until=MISNAMED_ON + timedelta(days=1)),
    _told("archives", _KEPT, "file lent", put(ordinary()[:2], Draft(type="case.closed", day=6)), share=0.01, until=date(2026, 3, 16)),
)  # fmt: skip
