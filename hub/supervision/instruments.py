"""Which papers 文书 are issued of an alert, by which authority and when; what stands in them, how they are received.

Who may issue what is data with days of effect (schemas/codes/instruments.json, supervision_authorities.json): the
notice 告知单 and the order 督办单 are the centre's own, recommendations 监察建议书 the supervisory commission's since
20 March 2018, opinions and decisions 意见书, 决定书 the justice departments' since 1 February 2026 (Order 825).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.errors import Rejection
from hub.model.codes import code_list
from hub.supervision.alert_clocks import appeal_ends, clocks_of_alert, issued_at
from hub.supervision.instants import HUB_ZONE, instant, written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime, tzinfo

    from hub.model.values import AlertRow, PaperRow
    from hub.supervision.calendar import WorkCalendar

INSTRUMENTS: Final = "instruments"
AUTHORITIES: Final = "supervision_authorities"

_NEVER_ISSUED: Final = frozenset({"shadow", "pending"})
_OVER: Final = frozenset({"cleared", "revoked", "closed"})
_SIGNED: Final = frozenset({"sign"})
_ANSWERED: Final = frozenset({"answer", "rectify"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """How this city's papers are numbered and signed: what every number begins with, and authorities' full names."""

    prefix: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, authority: str) -> str:
        """Return an authority's full name, as the city calls it or else as the code list does."""
        row = code_list(AUTHORITIES).rows.get(authority)
        return self.names.get(authority) or (str(row["zh"]) if row else authority)

    def number(self, instrument: str, year: int, number: int) -> str:
        """Write a number 文号 (GB/T 9704-2012, 7.2.5): sign, year in full in its brackets, number without zeros."""
        return f"{self.prefix}{code_list(INSTRUMENTS).rows[instrument]['sign']}〔{year}〕{number}号"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWish:
    """What somebody wants to have issued: which instrument, as which authority; `note` is what it says in words."""

    instrument: str
    authority: str
    by: str
    at: datetime
    department_id: str = ""
    note: str = ""


def instruments(authority: str, day: date) -> Sequence[Mapping[str, Any]]:
    """Return the instruments that an authority may issue on a day."""
    known = code_list(INSTRUMENTS)
    return [row for code, row in known.rows.items() if row["authority"] == authority and known.valid(code, day)]


def why_not(alert: AlertRow, wish: PaperWish, issued: Sequence[PaperRow], calendar: WorkCalendar) -> Rejection | None:
    """Say why a paper is not issued, the first reason found; None where it is. `issued` are the alert's papers."""
    row = code_list(INSTRUMENTS).rows.get(wish.instrument)
    if row is None:
        return _no("instrument", f"there is no instrument {wish.instrument!r}", f"one of {', '.join(_codes())}")
    return (
        _of_authority(wish, row, calendar.day_of(wish.at))
        or _of_alert(alert, wish, row)
        or _of_papers(alert, wish, row, issued)
    )


def _codes() -> Sequence[str]:
    return list(code_list(INSTRUMENTS).rows)


def _of_authority(wish: PaperWish, row: Mapping[str, Any], day: date) -> Rejection | None:
    if wish.authority != row["authority"]:
        can = ", ".join(each["code"] for each in instruments(wish.authority, day)) or "nothing"
        problem = f"{_called(row)} is not issued by {_authority(wish.authority)}, but by {_authority(row['authority'])}"
        return _no("authority", problem, f"{_authority(wish.authority)} issues {can} on {day}")
    if not code_list(INSTRUMENTS).valid(wish.instrument, day):
        since, until = row["valid_from"] or "the beginning", row["valid_to"] or "now"
        problem = f"{_called(row)} of {_authority(row['authority'])} is not issued on {day}"
        return _no("not-in-force", problem, f"it was from {since} until {until} ({row['basis']})")
    return None


def _of_alert(alert: AlertRow, wish: PaperWish, row: Mapping[str, Any]) -> Rejection | None:
    if wish.department_id and wish.department_id == alert.department_id:
        return _no("department", "nobody of the responsible department issues papers on it", "let the centre do it")
    if alert.state in _NEVER_ISSUED:
        return _no("state", f"an alert that is {alert.state} is told to nobody", "confirm it first")
    if alert.state in _OVER:
        return _no("state", f"an alert that is {alert.state} is over", "no paper is issued of it any more")
    if "note" in row["needs"] and not wish.note.strip():
        return _no("note", f"{_called(row)} says in words what is to be done", "say it: note")
    if "order" in row["needs"] and not alert.document.get("orders"):
        return _no("order", "there is no order to be written", "put the alert under an order first: move order")
    return None


def _of_papers(
    alert: AlertRow, wish: PaperWish, row: Mapping[str, Any], issued: Sequence[PaperRow]
) -> Rejection | None:
    same = [paper for paper in issued if paper.instrument == wish.instrument]
    if row["after"] and not any(paper.instrument == row["after"] for paper in issued):
        before = code_list(INSTRUMENTS).rows[row["after"]]
        return _no("before", f"{_called(row)} comes after {_called(before)}", f"issue {row['after']} first")
    known = next((paper for paper in same if _is_same(alert, paper)), None)
    if known is not None and not row["needs"]:
        return _no("again", f"it was issued already: {known.content['no']}", "use that one")
    if known is not None and "order" in row["needs"] and known.content["order"]["n"] == len(alert.document["orders"]):
        return _no("again", f"this order was written already: {known.content['no']}", "give another order first")
    return None


def _is_same(alert: AlertRow, paper: PaperRow) -> bool:
    """Tell whether a paper is of the alert as it was raised last: one that rose again is told anew."""
    return paper.issued_at >= issued_at(alert.document)


def _no(code: str, problem: str, hint: str) -> Rejection:
    return Rejection(stage="supervise", code=f"paper.{code}", problem=problem, hint=hint)


def _called(row: Mapping[str, Any]) -> str:
    return f"{row['zh']} ({row['code']})"


def _authority(code: str) -> str:
    row = code_list(AUTHORITIES).rows.get(code)
    return f"{row['zh']} ({code})" if row else repr(code)


def content_of(
    alert: AlertRow, wish: PaperWish, number: int, *, addressee: str, office: Office, calendar: WorkCalendar
) -> dict[str, Any]:
    """Return what stands in a paper, as data: it is ledgered, and the paper is drawn from nothing else."""
    row, day = code_list(INSTRUMENTS).rows[wish.instrument], calendar.day_of(wish.at)
    document = alert.document
    return {
        "no": office.number(wish.instrument, day.year, number),
        "instrument": wish.instrument,
        "title": {"zh": row["zh"], "en": row["en"]},
        "issuer": office.name(row["authority"]),
        "authority_basis": row["basis"],
        "issued_on": day.isoformat(),
        "by": wish.by,
        "addressee": {"department_id": alert.department_id, "name": addressee},
        "alert": _told(alert),
        "finding": document["finding"],
        "evidence": [_shown(each) for each in document["evidence"]],
        "basis": document.get("basis", ""),
        "note": wish.note,
        **_deadlines(alert, wish, row, calendar),
    }


def _told(alert: AlertRow) -> dict[str, str]:
    document = alert.document
    about = document["case"]["case_no"] if "case" in document else alert.subject
    name = document.get("name", {"zh": alert.rule_id, "en": alert.rule_id})
    number = document.get("supervision_no", "")
    told = {"alert_id": alert.alert_id, "supervision_no": number, "rule_id": alert.rule_id, "level": alert.level}
    return {**told, "about": about, "name_zh": name["zh"], "name_en": name["en"]}


def _shown(evidence: Mapping[str, str]) -> dict[str, str]:
    return {name: evidence[name] for name in ("event_id", "field", "value", "expected") if name in evidence}


def _deadlines(alert: AlertRow, wish: PaperWish, row: Mapping[str, Any], calendar: WorkCalendar) -> dict[str, Any]:
    """Return until when to answer and to appeal, as days; an order says its own."""
    found: dict[str, Any] = {}
    if "order" in row["needs"]:
        order = alert.document["orders"][-1]
        found["order"] = {name: order[name] for name in ("n", "content", "due_on")}
        found["answer_by"] = order["due_on"]
    elif row["answer_days"]:
        found["answer_by"] = (calendar.day_of(wish.at) + timedelta(days=row["answer_days"])).isoformat()
    elif due := _feedback_due(alert, calendar, wish.at):
        found["answer_by"] = _last_day(due, calendar)
    ends = appeal_ends(alert, calendar)
    if wish.at < ends and alert.state in ("raised", "signed", "answered"):
        found["appeal_by"] = _last_day(ends, calendar)
    return found


def _feedback_due(alert: AlertRow, calendar: WorkCalendar, now: datetime) -> datetime | None:
    clocks = [each for each in clocks_of_alert(alert, calendar, now) if each.kind == "alert_feedback"]
    return next((each.due_at for each in reversed(clocks) if each.stopped_at is None), None)


def _last_day(due: datetime, calendar: WorkCalendar) -> str:
    """Return the last day of a limit that ends at 24:00 of it."""
    return calendar.day_of(due - timedelta(microseconds=1)).isoformat()


def receipt_of(paper: PaperRow, alert: AlertRow) -> dict[str, str]:
    """Tell whether a paper was received 回执: signed or answered by the department in the hub, after it was issued."""
    later = [
        each
        for each in alert.document.get("history", ())
        if each["role"] == "department" and instant(each["at"], HUB_ZONE) >= paper.issued_at
    ]
    for state, moves in (("answered", _ANSWERED), ("signed", _SIGNED)):
        found = next((each for each in later if each["move"] in moves), None)
        if found is not None:
            return {"state": state, "by": found["by"], "at": found["at"], "note": found.get("note", "")}
    return {"state": "issued" if paper.is_drawn else "drawing", "by": "", "at": "", "note": ""}


def told_paper(paper: PaperRow, alert: AlertRow, zone: tzinfo) -> dict[str, Any]:
    """Tell one paper as plain data."""
    return {
        "paper_id": paper.paper_id,
        "no": paper.content["no"],
        "instrument": paper.instrument,
        "issuer": paper.content["issuer"],
        "issued_at": written(paper.issued_at, zone),
        "by": paper.content["by"],
        "files": {"docx": paper.docx_digest, "pdf": paper.pdf_digest},
        "receipt": receipt_of(paper, alert),
    }
