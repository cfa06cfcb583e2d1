"""Finds and loads mapping files under the environment of the process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from hub import mapping
from hub.errors import Fault, Misconfigured
from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hub.mapping import CompiledMapping

BASES: Final = "bases"
"""Folder of mappings that are there to be extended."""

OUTBOUND: Final = ".out."
"""What the name of an outbound mapping's file has in it, so that nobody reads a source with one."""


def folders_of(path: Path) -> tuple[Path, ...]:
    """Return the folders whose files a mapping may be made of."""
    return path.parent, path.parent.parent / BASES, MAPPINGS / BASES


def load_mapping(path: Path) -> CompiledMapping:
    """Load one mapping file under the process's environment, or report every fault in it."""
    return mapping.load(path, environment=os.environ)


def load_outbound(path: Path) -> CompiledMapping:
    """Load one outbound mapping file under the process's environment, or report every fault in it."""
    return mapping.load_outbound(path, environment=os.environ)


def department_folders(folder: Path) -> Sequence[Path]:
    """Return the folders of mappings/ that belong to a department: those with a department.yaml."""
    if not folder.is_dir():
        hint = "set [mappings] folder, or SUNLIGHT_MAPPINGS"
        raise Misconfigured(Fault(code="mappings.missing", problem="no such folder", file=str(folder), hint=hint))
    return sorted(path.parent for path in folder.glob("*/department.yaml"))


def mapping_files(folder: Path) -> Sequence[Path]:
    """Return the mapping files of one department's sources."""
    others = (".examples.", OUTBOUND)
    files = (path for path in folder.glob("*.yaml") if not any(other in path.name for other in others))
    return sorted(path for path in files if path.name != "department.yaml")


def outbound_files(folder: Path) -> Sequence[Path]:
    """Return the mapping files by which a department is written to: `<name>.out.yaml`."""
    return sorted(path for path in folder.glob(f"*{OUTBOUND}yaml") if ".examples." not in path.name)
