"""Joins what people do and are told: acts on alerts, papers, dossiers, notices."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from hub.acts import Asked, ask, ask_paper
from hub.dossier import Export, dossier_of
from hub.notifying import Courier, Planner, terms_of
from hub.roster import LiveRoster
from hub.signer import Signer
from hub.store.outbox import SqlOutbox
from hub.store.papers import SqlPaperShelf
from hub.store.queries import StoredFeed
from hub.views import VIEWS, class_of, may_reach
from hub.wiring.base import Base

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.drafting import Draughtsman
    from hub.model.values import AlertRow, Message
    from hub.ports import Bus
    from hub.supervision.alert_cycle import Deed
    from hub.supervision.instruments import PaperWish


class People(Base):
    """The side of a hub that people on duty see."""

    def act_on(self, alert: AlertRow, deed: Deed) -> Asked:
        """Send what somebody wants to do to an alert on its way to the ledger."""
        return ask(alert, deed, calendar=self.calendar(), publish=self._publish)

    def issue_paper(self, alert: AlertRow, wish: PaperWish) -> Asked:
        """Send what somebody wants to have issued of an alert on its way to the ledger."""

        def publish(message: Message) -> None:
            with closing(self.bus()) as bus:
                bus.publish([message])

        issued = self.queries.papers(alert.alert_id)
        return ask_paper(alert, wish, issued=issued, calendar=self.calendar(), publish=publish)

    def dossier(self, alert: AlertRow, *, with_chains: bool = False) -> bytes:
        """Return an alert's dossier, signed with the ledger's key."""
        signer = Signer.at(self.settings.data_dir / "keys" / "ledger.key")
        export = Export(at=self.clock.now(), zone=self.settings.zone, signer=signer, with_chains=with_chains)
        return dossier_of(alert, self.queries, export)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """Return where notices to people are kept."""
        return SqlOutbox(self.settings.store_url)

    def tellers(self) -> Sequence[Planner | Courier]:
        """Return who tells people of alerts, each for a thread of its own; nobody where that is off."""
        notify = self.settings.notify
        if not notify.on:
            return []
        from connectors.channels import open_channels  # noqa: PLC0415 - libraries that few commands need

        roster = LiveRoster(notify.roster, self.settings.zone)
        planner = Planner(
            feed=StoredFeed(self.queries, max(self.settings.feed.views, key=VIEWS.index)),
            outbox=self.outbox,
            alert=self.queries.alert,
            addressed=self._addressed,
            terms=lambda: terms_of(notify, roster()),
            calendar=self.calendar,
            clock=self.clock,
            bus=self.bus(),
        )
        couriers = [
            Courier(
                name=name,
                channel=channel,
                outbox=self.outbox,
                roster=roster,
                clock=self.clock,
                bus=self.bus(),
                attempts=notify.attempts,
            )
            for name, channel in open_channels(notify, self.clock.now).items()
        ]
        return [planner, *couriers]

    @cached_property
    def shelf(self) -> SqlPaperShelf:
        """Return where papers' files are kept."""
        return SqlPaperShelf(self.settings.store_url)

    def draughtsman(self, bus: Bus) -> Draughtsman:
        """Return who draws papers, for one thread."""
        from hub.drafting import Draughtsman  # noqa: PLC0415 - ditto

        return Draughtsman(shelf=self.shelf, bus=bus, font=self.settings.papers.font)

    def _addressed(self, alert: AlertRow) -> AlertRow:
        """Return an alert as it is addressed: about a report 举报 of its own department to the centre alone."""
        case = alert.document.get("case")
        if not case or class_of(case) != "restricted":
            return alert
        is_theirs = may_reach({**case, **self.known_of(alert.subject)}, alert.department_id)
        return alert if is_theirs else replace(alert, department_id="")
