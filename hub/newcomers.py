"""Takes up connections whose mapping files come while the hub runs, as `sunlight connection promote` brings them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured
from hub.reloading import stamps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from hub.mapping import CompiledMapping
    from hub.ports import Clock
    from hub.reloading import Stamps
    from hub.troubles import Troubles

LOG: Final = logging.getLogger(__name__)


class Newcomers:
    """Looks for new mapping files. A bad one is told, and looked at again once its folder has changed."""

    def __init__(
        self,
        known: Mapping[Path, str],
        *,
        files: Callable[[], Collection[Path]],
        load: Callable[[Path], CompiledMapping],
        begin: Callable[[Path, CompiledMapping], None],
        troubles: Troubles,
        clock: Clock,
    ) -> None:
        """Begin beside the `known` files, each with its connection; `load` a new one of `files` and `begin` with it."""
        self._known, self._files, self._load, self._begin = dict(known), files, load, begin
        self._troubles, self._clock = troubles, clock
        self._bad: dict[Path, Stamps] = {}

    def look(self) -> Sequence[str]:
        """Take up what is new; return the connections. Unavailable leaves them to the next look."""
        try:
            new = sorted(set(self._files()) - self._known.keys())
        except Misconfigured as gone:  # an unmounted folder ends nothing that runs
            LOG.warning("cannot look for new mappings", extra={"problem": str(gone)})
            return []
        return [name for path in new if (name := self._taken(path))]

    def _taken(self, path: Path) -> str:
        stamps, trouble = stamps_of([path.parent]), f"{path.parent.name}/{path.name} (new mapping)"
        if self._bad.get(path) == stamps:
            return ""
        try:
            mapping = self._load(path)
            name = mapping.declaration.connection
            self._check_free(name, path)
            self._begin(path, mapping)
        except Misconfigured as bad:
            self._bad[path] = stamps
            self._troubles.note(trouble, bad, self._clock.now())
            LOG.error("new mapping refused", extra={"mapping": str(path), "problem": str(bad)})  # noqa: TRY400 - it says all
            return ""
        self._known[path] = name
        self._troubles.clear(trouble)
        LOG.info("connection taken up", extra={"connection": name})
        return name

    def _check_free(self, name: str, path: Path) -> None:
        other = next((str(known) for known, taken in self._known.items() if taken == name), "")
        if other:
            hint = "give it an id of its own; one file that took another's place is read after a restart"
            problem = f"{name} is read by {other} already"
            raise Misconfigured(Fault(code="mappings.again", problem=problem, file=str(path), hint=hint))
