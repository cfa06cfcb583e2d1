"""Names what lint looks for beyond the shape of a file: each rule, and whether its breach stops the mapping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.errors import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: how grave its breach is, and one sentence for the list of rules."""

    severity: Severity
    about: str


def _error(about: str) -> Rule:
    return Rule(severity="error", about=about)


def _warning(about: str) -> Rule:
    return Rule(severity="warning", about=about)


RULES: Final[Mapping[str, Rule]] = {
    "unknown-path": _error("A path is not in the source contract."),
    "code-without-target": _error("The source contract names a code that the list under codes: does not."),
    "unreachable-event": _error("An event's when: can never hold."),
    "duplicate-event": _error("Two events have the same type, condition and occurrence: one record makes both."),
    "constant-source": _error("What must come from the source is a constant: every record would say the same."),
    "wrong-type": _error("A function or field gets what it refuses in every record."),
    "incomplete-format": _error("A time format lacks the year, the month or the day, or has minutes without hours."),
    "bad-contract": _error("The source contract cannot be read."),
    "unlike-types": _warning("Two values of unlike types are compared as text."),
    "never-equal": _warning("A value is compared with a constant that the source contract does not list."),
    "never-occurs": _warning("A path is nowhere filled in the sample."),
    "lossy-time": _warning("An instant is cut to its day on its way into a field for times."),
    "lossy-text": _warning("A text is cut, and goes to a field that tells cases or events apart."),
    "lossy-number": _warning("A number is written as text, or a decimal is made whole."),
    "hidden-unknown": _warning("A default hides that the source's value is absent or unknown."),
    "unused": _warning("A let, an alias or a code list is used nowhere."),
}
"""Every rule of the typed check, by its id without `map.`."""
