"""Decides what is told when the views that show a case change: a tombstone where it goes, all of it where it returns.

What is told is an entry of the case's own chain, made in the transaction that changes the case: nothing comes between
the change and the telling of it, and the relay publishes it after all that the case said before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from hub.model import ids
from hub.model.documents import SHOWN, WITHHELD
from hub.supervision.caselog import decode
from hub.supervision.instants import written
from hub.views import open_views

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.model.values import CaseRow


def changes_of_views(
    before: CaseRow | None, after: CaseRow, now: datetime, zone: tzinfo
) -> Iterator[tuple[str, Sequence[str], bytes]]:
    """Yield (outcome, views, body) of the entries that a change of a case asks for; nothing where no view changes.

    A case that is new was in no view: what it said already is placed by the class that it has at the batch's end.
    """
    if before is None:
        return
    old, new = (open_views(row.disclosure, row.state) for row in (before, after))
    for outcome, views in ((WITHHELD, _less(old, new)), (SHOWN, _less(new, old))):
        if views:
            yield outcome, views, orjson.dumps(_document(outcome, after, views, written(now, zone)))


def _less(some: Sequence[str], others: Sequence[str]) -> Sequence[str]:
    return [view for view in some if view not in others]


def _document(outcome: str, row: CaseRow, views: Sequence[str], when: str) -> Mapping[str, Any]:
    places = {(fact.attributes["region_code"][:6], fact.attributes["department_id"]) for fact in decode(row.log).facts}
    return {
        "specversion": "1.0",
        "id": ids.act_id(outcome, row.case_id, ",".join(views), when),
        "source": "/supervision",
        "type": f"sunlight.{outcome}.v1",
        "subject": row.case_id,
        "time": when,
        "datacontenttype": "application/json",
        "data": {"type": outcome, "views": list(views), "places": sorted(map(list, places))},
    }
