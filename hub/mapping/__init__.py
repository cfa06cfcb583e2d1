"""The mapping language: a department's records become case events, by one file per connected system."""

from hub.mapping.compiled import CompiledMapping, MappedEvent
from hub.mapping.declaration import Declaration
from hub.mapping.examples import run_examples
from hub.mapping.mapping import fingerprint, lint, lint_all, load, load_outbound, position, tried
from hub.mapping.preparing import TOKEN_KEY

__all__ = [
    "TOKEN_KEY",
    "CompiledMapping",
    "Declaration",
    "MappedEvent",
    "fingerprint",
    "lint",
    "lint_all",
    "load",
    "load_outbound",
    "position",
    "run_examples",
    "tried",
]
