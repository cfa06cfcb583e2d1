"""What R03 to R06 would say of catalogue entries once they hold: asked before anybody approves them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.catalogue import Catalogue
from hub.supervision.rules.catalogue import MatterView

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.matter import Matter
    from hub.supervision.rules import Finding, Rule

LINTED: Final = ("R03", "R04", "R05", "R06")
"""Rules that look at an entry alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """One thing that a rule would find in one version of a matter."""

    matter_code: str
    version: str
    finding: Finding


def lint(
    document: Mapping[str, Any],
    *,
    rules: Mapping[str, Rule],
    calendar: WorkCalendar,
    today: date,
    only: Collection[tuple[str, str]] | None = None,
) -> Sequence[Lint]:
    """Ask the rules of every version that holds now or will, each on the first day from today on which it holds.

    `only` limits it to these (matter code, version).
    """
    catalogue = Catalogue([document])
    versions: dict[str, list[Matter]] = defaultdict(list)
    for matter in catalogue.matters():
        versions[matter.matter_code].append(matter)
    found = []
    for code in sorted(versions):
        for matter in versions[code]:
            day = max(today, matter.valid_from)
            if (only is not None and (code, matter.version) not in only) or not matter.is_valid(day):
                continue
            view = MatterView(
                matter=replace(matter, status="active"),
                department=document["department"],
                versions=versions[code],
                calendar=calendar,
                today=day,
            )
            found += [
                Lint(matter_code=code, version=matter.version, finding=finding)
                for name in LINTED
                if name in rules
                for finding in rules[name].find(rules[name], view)
            ]
    return found
