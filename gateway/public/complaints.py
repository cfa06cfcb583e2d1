"""Complaints over the public site: a form, a number and a secret, the way of a complaint, its reply, a rating."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway.problems import Problem, json_response
from gateway.public import finding
from gateway.public.contracts import ASKED, COMPLAINT, SENT, TAKEN, answer, problems
from gateway.public.forms import form_of
from gateway.public.pages import ENGLISH
from gateway.public.problems import AWAY, NOT_HERE
from gateway.public.words import FIELDS
from gateway.words import region_label
from hub.citizens import complaint
from hub.citizens.progress import may_revise
from hub.errors import Unavailable
from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.public.finding import Found
    from gateway.public.guard import Pace
    from gateway.public.pages import Pages
    from gateway.public.parts import PublicParts
    from gateway.public.shelf import Shelf
    from hub.citizens.complaint import Said, Wrong
    from hub.citizens.sending import Registered, Sending

NONCE_BYTES: Final = 16

SCORES: Final = ("1", "2", "3", "4", "5")

Text = Annotated[str, Field(max_length=200)]
Key = Annotated[
    str, Header(alias="Idempotency-Key", max_length=200, pattern="^[!-~]*$",
                description="With the text it names the complaint: sent again it is the same one.")
]  # fmt: skip


class Complaint(BaseModel):
    """What somebody complains of."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["complaint", "report", "help", "suggestion", "enquiry"]
    category: Literal["", "delay", "conduct", "fee", "refusal", "procedure", "integrity", "other"] = ""
    title: Annotated[str, Field(min_length=1, max_length=100)]
    content: Annotated[str, Field(min_length=1, max_length=complaint.CONTENT_CHARS)]
    department: Annotated[str, Field(max_length=18, description="whom it is about, see /public/v1/departments")] = ""
    person: Annotated[str, Field(max_length=50)] = ""
    region: Annotated[str, Field(max_length=12)] = ""
    related: Annotated[str, Field(max_length=100, description="the number of the case that it is about")] = ""
    anonymous: bool = False
    confidential: Annotated[bool, Field(description="who handles it does not learn who complains")] = False
    name: Annotated[str, Field(max_length=50)] = ""
    phone: Annotated[str, Field(max_length=30)] = ""
    email: Annotated[str, Field(max_length=100)] = ""


class Holder(BaseModel):
    """Whoever holds number and secret."""

    model_config = ConfigDict(extra="forbid")

    number: Text
    secret: Text


class Withdrawal(Holder):
    """A complaint that is wanted no more."""

    reason: Annotated[str, Field(max_length=1000)] = ""


class Rating(Holder):
    """How satisfied somebody is: 1 very satisfied to 5 not at all (GB/T 39046-2020 A.8)."""

    score: Literal["1", "2", "3", "4", "5"]
    comment: Annotated[str, Field(max_length=1000)] = ""


class Complaints:
    """The endpoints; an instance holds what they ask and nothing of any request."""

    def __init__(self, parts: PublicParts, shelf: Shelf, pages: Pages, *, asking: Pace, sending: Pace) -> None:
        """Send and look up through `parts`, at most at these paces."""
        self._parts, self._shelf, self._pages, self._asking, self._sending = parts, shelf, pages, asking, sending

    # for programs -----------------------------------------------------------------------------------------------------

    def register(self, request: Request, body: Complaint, key: Key = "") -> Response:
        """Take in a complaint: 202 once the broker holds it. The secret is told this once."""
        self._sending.let(request)
        said, wrong = self._read(body.model_dump())
        if wrong:
            detail = "; ".join(f"{each.field}: {each.en}" for each in wrong)
            raise Problem(422, "complaint", detail, hint="see /public/v1/openapi.json")
        sent = self._registered(said, key or secrets.token_urlsafe(NONCE_BYTES))
        return json_response({"number": sent.number, "secret": sent.secret}, status=202)

    def status(self, request: Request, body: Holder) -> Response:
        """Tell the way of a complaint, its limits and its reply."""
        self._asking.let(request)
        return json_response(self._shown(finding.complaint(self._parts, body.number, body.secret)))

    def withdraw(self, request: Request, body: Withdrawal) -> Response:
        """Withdraw a complaint: 202 once the broker holds it."""
        self._asking.let(request)
        self._withdrawn(finding.complaint(self._parts, body.number, body.secret), body.reason)
        return json_response({"number": body.number, "state": "sent"}, status=202)

    def rate(self, request: Request, body: Rating) -> Response:
        """Say how satisfied one is with how a complaint was handled: 202 once the broker holds it."""
        self._asking.let(request)
        self._rated(finding.complaint(self._parts, body.number, body.secret), body.score, body.comment)
        return json_response({"number": body.number, "state": "sent"}, status=202)

    # for people -------------------------------------------------------------------------------------------------------

    def form(self, request: Request, department: str = "") -> Response:
        """Show an empty form, which is one complaint however often it is sent."""
        _ = self._portal()
        given = {"department": department[:18]}
        return self._form(request, given, secrets.token_urlsafe(NONCE_BYTES))

    async def sent(self, request: Request) -> Response:
        """Take in a form; show number and secret, or the form again with all that was written."""
        self._sending.let(request)
        form = await form_of(request)
        return await run_in_threadpool(self._sent, request, form)

    def _sent(self, request: Request, form: Mapping[str, str]) -> Response:
        nonce = form.get("nonce", "")[:100] or secrets.token_urlsafe(NONCE_BYTES)
        said, wrong = self._read(form)
        if wrong:
            return self._form(request, form, nonce, wrong, status=422)
        try:
            sent = self._registered(said, nonce)
        except Unavailable:
            response = self._form(request, form, nonce, away=True, status=AWAY.status)
            response.headers["Retry-After"] = "60"
            return response
        return self._pages.render("complaint_done.html", request, sent=sent)

    def ask(self, request: Request, number: str = "") -> Response:
        """Show the form by which a complaint is looked up."""
        _ = self._portal()
        return self._pages.render("complaint_ask.html", request, number=number[:40], wrong=False)

    async def told(self, request: Request) -> Response:
        """Show the way of a complaint; withdraw or rate it first where the form says so."""
        self._asking.let(request)
        form = await form_of(request)
        return await run_in_threadpool(self._told, request, form)

    def _told(self, request: Request, form: Mapping[str, str]) -> Response:
        number, secret, act = form.get("number", ""), form.get("secret", ""), form.get("act", "")
        try:
            found = finding.complaint(self._parts, number, secret)
        except Problem as none:
            return self._pages.render("complaint_ask.html", request, status=none.status, number=number[:40], wrong=True)
        if act == "withdraw":
            self._withdrawn(found, form.get("reason", ""))
        elif act == "rate":
            self._rated(found, form.get("score", ""), form.get("reason", ""))
        told = self._shown(found)
        name = self._shelf.held().name_of(told["handler"]) if told.get("handler") else ""
        return self._pages.render(
            "complaint_told.html", request, c=told, handler=name, number=found.told["case_no"], secret=secret, act=act
        )

    # what both do -----------------------------------------------------------------------------------------------------

    def _portal(self) -> Sending:
        if self._parts.complaints is None:
            raise NOT_HERE
        return self._parts.complaints

    def _read(self, form: Mapping[str, Any]) -> tuple[Said, Sequence[Wrong]]:
        try:
            known = {each["department_id"] for each in self._shelf.held().departments}
        except Unavailable:
            known = None  # with the store away complaints are taken in all the same
        return complaint.read(form, known, city=self._parts.city)

    def _registered(self, said: Said, nonce: str) -> Registered:
        return self._portal().register(said, nonce)

    def _withdrawn(self, found: Found, reason: str) -> None:
        if not found.told.get("may_withdraw"):
            hint = "请查看办理状态。 See how it stands."
            raise Problem(409, "withdrawal", "该件现在不能撤回。 It cannot be withdrawn now.", hint=hint)
        self._portal().withdraw(found.row, complaint.cleaned(reason)[: complaint.CHARS["reason"]])

    def _rated(self, found: Found, score: str, reason: str) -> None:
        if score not in SCORES:
            raise Problem(422, "score", "请选择满意度。 Choose how satisfied you are.", hint="1–5")
        if not found.told.get("may_rate") or not may_revise(found.told, self._parts.now(), self._parts.rating_days):
            raise Problem(
                409, "rating", "该件现在不能评价。 It cannot be rated now.", hint="答复之后评价。 After the reply."
            )
        text = complaint.cleaned(reason)[: complaint.CHARS["reason"]]
        self._portal().rate(found.row, score, text, real_name=bool(found.told.get("real_name")))

    def _shown(self, found: Found) -> dict[str, Any]:
        told = {name: value for name, value in found.told.items() if name != "real_name"}
        return {**told, "may_rate": may_revise(told, self._parts.now(), self._parts.rating_days)} if found.row else told

    def _form(
        self, request: Request, given: Mapping[str, str], nonce: str, wrong: Sequence[Wrong] = (), *,
        away: bool = False, status: int = 200,
    ) -> Response:  # fmt: skip
        try:
            departments: Sequence[Mapping[str, Any]] = self._shelf.held().departments
        except Unavailable:
            departments = ()
        rows = code_list("regions").rows
        regions = [code for code, row in rows.items() if not row.get("valid_to") and row["kind"] != "aggregate"]
        first = {each.field: each for each in reversed(wrong)}
        return self._pages.render(
            "complaint.html", request, status=status, given=given, nonce=nonce, away=away, departments=departments,
            wrong={**{name: first[name] for name in FIELDS if name in first}, **first}, categories=complaint.CATEGORIES,
            kinds=tuple(complaint.TRACKS), regions=[(code, region_label(code)) for code in regions],
            city=self._parts.city,
        )  # fmt: skip


def router(complaints: Complaints) -> APIRouter:
    """Return the routes of complaints."""
    routes = APIRouter()
    for path, endpoint, described in (
        (
            "/public/v1/complaints",
            complaints.register,
            answer(202, COMPLAINT, TAKEN) | problems(400, 404, 413, 422, 429, 503),
        ),
        ("/public/v1/complaints/withdrawal", complaints.withdraw, answer(202, SENT, TAKEN) | ASKED),
        ("/public/v1/complaints/rating", complaints.rate, answer(202, SENT, TAKEN) | ASKED),
    ):
        routes.add_api_route(path, endpoint, methods=["POST"], status_code=202, responses=described)
    told = answer(200, {"type": "object", "required": ["case_no", "state"]}) | ASKED
    routes.add_api_route("/public/v1/complaints/status", complaints.status, methods=["POST"], responses=told)
    for prefix in ("", ENGLISH):
        for path, page, method in (
            ("/complaints/new", complaints.form, "GET"),
            ("/complaints/new", complaints.sent, "POST"),
            ("/complaints", complaints.ask, "GET"),
            ("/complaints", complaints.told, "POST"),
        ):
            routes.add_api_route(prefix + path, page, methods=[method], include_in_schema=False)
    return routes
