"""Decides what is shown of one complaint, and to whom: its centre sees all of it, a department what it may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway import words
from gateway.casefile import in_order, labelled, local
from gateway.complaint_words import CATEGORIES, CHANNELS, KINDS, TRACKS
from hub.complaint_desk import OUTCOMES
from hub.complaint_post.centres import centres_in
from hub.supervision.families.complaint import goes_to
from hub.supervision.families.holding import HANDLER
from hub.views import for_handler, is_report_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo

    from gateway.reading import Row
    from gateway.words import Names
    from hub.complaint_desk import Actor, Field, Form
    from hub.supervision.caselog import Fact
    from hub.supervision.fold import Case

_ABOUT: Final = (
    "centre_id", "channel", "kind", "category", "track", "respondent_department", "related_case_no", "content",
)  # fmt: skip
"""What is shown of what a complaint is about."""

_CODED: Final = (
    ("kind", "类别", "kind", KINDS),
    ("channel", "来源", "channel", CHANNELS),
    ("track", "办理类型", "track", TRACKS),
    ("category", "问题类型", "about", CATEGORIES),
)
"""What a complaint's head says in words that codes stand for."""

_SAID: Final = {
    "reason": ("理由", "reason"),
    "basis": ("依据", "basis"),
    "reply": ("答复", "answer"),
    "approved_by": ("批准人", "approved by"),
    "centre_id": ("中心", "centre"),
    "satisfaction": ("满意度", "satisfaction"),
}
_TRUTHS: Final = {
    "reached": ("已联系", "reached"),
    "solved": ("已解决", "solved"),
    "designated": ("指定承办", "designated"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who looks, and by what names departments and centres are called."""

    actor: Actor
    names: Names
    zone: tzinfo
    catalogue: Callable[[], Sequence[Mapping[str, Any]]]

    def departments(self, case: Case) -> Mapping[str, str]:
        """Return by id the departments that a complaint can be sent to: a report to bodies that take reports alone."""
        held = case.holding
        if held is None:
            return {}
        listed = (str(each["department"]["department_id"]) for each in self.catalogue())
        able = [each for each in listed if each != held.centre and goes_to(each, held) and not held.is_about(each)]
        return {each: self.names.department(each) for each in able}

    def centres(self, case: Case) -> Mapping[str, str]:
        """Return by id the centres that a complaint can be passed to: of a report none of the unit it is about."""
        known = centres_in(self.catalogue()).items()
        return {name: centre.name for name, centre in known if not is_report_of(case.attributes, centre.department_id)}

    def view(self, case: Case, fact: Fact | None = None) -> Mapping[str, Any] | None:
        """Return the data of a complaint, and of one of its moves, as the asker may see it; None: not at all."""
        data: dict[str, Any] = {"case": case.attributes}
        if fact is not None:
            data |= {"type": fact.type, **fact.detail}
        if self.actor.is_centre:
            return data
        own, held = self.actor.department_id, case.holding
        seen = for_handler({"data": data}, own, takes_reports=held is not None and held.takes_reports(own))
        if seen is None:
            return None
        return self._with_answers(case, fact, seen["data"])

    def _with_answers(self, case: Case, fact: Fact | None, data: dict[str, Any]) -> Mapping[str, Any]:
        """Let a department see what it answered itself, and the lead what those answer that assist it."""
        if fact is None or "reply" not in fact.detail.get("handling", {}):
            return data
        is_own = fact.department_id == self.actor.department_id
        leads = HANDLER in self.actor.roles(case) and fact.type == "complaint.assisted"
        if not (is_own or leads):
            return data
        return {**data, "handling": {**data.get("handling", {}), "reply": fact.detail["handling"]["reply"]}}


def header(desk: Desk, row: Row, case: Case) -> dict[str, Any] | None:
    """Tell of a complaint what a list shows; None where the asker may not see it."""
    data = desk.view(case)
    if data is None or case.holding is None or not desk.actor.roles(case):
        return None
    seen = data["case"]
    return {
        "case_id": case.case_id,
        "case_no": case.case_no,
        "title": seen.get("title", ""),
        "state": case.state,
        "state_label": labelled(words.label(words.STATES, case.state)),
        "kind": seen["complaint"].get("kind", ""),
        "kind_label": labelled(words.label(KINDS, seen["complaint"].get("kind", ""))),
        "track": seen["complaint"].get("track", ""),
        "roles": sorted(desk.actor.roles(case)),
        "handler": case.holding.handler,
        "handler_name": desk.names.department(case.holding.handler) if case.holding.handler else "",
        "region_code": case.attributes["region_code"],
        "opened_at": local(case.opened_at, desk.zone),
        "due_at": local(row.get("due_at"), desk.zone),
    }


def shown(desk: Desk, row: Row, case: Case, forms: Sequence[Form]) -> dict[str, Any] | None:
    """Tell all of a complaint that the asker may see, and the moves that they may make; None: they may not see it."""
    data = desk.view(case)
    told = header(desk, row, case)
    if data is None or told is None:
        return None
    seen = data["case"]
    odd = {each.event_id: each.reason for each in case.anomalies}
    open_due = [each.due_at for each in row["clocks"] if each.stopped_at is None]
    return {
        **told,
        "due_at": local(min(open_due, default=None), desk.zone),
        "about": {name: seen["complaint"][name] for name in _ABOUT if name in seen["complaint"]},
        "facts": _facts(desk, case, seen["complaint"]),
        "applicant": dict(seen.get("applicant", {})),
        "returns": case.holding.returns if case.holding is not None else 0,
        "timeline": [_told(desk, case, fact, odd) for fact in _visible(desk, case)],
        "clocks": [
            {
                "kind": each.kind,
                "label": labelled(words.label(words.CLOCKS, each.kind)),
                "state": each.state,
                "state_label": labelled(words.label(words.CLOCK_STATES, each.state)),
                "due_at": local(each.due_at, desk.zone),
                "derivation": list(each.derivation),
            }
            for each in in_order(row["clocks"])
        ],
        "moves": [_form(desk, case, form) for form in forms],
    }


def _facts(desk: Desk, case: Case, about: Mapping[str, Any]) -> Sequence[dict[str, str]]:
    """Say what a complaint is, how it came, where, and about whom: what whoever dispatches it goes by."""
    coded = [(zh, en, words.label(table, about.get(name, ""))) for name, zh, en, table in _CODED if about.get(name)]
    where = words.region_label(case.attributes["region_code"])
    found = [{"zh": zh, "en": en, "text": f"{each.zh} {each.en}"} for zh, en, each in coded]
    found.append({"zh": "地区", "en": "where", "text": f"{where.zh} {where.en}"})
    if about.get("respondent_department"):
        whom = desk.names.department(about["respondent_department"])
        found.append({"zh": "涉及部门", "en": "about", "text": whom})
    if about.get("related_case_no"):
        found.append({"zh": "相关办件", "en": "case it is about", "text": about["related_case_no"]})
    return found


def _visible(desk: Desk, case: Case) -> Sequence[Fact]:
    """Return the moves that the asker sees: what is of no effect the centre does, and whoever said it."""
    if desk.actor.is_centre:
        return case.told
    return [fact for fact in case.told if fact in case.timeline or fact.department_id == desk.actor.department_id]


def _told(desk: Desk, case: Case, fact: Fact, odd: Mapping[str, str]) -> dict[str, Any]:
    moment = fact.occurred_at.astimezone(desk.zone)
    data = desk.view(case, fact) or {}
    return {
        "event_id": fact.event_id,
        "type": fact.type,
        "label": labelled(words.event_label(fact.type)),
        "occurred_at": moment.date().isoformat() if fact.date_only else moment.isoformat(),
        "by": desk.names.department(fact.department_id),
        "anomaly": odd.get(fact.event_id),
        "said": [*_said(desk, data.get("handling", {}))],
    }


def _said(desk: Desk, handling: Mapping[str, Any]) -> Sequence[dict[str, str]]:
    """Say a move's own fields for people."""
    found = []
    if handling.get("department_id"):
        found.append({"zh": "单位", "en": "department", "text": desk.names.department(handling["department_id"])})
    limit = handling.get("limit")
    if limit:
        unit = {"working_day": "个工作日", "calendar_day": "日", "hour": "小时"}.get(limit["unit"], limit["unit"])
        found.append({"zh": "时限", "en": "limit", "text": f"{limit['n']} {unit}"})
    if handling.get("outcome") in OUTCOMES:
        found.append({"zh": "结论", "en": "outcome", "text": " ".join(OUTCOMES[handling["outcome"]])})
    for name, (zh, en) in _TRUTHS.items():
        if name in handling:
            found.append({"zh": zh, "en": en, "text": "是 yes" if handling[name] else "否 no"})
    for name, (zh, en) in _SAID.items():
        if handling.get(name):
            found.append({"zh": zh, "en": en, "text": str(handling[name])})
    return found


def _form(desk: Desk, case: Case, form: Form) -> dict[str, Any]:
    return {
        "move": form.move,
        "label": {"zh": form.zh, "en": form.en},
        "fields": [_field(desk, case, each) for each in form.fields],
    }


def _field(desk: Desk, case: Case, field: Field) -> dict[str, Any]:
    choices: Mapping[str, str] = {}
    if field.kind == "department":
        choices = desk.departments(case)
    elif field.kind == "centre":
        choices = desk.centres(case)
    elif field.kind == "outcome":
        choices = {code: " ".join(names) for code, names in OUTCOMES.items()}
    elif field.kind == "yes":
        choices = {"true": "是 yes", "false": "否 no"}
    elif field.kind == "mark":
        choices = {str(n): str(n) for n in range(1, 6)}
    return {
        "name": field.name,
        "zh": field.zh,
        "en": field.en,
        "kind": field.kind,
        "needed": field.is_needed,
        "choices": dict(choices),
    }
