"""Statistics at the gateway: /v1/statistics as JSON, CSV and XLSX, and a plain page with a table and bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response

from gateway import listing
from gateway.contracts import file_of
from gateway.problems import Problem, json_response
from gateway.rights import demand
from hub.errors import Misconfigured
from hub.reporting.tables import as_csv, as_xlsx, figure, plain
from hub.statistics.answer import ask
from hub.statistics.asked import Asked
from hub.statistics.naming import COLUMNS, DIMENSIONS, heading, naming
from hub.statistics.periods import Span, parsed
from hub.statistics.suppress import LEAST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.pages import Pages
    from gateway.reading import Parts
    from gateway.rights import Gate
    from hub.statistics.answer import Table

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Text = Annotated[str, Query(max_length=80, pattern=listing.TEXT)]

SHOWN: Final = (
    "opened", "accepted", "closed", "open_after", "on_time_rate", "early_rate", "mean_used_days", "mean_promised_days",
    "used_days_p50", "used_days_p90", "alert_rate", "breach_rate", "raised", "breaches", "standing", "revoked", "cases",
)  # fmt: skip
"""Figures of the page, those of them that the question has; files have all."""

CHOICES: Final = (
    ("month", "月", "month"), ("quarter", "季度", "quarter"), ("year", "年", "year"), ("region", "地区", "region"),
    ("department", "部门", "department"), ("matter", "事项", "matter"), ("power_type", "权力类型", "power type"),
    ("rule", "规则", "rule"), ("level", "级别", "level"),
)  # fmt: skip
"""What the page can be told by."""


class Figures:
    """The endpoints; an instance holds what they ask and nothing of any request."""

    def __init__(self, parts: Parts, pages: Pages) -> None:
        """Answer from `parts`."""
        self._parts, self._pages = parts, pages

    def statistics(  # noqa: PLR0913 - one parameter a part of the question
        self,
        request: Request,
        *,
        by: Text = "",
        first: Annotated[str, Query(alias="from", max_length=10)] = "",
        last: Annotated[str, Query(alias="to", max_length=10)] = "",
        region: Text = "",
        department: Text = "",
        matter: Text = "",
        power_type: Text = "",
        complaints: bool = False,
        compare: Literal["", "year", "month"] = "",
        view: Literal["intranet", "public"] = "intranet",
        least: Annotated[int, Query(ge=LEAST, le=1000)] = LEAST,
        form: Annotated[Literal["json", "csv", "xlsx"], Query(alias="format")] = "json",
        lang: Literal["zh", "en"] = "zh",
    ) -> Response:
        """Tell volumes, rates, times and alerts; docs/statistics.md defines each.

        `by`: day, week, month, quarter, year, region, department, matter, power_type, family, by commas; alerts also
        by rule and level. `from`, `to`: 2026, 2026-Q3, 2026-11, 2026-11-27; without them the present year.
        `view=public` hides cells of fewer than `least` cases, and those by which they could be worked out.
        """
        demand(request, "feed:read:public" if view == "public" else "cases:read")
        if request.state.who.kind == "subscriber":
            raise Problem(403, "scope", "a subscriber's key opens its feed alone", hint="ask the operator for another")
        limits = {"region": region, "department": department, "matter": matter, "power_type": power_type}
        asked = {"by": by, "from": first, "to": last, **limits}
        table = self._table(asked, complaints=complaints, compare=compare, least=least if view == "public" else 0)
        if form == "csv":
            return _file(as_csv(table, lang).encode(), "text/csv; charset=utf-8", "statistics.csv")
        if form == "xlsx":
            return _file(as_xlsx(table, lang), XLSX, "statistics.xlsx")
        return json_response(plain(table))

    def page(
        self,
        request: Request,
        *,
        by: Text = "month",
        first: Annotated[str, Query(alias="from", max_length=10)] = "",
        last: Annotated[str, Query(alias="to", max_length=10)] = "",
        region: Text = "",
        department: Text = "",
    ) -> Response:
        """Show one table with bars."""
        wanted = {"by": by, "from": first, "to": last, "region": region, "department": department}
        table = self._table(wanted)
        figures = [name for name in SHOWN if name in table.figures]
        barred = "opened" if "opened" in figures else "raised"
        most = max([row[barred] for row in table.rows], default=0) or 1
        held = self._parts.reading.departments()
        departments = naming(self._parts.catalogue()).departments
        return self._pages.render(
            "statistics.html",
            request,
            table=table,
            figures=[(name, COLUMNS[name]) for name in figures],
            dimensions=[(name, DIMENSIONS[name]) for name in table.dimensions],
            bars=[round(row[barred] / most * 100, 1) for row in table.rows],
            barred=COLUMNS[barred],
            wanted=wanted,
            choices=CHOICES,
            regions=sorted({row["region_code"] for row in held}),
            departments=sorted((each, departments.get(each, each)) for each in {row["department_id"] for row in held}),
            files={form: _address(wanted, form) for form in ("json", "csv", "xlsx")},
            written=figure,
            heading=heading,
        )

    def _table(self, asked: Mapping[str, str], *, complaints: bool = False, compare: str = "", least: int = 0) -> Table:
        """Answer a question; Problem 400 where it cannot be answered, with what to ask instead."""
        zone, reading = self._parts.zone, self._parts.reading
        try:
            question = _question(asked, complaints=complaints, today=self._parts.now().astimezone(zone).date())
            names = naming(self._parts.catalogue())
            return ask(reading, question, zone=zone, names=names, compare=compare, least=least)
        except Misconfigured as wrong:
            fault = wrong.faults[0]
            if not fault.code.startswith("statistics."):
                raise
            raise Problem(400, fault.code, fault.problem, hint=fault.hint) from wrong


def _question(asked: Mapping[str, str], *, complaints: bool, today: Any) -> Asked:  # noqa: ANN401 - a date
    first, last = asked["from"], asked["to"]
    span = Span(start=parsed(first).start, last=parsed(last or first).last) if first else None
    return Asked(
        span=span or Span(start=today.replace(month=1, day=1), last=parsed(last).last if last else today),
        by=tuple(name.strip() for name in asked["by"].split(",") if name.strip()),
        region=asked["region"],
        department=asked["department"],
        matter=asked.get("matter", ""),
        power_type=asked.get("power_type", ""),
        complaints=complaints,
    )


def _address(wanted: Mapping[str, str], form: str) -> str:
    return "/v1/statistics?" + urlencode({**{name: value for name, value in wanted.items() if value}, "format": form})


def _file(body: bytes, media_type: str, name: str) -> Response:
    return Response(body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def router(parts: Parts, gate: Gate, pages: Pages) -> APIRouter:
    """Return the routes of statistics, each behind its scope."""
    figures, routes = Figures(parts, pages), APIRouter()
    guarded = [Depends(gate.guard(None))]
    tables = file_of("application/json", "text/csv", XLSX)
    routes.add_api_route("/v1/statistics", figures.statistics, methods=["GET"], dependencies=guarded, **tables)
    shown = [Depends(gate.guard("cases:read"))]
    routes.add_api_route("/statistics", figures.page, methods=["GET"], dependencies=shown, include_in_schema=False)
    return routes
