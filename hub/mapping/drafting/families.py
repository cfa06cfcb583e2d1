"""Decides whether a source is one of the families that a base is shipped for, by the columns that the base reads."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hub.mapping.examples import ENVIRONMENT
from hub.mapping.faults import Faults
from hub.mapping.inheritance import is_base, read_mapping
from hub.mapping.mapping import tried
from hub.mapping.outbound import is_outbound
from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ALIKE: Final = 0.85
"""Share of a base's columns that a source must have: every city leaves some out."""

LEAST: Final = 6
"""Columns in common below which likeness says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A base that fits a source, as `extends:` names it, with the columns that it reads."""

    name: str
    columns: frozenset[str]
    share: float
    """Of those columns, how many the source has: 0 to 1."""
    kind: str = ""
    connect: tuple[str, ...] = ()
    """The kind of source that the base is written for, and the entries of its connect:."""
    says_region: bool = True
    """Whether it reads the region of a case, which many tables do not hold."""


def family_of(names: Sequence[str]) -> Family | None:
    """Return the base that reads most of a source's columns; None where none is of its family."""
    given = frozenset(names)
    fitting = [
        dataclasses.replace(each, share=len(each.columns & given) / len(each.columns))
        for each in _families()
        if len(each.columns & given) >= LEAST
    ]
    alike = [each for each in fitting if each.share >= ALIKE]
    return max(alike, key=lambda each: (len(each.columns & given), each.share), default=None)


@lru_cache(maxsize=1)
def _families() -> Sequence[Family]:
    return tuple(_read_families())


def _read_families() -> Iterator[Family]:
    for path in sorted((MAPPINGS / "bases").glob("*.yaml")):
        root = read_mapping(path, Faults(str(path)))
        if is_base(root) and not is_outbound(root):
            base = tried(path, environment=ENVIRONMENT)
            declared = base.declaration
            yield Family(
                name=f"bases/{path.stem}",
                columns=base.columns,
                share=0,
                kind=declared.kind,
                connect=tuple(declared.connect),
                says_region="region_code" in root.entries["case"].entries,
            )
