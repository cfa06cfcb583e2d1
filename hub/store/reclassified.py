"""Reads alerts with the class of disclosure that their case has now: a case may be classified after its alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.model.values import AlertRow
from hub.store import rows, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

_PRESENT: Final = "present_class"

ALERTS: Final = sa.select(tables.alerts, tables.cases.c.disclosure.label(_PRESENT)).select_from(
    tables.alerts.outerjoin(tables.cases, tables.alerts.c.subject == tables.cases.c.case_id)
)
"""Alerts, each with the present class of its case; `alert` reads a row."""


def alert(row: sa.Row[Any]) -> AlertRow:
    """Read one alert of `ALERTS`; its document says of the case what holds now."""
    values = rows.named(row)
    present, document = values.pop(_PRESENT), orjson.loads(values.pop("document"))
    return AlertRow(**values, document=_classified(document, present))


def _classified(document: Mapping[str, Any], present: str | None) -> Mapping[str, Any]:
    case = document.get("case")
    if not present or case is None:
        return document
    return {**document, "case": {**case, "disclosure": {**case.get("disclosure", {}), "class": present}}}
