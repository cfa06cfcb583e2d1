"""Runs the public site: a process of its own that reads little, publishes records, and can do nothing else."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gateway.public.app import create_public_app
from gateway.public.parts import Limits, PublicParts
from hub import wiring
from hub.cli import common
from hub.cli.gatewaying import WATCH_S, Running
from hub.errors import HubError
from hub.model.queues import intake_queue
from hub.roles import Task
from hub.supervision.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.citizens.sending import Sending
    from hub.wiring import Hub


def outer(hub: Hub) -> Hub:
    """Return the public site's own hub under the same settings: it publishes, and has no store but what it may read.

    On the hub's own machine the keys are made where there are none; in a zone of its own they must have been brought.
    """
    if not hub.settings.public.store:
        _ = hub.vault, hub.citizens_key
    return wiring.build(hub.settings, clock=hub.clock, is_edge=True)


def parts_of(hub: Hub, complaints: Sending | None = None, ratings: Sending | None = None) -> PublicParts:
    """Hand the public site what it needs of its own hub; `complaints` and `ratings` are what it sends by."""
    public = hub.settings.public
    return PublicParts(
        city=hub.settings.hub.city,
        key=hub.citizens_key,
        complaints=complaints,
        ratings=ratings,
        rating_days=public.rating_days,
        speaks_open311=public.open311,
        reading=hub.public_reading,
        reach_bus=lambda: _reach_bus(hub),
        now=hub.clock.now,
        zone=hub.settings.zone,
        rules=hub.rules(RULES),
        limits=Limits(
            proxies=public.proxies,
            lookups_per_minute=public.lookups_per_minute,
            submissions_per_hour=public.submissions_per_hour,
        ),
    )


def _reach_bus(hub: Hub) -> None:
    with contextlib.closing(hub.bus()) as bus:
        bus.depth(intake_queue(0))


def serve_in_thread(hub: Hub) -> Running:
    """Start the public site of a hub; it listens when this returns."""
    own, public = outer(hub), hub.settings.public
    portals = [own.portal(public.connection), own.portal(public.ratings)]

    def close() -> None:
        for portal in portals:
            if portal is not None:
                portal[1].close()
        own.close()

    app = create_public_app(parts_of(own, *(portal[0] if portal else None for portal in portals)))
    return Running(app, public.host, public.port, close)


@contextlib.contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """Serve for as long as the context lasts; yield the site's address."""
    running = serve_in_thread(hub)
    try:
        yield running.url
    finally:
        running.stop()


def task(hub: Hub) -> Task:
    """Return the role `public`; it listens when this returns, so that what is wrong is told at once."""
    running = serve_in_thread(hub)
    common.ERR.print(f"public site 公开网站: {running.url}", soft_wrap=True)

    def step() -> bool:
        if not running.is_alive:
            raise HubError("the public site ended by itself", hint="see the log above")
        return False

    return Task(name="public", step=step, close=running.stop, idle_s=lambda: WATCH_S)
