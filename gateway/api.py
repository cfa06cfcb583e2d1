"""The query API /v1: cases, alerts, figures, schemas; answers are JSON, errors are problem documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway import listing
from gateway.attaching import Attaching, listed
from gateway.casefile import casefile, header, local, told_alert
from gateway.contracts import ANY_FILE, file_of
from gateway.filters import ALERT_WORDS, CASE_WORDS, checked
from gateway.ownership import seen, seen_by
from gateway.problems import Problem, json_response
from gateway.rights import view_of, visible
from hub.model.shapes import load_schema
from hub.resources import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.reading import Parts, Row
    from gateway.rights import Gate
    from gateway.words import Names

Filter = Annotated[str | None, Query(max_length=80, pattern=listing.TEXT)]
Limit = Annotated[int, Query(ge=1, le=listing.PAGE_MOST)]


class Api:
    """The endpoints; an instance holds what they ask and nothing of any request."""

    def __init__(self, parts: Parts, names: Names) -> None:
        """Answer from `parts`."""
        self._parts, self._names = parts, names

    def cases(
        self,
        request: Request,
        *,
        region: Filter = None,
        department: Filter = None,
        state: Filter = None,
        q: Filter = None,
        after: Filter = None,
        limit: Limit = 50,
    ) -> Response:
        """List cases by id. `region` is a prefix of its code; `q` is looked for in number and title.

        Ask for the following page with `after` set to the `next` of this one; after the last it is null.
        """
        known = checked(CASE_WORDS, self._parts.reading.departments, region=region, department=department, state=state)
        filters = {**known, "text": q}
        parts, who = self._parts, request.state.who
        rows, following = listing.cases(
            parts.reading, seen_by(parts, who), filters=filters, classes=visible(who), after=after, limit=limit
        )
        told = [header(row, self._names, parts.zone) for row in rows]
        return json_response({"items": told, "next": following})

    def case(self, request: Request, case_id: str) -> Response:
        """Tell one case: timeline, clocks with the reason for every due date, alerts, ledger entries."""
        row = self.row(request, case_id)
        changes = self._parts.reading.clock_changes(case_id)
        names, case = self._names, self._parts.folded(row)
        view = view_of(request.state.who, row["department_id"])
        told = casefile(row, case, names, self._parts.zone, changes, view=view)
        return json_response({**told, "attachments": listed(self._parts, row, view)})

    def row(self, request: Request, case_id: str) -> Row:
        """Return one case that the asker may see; one that they may not see is not found, like one that is not."""
        row = self._parts.reading.case(case_id) if case_id.isprintable() else None
        who = request.state.who
        if row is None or row["disclosure"] not in visible(who) or not seen(self._parts, who, [row]):
            raise Problem(404, "no-case", f"there is no case {case_id[:80]!r}", hint="look it up: /v1/cases?q=<number>")
        return row

    def alerts(  # noqa: PLR0913 - one parameter a filter
        self,
        request: Request,
        *,
        rule: Filter = None,
        state: Filter = None,
        level: Filter = None,
        department: Filter = None,
        region: Filter = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Limit = 50,
    ) -> Response:
        """List alerts, newest change first, each with its document; page with `after` = the `next` of this page."""
        asked = {"rule": rule, "state": state, "level": level, "department": department, "region": region}
        filters = checked(ALERT_WORDS, self._parts.reading.departments, **asked)
        parts, who = self._parts, request.state.who
        rows, following = listing.alerts(
            parts.reading, seen_by(parts, who), filters=filters, classes=visible(who), after=after, limit=limit
        )
        return json_response({"items": [self._alert(row) for row in rows], "next": following})

    def _alert(self, row: Row) -> dict[str, Any]:
        document = orjson.loads(row["document"])
        told = told_alert(document, rule_id=row["rule_id"], level=row["level"], state=row["state"])
        return {**told, "changed_at": local(row["changed_at"], self._parts.zone)}

    def summary(self) -> Response:
        """Count cases, records, events, clocks, alerts and the feed."""
        return json_response(self._parts.reading.summary())

    def accounting(self) -> Response:
        """Account for every record and event, by connection: what went in, what became of it, what is in flight."""
        return json_response(dict(self._parts.reading.accounting()))

    def schema(self, name: str) -> Response:
        """Return one document shape (JSON Schema 2020-12), e.g. case-event.v1, its code lists written out."""
        known = sorted(path.stem for path in SCHEMAS.glob("*.json"))
        if not re.fullmatch(r"[a-z0-9.-]{1,40}", name) or name not in known:
            raise Problem(404, "no-schema", f"there is no schema {name[:40]!r}", hint=f"one of {', '.join(known)}")
        return json_response(load_schema(name), media_type="application/schema+json")


def router(parts: Parts, gate: Gate, names: Names) -> APIRouter:
    """Return the routes of /v1, each behind its scope."""
    api, routes = Api(parts, names), APIRouter(prefix="/v1")
    attaching = Attaching(parts, api.row)
    behind: Sequence[tuple[str, Callable[..., object], str | None]] = (
        ("/cases", api.cases, "cases:read"),
        ("/cases/{case_id}", api.case, "cases:read"),
        ("/cases/{case_id}/attachments", attaching.listed, "cases:read"),
        ("/alerts", api.alerts, "alerts:read"),
        ("/summary", api.summary, "cases:read"),
        ("/accounting", api.accounting, "cases:read"),
    )
    for path, endpoint, scope in behind:
        routes.add_api_route(path, endpoint, methods=["GET"], dependencies=[Depends(gate.guard(scope))])
    files = (
        ("/cases/{case_id}/attachments/{sha256}", attaching.file, "cases:read", ANY_FILE),
        ("/schemas/{name}", api.schema, None, file_of("application/schema+json")),
    )
    for path, endpoint, scope, kind in files:
        routes.add_api_route(path, endpoint, methods=["GET"], dependencies=[Depends(gate.guard(scope))], **kind)
    return routes
