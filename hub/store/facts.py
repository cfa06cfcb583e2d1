"""Replaces what is counted of cases, and moves the sums by the difference, in the transaction of the batch."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hub.statistics.figures import BLOCK_DAYS, difference
from hub.store import counted, rows
from hub.store.bulk import among, insert

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hub.model.facts import CaseFacts
    from hub.statistics.figures import Cell


def replace(connection: sa.Connection, partition: int, case_ids: Collection[str], facts: Sequence[CaseFacts]) -> None:
    """Let `facts` be all that is counted of these cases; what says the same as before is not written again."""
    before = kept(connection, case_ids)
    after = {each.case_id: each for each in facts}
    if gone := [name for name in before if name not in after]:
        connection.execute(sa.delete(counted.case_facts).where(among(connection, counted.case_facts.c.case_id, gone)))
    changed = [each for each in after.values() if before.get(each.case_id) != each]
    insert(connection, counted.case_facts, rows.fact_rows(changed), conflict="replace")
    old = [before[each.case_id] for each in changed if each.case_id in before] + [before[name] for name in gone]
    _move(connection, partition, old, changed)


def kept(connection: sa.Connection, case_ids: Collection[str]) -> Mapping[str, CaseFacts]:
    """Return what is counted of cases."""
    mine = among(connection, counted.case_facts.c.case_id, case_ids)
    found = connection.execute(sa.select(counted.case_facts).where(mine))
    return {row.case_id: rows.case_facts(row) for row in found}


def _move(connection: sa.Connection, partition: int, old: Sequence[CaseFacts], new: Sequence[CaseFacts]) -> None:
    moved = difference(old, new)
    sums = [cell_row(cell, partition, *figures.values()) for cell, figures in moved.figures.items()]
    insert(connection, counted.figures, sums, conflict="add")
    insert(connection, counted.durations, duration_rows(partition, moved.durations), conflict="add")


def duration_rows(partition: int, durations: Mapping[tuple[Cell, int], int]) -> list[tuple[Any, ...]]:
    """Return the rows of `durations` that say how many cases took how many working days."""
    blocks: dict[tuple[Cell, int], list[int]] = {}
    for (cell, days), n in durations.items():
        block, place = divmod(days, BLOCK_DAYS)
        blocks.setdefault((cell, block), [0] * BLOCK_DAYS)[place] += n
    return [cell_row(cell, partition, block, *counts) for (cell, block), counts in blocks.items()]


def cell_row(cell: Cell, partition: int, *values: int) -> tuple[Any, ...]:
    """Return a row of `figures` or `durations`."""
    return (*astuple(cell), partition, *values)
