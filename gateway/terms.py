"""The power catalogue 职权目录 over /v1: what is in force, what is proposed, and the second pair of eyes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway import listing
from gateway.casefile import local
from gateway.problems import Problem, json_response
from gateway.rights import demand, visible
from hub.model.shapes import shape
from hub.supervision.amendment import change_id, differences, named, obstacle, put, told, twice
from hub.terms_desk import undecidable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.reading import Parts
    from gateway.rights import Gate
    from hub.identity import Identity
    from hub.model.terms import CatalogueChange

MATTERS_MOST: Final = 5_000
"""Versions of matters in one proposal: more than any department has."""

Filter = Annotated[str | None, Query(max_length=80, pattern=listing.TEXT)]
Limit = Annotated[int, Query(ge=1, le=listing.PAGE_MOST)]
On = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Proposal(BaseModel):
    """A change of one department's catalogue: its whole document, or versions of matters to be put into it."""

    model_config = ConfigDict(extra="forbid")

    department_id: Annotated[str, Field(description="whose catalogue", max_length=18)]
    document: Annotated[
        dict[str, Any] | None, Field(description="the whole document (schemas/catalogue.v1): what is not in it goes")
    ] = None
    matters: Annotated[
        list[dict[str, Any]], Field(description="versions of matters; everything else stays", max_length=MATTERS_MOST)
    ] = []
    note: Annotated[str, Field(description="why, in words", max_length=2000)] = ""


class Decision(BaseModel):
    """What a reviewer decides of a proposed change."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "refuse"]
    note: Annotated[str, Field(description="with refuse: the reason, in words", max_length=2000)] = ""


class Terms:
    """The endpoints on the catalogue."""

    def __init__(self, parts: Parts) -> None:
        """Tell of `parts`, and act through them."""
        self._parts = parts

    def matters(self, request: Request, *, department: Filter = None, on: On = None) -> Response:
        """List the versions of matters that hold on a day (today where none is named), whole, those you may see."""
        day = self._day(on)
        rows = [
            {"department_id": name, **row}
            for name, row in self._rows(request)
            if department in (None, name) and row["valid_from"] <= day < row.get("valid_to", "9999")
        ]
        return json_response({"on": day, "items": rows})

    def matter(self, request: Request, matter_code: str) -> Response:
        """Tell every version of one matter, whole, and the changes that concern it."""
        rows = self._rows(request)
        versions = [{"department_id": name, **row} for name, row in rows if row["matter_code"] == matter_code]
        if not versions:
            raise Problem(404, "no-matter", f"there is no matter {matter_code[:64]!r}", hint="see /v1/catalogue")
        concerned = [
            each for each in self._parts.reading.catalogue_changes(limit=100_000) if _concerns(each, matter_code)
        ]
        told_changes = [self._told(each, request) for each in concerned]
        return json_response({"matter_code": matter_code, "versions": versions, "changes": told_changes})

    def changes(
        self, request: Request, *, state: Filter = None, department: Filter = None, limit: Limit = 50
    ) -> Response:
        """List changes of the catalogue, the newest first: who proposed, who decided, when, from when it holds."""
        found = self._parts.reading.catalogue_changes(state=state, department=department, limit=limit)
        return json_response({"items": [self._told(each, request) for each in found]})

    def change(self, request: Request, name: str) -> Response:
        """Tell one change with every field that differs, before and after."""
        change = self._change(name)
        old = self._held().get(change.department_id) if change.state == "proposed" else None
        details = [told(part, old) for part in change.parts if not self._is_closed(part, request)]
        return json_response({**self._told(change, request), "details": details})

    def propose(self, request: Request, proposal: Proposal) -> Response:
        """Propose a change: 202 once the broker holds it. Nothing of it holds before somebody else approves it.

        `GET /v1/acts/{act_id}` tells whether supervision took it.
        """
        demand(request, "catalogue:propose")
        who: Identity = request.state.who
        if who.department_id and who.department_id != proposal.department_id:
            hint = f"this key is of {who.department_id}"
            raise Problem(403, "department", "the catalogue is another department's", hint=hint)
        old = self._held().get(proposal.department_id)
        parts = _parts_of(proposal, old)
        if wrong := obstacle(old, parts):
            raise Problem(409, wrong.code, wrong.problem, hint=wrong.hint)
        name = change_id(proposal.department_id, parts)
        act = self._parts.terms.propose(name, proposal.department_id, parts, by=_by(who), note=proposal.note)
        return self._sent(act, name)

    def decide(self, request: Request, name: str, decision: Decision) -> Response:
        """Approve or refuse a change: 202 once the broker holds it, 409 where it is not allowed (which is kept too)."""
        demand(request, "catalogue:review")
        change, by, approve = self._change(name), _by(request.state.who), decision.decision == "approve"
        own = request.state.who.department_id
        act = self._parts.terms.decide(change.change_id, approve=approve, by=by, note=decision.note, department_id=own)
        if wrong := undecidable(change, by=by, approve=approve, reason=decision.note, department_id=own):
            raise Problem(409, wrong.code, wrong.problem, hint=wrong.hint)
        return self._sent(act, change.change_id)

    def _sent(self, act_id: str, name: str) -> Response:
        response = json_response({"act_id": act_id, "change_id": name}, status=202)
        response.headers["Location"] = f"/v1/acts/{act_id}"
        return response

    def _change(self, name: str) -> CatalogueChange:
        change = self._parts.reading.catalogue_change(name) if name.isprintable() else None
        if change is None:
            hint = "see /v1/catalogue/changes; what was just proposed is entered in a moment"
            raise Problem(404, "no-change", f"there is no change {name[:40]!r}", hint=hint)
        return change

    def _held(self) -> Mapping[str, Mapping[str, Any]]:
        return {each["department"]["department_id"]: each for each in self._parts.catalogue()}

    def _rows(self, request: Request) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return the versions of matters that the asker may see: of closed ones those of their classes."""
        hidden = _closed_to(request.state.who)
        rows = [(name, row) for name, each in self._held().items() for row in each.get("matters", ())]
        return [(name, row) for name, row in rows if _class(row) not in hidden]

    def _is_closed(self, part: Mapping[str, Any], request: Request) -> bool:
        """Tell whether a part of a change is about a matter that the asker may not see."""
        hidden, code = _closed_to(request.state.who), str(part.get("key", "")).rpartition("|")[0]
        held = [row for each in self._held().values() for row in each.get("matters", ()) if row["matter_code"] == code]
        said = [each for each in part.values() if isinstance(each, dict)]
        return any(_class(row) in hidden for row in (*held, *said))

    def _day(self, on: str | None) -> str:
        try:
            return (
                date.fromisoformat(on).isoformat()
                if on
                else self._parts.now().astimezone(self._parts.zone).date().isoformat()
            )
        except ValueError as bad:
            raise Problem(400, "day", f"{on!r} is no day", hint="write it as 2026-03-02") from bad

    def _told(self, change: CatalogueChange, request: Request) -> dict[str, Any]:
        zone = self._parts.zone
        return {
            "change_id": change.change_id,
            "number": change.number,
            "department_id": change.department_id,
            "state": change.state,
            "valid_from": change.valid_from,
            "parts": [named(part) for part in change.parts if not self._is_closed(part, request)],
            "note": change.note,
            "proposed_by": change.proposed_by,
            "proposed_at": local(change.proposed_at, zone),
            "decided_by": change.decided_by,
            "decided_at": local(change.decided_at, zone),
            "reason": change.reason,
        }


_CLOSED: Final = frozenset({"restricted", "secret"})


def _class(row: Mapping[str, Any]) -> str:
    return str((row.get("disclosure") or {}).get("class", ""))


def _closed_to(who: Identity) -> frozenset[str]:
    """Return the classes of matters that somebody may not see; who changes or reviews the catalogue sees all of it."""
    if who.may("catalogue:propose") or who.may("catalogue:review"):
        return frozenset()
    return _CLOSED - visible(who)


def _parts_of(proposal: Proposal, old: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    """Return the parts that a proposal changes; Problem 422 for what is no catalogue."""
    if (proposal.document is None) == (not proposal.matters):
        raise Problem(422, "catalogue.shape", "a proposal has either a document or matters", hint="send one of the two")
    about = (old or {}).get("department")
    if proposal.document is None and about is None:
        hint = "propose its whole document first"
        raise Problem(409, "catalogue.department", "the department has no catalogue yet", hint=hint)
    document = proposal.document or {"department": about, "matters": proposal.matters}
    problems = shape("catalogue.v1").problems(document)
    if problems:
        said = "; ".join(f"{each.path}: {each.quoting}" for each in problems[:20])
        raise Problem(422, "catalogue.shape", said, hint="see /v1/schemas/catalogue.v1")
    if doubled := twice(document):
        raise Problem(422, "catalogue.twice", f"twice: {', '.join(doubled)}", hint="keep one of each")
    if document["department"]["department_id"] != proposal.department_id:
        raise Problem(422, "catalogue.department", "the document is another department's", hint="see department_id")
    return differences(old, document) if proposal.document else put(old, proposal.matters)


def _concerns(change: CatalogueChange, matter_code: str) -> bool:
    return any(part["kind"] == "matter" and part["key"].rpartition("|")[0] == matter_code for part in change.parts)


def _by(who: Identity) -> str:
    return f"{who.name} ({who.key_id})"


def router(parts: Parts, gate: Gate) -> APIRouter:
    """Return the routes of the catalogue."""
    terms, routes = Terms(parts), APIRouter()
    guard = [Depends(gate.guard("cases:read"))]
    routes.add_api_route("/v1/catalogue", terms.matters, methods=["GET"], dependencies=guard)
    routes.add_api_route("/v1/catalogue/changes", terms.changes, methods=["GET"], dependencies=guard)
    routes.add_api_route("/v1/catalogue/changes", terms.propose, methods=["POST"], status_code=202, dependencies=guard)
    routes.add_api_route("/v1/catalogue/changes/{name}", terms.change, methods=["GET"], dependencies=guard)
    routes.add_api_route(
        "/v1/catalogue/changes/{name}/decision", terms.decide, methods=["POST"], status_code=202, dependencies=guard
    )
    routes.add_api_route("/v1/catalogue/matters/{matter_code}", terms.matter, methods=["GET"], dependencies=guard)
    return routes
