"""The scores over HTTP: comparison, derivation, indicator set, truthfulness, and a page with the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway import listing
from gateway.problems import Problem, json_response
from gateway.rights import visible
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gateway.pages import Pages
    from gateway.reading import Parts
    from gateway.rights import Gate
    from gateway.words import Names

SCOPE: Final = "scores:read"

_Period = Annotated[str, Query(max_length=7, description="2026-10, 2026-H2 or 2026; the last full month if left out")]
_Word = Annotated[str, Query(max_length=80, pattern=listing.TEXT)]

_HIDDEN: Final = "（不公开 not disclosed）"


class ScoreDesk:
    """The endpoints; an instance holds what they ask and nothing of any request."""

    def __init__(self, parts: Parts, names: Names, pages: Pages) -> None:
        """Tell the scores of `parts`."""
        self._parts, self._names, self._pages = parts, names, pages

    def compared(
        self, period: _Period = "", department: _Word = "", region: _Word = "", matter: _Word = ""
    ) -> Response:
        """Compare departments: score, what is booked of earlier months, grade, rank; beside it the data quality.

        `region` is a prefix of the region a department is seated in; `matter` takes what concerns one matter alone.
        """
        told = _answered(
            lambda: self._parts.scores.compared(period, department=department, region=region, matter=matter)
        )
        return json_response(told)

    def explained(self, request: Request, department: str, period: str) -> Response:
        """Derive one department's score; the lines add up to it. A department's key derives its own alone."""
        return json_response(self._explained(request, department, period))

    def _explained(self, request: Request, department: str, period: str) -> dict[str, Any]:
        own = request.state.who.department_id
        if own and own != department:
            raise Problem(403, "department", "this key is another department's", hint=f"ask for {own}")
        told = _answered(lambda: self._parts.scores.explained(department, period))
        return veiled(told, visible(request.state.who))

    def truthfulness(self, request: Request, period: _Period = "", department: _Word = "") -> Response:
        """Tell how truthfully departments reported, beside their peers: for review. A department sees itself alone."""
        own = request.state.who.department_id
        if own and department not in ("", own):
            raise Problem(403, "department", "this key is another department's", hint=f"ask for {own}")
        return json_response(_answered(lambda: self._parts.scores.truthfulness(period, department=own or department)))

    def indicators(self, period: _Period = "") -> Response:
        """Return the indicator set in force: heads, indicators, what cards cost, grades, with their sources."""
        return json_response(dict(_answered(lambda: self._parts.scores.indicators(period)).document))

    def page(self, request: Request, period: _Period = "", region: _Word = "") -> Response:
        """Show the comparison as a table."""
        told = _answered(lambda: self._parts.scores.compared(period, region=region))
        rows = [{**row, "name": self._names.department(row["department_id"])} for row in told["departments"]]
        return self._pages.render("scores.html", request, told=told, rows=rows)

    def derivation(self, request: Request, department: str, period: str) -> Response:
        """Show one derivation, line by line."""
        told = self._explained(request, department, period)
        name = self._names.department(department)
        return self._pages.render("score.html", request, told=told, department_name=name)


def veiled(told: Mapping[str, Any], classes: Collection[str]) -> dict[str, Any]:
    """Return a derivation without the names of cases whose class the asker may not see; its points stay."""
    return {**told, **{part: [_veiled(line, classes) for line in told[part]] for part in ("lines", "adjustments")}}


def _veiled(line: Mapping[str, Any], classes: Collection[str]) -> Mapping[str, Any]:
    about = line["about"]
    if about.get("disclosure", "") in ("", *classes):
        return line
    kept = {name: about[name] for name in ("rule_id", "state", "charged_to") if name in about}
    said = {"zh": f"{about['rule_id']} {_HIDDEN}", "en": f"{about['rule_id']} {_HIDDEN}"}
    return {**line, **said, "about": kept, "evidence": []}


def _answered(ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever was asked
    """Return an answer; what was asked wrongly is the asker's to mend here."""
    try:
        return ask()
    except Misconfigured as wrong:
        fault = wrong.faults[0]
        status = 404 if fault.code.endswith(".department") else 400
        raise Problem(status, fault.code.replace(".", "-"), fault.problem, hint=fault.hint) from wrong


def router(parts: Parts, gate: Gate, names: Names, pages: Pages) -> APIRouter:
    """Return the routes, each behind its scope."""
    desk, routes = ScoreDesk(parts, names, pages), APIRouter()
    guarded = [Depends(gate.guard(SCOPE))]
    answers: tuple[tuple[str, Callable[..., Response]], ...] = (
        ("/v1/scores", desk.compared),
        ("/v1/scores/{department}/{period}/explain", desk.explained),
        ("/v1/truthfulness", desk.truthfulness),
        ("/v1/indicators", desk.indicators),
    )
    for path, endpoint in answers:
        routes.add_api_route(path, endpoint, methods=["GET"], dependencies=guarded)
    pages_of: tuple[tuple[str, Callable[..., Response]], ...] = (
        ("/scores", desk.page),
        ("/scores/{department}/{period}", desk.derivation),
    )
    for path, endpoint in pages_of:
        routes.add_api_route(path, endpoint, methods=["GET"], dependencies=guarded, include_in_schema=False)
    return routes
