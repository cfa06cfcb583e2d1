"""The mutants: small named faults of a department, of a connector or of the hub, each of which some test must catch.

A department's fault is what its system makes of what staff keyed in; a connector's is in a mapping or in what reads;
one of the hub's is a function of it that decides wrongly, for as long as a test looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference import (
    mutants_complaints,
    mutants_connector,
    mutants_department,
    mutants_files,
    mutants_hub,
    mutants_secrecy,
)
from conformance.reference.mutation import Mutant, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL: Final = (
    *mutants_department.MUTANTS,
    *mutants_connector.MUTANTS,
    *mutants_hub.MUTANTS,
    *mutants_files.MUTANTS,
    *mutants_complaints.MUTANTS,
    *mutants_secrecy.MUTANTS,
)
MUTANTS: Final[Mapping[str, Mutant]] = {mutant.name: mutant for mutant in ALL}

__all__ = ["MUTANTS", "Mutant", "Setting"]
