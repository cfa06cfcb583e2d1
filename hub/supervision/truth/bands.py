"""Sets every department beside its peers: what is usual among them, and who stands out."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from hub.supervision.truth.values import Band, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from hub.supervision.truth.measures import Measure
    from hub.supervision.truth.values import Reported

FEWEST_PEERS: Final = 5
"""Other departments below which nothing is called usual: our proposal."""

SPREADS: Final = 3
"""Median absolute deviations from the median that are still usual, as in R29."""


def readings(measure: Measure, reported: Sequence[Reported]) -> Sequence[Reading]:
    """Read one measure of every department, beside its peers: the others of its group, of the city where those are few.

    A department is never its own peer; one whose sample is too small is nobody's.
    """
    shares = {each.department_id: measure.of(each) for each in reported}
    judged = {name: share.value for name, share in shares.items()
              if share.whole >= measure.min_sample and share.value is not None}  # fmt: skip
    groups: dict[str, set[str]] = defaultdict(set)
    for each in reported:
        groups[each.group].add(each.department_id)
    found = []
    for each in reported:
        name, value = each.department_id, judged.get(each.department_id)
        near = [judged[other] for other in sorted(groups[each.group] - {name}) if other in judged]
        peers = near if len(near) >= FEWEST_PEERS else [judged[other] for other in sorted(judged) if other != name]
        band = band_of(peers, measure.tolerance)
        found.append(
            Reading(
                measure_id=measure.measure_id,
                department_id=name,
                share=shares[name],
                band=band,
                stands_out=band is not None and value is not None and value > band.high,
                is_judged=value is not None,
            )
        )
    return found


def band_of(peers: Sequence[Fraction], tolerance: Fraction) -> Band | None:
    """Return what is usual among peers; None where there are too few."""
    if len(peers) < FEWEST_PEERS:
        return None
    middle = _median(peers)
    spread = _median([abs(value - middle) for value in peers])
    return Band(middle=middle, high=middle + max(SPREADS * spread, tolerance), peers=len(peers))


def _median(values: Sequence[Fraction]) -> Fraction:
    row = sorted(values)
    half = len(row) // 2
    return row[half] if len(row) % 2 else (row[half - 1] + row[half]) / 2
