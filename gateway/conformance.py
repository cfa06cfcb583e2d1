"""Where each connection stands in certification, for its department and the bureau, and what either may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import RedirectResponse, Response

from gateway.problems import Problem, json_response
from gateway.rights import demand
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.pages import Pages
    from gateway.reading import Connections, Parts
    from gateway.rights import Gate
    from gateway.words import Names
    from hub.identity import Identity

READ: Final = "conformance:read"
ACT: Final = "conformance:act"
REVIEW: Final = "conformance:review"

SCOPES: Final = {"rerun": ACT, "dispute": ACT, "open": ACT, "decide": REVIEW}
"""What somebody may do to a test, and the scope it takes."""

MOST_FIELDS: Final = 8


class Standing:
    """The endpoints; an instance holds what they ask and nothing of any request."""

    def __init__(self, parts: Parts, names: Names, pages: Pages) -> None:
        """Answer from `parts`, show through `pages`."""
        self._parts, self._names, self._pages = parts, names, pages

    @property
    def _connections(self) -> Connections:
        if self._parts.connections is None:
            raise Problem(404, "no-conformance", "no connection is certified here", hint="ask the bureau's hub")
        return self._parts.connections

    def listed(self, request: Request) -> Response:
        """List where every connection stands that the key may see: a department's key sees its own."""
        return json_response({"items": self._lines(request.state.who)})

    def told(self, request: Request, connection: str) -> Response:
        """Tell where one connection stands: levels, what blocks the next, whose turn it is, criteria, failures."""
        return json_response(self._one(request.state.who, connection))

    def list_page(self, request: Request) -> Response:
        """Show every connection that the asker may see."""
        lines = self._lines(request.state.who)
        return self._pages.render("conformances.html", request, lines=lines, department=self._names.department)

    def page(self, request: Request, connection: str) -> Response:
        """Show one connection."""
        return self._shown(request, connection)

    async def act(self, request: Request, connection: str, test: str) -> Response:
        """Run a test again, dispute it, decide a dispute, or open its bytes, as a form says."""
        async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
            said = {name: str(value)[:2000] for name, value in form.items()}
        return await run_in_threadpool(self._acted, request, connection, test, said)

    def _acted(self, request: Request, connection: str, test: str, said: Mapping[str, str]) -> Response:
        act, who = said.get("act", ""), request.state.who
        if act not in SCOPES:
            raise Problem(422, "act", f"{act[:40]!r} cannot be done here", hint=f"one of {', '.join(SCOPES)}")
        demand(request, SCOPES[act])
        self._one(who, connection)
        if act == "decide" and who.department_id:
            raise Problem(403, "department", "disputes are decided by the bureau", hint="use a key of the centre")
        opened = _answered(lambda: self._done(act, connection, test, said, f"{who.name} ({who.key_id})"))
        if opened is not None:
            return self._shown(request, connection, opened=opened)
        return RedirectResponse(f"/conformance/{connection}#{test}", status_code=303)

    def _done(self, act: str, connection: str, test: str, said: Mapping[str, str], by: str) -> Any:  # noqa: ANN401
        desk, why = self._connections, said.get("why", "")
        if act == "open":
            return desk.bytes_of(connection, test, said.get("sha256", ""), by=by)
        if act == "rerun":
            desk.rerun(connection, test, by=by)
        elif act == "dispute":
            desk.dispute(connection, test, by=by, why=why)
        else:
            desk.decide(connection, test, by=by, why=why, stands=said.get("stands") == "yes")
        return None

    def _shown(self, request: Request, connection: str, opened: Mapping[str, Any] | None = None) -> Response:
        who = request.state.who
        decides = who.may(REVIEW) and not who.department_id
        return self._pages.render(
            "conformance.html", request, one=self._one(who, connection), opened=opened,
            department=self._names.department, may_act=who.may(ACT), may_decide=decides,
        )  # fmt: skip

    def _lines(self, who: Identity) -> list[Mapping[str, Any]]:
        return [each for each in self._connections.all() if _may_see(who, each)]

    def _one(self, who: Identity, connection: str) -> Mapping[str, Any]:
        """Return what is told of a connection; one that the asker may not see is not found."""
        found = self._connections.one(connection) if connection.isprintable() else None
        if found is None or not _may_see(who, found):
            problem = f"there is no connection {connection[:80]!r} that this key may see"
            raise Problem(404, "no-connection", problem, hint="see /conformance")
        return found


def _may_see(who: Identity, told: Mapping[str, Any]) -> bool:
    """Tell whether a connection is the asker's own affair: the centre's people see all, a department its own."""
    if who.kind == "connection":
        return bool(who.name == told["connection"])
    return not who.department_id or bool(who.department_id == told["department"])


def _answered(ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever was asked
    """Return an answer; what was asked wrongly is the asker's to mend."""
    try:
        return ask()
    except Misconfigured as wrong:
        fault = wrong.faults[0]
        raise Problem(409, fault.code.replace(".", "-"), fault.problem, hint=fault.hint) from wrong


def router(parts: Parts, gate: Gate, names: Names, pages: Pages) -> APIRouter:
    """Return the routes, each behind its scope."""
    standing, routes = Standing(parts, names, pages), APIRouter()
    guarded = [Depends(gate.guard(READ))]
    routes.add_api_route("/v1/conformance", standing.listed, methods=["GET"], dependencies=guarded)
    one = "/v1/conformance/connections/{connection}"
    routes.add_api_route(one, standing.told, methods=["GET"], dependencies=guarded)
    shown: dict[str, Any] = {"dependencies": guarded, "include_in_schema": False}
    routes.add_api_route("/conformance", standing.list_page, methods=["GET"], **shown)
    routes.add_api_route("/conformance/{connection}", standing.page, methods=["GET"], **shown)
    routes.add_api_route("/conformance/{connection}/{test}", standing.act, methods=["POST"], **shown)
    return routes
