"""Decides what people do to the terms that cases are judged by: the catalogue with four eyes, and the calendar."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.errors import Rejection
from hub.model.documents import act_document
from hub.model.terms import CatalogueChange, NoticeRow, Touched
from hub.supervision.amendment import amended, change_id, obstacle, touched, valid_from
from hub.supervision.notice import implausible, notice_from
from hub.supervision.persons import same_person

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from hub.admission import Act
    from hub.ports import Unit
    from hub.supervision.calendar import WorkCalendar

CATALOGUE_ACT: Final = "catalogue."
CALENDAR_ACT: Final = "calendar.load"


class TermsDesk:
    """The terms as one batch changes them. Belongs to the one owner of the city's partition."""

    def __init__(self, unit: Unit, now: datetime, calendar: WorkCalendar) -> None:
        """Decide by what `unit` holds; days begin by `calendar`."""
        self._unit, self._now, self._calendar = unit, now, calendar
        self.changes: dict[str, CatalogueChange] = {}
        self.documents: dict[str, Mapping[str, Any]] = {}
        self.notices: list[NoticeRow] = []
        self.touched: list[Touched] = []

    def take(self, act: Act) -> Rejection | None:
        """Carry out what somebody does, or say why not."""
        if act.act == CALENDAR_ACT:
            return self._load(act)
        change = self._change(act.done_to)
        if act.act == "catalogue.propose":
            return self._propose(act, change)
        if change is None:
            return _no("unknown", "there is no such change", "see `sunlight catalogue changes`")
        return undecidable(change, by=act.data["by"], approve=act.act == "catalogue.approve",
                           reason=act.data.get("note", ""), department_id=act.data.get("department_id", "")) \
            or self._decide(act, change)  # fmt: skip

    def _load(self, act: Act) -> Rejection | None:
        document = act.data.get("notice")
        if document is None:
            return _no("shape", "it has no notice", "see schemas/act.v1.json")
        if wrong := implausible(notice_from(document)):
            return Rejection(stage="supervise", code="calendar.implausible", problem="; ".join(wrong), hint=_CHECK)
        number = self._unit.terms_numbers()[1] + len(self.notices) + 1
        row = NoticeRow(
            number=number, year=document["year"], document=document, loaded_by=act.data["by"], loaded_at=self._now
        )
        self.notices.append(row)
        return None

    def _propose(self, act: Act, known: CatalogueChange | None) -> Rejection | None:
        department, parts = act.data.get("department_id", ""), act.data.get("parts", [])
        if known is not None:
            return _no("known", f"this very change is {known.state} already", f"it is no. {known.number}")
        if act.done_to != change_id(department, parts):
            return _no("name", "the change is not named after what it changes", "propose it through the hub")
        if wrong := obstacle(self._document(department), parts):
            return wrong
        self.changes[act.done_to] = CatalogueChange(
            change_id=act.done_to,
            number=self._number(),
            department_id=department,
            state="proposed",
            valid_from=valid_from(parts),
            parts=parts,
            note=act.data.get("note", ""),
            proposed_by=act.data["by"],
            proposed_at=self._now,
        )
        return None

    def _number(self) -> int:
        """Return the next number of a change."""
        own = (each.number for each in self.changes.values())
        return max((self._unit.terms_numbers()[0], *own)) + 1

    def _decide(self, act: Act, change: CatalogueChange) -> Rejection | None:
        approve = act.act == "catalogue.approve"
        if approve and (wrong := self._carry_out(change)):
            return wrong
        self.changes[change.change_id] = replace(
            change,
            state="approved" if approve else "refused",
            decided_by=act.data["by"],
            decided_at=self._now,
            reason=act.data.get("note", ""),
        )
        return None

    def _carry_out(self, change: CatalogueChange) -> Rejection | None:
        old = self._document(change.department_id)
        if wrong := obstacle(old, change.parts):
            return wrong
        self.documents[change.department_id] = amended(old, change.parts)
        self.touched += touched(change.department_id, old, change.parts, self._calendar.start_of)
        return None

    def _change(self, name: str) -> CatalogueChange | None:
        return self.changes.get(name) or self._unit.catalogue_changes({name}).get(name)

    def _document(self, department_id: str) -> Mapping[str, Any] | None:
        known = self.documents.get(department_id)
        return known if known is not None else self._unit.catalogue_documents({department_id}).get(department_id)


def undecidable(
    change: CatalogueChange, *, by: str, approve: bool, reason: str, department_id: str = ""
) -> Rejection | None:
    """Say why somebody, of a department or (empty) of the centre, may not approve or refuse a change; None: they may.

    What a department is measured by is not approved by its own people, however many they are.
    """
    word = "approved" if approve else "refused"
    if change.state != "proposed":
        return _no("state", f"a change that is {change.state} cannot be {word}", "propose another")
    if approve and same_person(by, change.proposed_by):
        problem = f"{by} has proposed this change"
        return _no("same-person", problem, "four eyes 双人审核: let somebody else approve it")
    if approve and department_id and department_id == change.department_id:
        problem = "nobody of a department approves changes of its own catalogue"
        return _no("own-department", problem, "let the legal reviewer of the centre approve it")
    if not approve and not reason.strip():
        return _no("note", "a refusal needs a reason in words", "say it and send again")
    return None


def import_act(change: CatalogueChange, zone: tzinfo) -> tuple[str, bytes]:
    """Return name and body of the ledger's entry on a department's first document."""
    document = act_document(
        "catalogue.import",
        subject=change.change_id,
        by=change.proposed_by,
        at=change.proposed_at.astimezone(zone).isoformat(),
        said={"department_id": change.department_id, "note": change.note, "parts": list(change.parts)},
    )
    return document["id"], orjson.dumps(document)


_CHECK: Final = "compare with the notice as published"


def _no(code: str, problem: str, hint: str) -> Rejection:
    return Rejection(stage="supervise", code=f"catalogue.{code}", problem=problem, hint=hint)
