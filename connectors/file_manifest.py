"""Reads the files of a folder in which its department says how many cases began on which day."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import orjson

from connectors.codecs.common import is_deep, refused
from connectors.file_completeness import ENTERING, MANIFEST
from connectors.folders.port import told
from connectors.manifests import MOST_DAYS, Asking, Said, manifests_in
from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from connectors.folders import Folder, Stamp
    from hub.model.values import Manifest, Record
    from hub.ports import Clock

DAYS_BYTES: Final = 1 << 16
"""Largest file of that kind that is read."""

FILES: Final = 100
"""Files read at a time: the ones that came last."""


class FolderStatement:
    """A connectors.manifests.Statement over files of JSON: `{"days": [{"day", "cases", "sha256"}]}`."""

    def __init__(self, folder: Folder, pattern: str, asking: Asking, clock: Clock) -> None:
        """Read the files of `folder` named as `pattern` says that came within the days asked for."""
        self._folder, self._pattern, self._clock = folder, pattern, clock
        self.asking = asking

    def said(self) -> Said:
        """See Statement; of a day that several files tell of, the last one's word stands."""
        found: dict[date, Manifest] = {}
        wrong: list[Record] = []
        for name in self._names(self._folder.entries()):
            said = self._of_file(name)
            found |= {each.day: each for each in said.manifests}
            wrong += said.refused
        return Said([found[day] for day in sorted(found)][-MOST_DAYS:], wrong)

    def _names(self, there: Mapping[str, Stamp]) -> list[str]:
        since_ns = (self._clock.now() - timedelta(days=self.asking.days + 1)).timestamp() * 1e9
        named = (name for name in there if fnmatchcase(name, self._pattern) and not name.endswith(ENTERING))
        recent = [name for name in named if not name.startswith(".") and there[name].mtime_ns >= since_ns]
        return sorted(recent, key=lambda name: (there[name].mtime_ns, name))[-FILES:]

    def _of_file(self, name: str) -> Said:
        try:
            with self._folder.open(name) as stream:
                raw = stream.read(DAYS_BYTES + 1)
        except FileNotFoundError:
            return Said()
        except OSError as away:
            problem = str(away.strerror or away)
            raise Unavailable(problem, place=told(name), hint="check that the folder can be read") from away
        if len(raw) > DAYS_BYTES or is_deep(raw):
            return Said(refused=[_refused(raw, name, "it is too large or too deep")])
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return Said(refused=[_refused(raw, name, "it is no JSON")])
        if name.endswith(MANIFEST) and isinstance(document, dict) and "days" not in document:
            return Said()  # it speaks of its file alone
        return manifests_in(document, raw, told(name))


def _refused(raw: bytes, name: str, problem: str) -> Record:
    return refused(raw[:DAYS_BYTES], told(name), "day-manifest", problem, hint="see docs/mapping.md, manifest")
