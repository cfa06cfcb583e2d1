"""What people do with complaints at the hub's own desk: the moves that they may make now, and the record of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from hub.model import ids
from hub.supervision.families.complaint import COMPLAINT, original_of, refusal
from hub.supervision.families.holding import ASSISTING, CENTRE, HANDLER
from hub.supervision.fold import step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from hub.supervision.fold import Case

DESK: Final = "city.complaints.desk"
"""The connection by which people's moves come in (mappings/city-complaints/desk.yaml)."""

NUMBERING: Final = "city.complaints"
"""How the complaints are numbered that people can move here."""

Kind = Literal["text", "lines", "department", "centre", "days", "yes", "outcome", "mark", "number"]

DAYS_MOST: Final = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that a move says: its name, how people read it, whether it must be said."""

    name: str
    zh: str
    en: str
    kind: Kind
    is_needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One move as people make it, in a role."""

    move: str
    zh: str
    en: str
    role: str
    fields: tuple[Field, ...] = ()


_REASON: Final = Field(name="reason", zh="理由", en="reason", kind="lines")
_BASIS: Final = Field(name="basis", zh="依据条款", en="legal basis", kind="text")
_TO: Final = Field(name="department_id", zh="承办单位", en="department", kind="department")
_HELP: Final = Field(name="department_id", zh="协办单位", en="assisting department", kind="department")
_DAYS: Final = Field(name="days", zh="时限（工作日）", en="limit in working days", kind="days")
_MORE: Final = Field(name="days", zh="延长（工作日）", en="more working days", kind="days")
_REPLY: Final = Field(name="reply", zh="答复内容", en="answer", kind="lines")
_OUTCOME: Final = Field(name="outcome", zh="调查结论", en="outcome", kind="outcome")
_CENTRE: Final = Field(name="centre_id", zh="转往中心", en="centre", kind="centre")
_REACHED: Final = Field(name="reached", zh="是否联系上", en="reached", kind="yes")
_SOLVED: Final = Field(name="solved", zh="是否解决", en="solved", kind="yes")
_MARK: Final = Field(
    name="satisfaction", zh="满意度（1 很满意 – 5 很不满意）", en="satisfaction, 1 best", kind="mark", is_needed=False
)
_ORIGINAL: Final = Field(name="original", zh="原投诉件编号", en="number of the first complaint", kind="number")

FORMS: Final = (
    Form(move="accepted", zh="受理", en="accept", role=CENTRE),
    Form(move="not_accepted", zh="不予受理", en="do not accept", role=CENTRE, fields=(_REASON,)),
    Form(move="dispatched", zh="派单", en="dispatch", role=CENTRE, fields=(_TO, _DAYS)),
    Form(move="redispatched", zh="重派", en="dispatch again", role=CENTRE, fields=(_TO,)),
    Form(move="arbitrated", zh="仲裁指定", en="arbitrate", role=CENTRE, fields=(_TO, _REASON)),
    Form(move="assist_asked", zh="指定协办", en="ask to assist", role=CENTRE, fields=(_HELP, _DAYS)),
    Form(move="extended", zh="批准延期", en="approve the extension", role=CENTRE, fields=(_MORE,)),
    Form(move="extension_refused", zh="不予延期", en="refuse the extension", role=CENTRE, fields=(_REASON,)),
    Form(move="followed_up", zh="回访", en="follow up", role=CENTRE, fields=(_REACHED, _SOLVED, _MARK)),
    Form(move="reworked", zh="退回重办", en="send back", role=CENTRE, fields=(_REASON, _DAYS)),
    Form(move="closed", zh="办结", en="close", role=CENTRE),
    Form(move="archived", zh="归档", en="archive", role=CENTRE),
    Form(move="transferred", zh="转送其他中心", en="pass to another centre", role=CENTRE, fields=(_CENTRE, _REASON)),
    Form(move="linked", zh="并入重复件", en="link as a duplicate", role=CENTRE, fields=(_ORIGINAL,)),
    Form(move="withdrawn", zh="撤诉", en="withdrawn by the complainant", role=CENTRE, fields=(_REASON,)),
    Form(move="signed", zh="签收", en="sign for", role=HANDLER),
    Form(move="started", zh="开始办理", en="start", role=HANDLER),
    Form(move="returned", zh="退单", en="return", role=HANDLER, fields=(_REASON, _BASIS)),
    Form(move="extension_requested", zh="申请延期", en="ask for an extension", role=HANDLER, fields=(_REASON, _MORE)),
    Form(move="replied", zh="反馈", en="reply", role=HANDLER, fields=(_REPLY, _OUTCOME)),
    Form(move="assisted", zh="协办答复", en="answer the lead", role=ASSISTING, fields=(_REPLY,)),
)
"""Every move that people make here, with what each must say."""

OUTCOMES: Final = {
    "substantiated": ("属实", "substantiated"),
    "partly": ("部分属实", "partly"),
    "unsubstantiated": ("不属实", "unsubstantiated"),
    "undetermined": ("无法认定", "undetermined"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody at the desk. Without a department, and as staff of a centre, they act for the centre."""

    name: str
    department_id: str = ""
    is_centre: bool = False

    def roles(self, case: Case) -> frozenset[str]:
        """Return what they are to a complaint: to a report 举报 of their own department nothing."""
        if case.holding is None or case.holding.is_about(self.department_id):
            return frozenset()
        if self.is_centre:
            return frozenset({CENTRE}) if self.department_id in ("", case.holding.centre) else frozenset()
        return case.holding.roles(self.department_id) - {CENTRE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Why a move is not made: what is wrong, in both languages, and what to do."""

    code: str
    problem: str
    hint: str


def forms_for(case: Case, actor: Actor) -> Sequence[Form]:
    """Return the moves that somebody may make of a complaint now."""
    if not _is_numbered_here(case):
        return ()
    roles = actor.roles(case)
    return [form for form in FORMS if form.role in roles and _is_open(case, form)]


def _is_open(case: Case, form: Form) -> bool:
    move = COMPLAINT[f"complaint.{form.move}"]
    stands = move.sources is None or case.state in move.sources
    held, last = case.holding, case.told[-1]
    return stands and held is not None and all(g.holds(last, held) for g in move.guards if g.is_of_state)


def _is_numbered_here(case: Case) -> bool:
    return ids.case_id(NUMBERING, number_of(case)) == case.case_id


def number_of(case: Case) -> str:
    """Return the number by which the centre knows a complaint."""
    return str(case.attributes.get("source_case_no") or case.case_no)


def record_of(
    case: Case, actor: Actor, move: str, said: Mapping[str, str], *, move_id: str, at: datetime, passed_to: str = ""
) -> dict[str, Any] | Wrong:
    """Return the record of a move, or why it is not made. `said` are the fields of its form, as text.

    `passed_to` is the department that runs the centre which a complaint is passed to.
    """
    form = next((each for each in FORMS if each.move == move), None)
    if form is None:
        return Wrong(
            code="complaint.move", problem=f"没有此操作 nobody can {move[:40]!r} a complaint", hint=_moves(FORMS)
        )
    wrong = _lacking(form, said)
    if wrong is not None:
        return wrong
    record = _record(case, actor, form, said, move_id=move_id, at=at)
    if form.move == "transferred" and passed_to:
        record["handling"]["department_id"] = passed_to
    return _forbidden(case, actor, form, record) or record


def wrong_original(case: Case, number: str, known: Callable[[str], Case | None]) -> Wrong | None:
    """Return why a complaint is not linked to the one of that number; `known` looks complaints up by their case id.

    Where one follows from link to link there must be a complaint that somebody answers: a number that nobody knows, or
    a circle, would end all of them unanswered and uncounted.
    """
    passed = {case.case_id}
    while (at := ids.case_id(NUMBERING, number.strip())) not in passed:
        passed.add(at)
        other = known(at)
        if other is None:
            return Wrong(code="complaint.original", problem=f"没有该投诉件 there is no complaint {number[:40]!r}",
                         hint="look its number up: /v1/complaints")  # fmt: skip
        if other.state != "linked":
            return None
        number = original_of(next(fact for fact in reversed(other.timeline) if fact.type == "complaint.linked"))
    return Wrong(code="complaint.original", problem=f"{number[:40]}已并入本件 it is linked to this very complaint",
                 hint="link the later one to the first")  # fmt: skip


def _moves(forms: Sequence[Form]) -> str:
    allowed = ", ".join(form.move for form in forms)
    return f"one of {allowed}" if allowed else "现在没有可办的环节 nothing can be done with it now"


def _lacking(form: Form, said: Mapping[str, str]) -> Wrong | None:
    known = {field.name: field for field in form.fields}
    for name in said:
        if name not in known:
            return Wrong(code="complaint.field", problem=f"{form.move} says nothing of {name[:40]!r}",
                         hint=f"it says: {', '.join(known) or 'nothing'}")  # fmt: skip
    for name, field in known.items():
        text = said.get(name, "").strip()
        if not text and field.is_needed:
            return Wrong(
                code="complaint.field", problem=f"{field.zh}没有填写 {name} is empty", hint=f"填写{field.zh} · say it"
            )
        if text and not _fits(field, text):
            return Wrong(code="complaint.field", problem=f"{field.zh}不对 {name} is wrong", hint=_HINTS[field.kind])
    return None


_HINTS: Final[Mapping[str, str]] = {
    "days": f"1–{DAYS_MOST}",
    "yes": "true, false",
    "outcome": ", ".join(OUTCOMES),
    "mark": "1–5",
}


def _fits(field: Field, text: str) -> bool:
    if field.kind == "days":
        return text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= DAYS_MOST
    if field.kind == "yes":
        return text in ("true", "false")
    if field.kind == "outcome":
        return text in OUTCOMES
    return field.kind != "mark" or text in ("1", "2", "3", "4", "5")


_ABOUT: Final = (
    "centre_id", "channel", "kind", "category", "track", "respondent_department", "anonymous", "confidential",
)  # fmt: skip
"""What a move repeats of the complaint, so that whoever reads it alone knows how it is to be treated."""


def _record(
    case: Case, actor: Actor, form: Form, said: Mapping[str, str], *, move_id: str, at: datetime
) -> dict[str, Any]:
    held = case.holding
    speaks = held.centre if held is not None and form.role == CENTRE else actor.department_id
    about = case.attributes.get("complaint", {})
    return {
        "id": move_id,
        "move": form.move,
        "at": at.isoformat(),
        "number": number_of(case),
        "department": speaks,
        **({"original": said["original"].strip()} if "original" in said else {}),
        "case": {
            "region_code": case.attributes["region_code"],
            "disclosure": case.attributes["disclosure"]["class"],
            "complaint": {name: about[name] for name in _ABOUT if name in about},
        },
        "handling": _handling(case, actor, form, said),
    }


def _handling(case: Case, actor: Actor, form: Form, said: Mapping[str, str]) -> dict[str, Any]:
    plain = {name: text.strip() for name, text in said.items() if name not in ("days", "original") and text.strip()}
    limit = {"limit": {"n": int(said["days"]), "unit": "working_day"}} if "days" in said else {}
    approver = {"approved_by": actor.name} if form.move == "extended" else {}
    whom = case.holding.handler if case.holding is not None else ""
    to = {"department_id": actor.department_id if form.role == ASSISTING else whom} if form.role != CENTRE else {}
    if form.move in ("extended", "extension_refused", "reworked"):
        to = {"department_id": whom}
    designated = {"designated": True} if form.move == "arbitrated" else {}
    return {"staff_code": actor.name, **to, **limit, **approver, **designated, **plain}


def _forbidden(case: Case, actor: Actor, form: Form, record: Mapping[str, Any]) -> Wrong | None:
    """Hold a move against the machine before it is sent, as supervision will when it comes."""
    if case.holding is None or not _is_numbered_here(case):
        return Wrong(code="complaint.elsewhere", problem="该件不在本平台办理 this complaint is not moved here",
                     hint="move it in the system of its centre")  # fmt: skip
    kind = f"complaint.{form.move}"
    _, disorder = step(case.state, kind, family="complaint")
    if form.role not in actor.roles(case) or disorder:
        return Wrong(code="complaint.forbidden", problem=f"现在不能{form.zh} {form.move} is not allowed now",
                     hint=_moves(forms_for(case, actor)))  # fmt: skip
    handling = {**record["handling"], **({"designated": True} if form.move == "arbitrated" else {})}
    fact = replace(
        case.told[-1], type=kind, department_id=record["department"],
        detail={"handling": handling, "refers_to": record.get("original", "")},
        attributes={**case.told[-1].attributes, "case_no": case.case_no, "complaint": {}},
    )  # fmt: skip
    lacking = refusal(COMPLAINT[kind], fact, case.holding)
    if lacking is None:
        return None
    return Wrong(code="complaint.forbidden", problem=f"{lacking.zh} {form.move} asks for {lacking.expected}",
                 hint=_moves(forms_for(case, actor)))  # fmt: skip
