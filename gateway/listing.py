"""Pages of cases and alerts: keyset cursors that neither skip nor repeat, and only what the asker may see."""

from __future__ import annotations

import base64
import binascii
from datetime import MAXYEAR, UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gateway.reading import Reading, Row

PAGE_MOST: Final = 500
"""Rows of the largest page: what a program reads comfortably at once."""

_UNOPENED: Final = datetime.min.replace(tzinfo=UTC)
"""Stands for the opening of a case that has none."""

TEXT: Final = r"^[^\x00-\x1f\x7f]*$"
"""What a filter may hold: PostgreSQL takes no NUL in a text, and no name of ours has control characters."""

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


def cases(
    reading: Reading, *, filters: Mapping[str, Any], classes: Collection[str], after: str | None, limit: int
) -> tuple[Sequence[Row], str | None]:
    """Return a page of cases by case id, and the `next` to ask for, None after the last."""
    rows = reading.cases(**filters, disclosures=classes, after=after, limit=limit + 1)
    return rows[:limit], rows[limit - 1]["case_id"] if len(rows) > limit else None


def newest_cases(
    reading: Reading, *, filters: Mapping[str, Any], classes: Collection[str], after: str | None, limit: int
) -> tuple[Sequence[Row], str | None]:
    """Return a page of cases, newest first, and the cursor of the next."""
    rows = reading.newest_cases(**filters, disclosures=classes, after=mark_of(after), limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], cursor((last["opened_at"] or _UNOPENED, last["case_id"])) if last else None


def alerts(
    reading: Reading, *, filters: Mapping[str, Any], classes: Collection[str], after: str | None, limit: int
) -> tuple[Sequence[Row], str | None]:
    """Return a page of alerts, newest change first, of cases in `classes`, and the cursor of the next."""
    rows = reading.alerts(**filters, disclosures=classes, after=mark_of(after), limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], cursor((last["changed_at"], last["alert_id"])) if last else None
