"""Shows complaints to people at the command line: names instead of codes, both languages, a day's end as 24:00."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from gateway.words import CLOCK_STATES, CLOCKS, STATES, Names, event_label, label
from hub.cli import common

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.words import Label


def show_list(told: Sequence[Mapping[str, Any]], names: Names) -> None:
    """Print a list of complaints."""
    table = Table(title=common.counted(len(told), "complaint"), title_justify="left")
    for heading, is_whole in (
        ("number", True),
        ("state", False),
        ("handled by", False),
        ("due", True),
        ("title", False),
    ):
        table.add_column(heading, overflow="fold", no_wrap=is_whole)
    for each in told:
        handler = names.department(each["handler"]) if each["handler"] else ""
        state = _both(label(STATES, each["state"]))
        table.add_row(each["case_no"], state, handler, due_text(each["due_at"]), Text(each["title"]))
    common.OUT.print(table)


def show_one(told: Mapping[str, Any], names: Names) -> None:
    """Print one complaint: its course, its deadlines, what can be done now."""
    state = _both(label(STATES, told["state"]))
    common.OUT.print(f"[bold]{told['case_no']}[/bold]  {state}", highlight=False)
    common.OUT.print(told["case_id"], highlight=False)
    table = Table(title="course 办理经过", title_justify="left")
    for heading in ("at", "move", "by", "said"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "at")
    for each in told["timeline"]:
        at, by = each["at"][:16].replace("T", " "), names.department(each["by"])
        table.add_row(at, _both(event_label(each["type"])), by, Text("\n".join(_said(each, names))))
    common.OUT.print(table)
    for clock in told["clocks"]:
        kind, state = _both(label(CLOCKS, clock["kind"])), _both(label(CLOCK_STATES, clock["state"]))
        common.OUT.print(f"{kind}: due {due_text(clock['due_at'])}, {state}", highlight=False)
    common.OUT.print(f"what can be done now: {', '.join(told['moves']) or 'nothing'}", highlight=False)


def _said(move: Mapping[str, Any], names: Names) -> Sequence[str]:
    handling = dict(move["handling"])
    if "department_id" in handling:
        handling["department_id"] = names.department(handling["department_id"])
    said = [f"{name}={value}" for name, value in handling.items()]
    return [*said, *([f"marked: {move['anomaly']}"] if move["anomaly"] else [])]


def _both(words: Label) -> str:
    return f"{words.zh} {words.en}"


def due_text(due_at: str | None) -> str:
    """Say a due moment in the zone that it is written in; a midnight is the 24:00 of the day before."""
    if due_at is None:
        return ""
    due = datetime.fromisoformat(due_at)
    is_end = (due.hour, due.minute) == (0, 0)
    return f"{due - timedelta(days=1):%Y-%m-%d} 24:00" if is_end else f"{due:%Y-%m-%d %H:%M}"
