"""Says where one connection stands: its levels, what blocks the next, whose turn it is, and what failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from conformance.criteria.policy import CRITERIA, policies_on
from conformance.disputes import is_disputed
from conformance.model import LEVELS, Lifecycle, Verdict
from conformance.verdicts import NEVER_RUN, is_good, standing_of
from hub.model.certified import HOLDING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from conformance.model import LevelTally, Result, Summary, Words
    from conformance.suite import Suite
    from hub.model.certified import CertificateRow

DEPARTMENT: Final = "department"
BUREAU: Final = "bureau"
HUB: Final = "hub"
"""Who may have to act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one connection; `summary` is None where it never was tested."""

    connection: str
    department: str
    certificate: CertificateRow | None
    summary: Summary | None
    suite: Suite
    criteria: Mapping[str, str]
    """How each criterion stands, as it was cached (JSON)."""
    owed: Sequence[Mapping[str, Any]]
    asked: Mapping[str, Mapping[str, str]]
    """The tests that somebody has asked to be run again: by whom, and when."""
    now: datetime
    today: date
    workdays: Callable[[date, date], int]
    """Counts the working days after one day up to another."""


def line(known: Known) -> dict[str, Any]:
    """Return a connection's line in the list."""
    ladder = _ladder(known)
    turns = whose_turn(known)
    row = known.certificate
    return {
        "connection": known.connection,
        "department": known.department,
        "ladder": ladder,
        "next": in_question(ladder),
        "acts": sorted({each["who"] for each in turns}),
        "certificate": row.certificate_id if row else "",
        "state": row.state if row else "",
        "failures": len(failures(known)),
        "disputes": sum(is_disputed(each) for each in _results(known)),
    }


def in_question(ladder: Sequence[Mapping[str, Any]]) -> str:
    """Return the level that is in question: the first that tests did not show; where all did, the last to certify."""
    open_ = [each for each in ladder if each["state"] not in {"certified", "shown"}]
    tested = [each["level"] for each in open_ if each["state"] != "ahead"]
    shown = [each["level"] for each in ladder if each["state"] == "shown"]
    return next(iter([*tested, *reversed(shown), *(each["level"] for each in open_)]), "")


def page(known: Known) -> dict[str, Any]:
    """Return everything that the page of one connection shows."""
    return {
        **line(known),
        "as_of": known.now.isoformat(),
        "session": known.summary.header.session if known.summary else "",
        "target": known.summary.header.target if known.summary else "",
        "certified": _certified(known.certificate),
        "turns": whose_turn(known),
        "waits": _waits(known),
        "criteria": criteria(known),
        "failed": failures(known),
        "disputed": _disputed(known),
        "quality": _quality(known),
        "owed": [dict(each) for each in known.owed],
    }


def _results(known: Known) -> Sequence[Result]:
    return known.summary.results if known.summary else ()


def _ladder(known: Known) -> list[dict[str, Any]]:
    tallies = {each.level: each for each in known.summary.levels} if known.summary else {}
    return [
        {
            "level": level,
            "state": _rung(level, known.certificate, tallies.get(level)),
            "executed": tallies[level].executed if level in tallies else 0,
            "planned": tallies[level].planned if level in tallies else 0,
        }
        for level in LEVELS
    ]


def _rung(level: str, row: CertificateRow | None, tally: LevelTally | None) -> str:
    """Say how one level stands: by the certificate first, then by the tests."""
    if row is not None and row.state in {*HOLDING, "suspended"} and (level in row.levels or level == LEVELS[0]):
        return "suspended" if level in row.suspended else "certified"
    if tally is None:
        return "ahead"
    if tally.is_reached:
        return "shown"
    standing = str(tally.standing)
    return standing if standing in {"fail", "error", "waiting", "review", "skip"} else "open"


def _certified(row: CertificateRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "number": row.certificate_id,
        "state": row.state,
        "levels": list(row.levels),
        "suspended": list(row.suspended),
        "since": row.since.isoformat(),
        "issued_at": row.issued_at.isoformat(),
        "not_after": row.not_after.isoformat(),
        "criterion": row.criterion,
        "reason": row.reason,
        "conditions_due": row.conditions_due.isoformat() if row.conditions_due else "",
    }


def whose_turn(known: Known) -> list[dict[str, Any]]:
    """Say what blocks the next level, and who has to act on it: the department, the bureau or the hub."""
    found = _certificate_turns(known)
    if known.summary is None:
        if known.certificate is None:
            found.append(_turn(DEPARTMENT, "尚未测试：先运行测试", "never tested: run the tests"))
        return found
    blocked = next((tally for tally in known.summary.levels if not tally.is_reached), None)
    if blocked is None:
        return found + _issuing_turns(known)
    held = {each.test: each for each in known.summary.results}
    planned = known.summary.header.planned
    own = [each for each in planned if known.suite.case(each, held.get(each)).level == blocked.level]
    found += [turn for name in own if (turn := _test_turn(known, name, held.get(name)))]
    of_all = [each for each in blocked.obstacles if each.en.partition(" ")[0] not in planned]
    return found + [_turn(DEPARTMENT, each.zh, each.en) for each in of_all]


def _issuing_turns(known: Known) -> list[dict[str, Any]]:
    """Where every planned level is shown it is the bureau's to certify, unless it has."""
    reached = known.summary.reached if known.summary else None
    held = known.certificate
    if reached is None or reached == LEVELS[0] or (held and held.holds and held.level >= reached):
        return []
    zh, en = f"{reached} 已达到：请监察局签发证书", f"{reached} is shown: the bureau may certify it"
    return [_turn(BUREAU, zh, en)]


def _certificate_turns(known: Known) -> list[dict[str, Any]]:
    row, found = known.certificate, []
    if row is not None and row.state == "suspended":
        policy = policies_on(known.today).get(row.criterion)
        who = {"passing": DEPARTMENT, "rerun": HUB}.get(policy.reinstated_by, BUREAU) if policy else BUREAU
        name = f"{row.criterion} {policy.zh} {policy.en}" if policy else row.reason
        found.append(_turn(who, f"证书暂停：{name}", f"the certificate is suspended: {name}"))
    if row is not None and row.state in {"expired", "revoked"}:
        found.append(_turn(DEPARTMENT, "证书已失效：重新测试", f"the certificate is {row.state}: test anew"))
    for each in known.owed:
        zh, en = f"变更待重测：{each['change']}", f"a run is owed: {each['change']} changed"
        found.append(_turn(HUB, zh, en, tests=list(each["tests"])))
    return found


def _test_turn(known: Known, name: str, result: Result | None) -> dict[str, Any] | None:
    """Say who has to act on one test; None where it is shown, or where nobody must."""
    case, standing = known.suite.case(name, result), str(standing_of(result))
    if is_good(result) or (case.severity != "must" and standing not in _UNFINISHED):
        return None
    who = _whose(result, standing)
    days = known.workdays(known.today, result.last_day) if result and result.last_day else None
    said = result.reason if result and result.reason.zh else case.title
    zh, en = f"{name} {said.zh}", f"{name} {said.en}"
    return _turn(who, zh, en, test=name, standing=standing, working_days_left=days)


_UNFINISHED: Final = frozenset({NEVER_RUN, "waiting", "review"})


def _whose(result: Result | None, standing: str) -> str:
    if standing == Lifecycle.REVIEW:
        return BUREAU
    if standing == Verdict.ERROR or (result is not None and result.blames in {"hub", "connector"}):
        return HUB
    return DEPARTMENT


def _turn(who: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    return {"who": who, "zh": zh, "en": en, **{name: value for name, value in more.items() if value is not None}}


def _waits(known: Known) -> list[dict[str, Any]]:
    """Return every countdown, the shortest first."""
    found = [
        {
            "test": each.test,
            "level": each.level,
            "until": each.last_day.isoformat(),
            "working_days_left": known.workdays(known.today, each.last_day),
            "reason": _both(each.reason),
        }
        for each in _results(known)
        if each.lifecycle is Lifecycle.WAITING and each.last_day is not None
    ]
    return sorted(found, key=lambda each: (each["working_days_left"], each["test"]))


def failures(known: Known) -> list[dict[str, Any]]:
    """Return what failed, each with its requirement, what was expected and found, where, a fix, and how to run it."""
    return [_failure(known, each) for each in _results(known) if each.verdict in {Verdict.FAIL, Verdict.ERROR}]


def _failure(known: Known, result: Result) -> dict[str, Any]:
    case = known.suite.case(result.test, result)
    target = known.summary.header.target if known.summary else case.level
    return {
        "test": result.test,
        "level": result.level,
        "severity": result.severity,
        "title": _both(case.title),
        "requirement": _both(known.suite.requirement_of(result.test)),
        "standing": str(standing_of(result)),
        "blames": result.blames or result.subject,
        "reason": _both(result.reason),
        "expected": result.expected,
        "got": result.got,
        "pointer": result.pointer,
        "fix": _both(result.fix),
        "on": result.started_at.isoformat(),
        "evidence": [
            {"code": each.code, "sha256": each.sha256, "name": each.name, "size_bytes": each.size_bytes}
            for each in result.evidence
        ],
        "decided": {"by": result.decided_by, "why": result.decided_because} if result.decided_by else None,
        "asked": dict(known.asked[result.test]) if result.test in known.asked else None,
        "command": f"sunlight conformance run {known.connection} --level {target} --only {result.test}",
    }


def _disputed(known: Known) -> list[dict[str, Any]]:
    return [
        {
            "test": each.test,
            "title": _both(known.suite.case(each.test, each).title),
            "by": each.disputed_by,
            "why": each.disputed_because,
            "since": each.started_at.isoformat(),
        }
        for each in _results(known)
        if is_disputed(each)
    ]


def _quality(known: Known) -> list[dict[str, Any]]:
    """Return what the tests could not show, for want of the traffic or the cases that would show it."""
    return [
        {
            "test": each.test,
            "title": _both(known.suite.case(each.test, each).title),
            "reason": _both(each.reason),
            "command": f"sunlight conformance script {known.connection}",
        }
        for each in _results(known)
        if each.verdict is Verdict.SKIP
    ]


def criteria(known: Known) -> list[dict[str, Any]]:
    """Return how K1 to K13 stand: phase, since when, what was measured, and the working days that are left of it."""
    policies, found = policies_on(known.today), []
    for name in CRITERIA:
        row = orjson.loads(known.criteria[name]) if name in known.criteria else {}
        policy, phase = policies[name], row.get("phase", "")
        left = {"in_grace": policy.grace_wd, "on_probation": row.get("probation_wd", 0)}.get(phase)
        found.append(
            {
                "criterion": name,
                "zh": policy.zh,
                "en": policy.en,
                "suspends": policy.suspends,
                "phase": phase if row.get("is_applicable", True) else "not_applicable",
                "last": row.get("last", "unknown"),
                "since": row.get("since") or "",
                "working_days_left": None if left is None else max(0, left - row.get("used_wd", 0)),
                "needs_review": bool(row.get("needs_review", False)),
            }
        )
    return found


def _both(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}
