"""The desk of a department without a system: a form for one event, a spreadsheet for many, each row answered."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import orjson
import xlsxwriter
from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response

from connectors.codecs import CODECS, CodecOptions
from gateway.entry import COLUMNS, Choices, Wrong, choices_of, event_of, rows_of
from gateway.problems import Problem
from gateway.receiving import limited
from gateway.taking import BODY_BYTES, RECORDS, SCOPE, Taking
from hub.mapping.canonical import FORMAT
from hub.model.values import Record
from hub.pushing import body_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.pages import Pages
    from gateway.reading import Parts, Pushed
    from gateway.rights import Gate

SPREADSHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

TEMPLATE_ROWS: Final = 2000
"""Rows of the template whose cells offer what can be chosen."""

_FORMS: Final = {".xlsx": "xlsx", ".xls": "xlsx", ".ods": "xlsx", ".csv": "csv"}


class EntryDesk:
    """The pages of the desk."""

    def __init__(self, parts: Parts, taking: Taking, pages: Pages) -> None:
        """Take in by `taking`, show by `pages`."""
        self._parts, self._taking, self._pages = parts, taking, pages

    def show(self, request: Request, connection: str) -> Response:
        """Show the empty form."""
        pushed = self._pushed(request, connection)
        return self._page(request, connection, self._choices(pushed))

    def template(self, request: Request, connection: str) -> Response:
        """Return the spreadsheet to be filled in, with the department's own matters to choose from."""
        content = template_of(self._choices(self._pushed(request, connection)))
        name = f'attachment; filename="{connection}.xlsx"'
        return Response(content, media_type=SPREADSHEET, headers={"Content-Disposition": name})

    async def enter(self, request: Request, connection: str) -> Response:
        """Take in one event of the form, or the spreadsheet that came with it."""
        pushed = await run_in_threadpool(self._pushed, request, connection)
        if int(request.headers.get("content-length") or 0) > BODY_BYTES:
            raise Problem(413, "too-large", f"the file has over {BODY_BYTES:,} bytes", hint="send it in parts")
        async with limited(request).form(max_files=1, max_fields=len(COLUMNS) + 1, max_part_size=1 << 20) as form:
            file = form.get("file")
            if isinstance(file, UploadFile) and file.filename:
                name, content = file.filename, await file.read()
                trees = await run_in_threadpool(_trees, name, content)
                rows, first = list(rows_of(trees)), 2  # as the spreadsheet counts: its first row names the columns
            else:
                first, rows = 1, [{column.name: str(form.get(column.name) or "") for column in COLUMNS}]
        return await run_in_threadpool(self._entered, request, connection, pushed, rows, first)

    def _entered(
        self, request: Request, connection: str, pushed: Pushed, rows: Sequence[Mapping[str, str]], first: int
    ) -> Response:
        if not rows or len(rows) > RECORDS:
            problem = f"the file holds {len(rows):,} rows, not 1 to {RECORDS:,}"
            raise Problem(422, "records", problem, hint="use the template; its first row names the columns")
        choices, version = self._choices(pushed), int(self._parts.wall_now().timestamp())
        read = [
            event_of(row, number, choices, zone=self._parts.zone, version=version)
            for number, row in enumerate(rows, start=first)
        ]
        faults = [fault for _, wrong in read for fault in wrong]
        sound = [(number, event) for number, (event, wrong) in enumerate(read, start=first) if not wrong]
        records = [_record(number, event) for number, event in sound]
        refused = pushed.desk.refusals(connection, records)
        faults += [
            Wrong(number, why.path or "", why.problem, why.hint)
            for (number, _), why in zip(sound, refused, strict=True)
            if why is not None
        ]
        taken = [record for record, why in zip(records, refused, strict=True) if why is None]
        answer = self._hand_over(request, pushed, connection, rows, taken) if taken else {}
        return self._page(
            request, connection, choices, rows=rows, faults=sorted(faults, key=lambda fault: fault.row),
            taken=len(taken), receipt=answer.get("receipt_id", ""),
        )  # fmt: skip

    def _hand_over(
        self, request: Request, pushed: Pushed, connection: str, rows: Sequence[Mapping[str, str]], taken: list[Record]
    ) -> Mapping[str, Any]:
        """Take in the sound rows, under a name made of all rows: the same ones entered again are the same push."""
        digest = body_digest(orjson.dumps([rows, len(taken)]))
        with self._taking.turn(request.state.who):
            return self._taking.take_records(pushed, connection, digest, taken).document

    def _pushed(self, request: Request, connection: str) -> Pushed:
        pushed = self._taking.of(request.state.who, connection)
        if pushed.format.form != FORMAT:
            hint = "its mapping says connect: {format: canonical}"
            raise Problem(404, "no-desk", "this connection's department has a system that sends", hint=hint)
        return pushed

    def _choices(self, pushed: Pushed) -> Choices:
        return choices_of(self._parts.catalogue(), pushed.departments)

    def _page(self, request: Request, connection: str, choices: Choices, **answer: Any) -> Response:  # noqa: ANN401 - what the page shows
        shown = {"rows": [], "faults": [], "taken": None, "receipt": "", **answer}
        again = shown["rows"][0] if len(shown["rows"]) == 1 and shown["faults"] else {}
        status = 422 if shown["faults"] and not shown["taken"] else 200
        return self._pages.render(
            "desk.html", request, status=status, connection=connection, columns=COLUMNS, choices=choices, again=again,
            **shown,
        )  # fmt: skip


def _record(number: int, event: Mapping[str, Any]) -> Record:
    return Record(place=f"row {number}", raw=orjson.dumps(event), tree=event)


def _trees(name: str, content: bytes) -> list[Mapping[str, Any]]:
    """Read a spreadsheet's rows; Problem 415 or 422 where it is none."""
    form = next((form for ending, form in _FORMS.items() if name.lower().endswith(ending)), None)
    if form is None:
        raise Problem(415, "media-type", f"{name[-40:]!r} is no spreadsheet", hint="send XLSX, XLS, ODS or CSV (UTF-8)")
    records = list(CODECS[form](io.BytesIO(content), CodecOptions(place=name[-80:])))
    broken = next((record.refused for record in records if record.refused is not None), None)
    if broken is not None:
        raise Problem(422, broken.code, f"{broken.place}: {broken.problem}", hint=broken.hint)
    return [record.tree for record in records]


def template_of(choices: Choices) -> bytes:
    """Return a workbook whose first row names the columns, and whose cells offer what can be chosen."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet, lists = book.add_worksheet("案件 cases"), book.add_worksheet("lists")
        heading = book.add_format({"bold": True, "bg_color": "#E8EEF5", "border": 1})
        text = book.add_format({"num_format": "@"})
        for index, column in enumerate(COLUMNS):
            sheet.write_string(0, index, column.heading, heading)
            sheet.set_column(index, index, 24, text)
            if column.example:
                sheet.write_comment(0, index, column.example)
            labels = choices.labels(column.name)
            for row, label in enumerate(labels):
                lists.write_string(row, index, label)
            if labels:
                name = xlsxwriter.utility.xl_col_to_name(index)
                source = f"=lists!${name}$1:${name}${len(labels)}"
                sheet.data_validation(1, index, TEMPLATE_ROWS, index, {"validate": "list", "source": source})
        sheet.freeze_panes(1, 0)
        lists.hide()
    return stream.getvalue()


def router(parts: Parts, gate: Gate, taking: Taking, pages: Pages) -> APIRouter:
    """Return the routes of the desk."""
    desk, routes = EntryDesk(parts, taking, pages), APIRouter(include_in_schema=False)
    guard = [Depends(gate.guard(SCOPE))]
    routes.add_api_route("/desk/{connection}", desk.show, methods=["GET"], dependencies=guard)
    routes.add_api_route("/desk/{connection}", desk.enter, methods=["POST"], dependencies=guard)
    routes.add_api_route("/desk/{connection}/template.xlsx", desk.template, methods=["GET"], dependencies=guard)
    return routes
