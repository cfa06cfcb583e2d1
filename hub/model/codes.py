"""Code lists: the controlled words of documents, read from schemas/codes, effective-dated where the field is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from hub.resources import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """One code list: its version and its rows by code."""

    name: str
    version: str
    title: str
    rows: Mapping[str, Mapping[str, Any]]

    def __contains__(self, code: object) -> bool:
        """Tell whether `code` is in the list, at any date."""
        return code in self.rows

    def valid(self, code: str, day: date) -> bool:
        """Tell whether `code` is in the list and valid on `day` (`valid_from` ≤ day < `valid_to`)."""
        row = self.rows.get(code)
        if row is None:
            return False
        iso = day.isoformat()
        return (row.get("valid_from") or iso) <= iso and (row.get("valid_to") is None or iso < row["valid_to"])


@lru_cache(maxsize=32)
def code_list(name: str) -> CodeList:
    """Read one list of schemas/codes by name; KeyError if there is none."""
    path = SCHEMAS / "codes" / f"{name}.json"
    if not path.is_file():
        raise KeyError(name)
    body = orjson.loads(path.read_bytes())
    rows = {row["code"]: row for row in body["codes"]}
    return CodeList(name=name, version=body["version"], title=body["title"], rows=rows)


def region_name(code: str) -> str:
    """Name a region in Chinese; the code itself where the list does not know it."""
    row = code_list("regions").rows.get(code)
    return str(row["zh"]) if row else code
