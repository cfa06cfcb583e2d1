"""What is to be said of one case at a horizon: its state, clocks and findings, and when to look again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.model.values import CaseRow
from hub.supervision.caselog import encode, in_force
from hub.supervision.clocks import Docket, clocks_of, wake_at
from hub.supervision.evaluable import is_evaluable
from hub.supervision.families.holding import RETURNS, Practice
from hub.supervision.fold import fold
from hub.supervision.instants import local
from hub.supervision.law import LAW
from hub.supervision.rules import RULES, Finding, View
from hub.views.redaction import title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.model.values import ClockRow
    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.caselog import Fact, Log
    from hub.supervision.catalogue import Catalogue
    from hub.supervision.clocks import Clock
    from hub.supervision.fold import Case
    from hub.supervision.law import LawParameter
    from hub.supervision.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One case as judged at `horizon`: a pure function of (events, catalogue, calendar, horizon, rules)."""

    case: Case
    clocks: Sequence[Clock]
    findings: Sequence[Finding]
    wake_at: datetime | None
    horizon: datetime | None
    zone: tzinfo
    row: CaseRow

    @property
    def clock_rows(self) -> Sequence[ClockRow]:
        """Return the clocks as the store keeps them."""
        return [clock.row for clock in self.clocks]

    @property
    def disagreements(self) -> Sequence[str]:
        """Return the clocks whose reported and counted due moments fall on different days."""
        return [clock.row.clock_id for clock in self.clocks if clock.disagrees]


def judge(
    log: Log,
    *,
    catalogue: Catalogue,
    calendar: WorkCalendar,
    horizon: datetime | None,
    rules: Mapping[str, Rule] = RULES,
    offers: frozenset[str] | None = None,
    law: Sequence[LawParameter] = LAW,
) -> Judgement:
    """Judge a case by its log, which holds at least one fact.

    Without a horizon the case is folded and its evidence is read, but nothing is overdue by the mere passing of time;
    it then asks to be looked at again as soon as there is a horizon. `offers` is what the case's connection reports:
    rules that read more are not evaluable there, and find nothing (None: it reports everything).
    """
    facts = in_force(log)
    case = fold(facts, calendar.zone, practice_of(rules, catalogue.report_bodies(), facts, calendar.zone))
    docket = Docket(case=case, catalogue=catalogue, calendar=calendar, horizon=horizon, offers=offers, law=law)
    clocks = clocks_of(docket)
    view = View(
        case=case, log=log, clocks=clocks, calendar=calendar, catalogue=catalogue, horizon=horizon, offers=offers
    )
    wake = case.told[0].occurred_at if horizon is None else wake_at(clocks, horizon)
    return Judgement(
        case=case,
        clocks=clocks,
        findings=tuple(_findings(view, rules.values())) if case.state != "voided" else tuple(_tampering(view, rules)),
        wake_at=wake,
        horizon=horizon,
        zone=calendar.zone,
        row=_row(case, log, wake),
    )


def practice_of(rules: Mapping[str, Rule], bodies: frozenset[str], facts: Iterable[Fact], zone: tzinfo) -> Practice:
    """Return what the city lays down for a complaint of these facts: by its rules, and by who takes reports 举报."""
    return Practice(returns=returns_allowed(rules, facts, zone), bodies=bodies)


def returns_allowed(rules: Mapping[str, Rule], facts: Iterable[Fact], zone: tzinfo) -> int:
    """Return how often a complaint may be returned: R63's parameter as it holds on the day of the first fact."""
    day = local(min(fact.occurred_at for fact in facts), zone).date()
    said = rules["R63"].value("returns", day) if "R63" in rules else None
    return RETURNS if said is None else int(said)


def _findings(view: View, rules: Iterable[Rule]) -> Iterable[Finding]:
    for rule in rules:
        if is_evaluable(rule, view.offers):
            yield from rule.find(rule, view)


def _tampering(view: View, rules: Mapping[str, Rule]) -> Iterable[Finding]:
    """Of a case entered in error only what was said of it is judged."""
    return _findings(view, [rules[name] for name in ("R45",) if name in rules])


def _row(case: Case, log: Log, wake: datetime | None) -> CaseRow:
    about = case.attributes
    return CaseRow(
        case_id=case.case_id,
        connection_id=(case.timeline or case.told)[0].connection_id,
        case_no=case.case_no,
        department_id=about["department_id"],
        region_code=about["region_code"],
        matter_code=about.get("matter_code", ""),
        title=title_of(about),
        disclosure=about["disclosure"]["class"],
        state=case.state,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        first_position=min((fact.position for fact in log.facts if fact.position is not None), default=0),
        wake_at=wake,
        log=encode(log),
    )
