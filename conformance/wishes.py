"""Keeps which tests people have asked to be run again, until the role `conformance` runs them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One wish: a test of a connection, by whom, and when (ISO 8601)."""

    connection: str
    test: str
    by: str
    at: str


class Wishes:
    """A folder of wishes, one file each; whoever asks twice has asked once."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`."""
        self._folder = folder

    def ask(self, wish: Asked) -> None:
        """Keep a wish."""
        self._folder.mkdir(parents=True, exist_ok=True)
        place = self._folder / f"{wish.connection}+{wish.test}.json"
        unfinished = place.with_suffix(".part")
        unfinished.write_bytes(orjson.dumps(asdict(wish)))
        unfinished.rename(place)

    def all(self) -> Sequence[Asked]:
        """Return every wish, the oldest first."""
        found = [Asked(**orjson.loads(path.read_bytes())) for path in self._folder.glob("*.json")]
        return sorted(found, key=lambda wish: wish.at)

    def of(self, connection: str) -> Mapping[str, Mapping[str, str]]:
        """Return who asked for which test of a connection, and when."""
        own = [wish for wish in self.all() if wish.connection == connection]
        return {wish.test: {"by": wish.by, "at": wish.at} for wish in own}

    def forget(self, wish: Asked) -> None:
        """Forget a wish: it is being seen to."""
        (self._folder / f"{wish.connection}+{wish.test}.json").unlink(missing_ok=True)
