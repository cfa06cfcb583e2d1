"""A mapping that comes to mean something else says so by its version, or is not registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.errors import Misconfigured
from hub.model.values import Connection
from hub.registry import register

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Shelf:
    """The part of a store that keeps registrations."""

    def __init__(self) -> None:
        self.kept: dict[str, Connection] = {}

    def connections(self) -> Mapping[str, Connection]:
        return self.kept

    def register(self, connections: Sequence[Connection]) -> None:
        self.kept |= {each.connection_id: each for each in connections}


def _one(fingerprint: str = "a", version: int = 1, name: str = "one", *, delay_s: int = 60) -> Connection:
    return Connection(
        connection_id=name,
        user=name,
        departments=frozenset({"D"}),
        allowed_delay_s=delay_s,
        fingerprint=fingerprint,
        mapping_version=version,
    )


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    register(shelf, [_one(), _one(name="two")])  # type: ignore[arg-type]
    return shelf


@pytest.mark.parametrize("again", [_one(), _one(delay_s=5), _one("b", 2), _one("")])
def test_the_same_meaning_or_a_greater_version_is_registered(shelf: Shelf, again: Connection) -> None:
    register(shelf, [again])  # type: ignore[arg-type]
    assert shelf.kept["one"] == again


@pytest.mark.parametrize("version", [1, 0])
def test_another_meaning_under_no_greater_version_registers_nothing_at_all(shelf: Shelf, version: int) -> None:
    with pytest.raises(Misconfigured, match=r"write version: 2") as wrong:
        register(shelf, [_one("b", version), _one("c", 2, "two"), _one("d", 1, "three")])  # type: ignore[arg-type]
    assert [fault.code for fault in wrong.value.faults] == ["mappings.version"]
    assert shelf.kept == {"one": _one(), "two": _one(name="two")}
