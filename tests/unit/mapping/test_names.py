"""Identifiers are UUIDs of version 5, whichever way they are written out."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from hub.model import ids


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=3, alphabet="ab"))
def test_an_event_id_is_a_uuid_of_version_5(key: str, occurrence: str) -> None:
    found = uuid.UUID(ids.event_id("one", key, "stage.completed", occurrence))
    assert (found.version, found.variant) == (5, uuid.RFC_4122)
    assert str(found) == ids.event_id("one", key, "stage.completed", occurrence)


def test_an_event_id_never_changes() -> None:
    assert ids.event_id("taizhou.samples.receipt", "case-10011", "case.received") == PINNED


PINNED = "268ace21-b581-5b14-8c83-e0df72ad0032"
