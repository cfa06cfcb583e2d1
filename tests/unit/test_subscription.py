"""What a subscriber gets is the same by pattern at the broker and by filter over HTTP, and never more than wanted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bus.topology import matches
from hub.errors import Misconfigured
from hub.model.codes import code_list
from hub.subscription import KINDS, Subscription, subscription

NOW = datetime(2026, 3, 2, tzinfo=UTC)
REGIONS = sorted(code_list("regions").rows)


def wanted(**given: Any) -> Subscription:
    wish: dict[str, Any] = {
        "view": "intranet", "kinds": KINDS, "regions": (), "max_length": 1000, "webhook": "", "now": NOW
    }  # fmt: skip
    return subscription(given.pop("name", "xinghua.centre"), **{**wish, **given})


def test_a_county_is_bound_under_any_city_and_the_city_as_a_whole() -> None:
    assert wanted(regions=["321281"], kinds=["alert"]).patterns() == ("alert.*.321281.#",)
    assert wanted(regions=["321200"], kinds=["alert"]).patterns() == ("alert.321200.#",)
    assert wanted(kinds=["case"]).patterns() == ("case.#",)


def test_the_successor_of_a_renamed_county_gets_what_went_by_the_old_code() -> None:
    centre = wanted(regions=["321204"], kinds=["alert"])
    assert centre.patterns() == ("alert.*.321204.#", "alert.*.321284.#")
    assert centre.prefixes() == ("321204", "321284")
    assert wanted(regions=["321284"], kinds=["alert"]).patterns() == ("alert.*.321284.#",)


@given(
    st.lists(st.sampled_from(REGIONS), max_size=3),
    st.sets(st.sampled_from(KINDS), min_size=1),
    st.sampled_from(KINDS),
    st.sampled_from(REGIONS),
)
def test_patterns_and_filters_let_through_the_same(regions: list[str], kinds: set[str], kind: str, county: str) -> None:
    centre = wanted(regions=regions, kinds=sorted(kinds))
    key = f"{kind}.{county[:4]}00.{county}.11321200014000028L.raised"
    assert any(matches(pattern, key) for pattern in centre.patterns()) == centre.takes(kind=kind, county=county)


def test_who_asks_for_less_gets_less_and_who_asks_for_more_gets_nothing() -> None:
    centre = wanted(regions=["321281"], kinds=["alert"])
    assert centre.narrowed(kind=None, region=None) == (["alert"], ["321281"])
    assert centre.narrowed(kind="alert", region="321281002") == (["alert"], ["321281002"])
    assert centre.narrowed(kind="case", region=None) is None
    assert centre.narrowed(kind=None, region="3212") is None
    assert centre.narrowed(kind=None, region="321282") is None


@pytest.mark.parametrize(
    ("code", "wish"),
    [
        ("subscriber.name", {"name": "A"}),
        ("subscriber.name", {"name": "x.*"}),
        ("subscriber.name", {"name": "a..b"}),
        ("subscriber.view", {"view": "secret"}),
        ("subscriber.kind", {"kinds": ["rumour"]}),
        ("subscriber.kind", {"kinds": []}),
        ("subscriber.region", {"regions": ["999999"]}),
        ("subscriber.length", {"max_length": 1}),
        ("subscriber.webhook", {"webhook": "ftp://x"}),
        ("subscriber.webhook", {"webhook": "https://me:secret@x/"}),
    ],
)
def test_a_wish_that_cannot_be_is_told_why(code: str, wish: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured) as wrong:
        wanted(**wish)
    assert [fault.code for fault in wrong.value.faults] == [code]
    assert wrong.value.faults[0].hint
