"""Reads a notice of working days that somebody typed from the published one: YAML, TOML or CSV, every fault at once."""

from __future__ import annotations

import csv
import io
import tomllib
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.errors import Fault, Misconfigured
from hub.mapping.document import read_document
from hub.mapping.faults import Faults
from hub.supervision.notice import Notice, implausible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

HINT: Final = "write year, title, number, rest: [2027-01-01..2027-01-03, …], worked: [2027-01-10, …]"

_FIELDS: Final = ("year", "title", "number", "rest", "worked")
_REST: Final = frozenset({"rest", "休", "放假", "休息"})
_WORKED: Final = frozenset({"worked", "班", "上班", "调休上班"})
_DAYS_MOST: Final = 366


def load_notice(path: Path, *, title: str = "", number: str = "") -> Notice:
    """Read one notice, or report everything that is wrong with it. `title` and `number` stand in for a CSV file's."""
    document = {**_READERS.get(path.suffix.lower(), _yaml)(path)}
    document |= {name: value for name, value in (("title", title), ("number", number)) if value}
    faults = [*_shape_faults(document)]
    rest, worked = (_dates(document.get(name), name, faults) for name in ("rest", "worked"))
    if not faults:
        notice = Notice(
            year=int(document["year"]),
            title=str(document["title"]),
            number=str(document["number"]),
            rest=rest,
            worked=worked,
        )
        faults += [("calendar.implausible", "", problem) for problem in implausible(notice)]
    if faults:
        raise Misconfigured(*(_fault(path, *each) for each in faults))
    return notice


def _shape_faults(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name in _FIELDS:
        if document.get(name) in (None, "") and name != "worked":
            yield "calendar.missing", name, "it is not there"
    for name in document:
        if name not in _FIELDS:
            yield "calendar.unknown", str(name), "no notice has this"
    year = str(document.get("year", ""))
    if year and not (year.isdigit() and 2000 <= int(year) <= 2199):  # noqa: PLR2004 - years that are years
        yield "calendar.year", "year", f"{year!r} is no year"


def _dates(listed: Any, name: str, faults: list[tuple[str, str, str]]) -> tuple[date, ...]:  # noqa: ANN401
    """Read days and spans of days (2027-02-05..2027-02-11); add to `faults` what is neither."""
    found: list[date] = []
    for text in listed if isinstance(listed, (list, tuple)) else [] if listed is None else [listed]:
        try:
            found += _span(str(text))
        except ValueError:
            faults.append(("calendar.day", name, f"{str(text)[:40]!r} is no day, and no span of days"))
    return tuple(found)


def _span(text: str) -> Sequence[date]:
    first, _, last = (part.strip() for part in text.partition(".."))
    since, until = date.fromisoformat(first), date.fromisoformat(last or first)
    if not 0 <= (until - since).days < _DAYS_MOST:
        raise ValueError(text)
    return [since + timedelta(days=n) for n in range((until - since).days + 1)]


def _yaml(path: Path) -> dict[str, Any]:
    faults = Faults(str(path))
    root = read_document(path, faults)
    if faults.found:
        raise Misconfigured(*faults.found)
    return _mapping(path, root.plain())


def _toml(path: Path) -> dict[str, Any]:
    try:
        return _mapping(path, tomllib.loads(_text(path)))
    except tomllib.TOMLDecodeError as broken:
        raise Misconfigured(_fault(path, "calendar.syntax", "", str(broken))) from broken


def _csv(path: Path) -> dict[str, Any]:
    """Read rows of date and kind (rest 休, worked 班); the year is that of the first date."""
    days: dict[str, list[str]] = {"rest": [], "worked": []}
    for number, row in enumerate(csv.reader(io.StringIO(_text(path))), 1):
        cells = [cell.strip() for cell in row]
        if len(cells) < 2 or not cells[0][:1].isdigit():  # noqa: PLR2004 - a day and its kind
            if any(cells) and number > 1:
                raise Misconfigured(_fault(path, "calendar.row", "", "a row is a day and rest or worked", number))
            continue
        kind = "rest" if cells[1] in _REST else "worked" if cells[1] in _WORKED else ""
        if not kind:
            raise Misconfigured(_fault(path, "calendar.row", "", f"{cells[1]!r} is neither rest nor worked", number))
        days[kind].append(cells[0])
    first = min((*days["rest"], *days["worked"]), default="")
    return {"year": first[:4], **days}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as broken:
        raise Misconfigured(_fault(path, "calendar.encoding", "", "it is not UTF-8")) from broken


def _mapping(path: Path, value: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the file holds
    if not isinstance(value, dict):
        raise Misconfigured(_fault(path, "calendar.shape", "", "it is no notice"))
    return value


def _fault(path: Path, code: str, where: str, problem: str, line: int = 0) -> Fault:
    hint = "compare with the notice as published" if code == "calendar.implausible" else HINT
    return Fault(code=code, problem=problem, file=str(path), line=line, target_path=where, hint=hint)


_READERS: Final[Mapping[str, Callable[[Path], dict[str, Any]]]] = {".toml": _toml, ".csv": _csv}
