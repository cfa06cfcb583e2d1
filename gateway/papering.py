"""Issues papers 文书 of an alert, lists them with their receipts, and hands out their files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import RedirectResponse, Response

from gateway.contracts import file_of
from gateway.problems import Problem, json_response
from hub.model.codes import code_list
from hub.supervision.instruments import INSTRUMENTS, PaperWish, instruments, told_paper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastapi import APIRouter

    from gateway.reading import Parts
    from hub.acts import Asked
    from hub.identity import Identity
    from hub.model.values import AlertRow, PaperRow

AUTHORITY_SCOPES: Final = {
    "operator": "alerts:supervise",
    "commission": "papers:commission",
    "justice": "papers:justice",
}
"""The scope that lets somebody issue the instruments of an authority."""

MEDIA: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class Issue(BaseModel):
    """What somebody wants to have issued of an alert."""

    model_config = ConfigDict(extra="forbid")

    instrument: Annotated[str, Field(description=f"one of {', '.join(code_list(INSTRUMENTS).rows)}", max_length=40)]
    note: Annotated[str, Field(description="what it says in words", max_length=2000)] = ""


class Papering:
    """The endpoints on the papers of an alert."""

    def __init__(self, parts: Parts, alert: Callable[[Request, str], AlertRow]) -> None:
        """Work through `parts`; `alert` looks up an alert that the asker may see."""
        self._parts, self._alert = parts, alert

    def told(self, request: Request, alert_id: str) -> Response:
        """List the papers of an alert: number, issuer, SHA-256 of the files, receipt."""
        alert = self._alert(request, alert_id)
        return json_response({"alert_id": alert.alert_id, "items": self._listed(alert)})

    def issue(self, request: Request, alert_id: str, wish: Issue) -> Response:
        """Issue a paper: 202 once the broker holds the wish, 409 where it is not lawful (which is kept too).

        `GET /v1/acts/{act_id}` tells whether supervision took it; the act's id is the paper's.
        """
        alert = self._alert(request, alert_id)
        asked = self._asked(request.state.who, alert, wish)
        response = json_response({"act_id": asked.act_id, "alert_id": alert.alert_id}, status=202)
        response.headers["Location"] = f"/v1/acts/{asked.act_id}"
        return response

    async def enter(self, request: Request, alert_id: str) -> Response:
        """Issue what a form says, and show the alert again."""
        async with request.form(max_files=0, max_fields=8) as form:
            said = {name: str(value) for name, value in form.items() if name in Issue.model_fields}
        return await run_in_threadpool(self._entered, request, alert_id, said)

    def file(self, request: Request, paper_id: str, media: str) -> Response:
        """Hand out the file of a paper, if it is the one that the ledger names."""
        paper = self._parts.reading.paper(paper_id) if paper_id.isprintable() else None
        if paper is None or media not in MEDIA:
            raise Problem(404, "no-paper", f"there is no such paper {paper_id[:40]!r}", hint="see the alert's papers")
        self._alert(request, paper.alert_id)
        digest = paper.pdf_digest if media == "pdf" else paper.docx_digest
        body = self._parts.reading.paper_file(digest) if digest else None
        if body is None:
            raise Problem(404, "not-drawn", "this paper is not drawn yet", hint="`sunlight run papers` draws it")
        if hashlib.sha256(body).hexdigest() != digest:
            hint = "restore the table paper_files from a backup"
            raise Problem(500, "paper-changed", "the file is not the one that the ledger names", hint=hint)
        name = f"attachment; filename*=UTF-8''{quote(paper.content['no'])}.{media}"
        return Response(body, media_type=MEDIA[media], headers={"Content-Disposition": name, "ETag": f'"{digest}"'})

    def dossier(self, request: Request, alert_id: str) -> Response:
        """Hand out an alert's dossier: papers, derivation, evidence, history, ledger entries, signed (ZIP)."""
        alert = self._alert(request, alert_id)
        number = alert.document.get("supervision_no") or alert.alert_id
        name = f'attachment; filename="dossier-{number}.zip"'
        return Response(self._parts.dossier(alert), media_type="application/zip", headers={"Content-Disposition": name})

    def shown(self, who: Identity, alert: AlertRow) -> Mapping[str, Any]:
        """Return what the alert's page shows: its papers, those that the reader may issue today, who was told of it."""
        told = self._parts.reading.notifications(alert_id=alert.alert_id)
        return {"papers": self._listed(alert), "issuable": self._issuable(who), "told": told}

    def _issuable(self, who: Identity) -> Sequence[Mapping[str, Any]]:
        day = self._parts.now().astimezone(self._parts.zone).date()
        held = [authority for authority, scope in AUTHORITY_SCOPES.items() if who.may(scope)]
        return [row for authority in held for row in instruments(authority, day)]

    def _listed(self, alert: AlertRow) -> list[dict[str, Any]]:
        found: Sequence[PaperRow] = self._parts.reading.papers(alert.alert_id)
        return [{**told_paper(each, alert, self._parts.zone), "title": each.content["title"]} for each in found]

    def _entered(self, request: Request, alert_id: str, said: Mapping[str, str]) -> Response:
        alert = self._alert(request, alert_id)
        try:
            wish = Issue.model_validate(said)
        except ValidationError as wrong:
            raise RequestValidationError(wrong.errors()) from wrong
        asked = self._asked(request.state.who, alert, wish)
        return RedirectResponse(f"/alerts/{alert.alert_id}?act={asked.act_id}", status_code=303)

    def _asked(self, who: Identity, alert: AlertRow, wish: Issue) -> Asked:
        """Send a wish on its way; Problem 409 where it will be refused."""
        paper = PaperWish(
            instrument=wish.instrument,
            authority=_authority(who, wish.instrument),
            by=f"{who.name} ({who.key_id})",
            at=self._parts.now(),
            department_id=who.department_id,
            note=wish.note,
        )
        asked = self._parts.issue(alert, paper)
        if asked.refused is not None:
            raise Problem(409, asked.refused.code, asked.refused.problem, hint=asked.refused.hint)
        return asked


def _authority(who: Identity, instrument: str) -> str:
    """Return as which authority somebody issues: the one whose instrument it is, else the one they are of."""
    held = [authority for authority, scope in AUTHORITY_SCOPES.items() if who.may(scope)]
    if not held:
        hint = f"ask the operator for a key with one of {', '.join(AUTHORITY_SCOPES.values())}"
        raise Problem(403, "scope", "this key does not let its holder issue papers", hint=hint)
    row = code_list(INSTRUMENTS).rows.get(instrument)
    wanted = str(row["authority"]) if row else ""
    return wanted if wanted in held else held[0]


def add_paper_routes(routes: APIRouter, papers: Papering, guard: Sequence[Any]) -> None:
    """Add the routes on papers."""
    given: dict[str, Any] = {"dependencies": guard}
    zipped, written = file_of("application/zip"), file_of(*MEDIA.values())
    routes.add_api_route("/v1/alerts/{alert_id}/papers", papers.told, methods=["GET"], **given)
    routes.add_api_route("/v1/alerts/{alert_id}/papers", papers.issue, methods=["POST"], status_code=202, **given)
    routes.add_api_route("/v1/alerts/{alert_id}/dossier", papers.dossier, methods=["GET"], **given, **zipped)
    routes.add_api_route("/v1/papers/{paper_id}.{media}", papers.file, methods=["GET"], **given, **written)
    routes.add_api_route("/alerts/{alert_id}/papers", papers.enter, methods=["POST"], include_in_schema=False, **given)
