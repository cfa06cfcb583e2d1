"""The table of fields: for every field of a document the least view that sees it, how it is shown, and why.

A field that is not in the table is in no view: what somebody adds to a document tomorrow stays inside until it has
been classified here. `inside` names what has been classified as nobody's outside the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

View = Literal["public", "intranet", "restricted", "inside"]
Shown = Literal["as it is", "masked"]

VIEWS: Final = ("public", "intranet", "restricted")
"""The views of the feed, from the one that sees least to the one that sees most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields that one reason puts into one view. A path names fields by dots; `[]` is each element, `*` any name."""

    view: View
    shown: Shown
    ground: str
    """Why, with the source."""
    paths: tuple[str, ...]


def _group(view: View, paths: str, ground: str, *, shown: Shown = "as it is") -> Group:
    return Group(view=view, shown=shown, ground=ground, paths=tuple(paths.split()))


_ENVELOPE = (
    "specversion id source type subject time datacontenttype receivedat mappingfingerprint conformance traceparent"
)
_OPEN = (
    "办件公开 the course of a case: Disclosure Regulation arts. 19-20; Licensing Law art. 5; Penalty Law arts. 5, 48"
)
_WORK = "监察与协办所需 what supervision and co-operation between authorities need: Disclosure Regulation art. 16"
_TEXT = "自由文本 free text may name people: PIPL arts. 28, 34; shown masked"
_PERSON = "个人信息 a person's own data: PIPL arts. 6, 28, 34; Disclosure Regulation art. 15"
_COMPLAINT = "投诉材料 complaint material must not reach who is complained of: Petition Regulation art. 30"
_UNKNOWN = "未分类 what a source says beyond the standard; nobody has classified it: Disclosure Regulation art. 15"
_RAW = "来源原文 where in the department's system it came from, in its own words: inside, for verification alone"

CASE_EVENT: Final = (
    _group("public", _ENVELOPE, "信封 the envelope names no person"),
    _group("public", "data.type data.occurred_at data.promised_due_at data.statutory_due_at", _OPEN),
    _group("public", "data.stage_name data.case.matter_name", _OPEN, shown="masked"),
    _group("public", """data.case.case_id data.case.case_no data.case.family data.case.matter_code data.case.power_type
        data.case.region_code data.case.department_id data.case.case_type data.case.disclosure.class
        data.case.disclosure.exception_code""", _OPEN),
    _group("public", "data.case.disclosure.basis", _OPEN, shown="masked"),
    _group("intranet", """data.connection_id data.source_event_key data.occurrence data.source_version
        data.mapping_version data.on_change data.recorded_at data.sent_at data.precision data.source_sequence
        data.provenance.read_id data.provenance.portion data.provenance.ordinal data.provenance.record_digest
        data.provenance.backfill data.correction_of""", "来源 where an event came from, for reconciliation"),
    _group("intranet", "data.provenance.place", _TEXT, shown="masked"),
    _group("intranet", """data.operator.staff_code data.operator.second_staff_code data.stage_code
        data.new_case_no data.result.code data.result.document_no data.result.certificate_no data.result.valid_until
        data.special.kind data.special.notified_at data.special.limit.n data.special.limit.unit data.extension.n
        data.extension.unit data.extension.approved_at data.extension.notified_at data.fee.item_code data.fee.amount
        data.fee.receipt_no data.joint.department_id data.joint.limit.n data.joint.limit.unit data.payment.amount
        data.payment.receipt_no data.refers_to data.handling.department_id data.handling.staff_code
        data.handling.centre_id data.handling.designated data.handling.limit.n data.handling.limit.unit
        data.handling.reached data.handling.solved data.handling.satisfaction data.handling.outcome
        data.discretion.violation_code data.discretion.tier_code data.discretion.factors.[] data.discretion.amount
        data.evaluation.score_code data.evaluation.channel data.evaluation.real_name""", _WORK),
    _group("intranet", """data.operator.post data.operator.office data.opinion data.result.certificate_name
        data.result.reason data.result.remedy data.special.type_name data.special.basis data.special.approver
        data.special.limit.note data.special.result data.extension.approved_by data.fee.standard data.fee.payee
        data.supplement.items.[] data.joint.limit.note data.handling.reason data.handling.basis
        data.handling.approved_by data.handling.limit.note data.discretion.reason data.discretion.reviewer""",
        _TEXT, shown="masked"),
    _group("intranet", """data.case.source_case_no data.case.parent_case_id data.case.base_code data.case.code_scheme
        data.case.business_item_code data.case.matter_version data.case.business_domain data.case.channel
        data.case.procedure data.case.initial_review data.case.acceptance_doc_no data.case.complaint.centre_id
        data.case.complaint.channel data.case.complaint.kind data.case.complaint.category data.case.complaint.track
        data.case.complaint.respondent_department data.case.complaint.anonymous data.case.complaint.real_name
        data.case.complaint.confidential data.case.complaint.related_case_no data.case.complaint.duplicate_of
        data.case.complaint.refers_to data.case.applicant.kind data.case.applicant.id_type
        data.case.materials.[].required data.case.materials.[].received data.case.materials.[].received_at
        data.case.materials.[].method data.case.materials.[].copies data.case.materials.[].deferred""", _WORK),
    _group("intranet", "data.case.title data.case.handling_office data.case.materials.[].name", _TEXT, shown="masked"),
    _group("intranet", "data.case.applicant.name_masked data.case.agent.name_masked",
        "监察界面 masked names on the supervision screens: PIPL arts. 34, 51"),
    _group("restricted", """data.case.applicant.id_token data.case.applicant.id_masked data.case.applicant.phone_masked
        data.case.agent.phone_masked""", _PERSON),
    _group("restricted", """data.case.complaint.content data.case.complaint.respondent_person data.handling.reply
        data.evaluation.text data.case.attachments.[].name data.case.attachments.[].media_type
        data.case.attachments.[].size data.case.attachments.[].sha256""", _COMPLAINT),
    _group("restricted", "data.case.attributes.*", _UNKNOWN),
    _group("inside", "data.original.* data.case.attachments.[].uri", _RAW),
    _group("inside", "data.case.complaint.contact_sealed", _PERSON),
)  # fmt: skip
"""The fields of schemas/case-event.v1."""

ALERT: Final = (
    _group("intranet", _ENVELOPE, "信封 the envelope names no person"),
    _group("intranet", """data.alert_id data.rule_id data.rule_version data.name.zh data.name.en data.level
        data.type_code data.class data.phase data.mode data.state data.case.case_id data.case.case_no
        data.case.department_id data.case.region_code data.case.matter_code data.case.disclosure.class
        data.case.disclosure.exception_code data.clock_id data.occurrence data.raised_at data.changed_at data.reason
        data.evidence.[].event_id data.evidence.[].field data.evidence.[].expected data.evidence.[].source_hash
        data.basis data.responsible_department data.subject data.region_code data.supervision_no data.issued_at
        data.history.[].move data.history.[].by data.history.[].role data.history.[].at data.history.[].from
        data.history.[].to data.history.[].ground data.history.[].due_on data.history.[].to_whom data.orders.[].n
        data.orders.[].issued_at data.orders.[].due_on data.orders.[].by data.deadlines.[].kind
        data.deadlines.[].occurrence data.deadlines.[].due_at data.deadlines.[].state""", _WORK),
    _group("intranet", """data.finding.zh data.finding.en data.evidence.[].value data.history.[].note
        data.orders.[].content data.case.disclosure.basis""", _TEXT, shown="masked"),
)  # fmt: skip
"""The fields of schemas/alert.v1. Alerts are between the authorities: no view below the intranet sees any."""

CERTIFICATE: Final = (
    _group("intranet", "specversion id source type subject time datacontenttype dataschema",
        "信封 the envelope names no person"),
    _group("intranet", """data.act data.subject data.by data.second data.certificate_id data.connection_id
        data.department_id data.region_code data.state data.criterion data.levels""",
        "认证 how a connection stands, and who answers for that: Disclosure Regulation art. 16"),
    _group("intranet", "data.note", _TEXT, shown="masked"),
    _group("intranet", "data.jws", "签名 what the office signed, by which whoever relies on it can prove it"),
)  # fmt: skip
"""The fields of what happened to a certificate (schemas/act.v1): between the authorities, as alerts are."""

GROUPS: Final = {"case": CASE_EVENT, "alert": ALERT, "certificate": CERTIFICATE}


def listed(groups: tuple[Group, ...], view: str) -> Iterator[tuple[str, Group]]:
    """Yield the paths that `view` sees, each with its group."""
    rank = VIEWS.index(view)
    for group in groups:
        if group.view != "inside" and VIEWS.index(group.view) <= rank:
            yield from ((path, group) for path in group.paths)


def _below(prefix: str) -> tuple[str, ...]:
    paths = (path.removeprefix(prefix) for path, _ in listed(CASE_EVENT, "public") if path.startswith(prefix))
    return tuple(dict.fromkeys(path.partition(".")[0] for path in paths))


PUBLIC_CASE: Final = _below("data.case.")
"""All that the public view says of a case: no title, applicant, agent or attribute."""

PUBLIC_EVENT: Final = tuple(name for name in _below("data.") if name != "case")
"""All that the public view says of an event besides its case."""
