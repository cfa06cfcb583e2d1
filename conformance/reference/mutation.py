"""What a mutant is: its name, whose fault it is, at which department it shows, and how it is brought about."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.reference.rehearsal import Setting

if TYPE_CHECKING:
    from conformance.lab import Lab
    from conformance.model import Subject

__all__ = ["Mutant", "Setting"]

Patch = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault. `setting` changes the department or its mapping from the start; `patch` what runs as tests look."""

    name: str
    blames: Subject
    at: str
    """The reference department at which it shows."""
    about: str
    setting: Setting | None = None
    patch: Patch = contextlib.nullcontext
    lab: Callable[[Lab], Lab] | None = None
