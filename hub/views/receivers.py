"""Makes what one receiver is told of a complaint: the department that handles it, the centre that took it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.views.classes import class_of, is_report, is_shielded
from hub.views.masking import masked
from hub.views.trees import Tree, kept, tree_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENVELOPE: Final = (
    "specversion id source type subject time datacontenttype receivedat sequence streamsequence traceparent"
)
_COURSE: Final = """data.type data.occurred_at data.occurrence data.promised_due_at data.statutory_due_at
    data.case.case_id data.case.case_no data.case.source_case_no data.case.family data.case.matter_code
    data.case.matter_name data.case.region_code data.case.department_id data.case.channel
    data.case.complaint.centre_id data.case.complaint.channel data.case.complaint.kind
    data.case.complaint.category data.case.complaint.track data.case.complaint.anonymous
    data.case.complaint.confidential data.case.complaint.real_name data.case.complaint.duplicate_of
    data.case.complaint.refers_to data.case.disclosure.class data.extension.n data.extension.unit
    data.handling.department_id data.handling.centre_id data.handling.designated data.handling.limit.n
    data.handling.limit.unit data.handling.outcome data.handling.reached data.handling.solved
    data.handling.satisfaction"""
"""What every receiver of a complaint needs: which one it is, where it stands, by when."""

_TEXTS: Final = """data.case.title data.case.complaint.content data.handling.reason data.handling.basis
    data.handling.limit.note data.case.attachments.[].name"""
"""Texts for whoever handles a complaint: of one who stays unknown they are masked."""

_FILES: Final = """data.case.attachments.[].media_type data.case.attachments.[].size
    data.case.attachments.[].sha256"""
"""Attachments themselves are in their author's hand or voice: they go where the complainant may be known. They are
saved at the hub, which has verified them, never where their author's centre keeps them."""

_RESPONDENT: Final = """data.case.complaint.respondent_department data.case.complaint.respondent_person
    data.case.complaint.related_case_no"""

_COMPLAINANT: Final = """data.case.applicant.kind data.case.applicant.name_masked data.case.applicant.phone_masked
    data.case.agent.name_masked data.case.agent.phone_masked data.case.complaint.contact_sealed"""
"""Whom the handling office may reach, where nobody asked to stay unknown: masked; sealed where a centre sends it."""


def _tree(*groups: str, text: Any = None) -> Tree:  # noqa: ANN401 - what is done to texts
    plain = ((path, None) for group in (_ENVELOPE, _COURSE, *groups) for path in group.split())
    return tree_of((*plain, *((path, text) for path in _TEXTS.split())))


_HANDLER: Final = _tree(_RESPONDENT, _COMPLAINANT, _FILES)
_SHIELDED_HANDLER: Final = _tree(_RESPONDENT, text=masked)
_ORIGIN: Final = tree_of(
    (path, None) for path in f"{_ENVELOPE} {_COURSE} data.handling.reply data.handling.reason".split()
)
_TAKING_OVER: Final = _tree(_RESPONDENT, _COMPLAINANT, _FILES)


def may_reach(case: Mapping[str, Any], department_id: str, *, takes_reports: bool = False) -> bool:
    """Tell whether a department may be told that there is a case, or anything about it: no report 举报 of itself.

    Of a report that does not say whom it speaks of nobody is told but who takes reports.
    """
    about = case.get("complaint") or {}
    unit = about.get("respondent_department")
    return not is_report(case) or (takes_reports if unit is None else unit != department_id)


def is_report_of(case: Mapping[str, Any], department_id: str) -> bool:
    """Tell whether a case is a report 举报 that speaks of a department."""
    about = case.get("complaint") or {}
    return bool(department_id) and is_report(case) and about.get("respondent_department") == department_id


def for_handler(
    document: Mapping[str, Any], department_id: str, *, takes_reports: bool = False
) -> dict[str, Any] | None:
    """Return a complaint's event as the department that is to handle it may see it; None: it must not be sent.

    Refused: what is no complaint or does not say of what kind it is, what is secret, a report 举报 for the unit that it
    speaks of, and an order to the very person complained of (Petition Regulation 2022, art. 30). Of a report, and of a
    complainant who asked for it, the department learns nobody's name, number or contact, and gets no attachment.
    """
    case = _complaint(document)
    if case is None:
        return None
    handling = document["data"].get("handling") or {}
    if not may_reach(case, department_id, takes_reports=takes_reports) or _is_self(handling, case["complaint"]):
        return None
    return _made(document, _SHIELDED_HANDLER if is_shielded(case) else _HANDLER, "complaint-order")


def for_centre(document: Mapping[str, Any], centre_id: str) -> dict[str, Any] | None:
    """Return a complaint's event as a centre may see it; None: it must not be sent.

    The centre that took it in hears how it goes and what is answered, not who works on it nor what it said itself. The
    centre to which it is transferred gets all of it, for it takes it over.
    """
    case = _complaint(document)
    if case is None:
        return None
    if (document["data"].get("handling") or {}).get("centre_id") == centre_id:
        return _made(document, _TAKING_OVER, "complaint-status")
    return _made(document, _ORIGIN, "complaint-status") if case["complaint"].get("centre_id") == centre_id else None


def _complaint(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the case of a complaint's event that may leave the hub at all."""
    case: Mapping[str, Any] = document["data"].get("case") or {}
    is_known = case.get("family") == "complaint" and "kind" in (case.get("complaint") or {})
    return case if is_known and class_of(case) != "secret" else None


def _is_self(handling: Mapping[str, Any], about: Mapping[str, Any]) -> bool:
    person = about.get("respondent_person")
    return bool(person) and handling.get("staff_code") == person


def _made(document: Mapping[str, Any], tree: Tree, shape: str) -> dict[str, Any]:
    return {**kept(document, tree), "dataschema": f"urn:sunlight:schema:{shape}:1"}
