"""Complaints as Open311 GeoReport v2 asks and answers them: an optional front for programs that speak it.

Source: GeoReport v2 (open311.org): services, requests, errors; XML, and JSON. No requests are listed: one is shown
to whoever holds its id, which is number and code together; nothing is told of who is complained of, or who complains.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response

from gateway.problems import Problem, json_response
from gateway.public import finding, words
from gateway.public.complaints import NONCE_BYTES
from gateway.public.forms import form_of
from gateway.words import label
from hub.citizens import complaint
from hub.supervision.lifecycle import ENDED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.public.guard import Pace
    from gateway.public.parts import PublicParts
    from hub.citizens.sending import Sending

ROOT: Final = "/open311/v2"

FORMATS: Final = ("xml", "json")

AT_ONCE: Final = 20
"""Requests of which one question may ask."""

TITLE_CHARS: Final = 40
"""Characters of a description that make a title."""

_CLOSED: Final = ENDED | {"linked"}
_LIMITS: Final = ("complaint", "petition", "complaint_acceptance")
"""Limits by which something is expected, the one that says most first."""

Row = dict[str, Any]


class Open311:
    """The endpoints; an instance holds what they ask and nothing of any request."""

    def __init__(self, parts: PublicParts, sending_by: Sending, *, asking: Pace, sending: Pace) -> None:
        """Send by a connection and look up through `parts`, at most at these paces."""
        self._parts, self._by, self._asking, self._sending = parts, sending_by, asking, sending

    def services(self, form: str) -> Response:
        """List what one may send."""
        return _answer(
            form, lambda: _written(form, "services", "service", [_service(code) for code in complaint.TRACKS])
        )

    def service(self, code: str, form: str) -> Response:
        """Describe one service: none asks for more than every request does."""

        def described() -> Response:
            if code not in complaint.TRACKS:
                raise Problem(404, "service", "service_code was not found")
            return _written(form, "service_definition", "", [{"service_code": code, "attributes": ""}])

        return _answer(form, described)

    async def send(self, request: Request, form: str) -> Response:
        """Take in a request: answered once the broker holds it."""
        self._sending.let(request)
        given = await form_of(request)
        nonce = request.headers.get("idempotency-key", "")[:200] or secrets.token_urlsafe(NONCE_BYTES)
        return await run_in_threadpool(_answer, form, lambda: self._sent(form, given, nonce))

    def _sent(self, form: str, given: Mapping[str, str], nonce: str) -> Response:
        said, wrong = complaint.read(_form(given), None, city=self._parts.city)
        if wrong:
            raise Problem(400, "request", "; ".join(f"{each.field}: {each.en}" for each in wrong))
        sent = self._by.register(said, nonce)
        row = {"service_request_id": _id(sent.number, sent.secret), "service_notice": "", "account_id": ""}
        return _written(form, "service_requests", "request", [row], status=201)

    def requests(self, request: Request, form: str, service_request_id: str = "") -> Response:
        """Tell of requests by their ids; there is no list of all."""
        self._asking.let(request)

        def told() -> Response:
            asked = [each.strip() for each in service_request_id.split(",") if each.strip()][:AT_ONCE]
            if not asked:
                raise Problem(400, "request", "service_request_id was not provided: requests are not listed")
            return _written(form, "service_requests", "request", [self._told(each) for each in asked])

        return _answer(form, told)

    def one(self, request: Request, name: str, form: str) -> Response:
        """Tell of one request by its id."""
        self._asking.let(request)
        return _answer(form, lambda: _written(form, "service_requests", "request", [self._told(name)]))

    def _told(self, name: str) -> Row:
        number, _, secret = name.partition(".")
        found = finding.complaint(self._parts, number[: finding.NUMBER_CHARS], secret)
        return {"service_request_id": name, **_request(found.told)}


def _service(code: str) -> Row:
    name = label(words.KINDS, code)
    return {
        "service_code": code,
        "service_name": f"{name.zh} {name.en}",
        "description": "",
        "metadata": "false",
        "type": "realtime",
        "keywords": "",
        "group": "",
    }


def _form(given: Mapping[str, str]) -> Row:
    """Read the arguments of GeoReport as the form of the site."""
    text = complaint.cleaned(given.get("description"), is_long=True)
    place = complaint.cleaned(given.get("address_string"))
    name = " ".join(part for part in (given.get("last_name", ""), given.get("first_name", "")) if part)
    contact = {"name": name, "phone": given.get("phone", ""), "email": given.get("email", "")}
    return {
        "kind": given.get("service_code", ""),
        "title": text.replace("\n", " ")[:TITLE_CHARS],
        "content": f"{text}\n\n{place}".strip(),
        "anonymous": not (name and (contact["phone"] or contact["email"])),
        **contact,
    }


def _request(told: Mapping[str, Any]) -> Row:
    """Tell of a complaint: open until it has ended; where it stands, and the reply, in words."""
    state, kind, steps = label(words.PROGRESS, told["state"]), told.get("kind", ""), told["steps"]
    due = {each["kind"]: each["due_at"] for each in told["limits"]}
    reply = (told.get("reply") or told.get("refusal") or {}).get("text", "")
    return {
        "status": "closed" if told["state"] in _CLOSED else "open",
        "status_notes": f"{state.zh} {state.en}" + (f": {reply}" if reply else ""),
        "service_code": kind,
        "service_name": f"{label(words.KINDS, kind).zh} {label(words.KINDS, kind).en}" if kind else "",
        "requested_datetime": steps[0]["at"] if steps else "",
        "updated_datetime": steps[-1]["at"] if steps else "",
        "expected_datetime": next((due[name] for name in _LIMITS if name in due), ""),
    }


def _id(number: str, secret: str) -> str:
    return f"{number}.{secret.replace('-', '')}"


def _answer(form: str, make: Callable[[], Response]) -> Response:
    """Return what `make` makes; what is wrong as GeoReport says it."""
    try:
        return make()
    except Problem as problem:
        row = {"code": str(problem.status), "description": problem.detail}
        return _written(form, "errors", "error", [row], status=problem.status)


def _written(form: str, root: str, item: str, rows: Sequence[Row], *, status: int = 200) -> Response:
    if form not in FORMATS:
        raise Problem(404, "format", "xml or json")
    if form == "json":
        return json_response(list(rows) if item else rows[0], status=status)
    top = etree.Element(root)
    for row in rows:
        into = etree.SubElement(top, item) if item else top
        for name, value in row.items():
            etree.SubElement(into, name).text = "".join(char for char in value if char >= " " or char in "\n\t")
    body = etree.tostring(top, encoding="utf-8", xml_declaration=True)
    return Response(body, status_code=status, media_type="text/xml; charset=utf-8")


def router(front: Open311) -> APIRouter:
    """Return the routes of the front."""
    routes = APIRouter(prefix=ROOT, include_in_schema=False)
    routes.add_api_route("/services.{form}", front.services, methods=["GET"])
    routes.add_api_route("/services/{code}.{form}", front.service, methods=["GET"])
    routes.add_api_route("/requests.{form}", front.requests, methods=["GET"])
    routes.add_api_route("/requests.{form}", front.send, methods=["POST"])
    routes.add_api_route("/requests/{name}.{form}", front.one, methods=["GET"])
    return routes
