"""What can go wrong, told apart by who must act: the writer of a document, time, or the operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal["decode", "map", "validate", "authorise", "supervise"]
"""Where on its way a record or message was refused."""

Severity = Literal["error", "warning"]
"""An error stops what was written from being used; a warning is only said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A refused record or message: whoever wrote it must act. It is an answer, never raised across a port.

    `code` is stable API (`map.unknown-code`); `path` points into the document or the record; `place` says
    where the record came from (file and line, table and key); `hint` says what to do.
    """

    stage: Stage
    code: str
    problem: str
    hint: str
    path: str = ""
    place: str = ""
    value: str = ""
    """The offending value, masked, at most 80 characters."""


class Refused(Exception):
    """Leaves a computation early with a Rejection; caught at the edge of the stage that raised it."""

    def __init__(self, rejection: Rejection) -> None:
        """Carry `rejection`; its problem is the message."""
        super().__init__(rejection.problem)
        self.rejection = rejection


def in_words(fault: BaseException) -> str:
    """Say what an exception of a library means to whoever wrote the file: bare, many of them are no sentence.

    A KeyError tells a mere name in quotes, a system's error its number, and some tell nothing.
    """
    if isinstance(fault, KeyError) and fault.args:
        name = str(fault.args[0])
        return name if " " in name else f"{name} is missing"
    if isinstance(fault, (TypeError, AttributeError)):
        return "it is not built as it should be"
    if isinstance(fault, ArithmeticError):
        return "it is no number that can be reckoned with"
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return " ".join(str(fault).split()) or type(fault).__name__


class HubError(Exception):
    """Base of the errors that a caller cannot have expected. `code` is stable API."""

    code = "hub.error"

    def __init__(self, problem: str, *, place: str = "", hint: str = "") -> None:
        """Say what (`problem`), where (`place`) and what to do (`hint`)."""
        self.problem, self.place, self.hint = problem, place, hint
        super().__init__(": ".join(part for part in (place, problem, hint) if part))


class Unavailable(HubError):
    """A server or a department is away: only time helps. The one error that is retried."""

    code = "hub.unavailable"


class Fenced(HubError):
    """Another owner took the partition, the relay or the connection; what this one holds must not be written."""

    code = "hub.fenced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One problem in what the operator wrote. `line` and `column` count from 1; 0 means unknown."""

    code: str
    problem: str
    file: str = ""
    line: int = 0
    column: int = 0
    source_path: str = ""
    target_path: str = ""
    hint: str = ""
    severity: Severity = "error"
    value: str = ""
    """The value it is about, masked; empty where it is about none."""

    def __str__(self) -> str:
        """Write `file:line:column: code: source -> target: problem (hint)`, as compilers do; a warning says so."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        paths = " -> ".join(path for path in (self.source_path, self.target_path) if path)
        hint = f"({self.hint})" if self.hint else ""
        code = f"{self.code}:" if self.severity == "error" else f"warning: {self.code}:"
        parts = (f"{where}:" if where else "", code, f"{paths}:" if paths else "", self.problem, hint)
        return " ".join(part for part in parts if part)


class Misconfigured(HubError):
    """The operator must act: settings, mapping files, keys, migrations. Carries every fault found, not the first."""

    code = "hub.misconfigured"

    def __init__(self, *faults: Fault) -> None:
        """Carry all `faults`; the message has one a line."""
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
