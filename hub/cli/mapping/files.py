"""Which mapping files the paths given on the command line mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

DEPARTMENT: Final = "department.yaml"


def mapping_files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield every file given, and of every folder its mappings: neither catalogues nor examples."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for file in sorted(path.rglob("*.yaml")):
            if file.name != DEPARTMENT and ".examples." not in file.name:
                yield file
