"""Follows one alert up: what is told of it, what the asker may do to it now, and doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import RedirectResponse, Response

from gateway import words
from gateway.casefile import labelled, local, told_alert
from gateway.ownership import may_see
from gateway.papering import Papering, add_paper_routes
from gateway.problems import Problem, json_response
from gateway.rights import visible
from hub.supervision.alert_cycle import GROUNDS, MOVES, Deed, legal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.pages import Pages
    from gateway.reading import Parts
    from gateway.rights import Gate
    from gateway.words import Names
    from hub.acts import Asked
    from hub.identity import Identity
    from hub.model.values import AlertRow
    from hub.supervision.alert_cycle import Move

ROLE_SCOPES: Final = {
    "department": "alerts:answer",
    "supervisor": "alerts:supervise",
    "reviewer": "alerts:review",
}
"""The scope that lets somebody move alerts in a role."""


class Wish(BaseModel):
    """What somebody wants to do to an alert."""

    model_config = ConfigDict(extra="forbid")

    move: Annotated[str, Field(description=f"one of {', '.join(MOVES)}", pattern="^[a-z]{1,20}$")]
    note: Annotated[str, Field(description="the reason, in words", max_length=2000)] = ""
    ground: Annotated[str, Field(description=f"with dismiss and revoke: {', '.join(GROUNDS)}", max_length=40)] = ""
    due_on: Annotated[str, Field(description="with order: its last day", pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    to: Annotated[
        str, Field(description="with escalate: to whom; with attribute: department, connector or hub", max_length=200)
    ] = ""


class Following:
    """The endpoints on one alert."""

    def __init__(self, parts: Parts, names: Names, pages: Pages) -> None:
        """Tell of `parts`, and act through them."""
        self._parts, self._names, self._pages = parts, names, pages
        self.papers: Final = Papering(parts, self.alert)

    def tell(self, request: Request, alert_id: str) -> Response:
        """Tell one alert: its document with history and deadlines, and what the asker may do to it now."""
        alert = self.alert(request, alert_id)
        told = told_alert(alert.document, rule_id=alert.rule_id, level=alert.level, state=alert.state)
        moves = [{"move": move.name, "label": {"zh": move.zh, "en": move.en}, "needs": list(move.needs)}
                 for move in _moves(request.state.who, alert)]  # fmt: skip
        return json_response({**told, "moves": moves, "clocks": self._clocks(alert)})

    def act(self, request: Request, alert_id: str, wish: Wish) -> Response:
        """Do something to an alert: 202 once the broker holds it, 409 where it is not allowed (which is kept too).

        `GET /v1/acts/{act_id}` tells whether supervision took it.
        """
        alert = self.alert(request, alert_id)
        asked = self._asked(request.state.who, alert, wish)
        response = json_response({"act_id": asked.act_id, "alert_id": alert.alert_id}, status=202)
        response.headers["Location"] = f"/v1/acts/{asked.act_id}"
        return response

    def outcome(self, act_id: str) -> Response:
        """Tell what became of an act: `pending` until the ledger has it, then `done`, or `refused` and why."""
        found = self._parts.reading.act(act_id) if act_id.isprintable() else None
        state, _, why = (found or "pending").partition(": ")
        known = state if state in ("pending", "refused") else "done"
        return json_response({"act_id": act_id, "state": known, "why": why})

    def page(self, request: Request, alert_id: str, act: str = "") -> Response:
        """Show one alert with its history, its deadlines, and forms for what the asker may do."""
        alert = self.alert(request, alert_id)
        told = told_alert(alert.document, rule_id=alert.rule_id, level=alert.level, state=alert.state)
        outcome = self._parts.reading.act(act) if act.isalnum() or "-" in act else None
        return self._pages.render(
            "alert.html", request, alert={**told, "department_name": self._names.department(alert.department_id)},
            subject=alert.subject, history=[self._entry(each) for each in alert.document.get("history", ())],
            clocks=self._clocks(alert), moves=_moves(request.state.who, alert), needs=words.NEEDS,
            grounds=words.REASONS, ground_codes=GROUNDS, act=act, outcome=outcome,
            **self.papers.shown(request.state.who, alert),
        )  # fmt: skip

    async def enter(self, request: Request, alert_id: str) -> Response:
        """Do what a form says, and show the alert again."""
        async with request.form(max_files=0, max_fields=8) as form:
            said = {name: str(value) for name, value in form.items() if name in Wish.model_fields}
        return await run_in_threadpool(self._entered, request, alert_id, said)

    def _entered(self, request: Request, alert_id: str, said: Mapping[str, str]) -> Response:
        alert = self.alert(request, alert_id)
        try:
            wish = Wish.model_validate(said)
        except ValidationError as wrong:
            raise RequestValidationError(wrong.errors()) from wrong
        asked = self._asked(request.state.who, alert, wish)
        return RedirectResponse(f"/alerts/{alert.alert_id}?act={asked.act_id}", status_code=303)

    def alert(self, request: Request, alert_id: str) -> AlertRow:
        """Return an alert that the asker may see; one that they may not see is not found."""
        alert = self._parts.reading.alert(alert_id) if alert_id.isprintable() else None
        disclosed = alert.document.get("case", {}).get("disclosure", {}).get("class", "intranet") if alert else ""
        who = request.state.who
        if alert is None or disclosed not in visible(who) or not self._is_theirs(who, alert, disclosed):
            raise Problem(404, "no-alert", f"there is no alert {alert_id[:40]!r}", hint="look it up: /v1/alerts")
        return alert

    def _is_theirs(self, who: Identity, alert: AlertRow, class_: str) -> bool:
        about = {"case_id": alert.subject, "department_id": alert.department_id, "class_": class_}
        return may_see(self._parts, who, **about)

    def _asked(self, who: Identity, alert: AlertRow, wish: Wish) -> Asked:
        """Send a wish on its way; Problem 409 where it will be refused."""
        said = wish.model_dump(exclude={"move"})
        deed = Deed(
            move=wish.move,
            by=f"{who.name} ({who.key_id})",
            role=_role(who, wish.move),
            at=self._parts.now(),
            department_id=who.department_id,
            **said,
        )
        asked = self._parts.act(alert, deed)
        if asked.refused is not None:
            raise Problem(409, asked.refused.code, asked.refused.problem, hint=asked.refused.hint)
        return asked

    def _clocks(self, alert: AlertRow) -> list[dict[str, Any]]:
        zone = self._parts.zone
        return [
            {
                "kind": clock.kind,
                "label": labelled(words.label(words.CLOCKS, clock.kind)),
                "state": clock.state,
                "state_label": labelled(words.label(words.CLOCK_STATES, clock.state)),
                "due_at": local(clock.due_at, zone),
                "stopped_at": local(clock.stopped_at, zone),
                "derivation": list(clock.derivation),
            }
            for clock in self._parts.reading.clocks(alert.alert_id)
        ]

    def _entry(self, entry: dict[str, str]) -> dict[str, Any]:
        return {**entry, "label": labelled(words.label(words.MOVES, entry["move"]))}


def _moves(who: Identity, alert: AlertRow) -> list[Move]:
    """Return what the asker may do to an alert now, as far as their role goes."""
    return [
        move
        for move in legal(alert.state)
        if who.may(ROLE_SCOPES[move.role]) and (move.role == "department") == (who.department_id == alert.department_id)
    ]


def _role(who: Identity, move: str) -> str:
    """Return as whom somebody makes a move: in the role it asks for, else in the one they have."""
    held = [role for role, scope in ROLE_SCOPES.items() if who.may(scope)]
    if not held:
        hint = f"ask the operator for a key with one of {', '.join(ROLE_SCOPES.values())}"
        raise Problem(403, "scope", "this key does not let its holder act on alerts", hint=hint)
    wanted = MOVES[move].role if move in MOVES else ""
    return wanted if wanted in held else held[0]


def router(parts: Parts, gate: Gate, names: Names, pages: Pages) -> APIRouter:
    """Return the routes on one alert."""
    following, routes = Following(parts, names, pages), APIRouter()
    guard = [Depends(gate.guard("alerts:read"))]
    routes.add_api_route("/v1/alerts/{alert_id}", following.tell, methods=["GET"], dependencies=guard)
    routes.add_api_route(
        "/v1/alerts/{alert_id}/moves", following.act, methods=["POST"], status_code=202, dependencies=guard
    )
    routes.add_api_route("/v1/acts/{act_id}", following.outcome, methods=["GET"], dependencies=guard)
    shown: dict[str, Any] = {"dependencies": guard, "include_in_schema": False}
    routes.add_api_route("/alerts/{alert_id}", following.page, methods=["GET"], **shown)
    routes.add_api_route("/alerts/{alert_id}", following.enter, methods=["POST"], **shown)
    add_paper_routes(routes, following.papers, guard)
    return routes
