"""Small cells of public tables cannot be worked out from what is shown."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.statistics.suppress import ALL, hidden, with_totals

if TYPE_CHECKING:
    from collections.abc import Mapping

Table = dict[tuple[str, ...], int]


def test_a_table_without_small_cells_is_shown_whole() -> None:
    assert hidden([{("a",): 5, ("b",): 0, ("c",): 70}]) == frozenset()


def test_a_lone_small_cell_takes_its_smallest_neighbour_with_it() -> None:
    assert hidden([{("a",): 3, ("b",): 9, ("c",): 70}]) == {("a",), ("b",)}


def test_small_cells_that_together_hold_too_few_take_another_with_them() -> None:
    assert hidden([{("a",): 1, ("b",): 1, ("c",): 9, ("d",): 70}]) == {("a",), ("b",), ("c",)}


def test_a_small_cell_alone_in_its_table_takes_the_total_with_it() -> None:
    assert hidden([{("a",): 3}]) == {("a",), (ALL,)}


def test_a_cell_without_cases_is_shown() -> None:
    assert ("b",) not in hidden([{("a",): 3, ("b",): 0, ("c",): 8}])


def test_what_is_small_in_one_measure_is_hidden_in_all() -> None:
    assert hidden([{("a",): 30, ("b",): 40, ("c",): 50}, {("a",): 2, ("b",): 20, ("c",): 30}]) == {("a",), ("b",)}


def test_a_cell_of_two_dimensions_is_covered_in_its_row_and_in_its_column() -> None:
    table = {(row, column): 20 for row in "abc" for column in "xyz"} | {("a", "x"): 2}
    found = hidden([table])
    assert sum(key[0] == "a" for key in found) >= 2
    assert sum(key[1] == "x" for key in found) >= 2


def candidates(table: Table, gone: frozenset[tuple[str, ...]], shown: Mapping[tuple[str, ...], int]) -> list[Table]:
    """Return every table of small numbers that agrees with all that is shown."""
    free = sorted(key for key in table if key in gone)
    most = sum(table.values())
    found = []
    for values in product(range(min(most, 9) + 1), repeat=len(free)):
        guess = {**table, **dict(zip(free, values, strict=True))}
        totals = with_totals(guess)
        if all(totals[key] == n for key, n in shown.items()):
            found.append(guess)
    return found


small = st.integers(min_value=0, max_value=9)


@given(st.lists(small, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_whoever_sees_a_published_list_finds_several_tables_that_fit_it_for_each_hidden_cell(counts: list[int]) -> None:
    table: Table = {(chr(97 + place),): n for place, n in enumerate(counts)}
    gone = hidden([table], least=3)
    shown = {key: n for key, n in with_totals(table).items() if key not in gone}
    fitting = candidates(table, gone, shown)
    for key in gone - {(ALL,)}:
        assert len({guess[key] for guess in fitting}) > 1, (table, key)


@given(st.lists(st.lists(small, min_size=2, max_size=4), min_size=2, max_size=4), st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_no_hidden_cell_of_two_dimensions_is_a_sum_or_difference_of_shown_ones(
    rows: list[list[int]], least: int
) -> None:
    width = min(len(row) for row in rows)
    table: Table = {(f"r{y}", f"c{x}"): row[x] for y, row in enumerate(rows) for x in range(width)}
    gone = hidden([table], least)
    assert all(n >= least or n == 0 or key in gone for key, n in with_totals(table).items())
    cells = sorted(table)
    equations = [
        [int(all(part in (ALL, own) for part, own in zip(key, cell, strict=True))) for cell in cells]
        for key in with_totals(table)
        if key not in gone
    ] + [[int(cell == other) for other in cells] for cell in cells if cell not in gone]
    rank = rank_of(equations)
    for key in gone:
        vector = [int(all(part in (ALL, own) for part, own in zip(key, cell, strict=True))) for cell in cells]
        assert rank_of([*equations, vector]) == rank + 1, (table, sorted(gone), key)


def rank_of(rows: list[list[int]]) -> int:
    """Return the rank of a matrix by elimination modulo a large prime, apart from the code under test."""
    prime, rank = 1_000_000_007, 0
    left = [[value % prime for value in row] for row in rows]
    for column in range(len(left[0]) if left else 0):
        pivot = next((y for y in range(rank, len(left)) if left[y][column]), None)
        if pivot is None:
            continue
        left[rank], left[pivot] = left[pivot], left[rank]
        inverse = pow(left[rank][column], -1, prime)
        left[rank] = [value * inverse % prime for value in left[rank]]
        for y in range(len(left)):
            if y != rank and left[y][column]:
                factor = left[y][column]
                left[y] = [(a - factor * b) % prime for a, b in zip(left[y], left[rank], strict=True)]
        rank += 1
    return rank
