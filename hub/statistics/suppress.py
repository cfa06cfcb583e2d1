"""Hides small cells of public tables so that nobody can work out what a hidden cell holds.

A cell of fewer than `least` cases may tell its neighbours who is meant. Hiding it alone hides nothing: the total less
the others gives it back. So further cells are hidden until no hidden cell follows from what is shown (Hundepool et al.,
Statistical Disclosure Control, 2012, ch. 4). Tables have at most two dimensions; every line has its total in it.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LEAST: Final = 5
"""Least number of cases a published cell holds, where nobody sets another; common in official statistics."""

ALL: Final = ""
"""In a cell's key: the total over this dimension."""

DIMENSIONS_MOST: Final = 2

CellKey = tuple[str, ...]


def with_totals(counts: Mapping[CellKey, int]) -> dict[CellKey, int]:
    """Return the cells and every total over one or both dimensions."""
    totals: dict[CellKey, int] = {}
    for key, n in counts.items():
        for kept in product((True, False), repeat=len(key)):
            place = tuple(value if keeps else ALL for value, keeps in zip(key, kept, strict=True))
            totals[place] = totals.get(place, 0) + n
    return totals


def hidden(tables: Sequence[Mapping[CellKey, int]], least: int = LEAST) -> frozenset[CellKey]:
    """Return the cells and totals to hide, the same in every table: tables of different measures over the same cells.

    Each cell that holds at least one case and fewer than `least` in any table is hidden. In every line at least two
    cells are hidden or none, what is hidden in a line amounts to at least `least` cases unless its total is hidden too,
    and no hidden cell follows from the cells shown by any sums and differences. A cell with no case stays shown, unless
    it is needed to cover another.
    """
    full = [with_totals(table) for table in tables]
    keys = sorted({key for table in full for key in table})
    lines = list(_lines(keys))
    found = {key for key in keys if any(0 < table.get(key, 0) < least for table in full)}
    while (more := _needed(full, lines, found, least)) is not None:
        found.add(more)
    return frozenset(found)


def _lines(keys: Sequence[CellKey]) -> Iterator[tuple[CellKey, tuple[CellKey, ...]]]:
    """Yield every total with the cells that add up to it."""
    parts: dict[CellKey, list[CellKey]] = {}
    for key in keys:
        for place, value in enumerate(key):
            if value != ALL:
                parts.setdefault((*key[:place], ALL, *key[place + 1 :]), []).append(key)
    for total, cells in sorted(parts.items()):
        empty = [place for place, value in enumerate(total) if value == ALL]
        for place in empty:
            yield total, tuple(cell for cell in cells if cell[place] != ALL)


def _needed(
    tables: Sequence[Mapping[CellKey, int]],
    lines: Sequence[tuple[CellKey, tuple[CellKey, ...]]],
    found: set[CellKey],
    least: int,
) -> CellKey | None:
    """Return one more cell to hide; None where nothing hidden can be worked out."""
    for total, cells in lines:
        gone = [cell for cell in cells if cell in found]
        if (gone or total in found) and not _is_covered(tables, total, gone, found, least):
            shown = [cell for cell in cells if cell not in found]
            if shown or total not in found:
                return _cheapest(tables, shown) if shown else total
    for cell in _determined(lines, found):
        for total, cells in lines:
            shown = [each for each in (*cells, total) if each not in found]
            if cell in (*cells, total) and shown:
                return _cheapest(tables, shown)
    return None


def _is_covered(
    tables: Sequence[Mapping[CellKey, int]], total: CellKey, gone: Sequence[CellKey], found: set[CellKey], least: int
) -> bool:
    if total in found:
        return bool(gone)
    sums = [sum(table.get(cell, 0) for cell in gone) for table in tables]
    return len(gone) > 1 and all(n == 0 or n >= least for n in sums)


def _cheapest(tables: Sequence[Mapping[CellKey, int]], shown: Sequence[CellKey]) -> CellKey:
    """Return the cell whose hiding loses least: the smallest that holds anything, an empty one only at need."""
    sizes = {cell: sum(table.get(cell, 0) for table in tables) for cell in shown}
    return min(shown, key=lambda cell: (sizes[cell] == 0, sizes[cell], cell))


def _determined(lines: Sequence[tuple[CellKey, tuple[CellKey, ...]]], found: set[CellKey]) -> Sequence[CellKey]:
    """Return the hidden cells that follow from the shown ones: those left alone in an equation by elimination."""
    order = sorted(found)
    places = {cell: place for place, cell in enumerate(order)}
    rows = []
    for total, cells in lines:
        row = {places[cell]: Fraction(1) for cell in cells if cell in found}
        if total in found:
            row[places[total]] = Fraction(-1)
        if row:
            rows.append(row)
    return [order[next(iter(row))] for row in _reduced(rows) if len(row) == 1]


def _reduced(rows: Sequence[dict[int, Fraction]]) -> Sequence[dict[int, Fraction]]:
    """Return the reduced row echelon form of sparse rows."""
    done: list[tuple[int, dict[int, Fraction]]] = []
    for start in rows:
        row = start
        for pivot, other in done:
            row = _minus(row, other, row.get(pivot))
        if not row:
            continue
        pivot = min(row)
        row = {place: value / row[pivot] for place, value in row.items()}
        done = [(known, _minus(other, row, other.get(pivot))) for known, other in done]
        done.append((pivot, row))
    return [row for _, row in done]


def _minus(row: dict[int, Fraction], other: dict[int, Fraction], times: Fraction | None) -> dict[int, Fraction]:
    if not times:
        return row
    found = dict(row)
    for place, value in other.items():
        left = found.get(place, Fraction(0)) - times * value
        if left:
            found[place] = left
        else:
            found.pop(place, None)
    return found
