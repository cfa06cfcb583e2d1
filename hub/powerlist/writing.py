"""Writes a department's matters as the rows of a power list, and makes sure that they read back as what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import Fault, Misconfigured
from hub.powerlist.columns import COLUMNS, DEPARTMENT, DEPARTMENT_ID
from hub.powerlist.reading import read_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADER = (DEPARTMENT, DEPARTMENT_ID, *(column.name for column in COLUMNS))


def rows_of(document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """Return one row a version, cells by column name, empty ones left out.

    Misconfigured where something of it cannot be said in a cell, so that reading it would be a change.
    """
    about = document["department"]
    rows = [
        {DEPARTMENT: about["name"], DEPARTMENT_ID: about["department_id"], **_row(matter)}
        for matter in document.get("matters", ())
    ]
    read = read_list(HEADER, rows, {about["department_id"]: document})
    faults = [
        Fault(
            code="powerlist.cell",
            problem=f"matter {row['实施编码']} version {row['版本']} holds what no cell can say",
            hint="export it as YAML (--out FILE.yaml)",
        )
        for row, answer in zip(rows, read.answers, strict=True)
        if answer.outcome != "same"
    ]
    if faults:
        raise Misconfigured(*faults)
    return rows


def _row(matter: Mapping[str, Any]) -> dict[str, str]:
    stages = matter.get("flow", {}).get("stages", ())
    risks = [{"code": each["code"], **each["risk_point"]} for each in stages if "risk_point" in each]
    held = {**matter, "flow": {**matter.get("flow", {}), **({"risks": risks} if risks else {})}}
    row = {}
    for column in COLUMNS:
        outer, _, inner = column.path.partition(".")
        value = held.get(outer, {}).get(inner) if inner else held.get(outer)
        if value is not None:
            row[column.name] = column.write(value)
    return row
