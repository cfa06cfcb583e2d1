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
from hub.roles import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.wiring import Hub


def outer(hub: Hub) -> Hub:
    """Return the public site's own hub under the same settings: it publishes, and has no other store than its own."""
    return wiring.build(hub.settings, clock=hub.clock, is_edge=True)


def parts_of(hub: Hub) -> PublicParts:
    """Hand the public site what it needs of its own hub."""
    public = hub.settings.public
    return PublicParts(
        reading=hub.public_reading,
        reach_bus=lambda: _reach_bus(hub),
        now=hub.clock.now,
        zone=hub.settings.zone,
        limits=Limits(
            proxies=public.proxies,
            lookups_per_minute=public.lookups_per_minute,
            submissions_per_hour=public.submissions_per_hour,
        ),
    )


def _reach_bus(hub: Hub) -> None:
    hub.bus().close()


def serve_in_thread(hub: Hub) -> Running:
    """Start the public site of a hub; it listens when this returns."""
    own = outer(hub)
    return Running(create_public_app(parts_of(own)), own.settings.public.host, own.settings.public.port, own.close)


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
