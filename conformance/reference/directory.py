"""Which departments and matters the generated city has: those of its mapping folders, so limits are stated once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML

from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOUSING: Final = "taizhou.housing.permits"
MARKET: Final = "taizhou.market.licences"
PLATFORM: Final = "xinghua.platform.cases"
WATER: Final = "taixing.water.steps"

MAPPING_FILES: Final = {
    HOUSING: "taizhou-housing/permits.yaml",
    MARKET: "taizhou-market/licences.yaml",
    PLATFORM: "xinghua-approval/platform.yaml",
    WATER: "taixing-water/steps.yaml",
}
"""The mapping file of each connection, within the mappings folder."""

FOLDERS: Final = {
    "taizhou-housing": (HOUSING, "ZJ"),
    "taizhou-market": (MARKET, "SJ"),
    "xinghua-approval": (PLATFORM, "XS"),
    "xinghua-transport": (PLATFORM, "XJ"),
    "xinghua-agriculture": (PLATFORM, "XN"),
    "taixing-water": (WATER, "TS"),
}
"""Each department's folder: the connection it reports over, and the letters its case numbers start with."""

LEAD_SHARE: Final = 0.2
"""Share of a promised limit that remains when its notice is due (R13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityMatter:
    """One matter of the catalogue. Limits in working days; 0 where it has none."""

    code: str
    name: str
    power_type: str
    case_type: str
    promised_days: int
    statutory_days: int

    @property
    def lead_days(self) -> int:
        """Return the working days before the promised limit at whose start the notice is due."""
        return max(1, int(self.promised_days * LEAD_SHARE))

    @property
    def is_promised(self) -> bool:
        """Tell whether the matter is handled within a promised limit, not on the spot."""
        return self.promised_days > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CityDepartment:
    """One department: who it is, how it reports, what it handles."""

    department_id: str
    name: str
    office: str
    region_code: str
    connection: str
    letters: str
    matters: Sequence[CityMatter]


def catalogue_paths() -> Sequence[Path]:
    """Return the department files of the city."""
    return [MAPPINGS / folder / "department.yaml" for folder in FOLDERS]


@lru_cache(maxsize=1)
def departments() -> Sequence[CityDepartment]:
    """Read every department of the city."""
    return tuple(_department(folder, *system) for folder, system in FOLDERS.items())


def _department(folder: str, connection: str, letters: str) -> CityDepartment:
    document = YAML(typ="safe", pure=True).load((MAPPINGS / folder / "department.yaml").read_text(encoding="utf-8"))
    about = document["department"]
    return CityDepartment(
        department_id=about["department_id"],
        name=about["name"],
        office=about["responsible_office"],
        region_code=about["region_code"],
        connection=connection,
        letters=letters,
        matters=tuple(_matter(row) for row in document["matters"]),
    )


def _matter(row: dict[str, Any]) -> CityMatter:
    return CityMatter(
        code=row["matter_code"],
        name=row["name"],
        power_type=row["power_type"],
        case_type=row["case_type"],
        promised_days=row.get("promised_limit", {}).get("n", 0),
        statutory_days=row.get("statutory_limit", {}).get("n", 0),
    )
