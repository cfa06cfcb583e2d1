"""Describes the columns of a sample: filled how often, of which type, in which form of time, with which values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from hub.errors import Refused
from hub.mapping.drift import type_of
from hub.mapping.times import Times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DISTINCT: Final = 1000
"""Values told apart in a column: more are no codes."""

DEPTH: Final = 5
"""Steps that are followed into a record: what lies deeper is named by hand."""

LIKE: Final = 0.9
"""Share of values that must be of a form, for the column to be of it: sources hold dirt."""

FORMATS: Final = (
    *("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y", "%Y/%m/%d %H:%M:%S"),
    *("%Y年%m月%d日", "%d-%m-%Y"),
)
"""Forms of time met in practice that the language does not read by itself."""

_TIMES: Final = Times(ZoneInfo("UTC"), ZoneInfo("UTC"))


@dataclass(slots=True)
class Column:
    """One column of a sample."""

    name: str
    path: tuple[str, ...] = ()
    """Steps from the record's root; of a column that is not nested, its name."""
    rows: int = 0
    filled: int = 0
    types: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Let a column that is not nested be its own path."""
        self.path = self.path or (self.name,)

    def see(self, value: Any) -> None:  # noqa: ANN401 - whatever a record holds
        """Take one value into account."""
        self.rows += 1
        if value is None or value == "":
            return
        self.filled += 1
        self.types[type_of(value)] += 1
        if len(self.values) < DISTINCT or str(value) in self.values:
            self.values[str(value)] += 1

    @property
    def is_key(self) -> bool:
        """Tell whether every row has a value of its own, as far as that was followed."""
        return bool(self.filled) and self.filled == self.rows and max(self.values.values()) == 1

    @property
    def is_code(self) -> bool:
        """Tell whether few values come again and again."""
        return 0 < len(self.values) <= 20 and self.filled >= 2 * len(self.values)  # noqa: PLR2004 - few, and again

    def time_format(self) -> str | None:
        """Return the format that `time()` must be told, empty where it needs none, None where this is no time."""
        some = list(self.values)[:50]
        if not some:
            return None
        for form in ("", *FORMATS):
            if sum(_reads(value, form) for value in some) >= LIKE * len(some):
                return form
        return None


def _reads(value: str, form: str) -> bool:
    try:
        if form:
            datetime.strptime(value.strip(), form)  # noqa: DTZ007 - only whether it reads
            return True
        return len(value.strip()) >= 8 and _TIMES.time(value) is not None  # noqa: PLR2004 - a day has eight digits
    except (Refused, ValueError):
        return False


def profiled(records: Iterable[Mapping[str, Any]]) -> list[Column]:
    """Describe the columns of `records`, nested ones too, in the order in which they first come.

    What repeats within a record is no column: it is walked, with `each`.
    """
    columns: dict[tuple[str, ...], Column] = {}
    repeated: set[tuple[str, ...]] = set()
    for count, record in enumerate(records):
        values = dict(_leaves(record, (), repeated))
        for path, value in values.items():
            if path not in columns:
                columns[path] = Column("/".join(path), path=path, rows=count)
            columns[path].see(value)
        for path in columns.keys() - values.keys():
            columns[path].rows += 1
    return [each for path, each in columns.items() if not any(path[: len(walk)] == walk for walk in repeated)]


def _leaves(
    value: Any,  # noqa: ANN401 - whatever a record holds
    path: tuple[str, ...],
    repeated: set[tuple[str, ...]],
) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list):
        repeated.update([path] if value else [])
    elif isinstance(value, dict) and len(path) < DEPTH:
        for name, child in value.items():
            yield from _leaves(child, (*path, str(name)), repeated)
    else:
        yield path, value
