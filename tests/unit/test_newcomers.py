"""New mapping files are taken up once, bad ones are told and looked at again when they changed, and nothing stops."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from hub.clock import ManualClock
from hub.errors import Fault, Misconfigured, Unavailable
from hub.newcomers import Newcomers
from hub.troubles import Troubles

if TYPE_CHECKING:
    from pathlib import Path


class World:
    """A folder of files, each of which holds the id of its connection, or nothing sound."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.begun, self.is_away = folder, list[str](), False
        self.troubles = Troubles(folder / "troubles")
        (folder / "m").mkdir()
        self.put("old", "a.old")
        self.newcomers = Newcomers(
            {folder / "m" / "old.yaml": "a.old"}, files=self.files, load=self.load, begin=self.begin,
            troubles=self.troubles, clock=ManualClock(datetime(2026, 3, 2, tzinfo=UTC)),
        )  # fmt: skip

    def put(self, name: str, text: str) -> None:
        (self.folder / "m" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def files(self) -> list[Path]:
        if not (self.folder / "m").is_dir():
            raise Misconfigured(Fault(code="mappings.missing", problem="no such folder"))
        return list((self.folder / "m").glob("*.yaml"))

    def load(self, path: Path) -> Any:
        text = path.read_text(encoding="utf-8")
        if text == "bad":
            raise Misconfigured(Fault(code="mapping.bad", problem="it is bad"))
        return SimpleNamespace(declaration=SimpleNamespace(connection=text))

    def begin(self, _path: Path, mapping: Any) -> None:
        if self.is_away:
            raise Unavailable("the store is away")
        self.begun.append(mapping.declaration.connection)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_new_file_is_taken_up_once(world: World) -> None:
    world.put("new", "a.new")
    assert world.newcomers.look() == ["a.new"]
    assert world.newcomers.look() == []
    assert world.begun == ["a.new"]


@pytest.mark.parametrize("text", ["bad", "a.old"])
def test_a_bad_file_and_one_of_a_connection_that_is_read_are_told_until_they_change(world: World, text: str) -> None:
    world.put("new", text)
    assert world.newcomers.look() == world.newcomers.look() == []
    (trouble,) = world.troubles.all()
    assert trouble.connection == "m/new.yaml (new mapping)"
    world.put("new", "a.new")
    assert world.newcomers.look() == ["a.new"]
    assert world.troubles.all() == []


def test_a_store_that_is_away_leaves_the_file_to_the_next_look(world: World) -> None:
    world.put("new", "a.new")
    world.is_away = True
    with pytest.raises(Unavailable):
        world.newcomers.look()
    world.is_away = False
    assert world.newcomers.look() == ["a.new"]


def test_a_folder_that_is_gone_ends_nothing(world: World) -> None:
    for path in world.files():
        path.unlink()
    (world.folder / "m").rmdir()
    assert world.newcomers.look() == []
