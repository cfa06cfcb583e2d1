"""What a check found: a verdict with what was expected, what was there, where, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.model import Verdict, Words

if TYPE_CHECKING:
    from conformance.model import Subject

NOTHING = Words(zh="", en="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found. `verdict` None: it waits for what people do, until its deadline."""

    verdict: Verdict | None
    reason: Words
    blames: Subject | None = None
    expected: str = ""
    got: str = ""
    pointer: str = ""
    fix: Words = NOTHING
    simulated: bool = False


def passed(zh: str, en: str, *, simulated: bool = False) -> Finding:
    """Say that all is as required."""
    return Finding(verdict=Verdict.PASS, reason=Words(zh=zh, en=en), simulated=simulated)


def warned(zh: str, en: str) -> Finding:
    """Say what is as required as far as it could be seen, and what could not."""
    return Finding(verdict=Verdict.WARN, reason=Words(zh=zh, en=en))


def waits(zh: str, en: str) -> Finding:
    """Say what is waited for."""
    return Finding(verdict=None, reason=Words(zh=zh, en=en))


def skipped(zh: str, en: str) -> Finding:
    """Say why it cannot be shown."""
    return Finding(verdict=Verdict.SKIP, reason=Words(zh=zh, en=en))


def failed(
    blames: Subject, reason: Words, *, expected: str, got: str, pointer: str = "", fix: Words = NOTHING
) -> Finding:
    """Say what is wrong, whose fault it is, and how it is mended."""
    return Finding(
        verdict=Verdict.FAIL, reason=reason, blames=blames, expected=expected, got=got, pointer=pointer, fix=fix
    )
