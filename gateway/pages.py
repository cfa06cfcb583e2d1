"""Renders the console's pages: templates, how times and figures are written, and the page of a failure."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
from starlette.responses import HTMLResponse

from gateway import words
from gateway.derivations import in_chinese
from gateway.details import said
from gateway.doors import first_of, open_to
from gateway.problems import TITLES
from gateway.refusals import refusal

if TYPE_CHECKING:
    from datetime import tzinfo

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.problems import Problem

HERE: Final = Path(__file__).parent

_MINUTE_CHARS: Final = len("2026-01-31T09:30")


class Pages:
    """The templates, compiled once. Everything in them is escaped."""

    def __init__(self, zone: tzinfo) -> None:
        """Write times in `zone`."""
        self._zone = zone
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(time=self.time, due=self.due, n=number, ago=ago, zh=in_chinese)
        self._templates.globals.update(words=words, asset=asset, said=said, refusal=refusal)

    def render(self, name: str, request: Request, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
        """Render one page for whoever asks."""
        who = getattr(request.state, "who", None)
        shown = {"request": request, "who": who, "path": request.url.path, "doors": open_to(who), "home": first_of(who)}
        body = self._templates.get_template(name).render(**shown, **values)
        return HTMLResponse(body, status_code=status)

    def problem(self, request: Request, problem: Problem) -> Response:
        """Render what went wrong and what to do."""
        title = TITLES.get(problem.status, "出错 problem")
        return self.render("problem.html", request, status=problem.status, problem=problem, title=title)

    def time(self, value: datetime | str | None) -> str:
        """Write an instant to the minute in the hub's zone, a day as it is; nothing as a dash."""
        if not value:
            return "—"
        if isinstance(value, str):
            if len(value) < _MINUTE_CHARS:
                return value
            value = datetime.fromisoformat(value)
        return f"{value.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def due(self, value: datetime | str) -> str:
        """Write a due moment; a midnight is the 24:00 of the day before, as limits are counted."""
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        moment = moment.astimezone(self._zone)
        if (moment.hour, moment.minute, moment.second) != (0, 0, 0):
            return self.time(moment)
        return f"{moment - timedelta(days=1):%Y-%m-%d} 24:00"


def number(value: float) -> str:
    """Write a count with separators."""
    return f"{value:,.0f}"


def ago(value: timedelta) -> str:
    """Write a span of time in its greatest units."""
    seconds = int(value.total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if seconds < 0:
        return "0 分"
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    return f"{hours} 小时 {minutes} 分" if hours else f"{minutes} 分"


@cache
def asset(name: str) -> str:
    """Return the address of a static file, which changes with its content."""
    content = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={content[:8]}"
