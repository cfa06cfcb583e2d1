"""Decides what the holder of a case's token or a complaint's secret is told: where it stands, by when, no person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.caselog import decode, in_force
from hub.supervision.families.holding import Practice
from hub.supervision.fold import fold
from hub.supervision.judge import returns_allowed
from hub.supervision.lifecycle import ENDED
from hub.views import is_report
from hub.views.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import tzinfo

    from hub.model.values import ClockRow
    from hub.supervision.caselog import Fact
    from hub.supervision.fold import Case
    from hub.supervision.rules import Rule

Row = dict[str, Any]

COMPLAINT: Final = "complaint"
"""The family that has a page of its own."""

SHOWN: Final = frozenset({"public", "intranet"})
"""Classes of which the holder of a token is told: what is restricted or secret is not found, token or not."""

LIMITS: Final = ("acceptance", "promised", "statutory", "delivery", "penalty", "complaint_acceptance", "petition",
                 "complaint")  # fmt: skip
"""Clocks that concern whoever waits; those between the authorities stay with them."""

INNER: Final = frozenset({
    "case.corrected", "case.renumbered", "case.archived", "case.evaluated", "case.forwarded", "case.fed_back",
    "evaluation.contacted", "evaluation.answered", "joint.dispatched", "joint.opinion", "clue.registered",
    "penalty.legal_reviewed",
})  # fmt: skip
"""Moves of a case that are the authorities' own business."""

TOLD: Final = frozenset({
    "complaint.registered", "complaint.accepted", "complaint.not_accepted", "complaint.transferred",
    "complaint.dispatched", "complaint.redispatched", "complaint.signed", "complaint.started", "complaint.extended",
    "complaint.replied", "complaint.followed_up", "complaint.reworked", "complaint.linked", "complaint.withdrawn",
    "complaint.closed",
})  # fmt: skip
"""Moves of a complaint that its complainant is told of; who sends it back to whom is not among them."""

ANSWERED: Final = ("complaint.replied", "complaint.followed_up", "complaint.closed")
"""Moves after which a complainant may say how satisfied they are."""

DONE: Final = frozenset({"closed", "delivered", "decided", "rejected"})
"""States of a case in which its applicant may rate how it was handled."""

REFUSED: Final = ("complaint.not_accepted",)


def case_told(row: Mapping[str, Any], zone: tzinfo) -> Row | None:
    """Tell how a case stands, given its row with log and clocks; None where nobody is told of it."""
    case = fold(in_force(decode(row["log"])), zone)
    if case.family == COMPLAINT or row["disclosure"] not in SHOWN or case.state == "voided":
        return None
    return {
        **_head(row, case),
        "matter_code": row["matter_code"],
        "matter_name": masked(str(case.attributes.get("matter_name", ""))),
        "steps": [_step(fact, zone) for fact in case.timeline if fact.type not in INNER],
        "limits": limits(row["clocks"], zone),
        "rating": rating(case, zone),
        "may_rate": case.state in DONE,
    }


def repeated(row: Mapping[str, Any], zone: tzinfo) -> Row:
    """Return what a later event must say of its case: what its department said, so that nothing of it changes."""
    about = fold(in_force(decode(row["log"])), zone).attributes
    names = ("case_no", "source_case_no", "family", "region_code", "department_id", "disclosure", "matter_code")
    return {"case_id": row["case_id"], **{name: about[name] for name in names if name in about}}


def complaint_told(row: Mapping[str, Any], zone: tzinfo, rules: Mapping[str, Rule]) -> Row | None:
    """Tell how a complaint stands; None where the case is none, was entered in error, or is secret by now.

    `rules` say how often a complaint may be returned.
    """
    facts = in_force(decode(row["log"]))
    case = fold(facts, zone, Practice(returns=returns_allowed(rules, facts, zone)))
    if case.family != COMPLAINT or case.state == "voided" or row["disclosure"] == "secret":
        return None
    replies, refused = case.all("complaint.replied"), case.all(*REFUSED)
    handler = case.holding.handler if case.holding is not None else ""
    return {
        **_head(row, case),
        "kind": case.attributes.get("complaint", {}).get("kind", ""),
        "handler": "" if is_report(case.attributes) else handler,
        "steps": [_step(fact, zone) for fact in case.timeline if fact.type in TOLD],
        "limits": limits(row["clocks"], zone),
        "reply": _said(replies, "reply", zone),
        "outcome": str(_last(replies, "outcome") or _last(case.all("complaint.closed"), "outcome")),
        "refusal": _said(refused, "reason", zone),
        "rating": rating(case, zone),
        "real_name": bool(case.attributes.get("complaint", {}).get("real_name")),
        "may_rate": bool(case.all(*ANSWERED)),
        "may_withdraw": case.state not in ENDED | {"linked"},
    }


def rating(case: Case, zone: tzinfo) -> Row | None:
    """Return the rating that was given over the public site; None where there is none."""
    given = [each for each in case.all("case.evaluated") if each.detail["evaluation"].get("channel") == "portal"]
    if not given:
        return None
    return {"score": given[-1].detail["evaluation"]["score_code"], "at": _local(given[-1].occurred_at, zone)}


def may_revise(told: Mapping[str, Any], now: datetime, days: int) -> bool:
    """Tell whether a rating may (still) be given: at any time the first, within `days` of it another."""
    given = told["rating"]
    if not told["may_rate"]:
        return False
    return given is None or now - datetime.fromisoformat(given["at"]) <= timedelta(days=days)


def limits(clocks: Iterable[ClockRow], zone: tzinfo) -> list[Row]:
    """Tell the limits that concern whoever waits, in the order in which they run."""
    told = [
        {
            "kind": clock.kind,
            "state": clock.state,
            "due_at": _local(clock.due_at, zone),
            "provisional": clock.provisional,
            "stopped_at": _local(clock.stopped_at, zone),
        }
        for clock in clocks
        if clock.kind in LIMITS and clock.state != "void"
    ]
    return sorted(told, key=lambda each: LIMITS.index(each["kind"]))


def _head(row: Mapping[str, Any], case: Case) -> Row:
    return {
        "case_no": case.case_no,
        "department_id": row["department_id"],
        "region_code": row["region_code"],
        "state": case.state,
    }


def _step(fact: Fact, zone: tzinfo) -> Row:
    moment = fact.occurred_at.astimezone(zone)
    at = moment.date().isoformat() if fact.date_only else moment.isoformat()
    return {"type": fact.type, "at": at, "stage": masked(str(fact.detail.get("stage_name", "")))}


def _last(facts: Sequence[Fact], name: str) -> Any:  # noqa: ANN401 - what the handling says
    return facts[-1].detail.get("handling", {}).get(name, "") if facts else ""


def _said(facts: Sequence[Fact], name: str, zone: tzinfo) -> Row | None:
    text = _last(facts, name)
    return {"text": str(text), "at": _local(facts[-1].occurred_at, zone)} if text else None


def _local(instant: datetime | None, zone: tzinfo) -> str:
    return "" if instant is None else instant.astimezone(zone).isoformat()
