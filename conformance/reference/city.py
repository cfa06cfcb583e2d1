"""The generated city at work: its departments' systems, filled as time advances, beside the truth about them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from conformance.reference.daily_files import MarketFiles, PlatformFiles
from conformance.reference.directory import MAPPING_FILES, catalogue_paths
from conformance.reference.front_ends import HousingFrontEnd, WaterFrontEnd
from conformance.reference.plan import CASES, END, RULES, SEED, START, CityPlan, plan
from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

__all__ = ["CASES", "END", "RULES", "SEED", "START", "City", "CityPlan", "catalogue_paths", "plan"]


class City:
    """Four systems of six departments, empty until they are advanced. Everything is determined by the plan."""

    def __init__(self, plan: CityPlan, folder: Path) -> None:
        """Set the systems up in `folder`, which is made and must not hold a city already."""
        folder.mkdir(parents=True, exist_ok=True)
        self.plan = plan
        self.systems = tuple(
            system(plan, folder) for system in (HousingFrontEnd, MarketFiles, PlatformFiles, WaterFrontEnd)
        )
        self._moments = sorted({moment for system in self.systems for moment in system.moments})

    @property
    def start(self) -> datetime:
        """Return the first moment of the city."""
        return self.plan.starts_at

    @property
    def end(self) -> datetime:
        """Return the moment its last day is over."""
        return self.plan.ends_at

    @property
    def truth(self) -> Mapping[str, frozenset[str]]:
        """Return, by rule, the case numbers of which an alert must have been raised (see CityPlan)."""
        return self.plan.truth

    @property
    def quarantine_truth(self) -> Mapping[str, int]:
        """Return, by connection, how many records must have been refused."""
        return self.plan.quarantine_truth

    def environment(self) -> dict[str, str]:
        """Return where the systems are, by the ${NAMES} of the mapping files."""
        return {name: value for system in self.systems for name, value in system.environment().items()}

    def mappings(self) -> list[Path]:
        """Return the mapping file of every system."""
        return [MAPPINGS / file for file in MAPPING_FILES.values()]

    def advance(self, to: datetime) -> None:
        """Make visible in every system what it exported up to and including `to`; never goes back."""
        for system in self.systems:
            system.advance(to)

    def next_moment(self, after: datetime) -> datetime | None:
        """Return the next instant later than `after` at which some system shows something new; None if none is left."""
        place = bisect_right(self._moments, after)
        return self._moments[place] if place < len(self._moments) else None
