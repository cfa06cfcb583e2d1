"""kill -9 between any two steps that retract a case: whoever has its document is told all the same, once numbered."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import pytest

from hub.store import ledger
from tests.chaos.test_crash_points import KILLED, MOST_STEPS, run
from tests.support import victim
from tests.support.spine import Read, a_connection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hub.model.values import Message


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub whose subscriber has a document, and whose queue holds the word that its case is restricted."""
    place = (
        victim.Place(tmp_path_factory.mktemp("flip") / "hub", tmp_path_factory.mktemp("none")).prepared().subscribed()
    )
    with contextlib.closing(place.hub()) as hub:
        hub.store.register([a_connection()])
    for number, class_ in enumerate(("intranet", "restricted")):
        read = Read()
        case = {"disclosure": {"class": class_}}
        event = read.event("case.received", "2026-03-02T09:00:00+08:00", case=case, source_version=number, raw=class_)
        publish(place, [event, read.report()])
        if class_ == "intranet":
            assert run(place, "supervise", "relay") == 0
            assert len(place.watched()) == 1
    return place.folder


def publish(place: victim.Place, messages: Sequence[Message]) -> None:
    with contextlib.closing(place.hub()) as hub, contextlib.closing(hub.bus()) as bus:
        bus.publish(messages)


@pytest.mark.parametrize("role", ["supervise", "relay"])
def test_no_crash_point_keeps_a_retraction_from_whoever_has_the_document(
    role: str, flipped: Path, tmp_path: Path
) -> None:
    survived = next(step for step in range(1, MOST_STEPS) if not killed(role, flipped, tmp_path / str(step), step))
    assert survived > 3, "a role of three steps is no role"


def killed(role: str, flipped: Path, folder: Path, step: int) -> bool:
    """Kill `role` at a step in a copy of the hub, run all again, and look; tell whether the step was there."""
    place = victim.Place(shutil.copytree(flipped, folder), folder)
    code = run(place, *(("supervise",) if role == "relay" else ()), role, at=step)
    assert code in {0, KILLED}
    assert run(place, "supervise", "relay") == 0
    with contextlib.closing(place.hub()) as hub:
        feed = hub.queries.feed("intranet", after=0, limit=100)
        assert ledger.verify(hub.settings.store_url).sound
    assert [row["kind"] for row in feed] == ["case", "case", "alert"], f"{role} was killed at step {step}"
    assert all(b"case.withheld" in row["body"] for row in feed)
    assert place.watched() == {row["message_id"] for row in feed[1:]}, f"{role} was killed at step {step}"
    return code == KILLED
