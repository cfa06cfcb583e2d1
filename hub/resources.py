"""Where the project's own data folders stand: beside the packages, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SCHEMAS: Final = ROOT / "schemas"
MAPPINGS: Final = ROOT / "mappings"
