"""Judges a simulated city by the pure engine, one case after another, and at its end what only many cases say."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from conformance.simulation.comparing import LAPSING, Found
from conformance.simulation.directory import documents
from conformance.simulation.model import WEEKS, exports, week_of
from conformance.simulation.told import facts_of
from conformance.simulation.truth import MONTHS, SILENT, SILENT_WEEK
from hub.supervision.calendar import WorkCalendar
from hub.supervision.caselog import EMPTY, merge
from hub.supervision.catalogue import Catalogue
from hub.supervision.city import CityView, Complained, LineState, Month, Penalty, Reference, Whose
from hub.supervision.city_alerts import look
from hub.supervision.instants import HUB_ZONE
from hub.supervision.judge import judge
from hub.supervision.rules import CITY_RULES
from hub.supervision.traces import traces_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.model.values import Trace
    from hub.supervision.judge import Judgement

NOT_JUDGED: Final = ("R48", "R71", "R72")
"""Rules that the engine alone has no inputs of: departments' word on their days, and alerts that were issued."""

COMPLAINT_DAYS: Final = 62
"""Days looked back at for complaints, as the hub does."""


class Bench:
    """Judges case after case and keeps what was found, by rule and by what it is about, with how often."""

    def __init__(self, offers: Mapping[str, frozenset[str] | None]) -> None:
        """Take what each connection reports."""
        self._offers = offers
        told_of = documents({name.removeprefix("sim.") for name in offers})
        self._catalogue, self._calendar = Catalogue(told_of.values()), WorkCalendar()
        self.standing: dict[str, Counter[str]] = defaultdict(Counter)
        self.excused: dict[str, Counter[str]] = defaultdict(Counter)
        self.lapsed: dict[str, Counter[str]] = defaultdict(Counter)
        self.cases = 0
        self._traces: list[Trace] = []
        self._numbers: set[str] = set()
        self._opened: Counter[tuple[str, str]] = Counter()
        self._late: Counter[tuple[str, str]] = Counter()

    def take(self, document: Mapping[str, Any]) -> None:
        """Judge one case at the end, and where something came late, at the end of the week before."""
        facts = [*facts_of(document, exports())]
        verdict = self._judged(document, [fact for _, fact in facts], WEEKS - 1)
        found = Counter(finding.rule_id for finding in verdict.findings)
        for rule, count in found.items():
            self.standing[rule][document["case"]["case_no"]] += count
        if _came_late(document):
            for rule, count in self._before(document, facts).items():
                if count > found[rule]:
                    kind = self.lapsed if rule in LAPSING else self.excused
                    kind[rule][document["case"]["case_no"]] += count - found[rule]
        self._keep(verdict, found)

    def _judged(self, document: Mapping[str, Any], facts: Iterable[Any], week: int) -> Judgement:
        log = merge(EMPTY, facts)
        offers = self._offers.get(document["connection_id"])
        return judge(log, catalogue=self._catalogue, calendar=self._calendar, horizon=exports()[week], offers=offers)

    def _before(self, document: Mapping[str, Any], facts: list[tuple[int, Any]]) -> Counter[str]:
        """Count what stands before each week in which something of a case comes; of each rule the most."""
        most: Counter[str] = Counter()
        for week in sorted({week for week, _ in facts}):
            known = [fact for when, fact in facts if when < week]
            if known:
                verdict = self._judged(document, known, week - 1)
                most |= Counter(each.rule_id for each in verdict.findings)
        return most

    def _keep(self, verdict: Judgement, found: Counter[str]) -> None:
        self.cases += 1
        self._numbers.add(verdict.case.case_no)
        self._traces += traces_of(verdict.case, self._calendar)
        whose = verdict.case.attributes["department_id"], f"{verdict.case.opened_at.astimezone(HUB_ZONE):%Y-%m}"
        self._opened[whose] += 1
        self._late[whose] += bool(found["R44"])

    def across(self) -> Found:
        """Look at the city as it stands at the end; return all that was found."""
        rules = {name: rule for name, rule in CITY_RULES.items() if name not in NOT_JUDGED}
        for finding in look(self._view(), self._catalogue, rules).findings:
            self.standing[finding.rule_id][key_of(finding.rule_id, finding.subject, finding.occurrence)] += 1
        return Found(standing=self.standing, excused=self.excused, lapsed=self.lapsed, not_judged=NOT_JUDGED)

    def _view(self) -> CityView:
        now = exports()[-1]
        today = self._calendar.day_of(now)
        whose = {name: Whose(department_id=name, region_code="") for name in self._catalogue.departments()}
        recent = today - timedelta(days=COMPLAINT_DAYS)
        traces = self._traces
        return CityView(
            now=now,
            today=today,
            calendar=self._calendar,
            penalties=[_penalty(each) for each in traces if each.kind == "penalty"],
            complaints=[_complained(each) for each in traces if each.kind == "complaint" and each.day >= recent],
            references=[_reference(each, self._numbers) for each in traces if each.kind == "reference"],
            months=[self._month(whose[name], month) for name in whose for month in MONTHS],
            lines=[_silent()] if SILENT in self._offers else [],
        )

    def _month(self, whose: Whose, month: str) -> Month:
        key = whose.department_id, month
        matters = sum(each.department_id == whose.department_id for each in self._catalogue.matters())
        return Month(
            whose=whose, month=month, cases=self._opened[key], entered_late=self._late[key], matters=matters
        )  # fmt: skip


def key_of(rule: str, subject: str, occurrence: str) -> str:
    """Name a finding about no case as the truth does."""
    if rule == "R49":
        return occurrence.partition(":")[2]
    if rule == "R64":
        return occurrence.rpartition(":")[0].removeprefix("#")
    if rule == "R47":
        return f"{subject}|{occurrence.partition('#')[0]}"
    return f"{subject}|{occurrence}" if rule in ("R44", "R48") else subject


def _came_late(document: Mapping[str, Any]) -> bool:
    """Tell whether anything was handed over after the week in which it was keyed in, was said twice, or otherwise."""
    events = document["events"]
    named = {(each["type"], each["occurrence"]) for each in events}
    says_otherwise = any("about" in each for each in events)
    return says_otherwise or len(named) < len(events) or any(_is_late(each) for each in events)


def _is_late(event: Mapping[str, Any]) -> bool:
    return bool(event["week"] > week_of(datetime.fromisoformat(event["recorded_at"])))


def _whose(trace: Trace) -> Whose:
    return Whose(department_id=trace.department_id, region_code=trace.region_code)


def _penalty(trace: Trace) -> Penalty:
    said = trace.document
    return Penalty(
        whose=_whose(trace), case_id=trace.case_id, violation=said["violation"], tier=said["tier"],
        amount=Decimal(said["amount"]), decided_on=trace.day,
    )  # fmt: skip


def _complained(trace: Trace) -> Complained:
    said = trace.document
    return Complained(
        whose=_whose(trace), case_id=trace.case_id, matter_code=said["matter_code"],
        related_case_no=said["related_case_no"], registered_on=trace.day,
    )  # fmt: skip


def _reference(trace: Trace, numbers: set[str]) -> Reference:
    said = trace.document
    return Reference(
        whose=_whose(trace), kind=said["about"], number=said["number"], event_id=said["event_id"],
        is_known=said["number"] in numbers,
    )  # fmt: skip


def _silent() -> LineState:
    whose = Whose(department_id="", region_code="")
    return LineState(whose=whose, connection_id=SILENT, heartbeat_at=exports()[SILENT_WEEK - 1], backlog_since=None)
