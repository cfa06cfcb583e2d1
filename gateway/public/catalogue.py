"""The public power catalogue 职权目录: search, and each matter with its limits, papers, fees, flow and tiers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response  # noqa: TC002 - the framework reads it at run time

from gateway.listing import TEXT
from gateway.problems import Problem, json_response
from gateway.public.contracts import MATTER, MATTERS, PROBLEMS, answer
from gateway.public.pages import ENGLISH
from gateway.public.problems import NOT_HERE
from gateway.words import county_of, region_label
from hub.citizens import matters
from hub.citizens.flowchart import draw
from hub.citizens.matters import Asked
from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.public.pages import Pages
    from gateway.public.shelf import Held, Shelf
    from hub.citizens.matters import Entry

PAGE: Final = 30
"""Matters of a page."""

PAGES_MOST: Final = 10_000

Text = Annotated[str, Query(max_length=80, pattern=TEXT)]
Region = Annotated[str, Query(max_length=12, pattern="^[0-9]*$", description="the beginning of a region's code")]
Day = Annotated[str, Query(max_length=10, pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="a day; today where left out")]
Number = Annotated[int, Query(ge=1, le=PAGES_MOST)]


class Catalogue:
    """The endpoints; an instance holds the public catalogue and nothing of any request."""

    def __init__(self, shelf: Shelf, pages: Pages) -> None:
        """Show what stands on `shelf`."""
        self._shelf, self._pages = shelf, pages

    # for programs -----------------------------------------------------------------------------------------------------

    def list(
        self, *, q: Text = "", department: Text = "", type: Text = "", region: Region = "", on: Day = "",  # noqa: A002
        after: Annotated[int, Query(ge=0, le=10**6)] = 0, limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:  # fmt: skip
        """List public matters in force on a day; `q` is looked for in their number, name and text.

        Ask for the following page with `after` set to the `next` of this one; after the last it is null.
        """
        day = self._day(on)
        asked = Asked(text=q, department=department, power_type=type, region=region)
        found = matters.search(self._shelf.held().entries, asked, day)
        following = after + limit if len(found) > after + limit else None
        told = [each.told for each in found[after : after + limit]]
        return json_response({"on": day, "total": len(found), "items": told, "next": following})

    def one(self, department_id: str, matter_code: str, *, on: Day = "") -> Response:
        """Tell a matter as it holds on a day, and from when to when each of its versions does."""
        held, day = self._shelf.held(), self._day(on)
        entry = self._entry(held, department_id, matter_code, day)
        known = [_version(each) for each in matters.versions(held.entries, department_id, matter_code)]
        return json_response({"on": day, "matter": entry.told, "versions": known})

    def departments(self) -> Response:
        """List departments: whose matters there are, and about whom one may complain."""
        return json_response({"items": self._shelf.held().departments})

    # for people -------------------------------------------------------------------------------------------------------

    def home(self, request: Request) -> Response:
        """Show what can be done here."""
        held = self._shelf.held()
        now = [each for each in held.entries if each.holds(held.day)]
        counts: dict[str, int] = {}
        for each in now:
            counts[each.told["power_type"]] = counts.get(each.told["power_type"], 0) + 1
        return self._pages.render("home.html", request, total=len(now), counts=sorted(counts.items()))

    def page(
        self, request: Request, *, q: Text = "", department: Text = "", type: Text = "", region: Region = "",  # noqa: A002
        on: Day = "", page: Number = 1,
    ) -> Response:  # fmt: skip
        """Show the list."""
        held, day = self._shelf.held(), self._day(on)
        asked = Asked(text=q, department=department, power_type=type, region=region)
        found = matters.search(held.entries, asked, day)
        wanted = {"q": q, "department": department, "type": type, "region": region, "on": on}
        return self._pages.render(
            "matters.html", request, found=found[(page - 1) * PAGE : page * PAGE], total=len(found), day=day, page=page,
            last=max(1, -(-len(found) // PAGE)), wanted=wanted, choices=_choices(held),
        )  # fmt: skip

    def matter(self, request: Request, department_id: str, matter_code: str, *, on: Day = "") -> Response:
        """Show one matter."""
        held, day = self._shelf.held(), self._day(on)
        entry = self._entry(held, department_id, matter_code, day)
        known = matters.versions(held.entries, department_id, matter_code)
        flow = entry.told.get("flow")
        return self._pages.render(
            "matter.html", request, m=entry.told, day=day, versions=[each.told for each in known],
            drawing=draw(flow) if flow else None, name_of=held.name_of, is_today=day == held.day,
        )  # fmt: skip

    def _entry(self, held: Held, department_id: str, matter_code: str, day: str) -> Entry:
        entry = matters.version(held.entries, department_id, matter_code, day)
        if entry is None:
            raise NOT_HERE
        return entry

    def _day(self, on: str) -> str:
        try:
            return date.fromisoformat(on).isoformat() if on else self._shelf.today()
        except ValueError as bad:
            raise Problem(400, "day", f"{on!r} 不是日期。 This is no day.", hint="2026-03-02") from bad


def _version(entry: Entry) -> dict[str, Any]:
    return {name: entry.told[name] for name in ("version", "valid_from", "valid_to", "status") if name in entry.told}


def _choices(held: Held) -> dict[str, Sequence[Any]]:
    """Return what the filters offer: only what has public matters."""
    present = {each.department_id for each in held.entries}
    types = {each.told["power_type"] for each in held.entries}
    regions = {county_of(region) for each in held.entries for region in each.told["regions"]}
    return {
        "departments": [each for each in held.departments if each["department_id"] in present],
        "types": [code for code in code_list("power_types").rows if code in types],
        "regions": [(code, region_label(code)) for code in sorted(regions)],
    }


def router(shelf: Shelf, pages: Pages) -> APIRouter:
    """Return the routes of the catalogue."""
    shown, routes = Catalogue(shelf, pages), APIRouter()
    for path, endpoint, told in (
        ("/public/v1/matters", shown.list, MATTERS),
        ("/public/v1/matters/{department_id}/{matter_code:path}", shown.one, MATTER),
        ("/public/v1/departments", shown.departments, MATTERS),
    ):
        routes.add_api_route(path, endpoint, methods=["GET"], responses=answer(200, told) | PROBLEMS)
    for prefix in ("", ENGLISH):
        for path, page in (
            ("/", shown.home),
            ("/matters", shown.page),
            ("/matters/{department_id}/{matter_code:path}", shown.matter),
        ):
            routes.add_api_route(prefix + path, page, methods=["GET"], include_in_schema=False)
    routes.add_api_route(ENGLISH, shown.home, methods=["GET"], include_in_schema=False)
    return routes
