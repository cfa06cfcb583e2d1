"""Ways to walk through a list that a service hands out in pages: by number, by offset, by cursor, by link, or whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from hub.errors import Fault, Misconfigured
from hub.mapping.paths import path_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.options import Options

SIZE: Final = 200
"""Rows asked for at a time where the mapping does not say."""

PAGES: Final = 100_000
"""Pages after which a list is held to be endless."""

_NEXT: Final = re.compile(r"""<([^>]*)>\s*;[^,]*\brel\s*=\s*"?next\b""", re.IGNORECASE)


class Page(NamedTuple):
    """One page: its rows, the document around them, and the header that may name the next (RFC 8288)."""

    rows: list[Any]
    document: Any
    link: str


class Fetch(Protocol):
    """Asks for one page."""

    def __call__(self, parameters: Mapping[str, str], url: str = "") -> Page:
        """Return the page that `parameters` name, or the one at `url`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How a list is walked. `shifts` tells whether rows that come and go meanwhile move others to other pages."""

    by: str
    place: str
    parameter: str = ""
    size_parameter: str = ""
    size: int = SIZE
    first: int = 0
    next_path: tuple[str, ...] = ()

    @property
    def shifts(self) -> bool:
        """Tell whether a row may be missed in one walk, because others moved it to a page that was read already."""
        return self.by in ("page", "offset")

    def walk(self, fetch: Fetch) -> Iterator[Page]:
        """Yield the pages of one walk, the last one included, in order."""
        return _WALKS[self.by](self, fetch)

    def parameters(self, **own: object) -> dict[str, str]:
        """Return the query of one page."""
        sized = {self.size_parameter: str(self.size)} if self.size_parameter else {}
        return {**sized, **{name: str(value) for name, value in own.items()}}

    def endless(self) -> Misconfigured:
        """Return the fault that a list does not end, or ignores what it is asked for."""
        problem = f"page after page is the same, or over {PAGES:,} of them come"
        hint = "check the name of the parameter that chooses the page"
        return Misconfigured(
            Fault(code="source.paging", problem=problem, file=self.place, target_path="connect.paging", hint=hint)
        )


def paging_of(connect: Options, *, place: str) -> Paging:
    """Read `paging: {by: page, parameter: page, size: {parameter: per_page, rows: 200}, first: 1}`."""
    section = connect.section("paging")
    size = section.section("size")
    by = section.choice("by", tuple(_WALKS), "none")
    found = Paging(
        by=by,
        place=place,
        parameter=section.text("parameter", {"page": "page", "offset": "offset", "cursor": "cursor"}.get(by, "-")),
        size_parameter=size.text("parameter", ""),
        size=size.count("rows", SIZE),
        first=section.count("first", 1) if by == "page" else 0,
        next_path=path_in(section.text("next", "next")) if by in ("cursor", "link") else (),
    )
    size.no_more()
    section.no_more()
    return found


def _whole(paging: Paging, fetch: Fetch) -> Iterator[Page]:
    yield fetch(paging.parameters())


def _by_page(paging: Paging, fetch: Fetch) -> Iterator[Page]:
    return _counted(paging, fetch, lambda pages, _rows: paging.first + pages)


def _by_offset(paging: Paging, fetch: Fetch) -> Iterator[Page]:
    return _counted(paging, fetch, lambda _pages, rows: paging.first + rows)


def _counted(paging: Paging, fetch: Fetch, place: Callable[[int, int], int]) -> Iterator[Page]:
    """Walk by a number until a page is empty: a shorter one may be all that the service gives at a time."""
    rows, last = 0, None
    for pages in range(PAGES):
        page = fetch(paging.parameters(**{paging.parameter: place(pages, rows)}))
        if page.rows and page.rows == last:  # some services answer with the last page, however far one asks
            if pages > 1 or (paging.size_parameter and len(page.rows) < paging.size):
                return
            raise paging.endless()
        yield page
        rows, last = rows + len(page.rows), page.rows
        if not page.rows:
            return
    raise paging.endless()


def _by_cursor(paging: Paging, fetch: Fetch) -> Iterator[Page]:
    """Walk by a mark that each page gives for the next."""
    seen: set[str] = set()
    last: Any = None
    parameters = paging.parameters()
    for _ in range(PAGES):
        page = fetch(parameters)
        yield page
        mark = value_at(page.document, paging.next_path)
        if mark in (None, "", False):
            return
        if str(mark) == parameters.get(paging.parameter) and page.rows != last:
            return  # the mark has come to rest; were the rows the same too, the service would not listen to it
        last = page.rows
        if str(mark) in seen:
            raise paging.endless()
        seen.add(str(mark))
        parameters = paging.parameters(**{paging.parameter: mark})
    raise paging.endless()


def _by_link(paging: Paging, fetch: Fetch) -> Iterator[Page]:
    """Walk by the address of the next page: of the Link header, or else in the document."""
    seen: set[str] = set()
    page = fetch(paging.parameters())
    for _ in range(PAGES):
        yield page
        found = _NEXT.search(page.link)
        url = found[1] if found else value_at(page.document, paging.next_path)
        if not isinstance(url, str) or not url:
            return
        if url in seen:
            raise paging.endless()
        seen.add(url)
        page = fetch({}, url)
    raise paging.endless()


def value_at(document: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON
    """Return what stands at `path` of a document; None where it ends early."""
    for step in path:
        document = document.get(step) if isinstance(document, dict) else None
    return document


_WALKS: Final[Mapping[str, Callable[[Paging, Fetch], Iterator[Page]]]] = {
    "none": _whole,
    "page": _by_page,
    "offset": _by_offset,
    "cursor": _by_cursor,
    "link": _by_link,
}
"""A further way to walk is a function and one line here."""
