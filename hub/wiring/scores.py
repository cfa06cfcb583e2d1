"""Joins the scores, with what the coverage board says that departments owe."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from conformance.coverage.board import World, cells
from conformance.coverage.obligations import obligations
from conformance.coverage.owed import owed
from hub.indicators import load_sets
from hub.scorebook import Scorebook, Sources
from hub.scores import Scores, seated
from hub.wiring.base import Base

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.coverage.obligations import Obligation as Owing
    from hub.supervision.scoring.indicators import IndicatorSet
    from hub.supervision.scoring.values import Obligation


class Scoring(Base):
    """The side of a hub that departments are scored by."""

    @cached_property
    def scorebook(self) -> Scorebook:
        """Return the scores: gathered, frozen, told."""
        sources = Sources(
            reading=self.store.score_reader,
            book=self.store.score_book,
            sets=self.indicator_sets(),
            homes=lambda: seated(self.store.catalogue()),
            calendar=self.calendar(),
            clock=self.clock,
            publish=self._publish,
            revisit_months=self.settings.scores.revisit_months,
            obligations=self._owed,
        )
        return Scorebook(sources)

    def world(self, owing: Sequence[Owing]) -> World:
        """Return what the coverage of the city is told from: what is owed, and what stands beside it now."""
        return World(
            obligations=owing,
            certificates=self.certification.latest(),
            departments={name: each.departments for name, each in self.store.connections().items()},
            reporting=self.certification.reporting(),
        )

    def _owed(self) -> Mapping[str, Obligation]:
        now, calendar = self.clock.now(), self.calendar()
        owing = obligations(self.store.catalogue(), calendar.day_of(now))
        return owed(cells(self.world(owing), now, calendar.day_of))

    @property
    def scores(self) -> Scores:
        """Return the scores as they are told."""
        return Scores(
            book=self.scorebook,
            reading=self.store.truth_reader,
            calendar=self.calendar(),
            sets=self.indicator_sets,
            alert=self.queries.alert,
        )

    def indicator_sets(self) -> Sequence[IndicatorSet]:
        """Return the indicator sets: the one that is shipped and the operator's own."""
        return load_sets(self.settings.scores.indicators)
