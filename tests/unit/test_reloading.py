"""A mapping that changes is taken when it is sound, between two reads; a bad one leaves the old one at work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hub import mapping
from hub.clock import ManualClock
from hub.errors import Fault, Misconfigured, Unavailable
from hub.reloading import LiveReader, stamps_of
from hub.troubles import Troubles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = """
connection: test.one
version: {version}
department: "11321200014000028L"
kind: files
connect: {{path: {where}}}
case:
  source_case_no: no
  region_code: "'321200'"
events:
  - {{type: case.received, occurred_at: time(at){more}}}
"""


class Shop:
    """One mapping file under change, and what its readers did."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "one.yaml"
        self.did: list[str] = []
        self.is_store_away = False
        self.during: Callable[[], object] = lambda: None
        self.troubles = Troubles(folder / "troubles")
        self.write()
        self.live = LiveReader(
            self.load(),
            load=self.load,
            make=self.make,
            register=self.register,
            stamps=lambda: stamps_of([folder]),
            troubles=self.troubles,
            clock=ManualClock(datetime(2026, 3, 2, tzinfo=UTC)),
        )

    def write(self, version: int = 1, where: str = "a", more: str = "") -> None:
        """Write the file; its size tells it from the one before."""
        self.path.write_text(TEXT.format(version=version, where=where, more=more), encoding="utf-8")

    def load(self) -> mapping.CompiledMapping:
        return mapping.load(self.path, environment={})

    def register(self, changed: mapping.CompiledMapping) -> None:
        if changed.declaration.version == 13:
            raise Misconfigured(Fault(code="mappings.version", problem="the version was not raised"))
        if self.is_store_away:
            raise Unavailable("the store is away")
        self.did.append(f"register {changed.declaration.version}")

    def make(self, made: mapping.CompiledMapping) -> Any:
        shop, name = self, f"{made.declaration.version} {made.declaration.connect['path']}"

        class Reader:
            def read(self, stopping: Callable[[], bool] = lambda: False) -> None:
                shop.during()
                shop.did.append(f"read {name}" + (", cut short" if stopping() else ""))

            def close(self) -> None:
                shop.did.append(f"close {name}")

        return Reader()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_without_a_change_the_same_reader_reads_on(shop: Shop) -> None:
    shop.live.read()
    shop.live.read()
    assert shop.did == ["read 1 a", "read 1 a"]


def test_a_changed_mapping_is_registered_and_read_by_and_the_old_one_is_let_go(shop: Shop) -> None:
    shop.live.read()
    shop.write(version=2, more=", when: at")
    shop.live.read()
    assert shop.did == ["read 1 a", "register 2", "close 1 a", "read 2 a"]


def test_a_changed_way_of_reading_is_taken_too(shop: Shop) -> None:
    shop.write(where="another")
    shop.live.read()
    assert shop.did == ["register 1", "close 1 a", "read 1 another"]


def test_a_comment_swaps_nothing(shop: Shop) -> None:
    shop.path.write_text(shop.path.read_text(encoding="utf-8") + "# said\n", encoding="utf-8")
    shop.live.read()
    assert shop.did == ["read 1 a"]


@pytest.mark.parametrize("version", [13, 2])
def test_a_bad_file_leaves_the_old_mapping_at_work_and_says_so_until_it_is_mended(shop: Shop, version: int) -> None:
    shop.write(version=version, more="" if version == 13 else ", nonsense: 1")
    shop.live.read()
    shop.live.read()
    assert shop.did == ["read 1 a", "read 1 a"]
    (trouble,) = shop.troubles.all()
    assert trouble.connection == "test.one (changed mapping)"
    assert ("was not raised" if version == 13 else "nonsense") in trouble.problem
    shop.write(version=3, more=", when: at")
    shop.live.read()
    assert shop.did[2:] == ["register 3", "close 1 a", "read 3 a"]
    assert shop.troubles.all() == []


def test_a_file_that_now_declares_another_connection_is_not_taken(shop: Shop) -> None:
    shop.path.write_text(shop.path.read_text(encoding="utf-8").replace("test.one", "test.two"), encoding="utf-8")
    shop.live.read()
    assert shop.did == ["read 1 a"]
    assert "declares test.two" in shop.troubles.all()[0].problem


def test_a_file_that_is_gone_for_a_moment_is_a_bad_one(shop: Shop) -> None:
    shop.path.unlink()
    shop.live.read()
    assert shop.did == ["read 1 a"]
    shop.write(version=2, more=", when: at")
    shop.live.read()
    assert shop.did[-1] == "read 2 a"


def test_a_long_read_ends_at_its_next_portion_once_the_mapping_has_changed(shop: Shop) -> None:
    shop.during = lambda: shop.write(version=2, more=", when: at")
    shop.live.read()
    shop.during = lambda: None
    shop.live.read()
    assert shop.did == ["read 1 a, cut short", "register 2", "close 1 a", "read 2 a"]


def test_while_the_store_is_away_the_old_mapping_goes_on_and_the_new_one_is_taken_when_it_is_back(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    shop.is_store_away = True
    shop.write(version=2, where="bb")
    shop.live.read()
    assert shop.did == ["read 1 a"]
    shop.is_store_away = False
    shop.live.read()
    assert shop.did[1:] == ["register 2", "close 1 a", "read 2 bb"]
