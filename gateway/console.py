"""The console: a live overview, cases, one case's timeline, alerts, the quarantine, and the way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import parse_qs, urlencode

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import RedirectResponse, Response

from gateway import listing, overview, words
from gateway.attaching import listed
from gateway.bars import clock_bars
from gateway.casefile import casefile, header, in_order, told_alert
from gateway.doors import first_of
from gateway.filters import ALERT_WORDS, CASE_WORDS, checked
from gateway.ownership import seen, seen_by
from gateway.problems import Problem
from gateway.rights import COOKIE, demand, view_of, visible

if TYPE_CHECKING:
    from gateway.pages import Pages
    from gateway.reading import Parts, Row
    from gateway.rights import Gate
    from gateway.words import Names

PAGE: Final = 50
"""Rows of a page."""

LATEST: Final = 8
"""Alerts on the live page."""

FORM_BYTES: Final = 4096
"""Bytes of the largest login form that is read."""

Field = Annotated[str, Query(max_length=80, pattern=listing.TEXT)]
Cursor = Annotated[str, Query(max_length=200)]


class Console:
    """The pages; an instance holds what they ask and nothing of any request."""

    def __init__(self, parts: Parts, names: Names, pages: Pages) -> None:
        """Show `parts`."""
        self._parts, self._names, self._pages = parts, names, pages

    def overview(self, request: Request) -> Response:
        """Show the figures, which the page then keeps asking for; who may not see them is led to what they may."""
        first = first_of(request.state.who)
        if first != "/":
            return RedirectResponse(first, status_code=303)
        demand(request, "cases:read")
        return self._pages.render("overview.html", request, **self._figures(request))

    def live(self, request: Request) -> Response:
        """Show the figures alone, for the page that is open."""
        return self._pages.render("_figures.html", request, **self._figures(request))

    def _figures(self, request: Request) -> dict[str, Any]:
        reading, names = self._parts.reading, self._names
        summary, counts, accounts = reading.summary(), reading.alert_counts(), reading.accounting()
        quarantined = reading.open_quarantine()
        return {
            "now": self._parts.now(),
            "missing": self._parts.missing(),
            "clock_text": self._parts.clock_text() if self._parts.clock_text else "",
            "summary": summary,
            "states": overview.ordered(summary["cases"]["by_state"], words.STATES),
            "levels": overview.standing_by(counts, "level"),
            "rules": overview.rules(counts),
            "outcomes": overview.ordered(summary["events"], words.OUTCOMES),
            "in_flight": sum(account["in_flight"] for account in accounts.values()),
            "quarantine": sum(quarantined.values()),
            "counties": overview.counties(reading.departments(), counts, names),
            "connections": overview.connections(reading.connections(), accounts, quarantined, self._parts.troubles()),
            "latest": self._latest(request),
        }

    def _latest(self, request: Request) -> list[dict[str, Any]]:
        if not request.state.who.may("alerts:read"):
            return []
        parts, who = self._parts, request.state.who
        rows, _ = listing.alerts(
            parts.reading, seen_by(parts, who), filters={}, classes=visible(who), after=None, limit=LATEST
        )
        return [self._alert(row) for row in rows]

    def _alert(self, row: Row) -> dict[str, Any]:
        told = told_alert(orjson.loads(row["document"]), rule_id=row["rule_id"], level=row["level"], state=row["state"])
        department = self._names.department(row["department_id"])
        return {**row, **told, "changed_at": row["changed_at"], "department_name": department}

    def cases(
        self,
        request: Request,
        *,
        q: Field = "",
        region: Field = "",
        department: Field = "",
        state: Field = "",
        after: Cursor = "",
    ) -> Response:
        """List cases, newest first."""
        wanted = {"q": q, "region": region, "department": department, "state": state}
        classes, reading = visible(request.state.who), self._parts.reading
        chosen = checked(
            CASE_WORDS, reading.departments, region=region or None, department=department or None, state=state or None
        )
        filters = {**chosen, "text": q or None}
        may = seen_by(self._parts, request.state.who)
        rows, following = listing.newest_cases(reading, may, filters=filters, classes=classes, after=after, limit=PAGE)
        return self._pages.render(
            "cases.html",
            request,
            cases=[header(row, self._names, self._parts.zone) for row in rows],
            wanted=wanted,
            next_url=_next("/cases", wanted, following),
            **self._choices(),
        )

    def _choices(self) -> dict[str, Any]:
        rows = self._parts.reading.departments()
        regions = {words.county_of(row["region_code"]) for row in rows}
        departments = {row["department_id"] for row in rows}
        return {
            "regions": [(code, words.region_label(code)) for code in sorted(regions)],
            "departments": sorted((each, self._names.department(each)) for each in departments),
        }

    def case(self, request: Request, case_id: str) -> Response:
        """Show one case: its timeline, clocks, alerts and ledger entries."""
        row = self._parts.reading.case(case_id) if case_id.isprintable() else None
        who = request.state.who
        if row is None or row["disclosure"] not in visible(who) or not seen(self._parts, who, [row]):
            raise Problem(404, "no-case", "没有这个办件 there is no such case", hint="在“办件”页查找 look under Cases")
        told = casefile(
            row,
            self._parts.folded(row),
            self._names,
            self._parts.zone,
            self._parts.reading.clock_changes(case_id),
            view=view_of(who, row["department_id"]),
        )
        bars = clock_bars(in_order(row["clocks"]), self._parts.now())
        files = listed(self._parts, row, view_of(who, row["department_id"]))
        return self._pages.render("case.html", request, case=told, bars=bars, now=self._parts.now(), files=files)

    def alerts(
        self,
        request: Request,
        *,
        rule: Field = "",
        state: Field = "",
        level: Field = "",
        region: Field = "",
        department: Field = "",
        after: Cursor = "",
    ) -> Response:
        """List alerts, newest change first."""
        wanted = {"rule": rule, "state": state, "level": level, "region": region, "department": department}
        classes, reading = visible(request.state.who), self._parts.reading
        filters = checked(ALERT_WORDS, reading.departments, **{name: value or None for name, value in wanted.items()})
        may = seen_by(self._parts, request.state.who)
        rows, following = listing.alerts(reading, may, filters=filters, classes=classes, after=after, limit=PAGE)
        return self._pages.render(
            "alerts.html",
            request,
            alerts=[self._alert(row) for row in rows],
            wanted=wanted,
            rules=overview.rules(reading.alert_counts()),
            next_url=_next("/alerts", wanted, following),
            **self._choices(),
        )

    def quarantine(self, request: Request) -> Response:
        """List what was refused, and why; its bytes stay sealed."""
        reading = self._parts.reading
        rows = reading.quarantine(limit=PAGE)
        counts = reading.open_quarantine()
        return self._pages.render("quarantine.html", request, rows=rows, counts=counts, limit=PAGE)


class Entrance:
    """Logs people in and out. The cookie holds the key itself, which the hub keeps only as a digest."""

    def __init__(self, gate: Gate, pages: Pages) -> None:
        """Let people through `gate`."""
        self._gate, self._pages = gate, pages

    def form(self, request: Request, next: Field = "/") -> Response:  # noqa: A002 - the address calls it so
        """Show the form."""
        return self._pages.render("login.html", request, next=_own_path(next), wrong=False)

    async def enter(self, request: Request) -> Response:
        """Take a key, and remember it in this browser session."""
        body = await _body(request)
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        token, target = form.get("key", "").strip(), _own_path(form.get("next", "/"))
        if await self._gate.holder_now(token) is None:
            return self._pages.render("login.html", request, status=401, next=target, wrong=True)
        answer = RedirectResponse(target, status_code=303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
        return answer

    def leave(self) -> Response:
        """Forget the key."""
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            raise Problem(400, "form", "the form is too large")
    return body


def _own_path(target: str) -> str:
    """Return a path of ours to go to; anything that leads elsewhere becomes the first page."""
    sound = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if sound else "/"


def _next(path: str, wanted: dict[str, str], cursor: str | None) -> str:
    """Return the address of the next page; empty after the last."""
    return path + "?" + urlencode({**{k: v for k, v in wanted.items() if v}, "after": cursor}) if cursor else ""


def router(parts: Parts, gate: Gate, names: Names, pages: Pages) -> APIRouter:
    """Return the console's routes, each behind its scope."""
    shown, entrance = Console(parts, names, pages), Entrance(gate, pages)
    routes = APIRouter(include_in_schema=False)
    for path, endpoint, scope in (
        ("/", shown.overview, None),
        ("/live/figures", shown.live, "cases:read"),
        ("/cases", shown.cases, "cases:read"),
        ("/cases/{case_id}", shown.case, "cases:read"),
        ("/alerts", shown.alerts, "alerts:read"),
        ("/quarantine", shown.quarantine, "quarantine:read"),
    ):
        routes.add_api_route(path, endpoint, methods=["GET"], dependencies=[Depends(gate.guard(scope))])
    routes.add_api_route("/login", entrance.form, methods=["GET"])
    routes.add_api_route("/login", entrance.enter, methods=["POST"])
    routes.add_api_route("/logout", entrance.leave, methods=["POST"])
    return routes
