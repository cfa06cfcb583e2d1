"""The mapping language: a department's records become case events, by one file per connected system."""

from hub.mapping.declaration import Declaration
from hub.mapping.examples import run_examples
from hub.mapping.mapping import (
    TOKEN_KEY,
    CompiledMapping,
    MappedEvent,
    fingerprint,
    lint,
    lint_all,
    load,
    position,
    tried,
)

__all__ = [
    "TOKEN_KEY",
    "CompiledMapping",
    "Declaration",
    "MappedEvent",
    "fingerprint",
    "lint",
    "lint_all",
    "load",
    "position",
    "run_examples",
    "tried",
]
