"""Reads a session's record for whoever certifies on it: one that was cut or altered is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.sessions import RECORD, read_session
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from conformance.model import Summary
    from conformance.suite import Suite


def summary_in(folder: Path, suite: Suite, today: date) -> Summary:
    """Return what the session in a folder came to; Misconfigured where there is none, or its record is damaged."""
    try:
        raw = (folder / RECORD).read_bytes()
    except OSError as missing:
        raise _unfit(folder, "no such session", "name one of `sunlight conformance list`") from missing
    try:
        session = read_session(raw, folder)
    except (ValueError, KeyError, TypeError, AttributeError, Misconfigured) as broken:
        raise _unfit(folder, f"the record is damaged: {broken}", "use it as the session wrote it") from broken
    gone = [name for name in session.header.planned if name not in suite.tests]
    if gone:
        problem = f"it is of another suite: {', '.join(gone)} is not tested any more"
        raise _unfit(folder, problem, "run the tests again: sunlight conformance run --new")
    return session.summary(suite, today)


def _unfit(folder: Path, problem: str, hint: str) -> Misconfigured:
    return Misconfigured(Fault(code="certify.session", problem=problem, file=str(folder), hint=hint))
