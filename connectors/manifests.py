"""Asks a department, now and then, how many cases it began on each day, so that the hub can tell what it lacks.

What it says travels with the last report of a read. That it says nothing, or cannot be understood, holds up no record.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from connectors.codecs.common import refused
from hub.errors import Misconfigured, Unavailable
from hub.model.values import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.options import Options
    from hub.model.values import Portion, Record
    from hub.ports import Clock, Source

LOG: Final = logging.getLogger(__name__)

EVERY_S: Final = 6 * 3600.0
"""Seconds between two questions: a day's figure is known the next morning."""

DAYS: Final = 7
"""Days asked for."""

MOST_DAYS: Final = 400
"""Days that one report can speak of (schemas/read-report.v1)."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HINT: Final = 'write {"days": [{"day": "2026-03-30", "cases": 9, "sha256": "…"}]}'
_CODE: Final = "day-manifest"
_ASKED: Final = "manifests"
"""Key of the checkpoint under which it stands when the department was asked last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How often a department is asked, and for how many days."""

    every_s: float = EVERY_S
    days: int = DAYS


class Said(NamedTuple):
    """What a department said of its days, and what of it could not be understood."""

    manifests: Sequence[Manifest] = ()
    refused: Sequence[Record] = ()


class Statement(Protocol):
    """Where a department says how many cases it began on which day. Raises Unavailable and Misconfigured as Source."""

    asking: Asking

    def said(self) -> Said:
        """Return what it says now."""


def asking_of(section: Options) -> Asking:
    """Read `every` and `days` of a `manifest:`."""
    return Asking(every_s=section.seconds("every", EVERY_S), days=min(section.count("days", DAYS), MOST_DAYS))


def manifests_in(document: Any, raw: bytes, place: str) -> Said:  # noqa: ANN401 - any JSON
    """Read a department's word on its days; what is none of it is refused, the other days of it stand."""
    days = document.get("days") if isinstance(document, dict) else document
    if not isinstance(days, list):
        return Said(refused=[_refused(raw, place, "there is no list of days")])
    found: dict[date, Manifest] = {}
    problems = []
    for number, each in enumerate(days[:MOST_DAYS], 1):
        one = _manifest(each)
        if isinstance(one, Manifest):
            found[one.day] = one
        else:
            problems.append(f"day {number}: {one}")
    if len(days) > MOST_DAYS:
        problems.append(f"there are more than {MOST_DAYS} days")
    return Said(list(found.values()), [_refused(raw, place, "; ".join(problems)[:300])] if problems else [])


def _manifest(said: Any) -> Manifest | str:  # noqa: ANN401 - any JSON
    """Return one day's figures, or what is wrong with them."""
    if not isinstance(said, dict):
        return "it is no object"
    day, cases, sha256 = said.get("day"), said.get("cases"), said.get("sha256") or ""
    if type(cases) is not int or not 0 <= cases < 1 << 53:
        return "cases is no count"
    if not isinstance(sha256, str) or (sha256 and not _SHA256.fullmatch(sha256.lower())):
        return "sha256 is not 64 hex digits"
    try:
        return Manifest(day=date.fromisoformat(day), cases=cases, sha256=sha256.lower())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "day is no date such as 2026-03-30"


def _refused(raw: bytes, place: str, problem: str) -> Record:
    return refused(raw, place, _CODE, problem, hint=_HINT)


class Stating:
    """A source whose department also says how many cases each day had; see hub.ports.Source."""

    def __init__(self, source: Source, statement: Statement, *, name: str, clock: Clock) -> None:
        """Read `source`, and ask `statement` when it is time; `name` is the connection's, for the log."""
        self._source, self._statement, self._name, self._clock = source, statement, name, clock

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the source's portions; the last one says what the department said before the first was read.

        A read that is cut short says nothing of it, and the next one asks again.
        """
        asked_at, now = (checkpoint or {}).get(_ASKED), self._clock.now()
        said = self._said() if self._is_due(asked_at, now) else None
        for portion in self._source.read(checkpoint):
            is_told = portion.final and said is not None
            kept = now.isoformat() if is_told else asked_at
            held = portion.checkpoint
            if held is not None and kept is not None:
                held = {**held, _ASKED: kept}
            if said is not None and portion.final:
                records = [*portion.records, *said.refused]
                yield replace(portion, checkpoint=held, records=records, manifests=said.manifests)
            else:
                yield replace(portion, checkpoint=held)

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Tell the source that its records are safe."""
        self._source.acknowledge(records)

    def probe(self) -> Mapping[str, str]:
        """Try the source, and the statement."""
        found, said = dict(self._source.probe()), self._said() or Said()
        wrong = [record.refused.problem for record in said.refused if record.refused is not None]
        return {**found, "days told of": "; ".join(wrong) or str(len(said.manifests))}

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()

    def _said(self) -> Said | None:
        try:
            return self._statement.said()
        except Unavailable as away:
            LOG.warning("cannot ask for the day's figures", extra={"connection": self._name, "problem": str(away)})
            return None
        except Misconfigured as wrong:
            fault, place = wrong.faults[0], f"days of {self._name}"
            return Said(refused=[refused(place.encode(), place, _CODE, fault.problem, hint=fault.hint or _HINT)])

    def _is_due(self, asked_at: str | None, now: datetime) -> bool:
        """Tell whether to ask; a clock that was set back does not put it off."""
        if asked_at is None:
            return True
        passed = now - datetime.fromisoformat(asked_at)
        return passed < timedelta(0) or passed >= timedelta(seconds=self._statement.asking.every_s)
