"""Every finding on one case, by reading domain.md, section 7, rule after rule over the plain events."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.oracle.clocks import ANSWERED, LAWFUL, Case, Clock, clocks_of
from tests.oracle.complaints import speaking, walked
from tests.oracle.days import between, day_of
from tests.oracle.machine import disorders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from hub.supervision.caselog import Fact

LIFE = {
    name: place
    for place, name in enumerate(
        [
            "clue.registered",
            "penalty.filed",
            "penalty.investigated",
            "penalty.notified",
            "hearing.requested",
            "hearing.held",
            "penalty.legal_reviewed",
            "coercion.approved",
            "coercion.imposed",
            "inspection.planned",
            "inspection.carried_out",
            "inspection.result",
            "deal.announced",
            "deal.registered",
            "deal.opened",
            "deal.evaluated",
            "deal.result_published",
            "complaint.registered",
            "complaint.accepted",
            "complaint.not_accepted",
            "complaint.transferred",
            "complaint.dispatched",
            "complaint.assist_asked",
            "complaint.returned",
            "complaint.arbitrated",
            "complaint.redispatched",
            "complaint.signed",
            "complaint.started",
            "complaint.extension_requested",
            "complaint.extension_refused",
            "complaint.extended",
            "complaint.assisted",
            "complaint.replied",
            "complaint.followed_up",
            "complaint.reworked",
            "complaint.linked",
            "complaint.withdrawn",
            "complaint.closed",
            "case.received",
            "case.supplement_requested",
            "case.supplement_received",
            "case.accepted",
            "case.not_accepted",
            "joint.dispatched",
            "stage.started",
            "special.started",
            "special.ended",
            "case.extended",
            "stage.returned",
            "stage.completed",
            "joint.opinion",
            "fee.charged",
            "case.forwarded",
            "case.decided",
            "doc.issued",
            "case.withdrawn",
            "case.terminated",
            "case.closed",
            "case.delivered",
            "case.published",
            "case.fed_back",
            "case.evaluated",
            "evaluation.contacted",
            "evaluation.answered",
            "case.archived",
            "case.reopened",
            "case.renumbered",
            "case.corrected",
            "case.voided",
            "penalty.decided",
            "penalty.dismissed",
            "penalty.collected",
            "penalty.deposited",
            "penalty.served",
            "penalty.executed",
            "penalty.published",
            "penalty.closed",
            "coercion.decided",
            "coercion.closed",
            "inspection.closed",
            "deal.awarded",
            "deal.contract_signed",
            "deal.closed",
        ]
    )
}
"""The order of life in which events of one instant stand."""


TOLD = {
    "feedback": {"case.fed_back"},
    "publication": {"case.published", "penalty.published"},
    "rating_contact": {"evaluation.contacted"},
    "rating_answer": {"evaluation.answered"},
}
"""Clocks that run only where one of these is ever reported: elsewhere they could only seem late."""


def judged(
    facts: Iterable[Fact], catalogue: Sequence[dict[str, Any]], horizon: datetime, offers: frozenset[str] | None
) -> tuple[list[Clock], Counter[str]]:
    """Return the clocks of a case and how often each rule finds something."""
    seen = list(facts)
    case = _case(seen, catalogue, horizon)
    clocks = [clock for clock in clocks_of(case) if offers is None or TOLD.get(clock.kind, offers) & offers]
    found: Counter[str] = Counter()
    for name, count in _findings(case, clocks, seen, catalogue, offers):
        found[name] += count
    return clocks, +found


def _case(seen: Sequence[Fact], catalogue: Sequence[dict[str, Any]], horizon: datetime) -> Case:
    force: dict[str, Fact] = {}
    for each in seen:
        known = force.get(each.event_id)
        if known is None or _rank(each) > _rank(known):
            force[each.event_id] = each
    events = sorted(force.values(), key=lambda each: (each.occurred_at, LIFE[each.type], each.event_id))
    about: dict[str, Any] = {}
    for each in speaking(events):
        about.update(
            {**each.attributes, "complaint": {**about.get("complaint", {}), **each.attributes.get("complaint", {})}}
        )
    matters = [{**row, "of": doc["department"]["department_id"]} for doc in catalogue for row in doc.get("matters", ())]
    told, faults = events, {}
    if about["family"] == "complaint":
        events, faults = walked(told, about, _bodies(catalogue))
    return Case(events=events, about=about, matters=matters, horizon=horizon, told=told, faults=faults)


def _bodies(catalogue: Sequence[dict[str, Any]]) -> set[str]:
    return {doc["department"]["department_id"] for doc in catalogue if doc["department"].get("takes_reports")}


def _rank(each: Fact) -> tuple[int, int, str]:
    return each.source_version, each.mapping_version, each.digest


def _findings(  # noqa: C901, PLR0912 - one rule after another
    case: Case,
    clocks: Sequence[Clock],
    seen: Sequence[Fact],
    catalogue: Sequence[dict[str, Any]],
    offers: frozenset[str] | None,
) -> Iterator[tuple[str, int]]:
    def told(*names: str) -> bool:
        return offers is None or all(any(part in offers for part in name.split("|")) for name in names)

    late = Counter(clock.kind for clock in clocks if clock.state == "breached")
    near = Counter(clock.kind for clock in clocks if clock.warned)
    worse = Counter(clock.kind for clock in clocks if clock.graver)
    ended = "case.decided|case.closed"
    if told("case.received", "case.accepted|case.not_accepted|case.decided|case.closed"):
        yield "R10", near["acceptance"]
    if case.power() == "01" and told("case.received", "case.accepted"):
        yield "R11", late["acceptance"]
    if told("case.accepted", ended):
        yield "R13", near["promised"]
        yield "R14", late["promised"]
        yield "R15", late["statutory"]
    if told("stage.started", "stage.completed") and not late["promised"]:
        yield "R16", late["stage"]
    if told("case.accepted", "case.closed", "case.case_type"):
        yield "R17", late["instant"]
    if told("special.started", "special.ended"):
        yield "R20", late["special"] + worse["special"] + late["idle"]
    if told("penalty.filed", "penalty.decided"):
        yield "R32", near["penalty"] + late["penalty"]
    if told("joint.dispatched", "joint.opinion"):
        yield "R33", late["joint_opinion"] + late["joint"]
    if told("case.accepted", "case.forwarded", "case.initial_review"):
        yield "R34", late["initial_review"]
    if told("case.decided|penalty.decided", "case.delivered|penalty.served|penalty.executed"):
        yield "R40", late["delivery"]
    if told("case.fed_back"):
        yield "R41", late["feedback"]
    if told("case.published") or told("penalty.published"):
        yield "R41", late["publication"]
    if told("penalty.collected", "penalty.deposited"):
        yield "R43", late["deposit"]
    if told("complaint.dispatched", "complaint.signed|complaint.started|complaint.returned"):
        yield "R60", late["complaint_signing"] + worse["complaint_signing"]
    if told("complaint.registered", "complaint.accepted|complaint.not_accepted|complaint.dispatched"):
        yield "R61", late["complaint_acceptance"] + late["petition_registered"]
    if told("complaint.dispatched|complaint.registered", "complaint.replied|complaint.closed"):
        yield "R62", sum(each[kind] for each in (near, late, worse) for kind in ANSWERED)
    if told("case.evaluated", "evaluation.real_name"):
        yield (
            "R70",
            late["rating_contact"] * told("evaluation.contacted") + late["rating_answer"] * told("evaluation.answered"),
        )
    yield from _on_powers(case, catalogue, told)
    yield from _on_procedure(case, told)
    yield from _on_money(case, told)
    yield from _on_complaints(case, late, told, _bodies(catalogue))
    yield from _on_entry(case, seen, told)


def _on_powers(case: Case, catalogue: Sequence[dict[str, Any]], told: Any) -> Iterator[tuple[str, int]]:
    code, who = case.about.get("matter_code", ""), case.about["department_id"]
    opened = case.all("case.received") or [min(case.events or case.told, key=lambda each: each.occurred_at)]
    moment = opened[0].occurred_at
    day = day_of(moment).isoformat()
    listed = [
        m
        for m in case.matters
        if m["matter_code"] == code and m["valid_from"] <= day and not m.get("valid_to", "9") <= day
    ]
    known = {doc["department"]["department_id"]: doc["department"] for doc in catalogue}
    if told("case.matter_code") and case.about["family"] != "complaint" and code:
        yield "R01", int(who in known and not listed)
        yield "R02", int(bool(listed) and all(who != m["of"] and who not in m.get("delegates", ()) for m in listed))
    stages = case.matter(moment).get("flow", {}).get("stages", ())
    apart = {frozenset((s["code"], other)) for s in stages for other in s.get("separate_from", ())}
    acts: dict[str, set[str]] = {}
    strangers = 0
    for each in case.events:
        staff = each.detail.get("operator", {}).get("staff_code", "")
        stage = each.detail.get("stage_code") or each.type
        if not staff:
            continue
        acts.setdefault(staff, set()).add(stage)
        register = known.get(each.department_id, {}).get("staff", ())
        may = [row for row in register if row["staff_code"] == staff]
        if register:
            stages_of = {name for row in may for name in row.get("stages", ())}
            strangers += not may or (bool(stages_of) and each.type.startswith("stage.") and stage not in stages_of)
    if told("operator.staff_code", "stage_code"):
        yield "R25", sum(any(pair <= did for pair in apart) for did in acts.values())
    if told("operator.staff_code"):
        yield "R26", strangers


def _on_procedure(case: Case, told: Any) -> Iterator[tuple[str, int]]:
    asked = [each.detail.get("supplement", {}).get("items") for each in case.all("case.supplement_requested")]
    if told("case.supplement_requested", "supplement.items") and asked and asked[0] is not None:
        yield "R12", sum(bool(set(items or ()) - set(asked[0])) for items in asked[1:])
    if told("case.extended"):
        yield (
            "R18",
            sum(_is_unlawful(case, place, each, told) for place, each in enumerate(case.all("case.extended"))),
        )
    if told("special.started", "special.kind"):
        yield "R19", sum(_is_no_pause(case, each, told) for each in case.all("special.started"))
    if told(
        "case.accepted|penalty.decided|coercion.imposed|inspection.carried_out|deal.announced|complaint.registered"
    ):
        yield "R21", disorders(case)
    if told("case.decided|penalty.decided|inspection.carried_out"):
        yield "R22", _skipped(case, told)
        if told("operator.second_staff_code"):
            pairs = [
                each.detail.get("operator", {}) for each in case.all("penalty.investigated", "inspection.carried_out")
            ]
            yield "R22", sum(bool(o.get("staff_code")) and not o.get("second_staff_code") for o in pairs)
    listed = {m["name"]: m for m in case.matter(_opened(case)).get("materials", ())}
    rows = case.about.get("materials", ())
    if told("case.accepted", "case.materials") and case.all("case.accepted"):
        yield (
            "R23",
            sum(
                row.get("required", row["name"] in listed and listed[row["name"]].get("required", True))
                and row.get("received") is False
                and not (row.get("deferred") and (not listed or listed.get(row["name"], {}).get("deferrable", False)))
                for row in rows
            ),
        )
    if told("case.materials|supplement.items") and listed:
        names = {row["name"] for row in rows} | {item for items in asked for item in items or ()}
        yield "R24", len(names - set(listed))
    if told("case.not_accepted|case.decided|complaint.not_accepted", "result.reason|result.remedy"):
        yield "R31", sum(_is_unreasoned(each, told) for each in case.all("case.not_accepted", "case.decided"))


def _opened(case: Case) -> datetime:
    received = case.all("case.received")
    return received[0].occurred_at if received else min(each.occurred_at for each in case.events or case.told)


def _is_unlawful(case: Case, place: int, each: Fact, told: Any) -> bool:
    said = each.detail.get("extension", {})
    most = 15 if case.all("joint.dispatched") else 10
    faults = [place > 0, said.get("unit") == "working_day" and said.get("n", 0) > most]
    faults += [told(f"extension.{name}") and not said.get(name) for name in ("approved_by", "notified_at")]
    return any(faults)


def _is_no_pause(case: Case, each: Fact, told: Any) -> bool:
    said = each.detail.get("special", {})
    allowed = case.matter(each.occurred_at).get("special_procedures_allowed")
    lawful = LAWFUL if allowed is None else LAWFUL & set(allowed)
    lacks = [told(f"special.{name}") and not said.get(name) for name in ("basis", "notified_at")]
    return said.get("kind", "other") not in lawful or any(lacks)


def _skipped(case: Case, told: Any) -> int:
    decided = next(iter(case.all("case.decided") or case.all("penalty.decided")), None)
    if decided is None:
        return 0
    stages = case.matter(decided.occurred_at).get("flow", {}).get("stages", ())
    needed = [s["code"] for s in stages if s.get("mandatory") and told("stage.completed|stage.started")]
    if decided.type == "penalty.decided" and case.about.get("procedure") != "simplified":
        needed += ["penalty.notified"] * told("penalty.notified")
    done = {
        each.detail.get("stage_code") or each.type for each in case.events if each.occurred_at <= decided.occurred_at
    }
    return len(set(needed) - done)


def _is_unreasoned(each: Fact, told: Any) -> bool:
    said = each.detail.get("result", {})
    if each.type == "case.decided" and said.get("code") != "denied":
        return False
    return any(told(f"result.{name}") and not said.get(name) for name in ("reason", "remedy"))


def _on_money(case: Case, told: Any) -> Iterator[tuple[str, int]]:
    for each in case.all("fee.charged"):
        matter, fee = case.matter(each.occurred_at), each.detail.get("fee", {})
        items = {item["code"]: item for item in matter.get("fee_items", ())}
        amount = Decimal(fee.get("amount", "0"))
        item = items.get(fee.get("item_code"), {})
        outside = amount < Decimal(item.get("min", "0")) or amount > Decimal(item.get("max", "Infinity"))
        says = "charged" in matter or bool(items)
        if told("fee.charged") and amount and says:
            yield "R27", int(matter.get("charged") is False or not item or outside)
    for each in case.all("penalty.decided"):
        said, tiers = each.detail.get("discretion", {}), case.matter(each.occurred_at).get("discretion_table", ())
        amount = Decimal(said.get("amount", "0"))
        chosen = [
            t for t in tiers if (t["violation_code"], t["tier"]) == (said.get("violation_code"), said.get("tier_code"))
        ]
        if tiers and "amount" in said and told("penalty.decided", "discretion.amount", "discretion.tier_code"):
            yield "R28", int(not any(Decimal(t["min"]) <= amount <= Decimal(t["max"]) for t in chosen))
        if case.about.get("procedure") == "simplified" and told(
            "penalty.decided", "discretion.amount", "case.procedure"
        ):
            citizen = case.about.get("applicant", {}).get("kind") in ("1", "person")
            yield "R30", int(amount > (200 if citizen else 3000))
    for each in case.all("case.published", "penalty.published"):
        yield "R42", int(each.attributes["disclosure"]["class"] in ("restricted", "secret"))


def _on_complaints(case: Case, late: Counter[str], told: Any, bodies: set[str]) -> Iterator[tuple[str, int]]:
    if not told("complaint.dispatched"):
        return
    sent = None
    for each in case.told:
        said = each.detail.get("handling", {})
        if each.type in ("complaint.dispatched", "complaint.redispatched"):
            sent = each
        elif each.type == "complaint.returned" and told("complaint.returned"):
            behind = sent is not None and each.occurred_at - sent.occurred_at > timedelta(hours=24)
            bare = not all(said.get(name) for name in ("reason", "basis") if told(f"handling.{name}"))
            counts = each in case.events
            yield "R63", int(case.faults.get(each.event_id) == "R63" or (counts and (behind or bare)))
    closed = case.all("complaint.closed")
    followed = [e for e in case.all("complaint.followed_up") if closed and e.occurred_at <= closed[0].occurred_at]
    yield "R65", late["complaint_rework"] + int(bool(closed) and not followed and told("complaint.followed_up"))
    about = case.about.get("complaint", {})
    is_report = about.get("kind") == "report" or about.get("track") == "report"
    sends = ("complaint.dispatched", "complaint.redispatched")
    to = [each.detail.get("handling", {}) for each in case.told if each.type in sends]
    if told("case.complaint.respondent_person|case.complaint.respondent_department|case.complaint.kind"):
        unit = about.get("respondent_department")
        sent_to = [each.get("department_id", "") for each in to if is_report and each.get("department_id")]
        yield "R66", sum(each == unit or each not in bodies for each in sent_to)
    answers = [
        each.detail.get("handling", {}).get("outcome") for each in case.all("complaint.replied", "complaint.closed")
    ]
    if told("handling.outcome", "case.complaint.related_case_no"):
        yield "R67", int("substantiated" in answers and bool(about.get("related_case_no")))


def _on_entry(case: Case, seen: Sequence[Fact], told: Any) -> Iterator[tuple[str, int]]:
    first: dict[str, Fact] = {}
    for each in seen:
        if each.event_id not in first or each.ledgered_at < first[each.event_id].ledgered_at:
            first[each.event_id] = each
    live = [each for each in case.events if not first[each.event_id].backfill]
    behind = any(
        each.recorded_at is not None
        and each.recorded_at > each.occurred_at
        and between(day_of(each.occurred_at), day_of(each.recorded_at)) > 1
        for each in live
    )
    accepted = {first[each.event_id].read_id for each in live if each.type == "case.accepted"}
    closed = {first[each.event_id].read_id for each in live if each.type == "case.closed"}
    whole = case.about.get("case_type") == "2" and bool(accepted & closed)
    if told("recorded_at|case.closed"):
        yield "R44", int(behind or whole)
    corrected = {each.detail.get("correction_of") for each in seen if each.type == "case.corrected"}
    for name in {each.event_id for each in seen} - corrected:
        said = [each for each in seen if each.event_id == name and each.on_change == "conflict"]
        pairs = [(a, b) for a in said for b in said if a.source_version == b.source_version and a.digest != b.digest]
        yield "R45", int(any(a.record_digest != b.record_digest for a, b in pairs))
