"""Runs the gateway over a hub: in a thread of its own, on an address that is safe to bind."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import uvicorn

from connectors.push import push_format
from gateway.app import create_app
from gateway.reading import Parts, Pushed
from hub import wiring
from hub.cli import bureau, common, connection_page, covering
from hub.cli.calendars import missing_notice
from hub.clock import SystemClock
from hub.errors import Fault, HubError, Misconfigured
from hub.model.queues import intake_queue
from hub.roles import Task
from hub.store.queries import Queries
from hub.supervision.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from hub.mapping import CompiledMapping
    from hub.pushing import Desk
    from hub.settings import Settings
    from hub.wiring import Hub

STOP_S: Final = 5
"""Seconds that requests in progress get to end when the gateway stops."""

START_S: Final = 20
"""Seconds within which the server must have begun to listen."""

WATCH_S: Final = 1.0
"""Seconds between two looks at whether the server still runs."""


class Running:
    """One gateway that listens, from the moment it is made until `stop`."""

    def __init__(self, app: FastAPI, host: str, port: int, close: Callable[[], None]) -> None:
        """Bind at once, so that a taken port is told at once; `close` is called when all has ended."""
        self._close = close
        self._socket = _bound(host, port)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=STOP_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="gateway", daemon=True)
        self._thread.start()
        self._await_start()

    def _await_start(self) -> None:
        deadline = time.monotonic() + START_S
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not self._server.started:
            self.stop()
            raise HubError("the gateway did not start", hint="see the log above")

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port as bound; the port is never 0."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def url(self) -> str:
        """Return the address that a browser on this machine can open."""
        host, port = self.address
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"

    @property
    def is_alive(self) -> bool:
        """Tell whether it still listens."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stop listening, let requests in progress end, give up the store. May be called twice."""
        self._server.should_exit = True
        self._thread.join(STOP_S + 1)
        self._socket.close()
        self._close()


def _bound(host: str, port: int) -> socket.socket:
    """Return a listening socket, or say why there is none."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as taken:
        hint = "choose another: [gateway] in settings.toml, or SUNLIGHT_GATEWAY_PORT"
        problem = f"cannot listen on {host}:{port}: {taken.strerror or taken}"
        raise Misconfigured(Fault(code="gateway.bind", problem=problem, hint=hint)) from taken


def parts_of(
    hub: Hub,
    queries: Queries,
    clock_text: Callable[[], str] | None = None,
    pushing: Mapping[str, Pushed] | None = None,
) -> Parts:
    """Hand the gateway what it needs of a hub; `pushing` are the connections whose departments send."""
    return Parts(
        pushed=pushing or {},
        reading=queries,
        scores=hub.scores,
        keys=hub.identities,
        terms=hub.terms,
        catalogue=hub.store.catalogue,
        reach_bus=lambda: _reach_bus(hub),
        now=hub.clock.now,
        wall_now=SystemClock().now,
        zone=hub.settings.zone,
        clock_text=clock_text or _replayed(hub),
        act=hub.act_on,
        coverage=covering.Board(hub).told,
        connections=connection_page.ConnectionPages(hub),
        status_list=bureau.Listing(hub).told,
        issue=hub.issue_paper,
        dossier=hub.dossier,
        subscription=hub.subscribers.of_key,
        troubles=hub.troubles.all,
        attachments=hub.attachments.of_case,
        kept_file=hub.files.read,
        offered=hub.offered,
        largest_file_bytes=hub.settings.attachments.largest_mb << 20,
        rules=hub.rules(RULES),
        missing=lambda: _missing(hub),
    )


def _missing(hub: Hub) -> str:
    fault = missing_notice(hub)
    return fault.problem if fault else ""


def _replayed(hub: Hub) -> Callable[[], str] | None:
    """Return how to say the hub's time where it is not the real one."""
    if isinstance(hub.clock, SystemClock):
        return None
    return lambda: f"{hub.clock.now().astimezone(hub.settings.zone):%Y-%m-%d %H:%M}"


def _reach_bus(hub: Hub) -> None:
    with contextlib.closing(hub.bus()) as bus:
        bus.depth(intake_queue(0))


def binding_allowed(settings: Settings, *, has_keys: bool) -> None:
    """Raise Misconfigured where the gateway would be reachable from outside while nobody needs a key."""
    if has_keys or _is_loopback(settings.gateway.host):
        return
    raise Misconfigured(
        Fault(
            code="gateway.open",
            problem=f"the gateway does not listen on {settings.gateway.host} while nobody needs a key",
            target_path="gateway.host",
            hint="issue one with `sunlight key add`, or set host to 127.0.0.1",
        )
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Pushing(Mapping[str, Pushed]):
    """How the bodies of each connection are read, by its mapping as it is now."""

    def __init__(self, mappings: Mapping[str, CompiledMapping], desk: Desk) -> None:
        self._mappings, self._desk = mappings, desk

    def __getitem__(self, connection: str) -> Pushed:
        declared = self._mappings[connection].declaration
        return Pushed(format=push_format(declared), desk=self._desk, departments=declared.departments)

    def __iter__(self) -> Iterator[str]:
        return iter(self._mappings)

    def __len__(self) -> int:
        return len(self._mappings)


def _load_pushing(path: Path) -> CompiledMapping:
    """Load the mapping of a department that sends, and check how its bodies are read."""
    found = wiring.load_mapping(path)
    push_format(found.declaration)
    return found


def serve_in_thread(
    hub: Hub, *, clock_text: Callable[[], str] | None = None, mappings: Mapping[Path, CompiledMapping] | None = None
) -> Running:
    """Start the gateway of a hub; it listens when this returns. It takes in what departments send by `mappings`."""
    binding_allowed(hub.settings, has_keys=hub.identities.any())
    for each in (mappings or {}).values():
        push_format(each.declaration)
    live = hub.live_mappings(mappings or {}, _load_pushing)
    queries, desk = Queries(hub.settings.store_url), hub.desk(live)
    pushing = _Pushing(live, desk)

    def close() -> None:
        desk.close()
        queries.close()

    gateway = hub.settings.gateway
    return Running(create_app(parts_of(hub, queries, clock_text, pushing)), gateway.host, gateway.port, close)


@contextlib.contextmanager
def serving(hub: Hub, *, clock_text: Callable[[], str] | None = None) -> Iterator[str]:
    """Serve for as long as the context lasts; yield the console's address."""
    running = serve_in_thread(hub, clock_text=clock_text)
    try:
        yield running.url
    finally:
        running.stop()


def task(hub: Hub, mappings: Mapping[Path, CompiledMapping] | None = None) -> Task:
    """Return the role `gateway`; it listens when this returns, so that what is wrong is told at once."""
    running = serve_in_thread(hub, mappings=mappings)
    common.ERR.print(f"console 控制台: {running.url}", soft_wrap=True)

    def step() -> bool:
        if not running.is_alive:
            raise HubError("the gateway ended by itself", hint="see the log above")
        return False

    return Task(name="gateway", step=step, close=running.stop, idle_s=lambda: WATCH_S)
