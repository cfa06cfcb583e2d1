"""Pages of cases and alerts: keyset cursors that neither skip nor repeat, and only what the asker may see."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import MAXYEAR, UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gateway.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gateway.reading import Reading, Row

PAGE_MOST: Final = 500
"""Rows of the largest page: what a program reads comfortably at once."""

_UNOPENED: Final = datetime.min.replace(tzinfo=UTC)
"""Stands for the opening of a case that has none."""

TEXT: Final = r"^[^\x00-\x1f\x7f]*$"
"""What a filter may hold: PostgreSQL takes no NUL in a text, and no name of ours has control characters."""

_At = TypeVar("_At")

Mark = tuple[datetime, str]
"""The last row of a page: its instant and its id."""


def cursor(mark: Mark) -> str:
    """Write a mark as an opaque word for a URL."""
    return base64.urlsafe_b64encode(f"{mark[0].isoformat()} {mark[1]}".encode()).decode().rstrip("=")


def mark_of(word: str | None) -> Mark | None:
    """Read a cursor; Problem 400 where it is none of ours."""
    if not word:
        return None
    try:
        instant, _, name = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode().partition(" ")
        moment = datetime.fromisoformat(instant)
    except (ValueError, binascii.Error) as wrong:
        raise _no_cursor(word) from wrong
    if moment.tzinfo is None or moment.year == MAXYEAR or not name.isprintable():
        raise _no_cursor(word)
    return moment, name


def _no_cursor(word: str) -> Problem:
    return Problem(400, "cursor", f"{word[:40]!r} is no cursor", hint="use the `next` of the page before as it is")


Seen = Callable[[Sequence["Row"]], Sequence["Row"]]
"""Returns of some rows those that the asker may see."""


def paged(
    ask: Callable[[_At | None, int], Sequence[Row]],
    seen: Seen,
    mark: Callable[[Row], _At],
    *,
    after: _At | None,
    limit: int,
) -> tuple[Sequence[Row], _At | None]:
    """Return at most `limit` rows that the asker may see, and the mark of the last of them where more follow.

    A page is filled up with what may be seen: neither its length nor its mark tells of what may not, which would
    otherwise be read word by word through a filter. `ask` returns so many rows after a mark, `mark` a row's.
    """
    found: list[Row] = []
    rows, size = ask(after, limit + 1), limit + 1
    found += seen(rows)
    while len(found) <= limit and len(rows) == size:
        size = max(limit + 1, PAGE_MOST)
        rows = ask(mark(rows[-1]), size)
        found += seen(rows)
    return found[:limit], mark(found[limit - 1]) if len(found) > limit else None


def cases(
    reading: Reading, seen: Seen, *, filters: Mapping[str, Any], classes: Collection[str], after: str | None, limit: int
) -> tuple[Sequence[Row], str | None]:
    """Return a page of cases by case id, and the `next` to ask for, None after the last."""

    def ask(mark: str | None, size: int) -> Sequence[Row]:
        return reading.cases(**filters, disclosures=classes, after=mark, limit=size)

    return paged(ask, seen, lambda row: row["case_id"], after=after, limit=limit)


def newest_cases(
    reading: Reading, seen: Seen, *, filters: Mapping[str, Any], classes: Collection[str], after: str | None, limit: int
) -> tuple[Sequence[Row], str | None]:
    """Return a page of cases, newest first, and the cursor of the next."""

    def ask(mark: Mark | None, size: int) -> Sequence[Row]:
        return reading.newest_cases(**filters, disclosures=classes, after=mark, limit=size)

    rows, last = paged(ask, seen, _opened, after=mark_of(after), limit=limit)
    return rows, cursor(last) if last else None


def _opened(row: Row) -> Mark:
    return row["opened_at"] or _UNOPENED, row["case_id"]


def alerts(
    reading: Reading, seen: Seen, *, filters: Mapping[str, Any], classes: Collection[str], after: str | None, limit: int
) -> tuple[Sequence[Row], str | None]:
    """Return a page of alerts, newest change first, of cases in `classes`, and the cursor of the next."""

    def ask(mark: Mark | None, size: int) -> Sequence[Row]:
        return reading.alerts(**filters, disclosures=classes, after=mark, limit=size)

    rows, last = paged(ask, seen, lambda row: (row["changed_at"], row["alert_id"]), after=mark_of(after), limit=limit)
    return rows, cursor(last) if last else None
