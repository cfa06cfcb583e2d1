"""How far webhooks have come is kept on every database, and what an operator decided meanwhile is never overwritten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hub.store.subscribers import Subscribers
from hub.store.webhooks import WebhookStore
from hub.subscription import subscription
from hub.webhooks import Progress
from tests.support.stores import DATABASES, StorePlace, empty_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 2, tzinfo=UTC)
AT = Progress(name="centre", sequence=7)


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


@pytest.fixture
def kept(place: StorePlace) -> Iterator[WebhookStore]:
    store = WebhookStore(place.url)
    store.save(AT)
    yield store
    store.close()


def test_progress_is_kept_where_nobody_changed_it(kept: WebhookStore) -> None:
    later = replace(AT, sequence=8, attempts=1, said="503", next_at=NOW)
    assert kept.advance(AT, later)
    assert kept.progress("centre") == later
    assert not kept.advance(AT, replace(AT, sequence=9)), "it stands at 8 by now"


def test_a_replay_that_was_asked_for_meanwhile_stands(kept: WebhookStore) -> None:
    kept.save(replace(AT, sequence=2))
    assert not kept.advance(AT, replace(AT, sequence=8))
    found = kept.progress("centre")
    assert found is not None
    assert found.sequence == 2


def test_what_was_stopped_or_forgotten_meanwhile_does_not_come_back(kept: WebhookStore) -> None:
    kept.save(replace(AT, state="stopped"))
    assert not kept.advance(AT, replace(AT, sequence=8))
    kept.forget("centre")
    assert not kept.advance(replace(AT, state="stopped"), replace(AT, sequence=8))
    assert kept.progress("centre") is None


def test_a_subscriber_is_the_same_however_it_is_looked_up(place: StorePlace) -> None:
    """Posting goes on only while the subscriber that was listed is the one that is found."""
    wanted = subscription("centre", view="intranet", kinds=["case", "alert"], regions=["321281"], max_length=100,
                          webhook="https://centre.example/in", now=NOW)  # fmt: skip
    store = Subscribers(place.url)
    store.add(wanted)
    (listed,) = store.list()
    assert listed == store.find("centre") == wanted
    store.put(replace(wanted, state="suspended"))
    assert listed != store.find("centre")
    store.close()
