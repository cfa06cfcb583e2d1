"""Keeps which tests people have asked to be run again, until the role `conformance` runs them."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import orjson

from hub.files import make_folder_durably, write_durably

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOG: Final = logging.getLogger(__name__)

MOST_TRIES: Final = 3
"""How often a wish is begun at most. Our own choice: a crash that has nothing to do with it may come twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One wish: a test of a connection, by whom, and when (ISO 8601)."""

    connection: str
    test: str
    by: str
    at: str
    tries: int = 0
    """How often it was begun: what ends the process each time is not begun for ever."""


class Wishes:
    """A folder of wishes, one file each; whoever asks twice has asked once."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`."""
        self._folder = folder

    def ask(self, wish: Asked) -> None:
        """Keep a wish."""
        make_folder_durably(self._folder)
        write_durably(self._place(wish), orjson.dumps(asdict(wish)))

    def begin(self, wish: Asked) -> Asked | None:
        """Note that a wish is about to be seen to; None, and it is forgotten, where that was begun too often.

        It is kept until it is forgotten: whatever ends the process meanwhile, it is begun again.
        """
        if wish.tries >= MOST_TRIES:
            self.forget(wish)
            return None
        begun = replace(wish, tries=wish.tries + 1)
        self.ask(begun)
        return begun

    def all(self) -> Sequence[Asked]:
        """Return every wish, the oldest first; what cannot be read is said, and holds up none."""
        found = (_read(path) for path in self._folder.glob("*.json"))
        return sorted((wish for wish in found if wish is not None), key=lambda wish: wish.at)

    def of(self, connection: str) -> Mapping[str, Mapping[str, str]]:
        """Return who asked for which test of a connection, and when."""
        own = [wish for wish in self.all() if wish.connection == connection]
        return {wish.test: {"by": wish.by, "at": wish.at} for wish in own}

    def forget(self, wish: Asked) -> None:
        """Forget a wish that was seen to; one that was made anew meanwhile is another, and stays."""
        place = self._place(wish)
        kept = _read(place) if place.is_file() else None
        if kept is not None and kept.at == wish.at:
            place.unlink(missing_ok=True)

    def _place(self, wish: Asked) -> Path:
        return self._folder / f"{wish.connection}+{wish.test}.json"


def _read(path: Path) -> Asked | None:
    try:
        return Asked(**orjson.loads(path.read_bytes()))
    except (OSError, TypeError, ValueError) as damaged:
        LOG.warning("wish passed over", extra={"file": path.name, "problem": str(damaged)})
        return None
