"""Reads off a test session what a certificate may state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.bindings import as_document
from conformance.certificate.issue import Shown
from conformance.model import LEVELS, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from conformance.model import Summary


def shown_in(summary: Summary, level: str = "") -> Shown:
    """Return what a session showed, up to `level`; where it is not said, up to the highest that it reached.

    C0, which any signed declaration reaches, is certified where it was asked for alone, by `level` or as the target:
    what failed above it is not passed over in silence.

    What stands against certifying is among the obstacles, the session's missing footer and bundle too.
    """
    header = summary.header
    reached = summary.reached if summary.reached != LEVELS[0] else None
    highest = level or reached or header.target
    chosen = [tally for tally in summary.levels if tally.level <= highest]
    levels = tuple(tally.level for tally in chosen if tally.level != "C0") or ("C0",)
    obstacles = [words.en for tally in chosen if not tally.is_reached for words in tally.obstacles]
    obstacles += [
        f"{tally.level} stands on a level below it that is not reached"
        for tally in chosen
        if not (tally.is_reached or tally.obstacles)
    ]
    obstacles += ["the session is not closed: its record has no footer"] if not summary.has_footer else []
    obstacles += ["the evidence is not bundled"] if not summary.bundle_sha256 else []
    return Shown(
        department=header.department,
        system=header.system,
        connection=header.connection,
        environment=header.environment,
        levels=levels,
        profiles=header.profiles,
        flows=header.flows,
        omitted=[{"test": each.test, "why": each.why.en} for each in header.omitted],
        waivers=_waivers(summary, [tally.level for tally in chosen]),
        bindings=as_document(header.bindings),
        bundle_sha256=summary.bundle_sha256,
        runs=(header.session,),
        oldest=_oldest(summary, [tally.level for tally in chosen]),
        must={name: sum(tally.must.get(name, 0) for tally in chosen) for name in ("pass", "warn", "attested", "omit")},
        simulated=summary.simulated,
        obstacles=obstacles,
    )


def _waivers(summary: Summary, levels: list[Any]) -> list[Mapping[str, str]]:
    """Return the waivers that the certified levels rest on; one that lapsed, or that nobody confirmed, is none."""
    level_of = {each.test: each.level for each in summary.results}
    return [
        {
            "test": each.test,
            "until": each.until.isoformat(),
            "by": each.by,
            "confirmed_by": each.confirmed_by,
            "why": each.why,
        }
        for each in summary.rests_on
        if level_of.get(each.test) in levels
    ]


def _oldest(summary: Summary, levels: list[Any]) -> dict[str, date]:
    """Return the day of the oldest evidence by level, and of the oldest statement that was only attested.

    Where nothing but C0 is certified, which no test shows, it is the day on which the declaration was first signed.
    """
    found: dict[str, date] = {
        tally.level: tally.oldest_evidence
        for tally in summary.levels
        if tally.level in levels and tally.oldest_evidence is not None
    }
    said = [
        each.ended_at.date()
        for each in summary.results
        if each.verdict is Verdict.ATTESTED and each.ended_at is not None and each.level in levels
    ]
    signed = [each.signed_on for each in summary.header.signatures] if levels == ["C0"] else []
    return {**found, **({"attested": min(said)} if said else {}), **({"C0": min(signed)} if signed else {})}
