"""Reads a session's record (NDJSON) for whoever certifies on it: one that was cut or altered is none."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import orjson

from conformance.lines import value_of
from conformance.model import Footer, Header, Result, Waiver
from conformance.verdicts import Plan, in_force, summarise
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from conformance.model import Level, Summary

RECORD: Final = "results.ndjson"
BUNDLE: Final = "bundle.zip"

UNRUN: Final[tuple[Level, str]] = ("C1", "must")
"""What a planned test counts as that has no result: whatever it is of, nothing is certified without it."""


def summary_in(folder: Path, today: date) -> Summary:
    """Return what the session in a folder came to; Misconfigured where there is none, or its record is damaged."""
    try:
        raw = (folder / RECORD).read_bytes()
    except OSError as missing:
        raise _damaged(folder, "no such session", "name one of `sunlight conformance list`") from missing
    bundle = folder / BUNDLE
    digest = hashlib.sha256(bundle.read_bytes()).hexdigest() if bundle.is_file() else ""
    return summary_of(raw, folder, today, bundle_sha256=digest)


def summary_of(raw: bytes, folder: Path, today: date, *, bundle_sha256: str) -> Summary:
    """Return what a record tells; its footer counts only as its last line, and if it fits the lines before it."""
    try:
        values = [value_of(orjson.loads(line)) for line in raw.splitlines()]
    except (ValueError, KeyError, TypeError) as broken:
        raise _damaged(folder, f"the record is damaged: {broken}", "use it as the session wrote it") from broken
    if not values or not isinstance(values[0], Header):
        raise _damaged(folder, "the record has no header", "use it as the session wrote it")
    header, results = values[0], [value for value in values if isinstance(value, Result)]
    known = {test: (result.level, str(result.severity)) for test, result in in_force(results).items()}
    plan = Plan(
        header=header,
        tests={test: known.get(test, UNRUN) for test in header.planned},
        waivers=[value for value in values if isinstance(value, Waiver)],
        today=today,
    )
    return summarise(plan, results, _footer(raw, values[-1]), bundle_sha256=bundle_sha256)


def _footer(raw: bytes, last: object) -> Footer | None:
    before = raw[: raw.rstrip(b"\n").rfind(b"\n") + 1]
    fits = isinstance(last, Footer) and last.lines_sha256 == hashlib.sha256(before).hexdigest()
    return last if fits and isinstance(last, Footer) else None


def _damaged(folder: Path, problem: str, hint: str) -> Misconfigured:
    return Misconfigured(Fault(code="certify.session", problem=problem, file=str(folder), hint=hint))
