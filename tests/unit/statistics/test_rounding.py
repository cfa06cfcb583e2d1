"""What the public sees of a count is rounded, so that two answers subtracted tell no small cell."""

from __future__ import annotations

from collections import defaultdict

import pytest

from hub.statistics.answer import rounded

BASE = 5


@pytest.mark.parametrize(("n", "shown"), [(0, 0), (5, 5), (7, 5), (8, 10), (12, 10), (1003, 1005)])
def test_a_count_is_shown_as_the_nearest_five(n: int, shown: int) -> None:
    assert rounded({"opened": n, "region": "321281"}, BASE) == {"opened": shown, "region": "321281"}


def test_a_share_is_shown_in_whole_percents_and_what_is_hidden_stays_hidden() -> None:
    row = {"on_time_rate": 0.98765, "closed": None, "mean_used_days": 4.25}
    assert rounded(row, BASE) == {"on_time_rate": 0.99, "closed": None, "mean_used_days": 4.25}


def test_no_small_cell_follows_from_a_sum_less_its_other_parts() -> None:
    possible: dict[tuple[int, int], set[int]] = defaultdict(set)
    for others in range(BASE, 200):
        for small in range(BASE):
            with_it, without = ({"opened": n} for n in (others + small, others))
            possible[rounded(with_it, BASE)["opened"], rounded(without, BASE)["opened"]].add(small)
    inner = [cells for (_, without), cells in possible.items() if without < 195]
    assert all(len(cells) > 2 for cells in inner)
