"""The progress of a case over the public site, by its number and the code its applicant was given; and its rating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway.problems import Problem, json_response
from gateway.public import finding
from gateway.public.complaints import SCORES, Holder, Rating
from gateway.public.contracts import ASKED, SENT, TAKEN, answer
from gateway.public.forms import form_of
from gateway.public.pages import ENGLISH
from gateway.public.problems import NOT_HERE
from hub.citizens import matters
from hub.citizens.complaint import CHARS, cleaned
from hub.citizens.progress import may_revise, repeated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.public.finding import Found
    from gateway.public.guard import Pace
    from gateway.public.pages import Pages
    from gateway.public.parts import PublicParts
    from gateway.public.shelf import Shelf


class CaseRating(Rating):
    """How satisfied an applicant is with how a case was handled."""

    real_name: Annotated[bool, Field(description="the department may know who says so, and answer")] = False


class Cases:
    """The endpoints; an instance holds what they ask and nothing of any request."""

    def __init__(self, parts: PublicParts, shelf: Shelf, pages: Pages, *, asking: Pace) -> None:
        """Look up through `parts`, at most at this pace."""
        self._parts, self._shelf, self._pages, self._asking = parts, shelf, pages, asking

    def progress(self, request: Request, body: Holder) -> Response:
        """Tell how a case stands: state, steps, limits; nothing personal."""
        self._asking.let(request)
        return json_response(self._shown(finding.case(self._parts, body.number, body.secret)))

    def rate(self, request: Request, body: CaseRating) -> Response:
        """Say how satisfied one is with how a case was handled: 202 once the broker holds it."""
        self._asking.let(request)
        found = finding.case(self._parts, body.number, body.secret)
        self._rated(found, body.score, body.comment, real_name=body.real_name)
        return json_response({"number": body.number, "state": "sent"}, status=202)

    def ask(self, request: Request, number: str = "") -> Response:
        """Show the form by which a case is looked up."""
        return self._pages.render("case_ask.html", request, number=number[:40], wrong=False)

    async def told(self, request: Request) -> Response:
        """Show how a case stands; rate it first where the form says so."""
        self._asking.let(request)
        form = await form_of(request)
        return await run_in_threadpool(self._told, request, form)

    def _told(self, request: Request, form: Mapping[str, str]) -> Response:
        number, secret, act = form.get("number", ""), form.get("secret", ""), form.get("act", "")
        try:
            found = finding.case(self._parts, number, secret)
        except Problem as none:
            return self._pages.render("case_ask.html", request, status=none.status, number=number[:40], wrong=True)
        if act == "rate":
            self._rated(found, form.get("score", ""), form.get("reason", ""), real_name=bool(form.get("real_name")))
        return self._pages.render("case_told.html", request, c=self._shown(found), secret=secret, act=act)

    def _rated(self, found: Found, score: str, reason: str, *, real_name: bool) -> None:
        if self._parts.ratings is None:
            raise NOT_HERE
        if score not in SCORES:
            raise Problem(422, "score", "请选择满意度。 Choose how satisfied you are.", hint="1–5")
        if not may_revise(found.told, self._parts.now(), self._parts.rating_days):
            raise Problem(
                409, "rating", "现在不能评价。 It cannot be rated now.", hint="办结之后评价。 When it is done."
            )
        text = cleaned(reason)[: CHARS["reason"]]
        self._parts.ratings.rate_case(repeated(found.row, self._parts.zone), score, text, real_name=real_name)

    def _shown(self, found: Found) -> dict[str, Any]:
        """Tell of a case with names: of its matter only where that is public itself."""
        held, told = self._shelf.held(), dict(found.told)
        entry = matters.version(held.entries, told["department_id"], told["matter_code"], held.day)
        may_rate = self._parts.ratings is not None and may_revise(told, self._parts.now(), self._parts.rating_days)
        return {
            **told,
            "department": held.name_of(told["department_id"]),
            "matter_name": entry.told["name"] if entry else told["matter_name"],
            "is_listed": entry is not None,
            "may_rate": may_rate,
        }


def router(cases: Cases) -> APIRouter:
    """Return the routes of progress."""
    routes = APIRouter()
    told = answer(200, {"type": "object", "required": ["case_no", "state", "steps", "limits"]}) | ASKED
    routes.add_api_route("/public/v1/cases/progress", cases.progress, methods=["POST"], responses=told)
    sent = answer(202, SENT, TAKEN) | ASKED
    routes.add_api_route("/public/v1/cases/rating", cases.rate, methods=["POST"], status_code=202, responses=sent)
    for prefix in ("", ENGLISH):
        routes.add_api_route(prefix + "/progress", cases.ask, methods=["GET"], include_in_schema=False)
        routes.add_api_route(prefix + "/progress", cases.told, methods=["POST"], include_in_schema=False)
    return routes
