"""Renders the public site's pages, each in Chinese and in English, without a script and without a cookie."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import jinja2
from starlette.responses import HTMLResponse

from gateway.problems import TITLES
from gateway.public import words
from gateway.words import label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.problems import Problem
    from gateway.words import Label

HERE: Final = Path(__file__).parent

ENGLISH: Final = "/en"
"""What the addresses of English pages begin with: nothing has to be remembered of a reader."""

_MINUTE_CHARS: Final = len("2026-01-31T09:30")


class Speech(NamedTuple):
    """One language in which a page speaks."""

    is_english: bool
    path: str
    """The page's address without its language."""

    def __call__(self, zh: str, en: str) -> str:
        """Choose."""
        return en if self.is_english else zh

    def of(self, said: Label) -> str:
        """Choose of a label."""
        return said.en if self.is_english else said.zh

    def coded(self, table: str, code: str) -> str:
        """Say what a code of one of the tables of words stands for."""
        return self.of(label(getattr(words, table), code))

    def url(self, path: str, **query: str) -> str:
        """Return the address of a page in this language."""
        asked = urlencode({name: value for name, value in query.items() if value})
        return (ENGLISH if self.is_english else "") + quote(path) + (f"?{asked}" if asked else "")


def speech_of(request: Request) -> Speech:
    """Return the language in which a page was asked for."""
    path = request.url.path
    is_english = path == ENGLISH or path.startswith(ENGLISH + "/")
    return Speech(is_english, (path.removeprefix(ENGLISH) or "/") if is_english else path)


class Pages:
    """The templates, compiled once. Everything in them is escaped."""

    def __init__(self, zone: tzinfo, offers: Mapping[str, bool]) -> None:
        """Write times in `zone`; `offers` says what this site does besides the catalogue."""
        self._zone = zone
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(time=self.time, due=self.due)
        self._templates.globals.update(words=words, asset=asset, offers=offers)

    def render(self, name: str, request: Request, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
        """Render one page in the language it was asked for."""
        speech = speech_of(request)
        query, switches = f"?{request.url.query}" if request.url.query else "", request.method == "GET"
        page = self._templates.get_template(name).render(
            t=speech, query=query, switches=switches, path=speech.path, **values
        )
        return HTMLResponse(page, status_code=status)

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

    def due(self, value: datetime | str | None) -> str:
        """Write a due moment; a midnight is the 24:00 of the day before, as limits are counted."""
        if not value:
            return "—"
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        moment = moment.astimezone(self._zone)
        if (moment.hour, moment.minute, moment.second) != (0, 0, 0):
            return self.time(moment)
        return f"{moment - timedelta(days=1):%Y-%m-%d} 24:00"


@cache
def asset(name: str) -> str:
    """Return the address of a static file, which changes with its content."""
    content = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={content[:8]}"
