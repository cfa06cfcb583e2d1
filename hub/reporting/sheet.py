"""What a report is made of, whatever it is written as: sections of sentences, tables and charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.statistics.naming import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table: headings, what each column holds (`text`, `count`, `rate`, `days`), and lines of values."""

    heads: Sequence[str]
    kinds: Sequence[str]
    lines: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart of one or two series of columns over labels; values are counts or shares, None where there are none."""

    title: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[float | None]]]
    kind: str = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One numbered part of a report."""

    name: str
    """A short name for the spreadsheet's tab."""
    heading: str
    sentences: Sequence[str] = ()
    grid: Grid | None = None
    chart: Chart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report that can be written as HTML, PDF or a spreadsheet."""

    title: str
    subtitle: str
    language: Language
    sections: Sequence[Section]


def spoken(value: Any, kind: str) -> str:  # noqa: ANN401 - a cell
    """Write one value for people; nothing as a dash."""
    if value is None:
        return "—"
    if kind == "rate":
        return f"{value:.1%}"
    if kind == "days":
        return f"{value:.1f}"
    return f"{value:,}" if kind == "count" and not isinstance(value, str) else str(value)
