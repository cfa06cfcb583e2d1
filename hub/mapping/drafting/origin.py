"""Decides how a draft says its source is reached and read: files of a format, or a table that is polled."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.mapping.drafting.matching import proposals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.mapping.drafting.profile import Column

_HANDSHAKES: Final = (("sync_sign", "sync_date", "sync_error_desc"), ("tb_flag", "tb_time", "tb_error"))
"""Columns of front-end databases in which the reader answers: its sign, the time, what was wrong."""

_URL: Final = "SOURCE_DB_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where records come from: the kind of source, and the entries of `connect` and `read` as YAML."""

    kind: str = "files"
    connect: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    """Columns that are the hub's, not the record's: a handshake's."""
    named: frozenset[str] = frozenset()
    """Columns by which rows are read: the key, the cursor."""


def of_files(form: str, *, encoding: str = "utf-8", delimiter: str = ",", record: str = "") -> Origin:
    """Describe files: `record` is of XML the element that is one."""
    more = {"delimiter": f'"{_escaped(delimiter)}"'} if delimiter != "," else {}
    if record:
        more["record"] = record
    return Origin(connect={"format": form, **more}, read={"encoding": encoding})


def of_table(table: str, columns: Sequence[Column], keys: Sequence[str]) -> Origin:
    """Describe a table that is polled; `keys` are the columns of its primary key, if it is known."""
    names = {column.name.lower(): column.name for column in columns}
    chosen = proposals(columns)
    unique = [column.name for column in columns if column.is_key]
    rows = [chosen["row"].column] if "row" in chosen else []
    key = next(iter([*(keys if len(keys) == 1 else ()), *rows, *unique]), columns[0].name)
    cursor = _cursor(columns, [chosen[each].column for each in ("version", "recorded") if each in chosen])
    connect = {"url": f'"${{{_URL}}}"', "table": table, "key": f'"{key}"'}
    if cursor:
        connect["cursor"] = f"{{column: {cursor}, settle: 2m}}"
    hands = next((each for each in _HANDSHAKES if each[0] in names), ())
    own = {part: names[name] for part, name in zip(("sign", "at", "error"), hands, strict=False) if name in names}
    if own:
        connect["acknowledge"] = "{" + ", ".join(f"{part}: {name}" for part, name in own.items()) + "}"
    return Origin(kind="database", connect=connect, own=frozenset(own.values()), named=frozenset({key, cursor}))


def _cursor(columns: Sequence[Column], likely: Sequence[str]) -> str:
    """Return the column that grows with every change: one known by name, or else one that holds times."""
    if likely:
        return likely[0]
    timed = [column.name for column in columns if column.time_format() is not None]
    return timed[0] if timed else ""


def _escaped(delimiter: str) -> str:
    return re.sub(r"\t", r"\\t", delimiter)
