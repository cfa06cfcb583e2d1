"""`sunlight calendar`: a year's notice of working days, loaded once for every process; and what a year looks like."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.cli.acting import awaited, whoever
from hub.errors import Fault, HubError
from hub.notices import load_notice
from hub.store.migrate import is_begun
from hub.supervision.calendar import WorkCalendar
from hub.supervision.instants import written
from hub.supervision.notice import said_of, without_notice

if TYPE_CHECKING:
    from hub.wiring import Hub

app = typer.Typer(
    help="The working days 工作日 that deadlines are counted on: load a year's notice 节假日安排通知, look at a year.",
    no_args_is_help=True,
)

_SATURDAY = 5


@app.command()
def load(
    notice: Annotated[Path, typer.Argument(help="The notice: .yaml, .toml or .csv.", exists=True, dir_okay=False)],
    *,
    by: Annotated[str, typer.Option("--by", help="Who loads it; whoever is logged in where left out.")] = "",
    title: Annotated[str, typer.Option("--title", help="Its title, where the file does not say it (CSV).")] = "",
    number: Annotated[str, typer.Option("--number", help="Its number, e.g. 国办发明电〔2026〕7号 (CSV).")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check it.")] = False,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Load a year's notice of holidays, for every process, for the record.

    The file says year, title, number, rest (days and spans of days: 2027-02-05..2027-02-11) and worked (weekends that
    are worked). It is refused if it cannot be right. Deadlines that reach into the year are counted anew; what was
    provisional is judged. A second notice of a year takes the first one's place; `calendar` in settings.toml stands
    above both.

    Example: sunlight calendar load 2027.yaml --by 王五
    """
    hub = common.hub(settings)
    read = load_notice(notice, title=title, number=number)
    said: dict[str, Any] = {**read.document(), "working_days": sum(read.days().values())}
    if not dry_run:
        said["outcome"] = awaited(hub, hub.terms.load(read, by=whoever(by)))
    if as_json:
        common.print_json(said)
        return
    common.OUT.print(
        f"{read.year}: {read.title} {read.number}: {len(read.rest)} days of rest, {len(read.worked)} worked weekends, "
        f"{said['working_days']} working days",
        highlight=False, soft_wrap=True, markup=False,
    )  # fmt: skip
    common.OUT.print(said.get("outcome", "not loaded: --dry-run"), highlight=False, soft_wrap=True)


@app.command()
def show(
    year: Annotated[int, typer.Argument(help="The year; this one where left out.", min=2004, max=2199)] = 0,
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show a year: whether its notice is known, its working days, and every day that is not as its weekday says.

    Example: sunlight calendar show 2027 --json
    """
    hub = common.hub(settings)
    told = told_year(hub, year or common.today().year)
    if as_json:
        common.print_json(told)
        return
    known = "known" if told["announced"] else "NOT known: assumed from weekends and statutory days; provisional"
    common.OUT.print(f"{told['year']}: {known}; {told['working_days']} working days 工作日", highlight=False)
    for each in told["notices"]:
        common.OUT.print(Text(f"no. {each['number']}: {each['title']} {each['notice']}, loaded by {each['by']}"))
    table = Table("day", "weekday", "is", title="not as the weekday says 调休与放假", title_justify="left")
    for each in told["exceptions"]:
        table.add_row(each["day"], each["weekday"], each["is"])
    common.OUT.print(table)
    if told["missing"]:
        common.ERR.print(said_of(told["missing"]), soft_wrap=True)


def told_year(hub: Hub, year: int) -> dict[str, Any]:
    """Tell of one year as plain data."""
    calendar, zone = hub.calendar(), hub.settings.zone
    first, last = date(year, 1, 1), date(year, 12, 31)
    return {
        "year": year,
        "announced": calendar.is_announced(year),
        "working_days": calendar.workdays_between(first - timedelta(days=1), last),
        "notices": [
            {"number": each.number, "title": each.document["title"], "notice": each.document["number"],
             "by": each.loaded_by, "loaded_at": written(each.loaded_at, zone)}
            for each in hub.queries.notices() if each.year == year
        ],
        "exceptions": [*_exceptions(calendar, first, last)],
        "overrides": {day.isoformat(): worked for day, worked in hub.settings.calendar.items() if day.year == year},
        "missing": without_notice(calendar, calendar.day_of(hub.clock.now())),
    }  # fmt: skip


def _exceptions(calendar: WorkCalendar, first: date, last: date) -> list[dict[str, str]]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    odd = [day for day in days if calendar.is_workday(day) != (day.weekday() < _SATURDAY)]
    return [
        {"day": day.isoformat(), "weekday": f"{day:%A}", "is": "worked" if calendar.is_workday(day) else "rest"}
        for day in odd
    ]


def missing_notice(hub: Hub) -> Fault | None:
    """Return what is to be said where a year's notice is missing; None where none is."""
    return _missing_in(hub.calendar(), hub)


def missing_offline(hub: Hub) -> Fault | None:
    """Return the same without needing a store: where there is none that answers, the settings alone are asked."""
    try:
        begun = is_begun(hub.settings.store_url) if _may_be_there(hub.settings.store_url) else False
        calendar = hub.calendar() if begun else WorkCalendar(hub.settings.calendar, zone=hub.settings.zone)
    except HubError:
        calendar = WorkCalendar(hub.settings.calendar, zone=hub.settings.zone)
    return _missing_in(calendar, hub)


def _may_be_there(url: str) -> bool:
    """Tell whether a store may be there; a file is not made by asking for it."""
    return not url.startswith("sqlite") or Path(url.partition(":///")[2]).is_file()


def _missing_in(calendar: WorkCalendar, hub: Hub) -> Fault | None:
    year = without_notice(calendar, calendar.day_of(hub.clock.now()))
    if year is None:
        return None
    return Fault(code="calendar.missing", problem=said_of(year), severity="warning")
