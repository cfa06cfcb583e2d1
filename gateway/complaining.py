"""Handles complaints at the hub's own pages: what is shown of them to whom, what the asker may do now, and doing it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import RedirectResponse, Response

from gateway import listing
from gateway.attaching import handed
from gateway.attaching import told as attachment_told
from gateway.complaint_file import Desk, header, shown
from gateway.contracts import ANY_FILE
from gateway.problems import Problem, json_response
from gateway.taking import state_of
from hub.complaint_desk import DESK, FORMS, OUTCOMES, Actor, Wrong, forms_for, record_of, wrong_original
from hub.complaint_post.centres import run_by
from hub.model.values import Record
from hub.pushing import body_digest
from hub.supervision.families.holding import ASSISTING, CENTRE, HANDLER
from hub.views import is_shielded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.pages import Pages
    from gateway.reading import Parts, Pushed, Row
    from gateway.rights import Gate
    from gateway.taking import Taking
    from gateway.words import Names
    from hub.model.attachments import Attachment
    from hub.supervision.fold import Case

CENTRE_SCOPE: Final = "complaints:centre"
HANDLER_SCOPE: Final = "complaints:handle"

AGAIN_S: Final = 1
"""Seconds after which a page that waits for the ledger asks again by itself; until then it offers nothing to do."""

_CLASSES: Final = ("public", "intranet", "restricted")
"""Classes of complaints that are handled here; what is secret stays with whoever registered it."""

_ID: Final = r"^[A-Za-z0-9-]{0,64}$"


_MOVES: Final = "one of " + ", ".join(form.move for form in FORMS)


class Wish(BaseModel):
    """What somebody wants to do to a complaint; each move says what docs/complaints.md lists for it."""

    model_config = ConfigDict(extra="forbid")

    move: Annotated[
        str, Field(description=f"one of {', '.join(form.move for form in FORMS)}", pattern="^[a-z_]{1,30}$")
    ]
    id: Annotated[str, Field(description="your own name of the move: sent again it is the same one", pattern=_ID)] = ""
    reason: Annotated[str, Field(max_length=2000)] = ""
    basis: Annotated[str, Field(max_length=400)] = ""
    department_id: Annotated[str, Field(max_length=18)] = ""
    days: Annotated[str | int, Field(description="working days, 1 to 365")] = ""
    reply: Annotated[str, Field(max_length=4000)] = ""
    outcome: Annotated[str, Field(description=", ".join(OUTCOMES), max_length=20)] = ""
    reached: str | bool = ""
    solved: str | bool = ""
    satisfaction: Annotated[str | int, Field(description="1 best to 5")] = ""
    centre_id: Annotated[str, Field(max_length=100)] = ""
    original: Annotated[str, Field(max_length=200)] = ""

    def said(self) -> dict[str, str]:
        """Return what it says besides the move, as text."""
        found = self.model_dump(exclude={"move", "id"})
        return {name: _text(value) for name, value in found.items() if value != ""}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Complaining:
    """The endpoints on complaints."""

    def __init__(self, parts: Parts, names: Names, pages: Pages, taking: Taking) -> None:
        """Tell of `parts`, and take moves in by `taking`."""
        self._parts, self._names, self._pages, self._taking = parts, names, pages, taking

    def listed(
        self,
        request: Request,
        *,
        state: Annotated[str | None, Query(max_length=40, pattern="^[a-z_]*$")] = None,
        after: Annotated[str | None, Query(max_length=80)] = None,
        limit: Annotated[int, Query(ge=1, le=listing.PAGE_MOST)] = 50,
    ) -> Response:
        """List complaints: a department's key those sent to it, a centre's its own. Page on with `after` = `next`."""
        items, following = self._page(actor_of(request), state, after, limit)
        return json_response({"items": items, "next": following})

    def tell(self, request: Request, case_id: str) -> Response:
        """Tell one complaint: what it is about, its course, its clocks, and the moves that the asker may make now."""
        return json_response(self._shown(actor_of(request), case_id))

    def act(self, request: Request, case_id: str, wish: Wish) -> Response:
        """Make a move: 202 once the broker holds it, 409 where it is not allowed now, 422 where it lacks something.

        `GET /v1/complaints/receipts/{receipt_id}` tells what became of it.
        """
        receipt = self._moved(request, case_id, wish)
        return json_response({"receipt_id": receipt, "case_id": case_id}, status=202)

    def receipt(self, request: Request, receipt_id: str) -> Response:
        """Tell what became of a move: pending until the ledger has it, then accepted or duplicate."""
        actor_of(request)
        return json_response({"receipt_id": receipt_id, "state": self._state(receipt_id)})

    def file(self, request: Request, case_id: str, sha256: str) -> Response:
        """Hand out a file of a complaint: to its centre, and to a department that may know who complains."""
        actor = actor_of(request)
        _, case = self._row(actor, case_id)
        self._shown(actor, case_id)
        return handed(self._parts, self._files(actor, case), sha256)

    def _files(self, actor: Actor, case: Case) -> Sequence[Attachment]:
        """Return the files that somebody may see: they are in their author's hand or voice (hub/views/receivers)."""
        is_open = actor.is_centre or not is_shielded(case.attributes)
        return self._parts.attachments(case.case_id) if is_open else ()

    def list_page(
        self, request: Request, state: str | None = None, after: str | None = None, receipt: str = ""
    ) -> Response:
        """Show the complaints that the asker handles, and that a move has given one away."""
        actor = actor_of(request)
        items, following = self._page(actor, state or None, after, 50)
        return self._pages.render(
            "complaints.html",
            request,
            items=items,
            following=following,
            state=state or "",
            is_centre=actor.is_centre,
            is_given_away=self._is_entered(receipt),
        )

    def page(self, request: Request, case_id: str, receipt: str = "") -> Response:
        """Show one complaint with its course, its clocks, and a form for each move that the asker may make.

        Whoever has just given it away (returned it, passed it on) is led back to those that they still have.
        """
        try:
            told = self._shown(actor_of(request), case_id)
        except Problem:
            if not self._is_entered(receipt):
                raise
            return RedirectResponse(f"/complaints?receipt={receipt}", status_code=303)
        outcome = self._state(receipt) if receipt else ""
        answer = self._pages.render(
            "complaint.html", request, told=told, outcome=outcome, outcomes=OUTCOMES, move_id=str(uuid.uuid4())
        )
        if outcome == "pending":
            answer.headers["Refresh"] = str(AGAIN_S)
        return answer

    async def enter(self, request: Request, case_id: str) -> Response:
        """Do what a form says, and show the complaint again."""
        async with request.form(max_files=0, max_fields=20) as form:
            said = {name: str(value) for name, value in form.items() if name in Wish.model_fields}
        return await run_in_threadpool(self._entered, request, case_id, said)

    def _entered(self, request: Request, case_id: str, said: Mapping[str, str]) -> Response:
        try:
            wish = Wish.model_validate(said)
        except ValidationError as wrong:
            raise RequestValidationError(wrong.errors()) from wrong
        receipt = self._moved(request, case_id, wish)
        return RedirectResponse(f"/complaints/{case_id}?receipt={receipt}", status_code=303)

    def _page(
        self, actor: Actor, state: str | None, after: str | None, limit: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        roles, desk = (CENTRE,) if actor.is_centre else (HANDLER, ASSISTING), self._desk(actor)

        def ask(mark: str | None, size: int) -> Sequence[Row]:
            return self._parts.reading.complaints(
                department=actor.department_id or None,
                roles=roles,
                state=state,
                disclosures=_CLASSES,
                after=mark,
                limit=size,
            )

        def told(rows: Sequence[Row]) -> Sequence[Row]:
            found = (header(desk, row, self._parts.folded(row)) for row in rows)
            return [each for each in found if each is not None]

        items, following = listing.paged(ask, told, lambda row: row["case_id"], after=after, limit=limit)
        return list(items), following

    def _desk(self, actor: Actor) -> Desk:
        return Desk(actor=actor, names=self._names, zone=self._parts.zone, catalogue=self._parts.catalogue)

    def _row(self, actor: Actor, case_id: str) -> tuple[Row, Case]:
        """Return a complaint that the asker has part in; one that they have none in is not found."""
        row = self._parts.reading.case(case_id) if case_id.isprintable() else None
        case = self._parts.folded(row) if row is not None and row["disclosure"] in _CLASSES else None
        if row is None or case is None or not actor.roles(case):
            raise Problem(404, "no-complaint", f"there is no complaint {case_id[:80]!r}", hint="see /v1/complaints")
        return row, case

    def _shown(self, actor: Actor, case_id: str) -> dict[str, Any]:
        row, case = self._row(actor, case_id)
        told = shown(self._desk(actor), row, case, forms_for(case, actor))
        if told is None:
            raise Problem(404, "no-complaint", f"there is no complaint {case_id[:80]!r}", hint="see /v1/complaints")
        files = [_told(each, self._parts) for each in self._files(actor, case)]
        return {**told, "attachments": files}

    def _moved(self, request: Request, case_id: str, wish: Wish) -> str:
        """Send a move on its way; return its receipt's id."""
        actor = actor_of(request)
        _, case = self._row(actor, case_id)
        self._shown(actor, case_id)
        said, pushed = wish.said(), self._pushed()
        self._check_choices(actor, case, said)
        who = f"{actor.department_id} {actor.name}"
        named = uuid.uuid5(uuid.NAMESPACE_URL, f"{case_id} {who} {wish.id}") if wish.id else uuid.uuid4()
        at = self._parts.now().astimezone(self._parts.zone)
        passed_to = run_by(self._parts.catalogue(), said.get("centre_id", ""))
        record = record_of(case, actor, wish.move, said, move_id=str(named), at=at, passed_to=passed_to)
        if isinstance(record, Wrong):
            status = 409 if record.code == "complaint.forbidden" else 422
            raise Problem(status, record.code, record.problem, hint=record.hint)
        digest = body_digest(orjson.dumps({**record, "at": ""}))
        taken = Record(place="desk", raw=orjson.dumps(record), tree=record)
        with self._taking.turn(request.state.who):
            answer = self._taking.take_records(pushed, DESK, digest, [taken], key=str(named))
        if "receipt_id" not in answer.document:
            problem = str(answer.document.get("problems", [{}])[0].get("problem", "the move cannot be mapped"))
            raise Problem(
                422, "unmapped", problem, hint=f"the department acts here once {DESK} allows it (docs/complaints.md)"
            )
        return str(answer.document["receipt_id"])

    def _check_choices(self, actor: Actor, case: Case, said: Mapping[str, str]) -> None:
        """Refuse a department, a centre or a first complaint that nobody knows."""
        desk = self._desk(actor)
        for name, known in (("department_id", desk.departments(case)), ("centre_id", desk.centres(case))):
            if said.get(name) and said[name] not in known:
                raise Problem(422, f"complaint.{name}", f"unknown: {said[name]!r}", hint=f"one of {', '.join(known)}")
        wrong = wrong_original(case, said["original"], self._complaint) if said.get("original") else None
        if wrong is not None:
            raise Problem(409, wrong.code, wrong.problem, hint=wrong.hint)

    def _complaint(self, case_id: str) -> Case | None:
        """Return a complaint, whoever handles it; None where there is none that is moved here."""
        row = self._parts.reading.case(case_id)
        case = self._parts.folded(row) if row is not None and row["disclosure"] in _CLASSES else None
        return case if case is not None and case.holding is not None else None

    def _pushed(self) -> Pushed:
        pushed = self._parts.pushed.get(DESK)
        if pushed is None:
            hint = "put mappings/city-complaints/desk.yaml into the mappings folder of this process"
            raise Problem(404, "no-desk", "complaints are not moved here", hint=hint)
        return pushed

    def _is_entered(self, receipt_id: str) -> bool:
        return bool(receipt_id) and self._state(receipt_id) in ("accepted", "duplicate")

    def _state(self, receipt_id: str) -> str:
        if not receipt_id.isascii() or len(receipt_id) > len(str(uuid.UUID(int=0))):
            return ""
        return state_of(self._parts.reading.receipt(receipt_id, DESK))


def _told(file: Attachment, parts: Parts) -> dict[str, Any]:
    href = f"/v1/complaints/{file.case_id}/attachments/{file.sha256}" if file.state == "available" else None
    return {**attachment_told(file, parts.zone), "href": href}


def actor_of(request: Request) -> Actor:
    """Return as whom somebody handles complaints; Problem 403 where they do not."""
    who = request.state.who
    if who.may(CENTRE_SCOPE):
        return Actor(name=who.name, department_id=who.department_id, is_centre=True)
    if who.may(HANDLER_SCOPE) and who.department_id:
        return Actor(name=who.name, department_id=who.department_id)
    hint = f"ask the operator for a key: `sunlight key add … --scope {HANDLER_SCOPE} --department …`"
    raise Problem(403, "scope", "this key does not let its holder see complaints", hint=hint)


def router(parts: Parts, gate: Gate, names: Names, pages: Pages, taking: Taking) -> APIRouter:
    """Return the routes on complaints."""
    complaining, routes = Complaining(parts, names, pages, taking), APIRouter()
    guard: dict[str, Any] = {"dependencies": [Depends(gate.guard(None))]}
    routes.add_api_route("/v1/complaints", complaining.listed, methods=["GET"], **guard)
    routes.add_api_route("/v1/complaints/receipts/{receipt_id}", complaining.receipt, methods=["GET"], **guard)
    files = {**guard, **ANY_FILE}
    routes.add_api_route("/v1/complaints/{case_id}/attachments/{sha256}", complaining.file, methods=["GET"], **files)
    routes.add_api_route("/v1/complaints/{case_id}", complaining.tell, methods=["GET"], **guard)
    routes.add_api_route("/v1/complaints/{case_id}/moves", complaining.act, methods=["POST"], status_code=202, **guard)
    pages_only = {**guard, "include_in_schema": False}
    routes.add_api_route("/complaints", complaining.list_page, methods=["GET"], **pages_only)
    routes.add_api_route("/complaints/{case_id}", complaining.page, methods=["GET"], **pages_only)
    routes.add_api_route("/complaints/{case_id}", complaining.enter, methods=["POST"], **pages_only)
    return routes
