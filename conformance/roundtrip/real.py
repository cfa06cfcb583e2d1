"""Plays the complaints of a real connection's session in its sandbox, a little further each time it goes on."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from conformance.roundtrip.centre import ComplaintCentre
from conformance.roundtrip.play import RoundTrip
from conformance.roundtrip.side import PARTIES, side_of
from hub.catalogue import load_catalogue
from hub.errors import Unavailable
from hub.reader import reader_lease

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from conformance.lab import Lab
    from conformance.real import Connected
    from hub.mapping import CompiledMapping

_TOKEN: Final = "the suite's centre, on loopback"  # noqa: S105 - it guards nothing beyond this process


@contextlib.contextmanager
def played(connected: Connected, lab: Lab, begun_at: datetime) -> Iterator[Lab]:
    """Yield the lab with its complaints played up to now; the same lab where the connection declares none.

    What was ordered and answered stands in the sandbox, so that another process goes on from there.
    """
    side = side_of(lab.declared, connected.mapping_file, connected.environment)
    if side is None:
        yield lab
        return
    with contextlib.ExitStack() as stack:
        centre = ComplaintCentre(_TOKEN)
        stack.callback(centre.close)
        environment = {**connected.environment, **centre.environment}
        lab.pilot.hub.register(list(side.inbound), [load_catalogue(PARTIES / "department.yaml")])
        trip = RoundTrip(
            pilot=lab.pilot,
            side=side,
            centre=centre,
            session=lab.session,
            begun_on=begun_at.astimezone(lab.calendar.zone).date(),
            calendar=lab.calendar,
            environment=environment,
        )
        stack.callback(trip.close)
        trip.recall()
        _hear(connected, lab, side.answers)
        trip.advance()
        yield replace(lab, roundtrip=trip, environment={**lab.environment, **environment})


def _hear(connected: Connected, lab: Lab, answers: CompiledMapping) -> None:
    """Read what the department answers, where it is asked; who is away is asked the next time."""
    if answers.declaration.kind == "push":
        return
    hub: Any = lab.pilot.hub
    with contextlib.suppress(Unavailable), lab.pilot.bus.lease(reader_lease(answers.declaration.connection)):
        with contextlib.closing(connected.sandbox.source(answers)) as source:
            totals = hub.intake(answers, lab.pilot.bus).run_once(source)
        lab.pilot.line.settle(expected=totals.messages(len(hub.partitions)))
