"""Brings the catalogues of department.yaml files: the first one of a department holds, later ones are proposals."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from hub.supervision.amendment import change_id, differences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.model.terms import CatalogueChange
    from hub.ports import Store
    from hub.terms_acts import TermsActs

LOG: Final = logging.getLogger(__name__)

NOTE: Final = "department.yaml 已更改 the file says something else"


class Changes(Protocol):
    """Knows which changes there are."""

    def catalogue_change(self, name: str) -> CatalogueChange | None:
        """Return one change by its id."""


class FilesBrought:
    """What the files of this machine say of the catalogue, as they are brought to the store."""

    def __init__(self, store: Store, changes: Changes, acts: TermsActs, by: str) -> None:
        """Bring to `store`; propose through `acts`, as `by`."""
        self._store, self._changes, self._acts, self._by = store, changes, acts, by

    def bring(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Put first documents in force; propose what a file has come to say since it was last brought."""
        held = {each["department"]["department_id"]: each for each in self._store.catalogue()}
        fresh = [each for each in documents if each["department"]["department_id"] not in held]
        self._store.load_catalogue(fresh)
        for each in documents:
            name = each["department"]["department_id"]
            digest = hashlib.sha256(orjson.dumps(each, option=orjson.OPT_SORT_KEYS)).hexdigest()
            if self._store.remembered(f"file:{name}") == digest:
                continue
            if name in held:
                self._propose(name, held[name], each)
            self._store.remember(f"file:{name}", digest)

    def _propose(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        parts = differences(old, new)
        change = change_id(name, parts)
        if parts and self._changes.catalogue_change(change) is None:
            self._acts.propose(change, name, parts, by=self._by, note=NOTE)
            hint = f"sunlight catalogue changes {change[:8]}; another person approves it: sunlight catalogue approve"
            LOG.warning("a changed department.yaml is proposed, not in force", extra={"department": name, "hint": hint})
