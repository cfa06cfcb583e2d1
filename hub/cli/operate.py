"""`sunlight migrate | run | serve`: what keeps a hub running."""

from __future__ import annotations

import signal
import threading
from enum import StrEnum
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar

import typer

from connectors.push import KIND as PUSH
from hub import roles, wiring
from hub.cli import certifying_role, common, gatewaying, publishing
from hub.cli.canarying import watch_of
from hub.cli.partitions import settle_partitions
from hub.errors import Fault, HubError, Misconfigured, Unavailable
from hub.newcomers import Newcomers
from hub.roles import Task
from hub.store import migrate as migrations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from hub.mapping import CompiledMapping


T = TypeVar("T")

Begin: TypeAlias = "Callable[[Task], None]"
"""Begins a task beside those that run."""


class Role(StrEnum):
    """What a process can do."""

    intake = "intake"
    supervise = "supervise"
    relay = "relay"
    gateway = "gateway"
    send = "send"
    conformance = "conformance"
    papers = "papers"
    attachments = "attachments"
    notify = "notify"
    public = "public"


def prepare(hub: wiring.Hub) -> Sequence[str]:
    """Bring the store to the present schema and to its first generation; return the revisions applied."""
    hub.settings.data_dir.mkdir(parents=True, exist_ok=True)
    applied = migrations.migrate(hub.settings.store_url)
    settle_partitions(hub.settings)
    return applied


def migrate(*, settings: common.SettingsFile = None) -> None:
    """Create or upgrade the store's tables, register the connections and load the catalogue of mappings/."""
    hub = common.hub(settings)
    applied, folder = prepare(hub), hub.settings.mappings.folder
    _ = hub.vault, hub.citizens_key  # made now, so that they can be brought to an edge and to the public site's zone
    mappings, catalogues = _configuration(hub) if folder.is_dir() else ({}, [])
    hub.register(list(mappings.values()), catalogues)
    if not folder.is_dir():
        common.OUT.print(f"there is no folder {folder}: nothing to register (\\[mappings] folder, SUNLIGHT_MAPPINGS)")
    common.OUT.print(f"revisions applied: {', '.join(applied) or 'none, the store is up to date'}")
    common.OUT.print(f"connections registered: {len(mappings)}; departments' catalogues loaded: {len(catalogues)}")


def serve(*, settings: common.SettingsFile = None) -> None:
    """Run the whole hub in this one process: intake, supervision, relay and gateway. Ctrl-C ends it cleanly."""
    hub = common.hub(settings)
    run_roles(hub, [role for role in Role if role is not Role.public or hub.settings.public.on])


def run(
    role: Annotated[list[Role], typer.Argument(help="What this process does; several may share one process.")],
    *,
    settings: common.SettingsFile = None,
) -> None:
    """Run some of the hub's roles in this process; as many processes as you like may run the same role.

    Partitions, the relay and each source are leased, so that two processes never do the same work.

    Example: sunlight run supervise relay
    """
    run_roles(common.hub(settings), role)


def run_roles(hub: wiring.Hub, chosen: Sequence[Role]) -> None:
    """Run `chosen` until a signal comes; where one of them fails for good, stop all and raise what it failed with."""
    run_tasks(hub, lambda stop, begin: [*_waited_for(hub, chosen, stop, begin), *_freezing(hub, chosen)])


def _freezing(hub: wiring.Hub, chosen: Sequence[Role]) -> Sequence[Task]:
    """Return what is done now and then where this process supervises: scores are frozen, canaries looked for."""
    if Role.supervise not in chosen:
        return []
    watch = cache(lambda: watch_of(hub))
    freeze = roles.freezing(lambda: hub.scorebook.freeze_due(hub.settings.scores.freeze_day))
    return [freeze, *([roles.looking(lambda: watch().look())] if "public" in hub.settings.feed.views else [])]


def run_tasks(hub: wiring.Hub, prepared: Callable[[threading.Event, Begin], Sequence[Task]]) -> None:
    """Run the tasks that `prepared` returns until a signal comes, or one fails for good; raise what it failed with.

    `prepared` is given what begins a further task while they run.
    """
    stop = threading.Event()
    failures: list[Exception] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    threads: list[threading.Thread] = []

    def begin(task: Task) -> None:
        threads.extend(roles.run([task], stop, failures.append))

    for task in prepared(stop, begin):
        begin(task)
    common.ERR.print(f"running: {', '.join(thread.name for thread in threads)} (Ctrl-C ends)", soft_wrap=True)
    stop.wait()
    for thread in threads:
        thread.join()
    hub.close()
    if failures:
        raise failures[0] if isinstance(failures[0], HubError) else typer.Exit(1)


def _waited_for(hub: wiring.Hub, chosen: Sequence[Role], stop: threading.Event, begin: Begin) -> Sequence[Task]:
    """Prepare the tasks of `chosen`, waiting for a store that is away; none where a signal came first."""
    tasks: list[Task] = []
    try:
        for role in dict.fromkeys(chosen):
            tasks += roles.patiently(partial(_tasks, hub, role, stop, begin), stop, role)
    except Unavailable:
        if not stop.is_set():
            raise
    except HubError:
        for task in tasks:
            task.close()
        raise
    return tasks


def _tasks(hub: wiring.Hub, role: Role, stop: threading.Event, begin: Begin) -> Sequence[Task]:
    if role is Role.intake:
        mappings, catalogues = _configuration(hub)
        hub.register(list(mappings.values()), catalogues)
        read = {path: mapping for path, mapping in mappings.items() if mapping.declaration.kind != PUSH}
        hub.troubles.keep_only({mapping.declaration.connection for mapping in read.values()})
        return [
            *(reading(hub, mapping, path, stop) for path, mapping in read.items()),
            _newcomers(hub, mappings, stop, begin),
        ]
    if role in _OUTWARD:
        return _OUTWARD[role](hub)
    bus = hub.bus()
    if role is Role.papers:
        return [roles.drawing(hub.draughtsman(bus), bus.close)]
    if role is Role.attachments:
        collector = hub.collector(bus)
        return [roles.collecting(collector.step, collector.close)]
    if role is Role.relay:
        return [roles.relaying(hub.relay(bus), bus.close), roles.declaring(hub.subscribing().declare_all)]
    return [roles.supervision(hub.owner(bus), hub.partitions, bus.close)]


def reading(hub: wiring.Hub, mapping: CompiledMapping, path: Path, stop: threading.Event) -> Task:
    """Return the task that reads one source for ever."""
    reader = hub.live_reader(mapping, path)
    name = mapping.declaration.connection
    return roles.reading(name, partial(reader.read, stop.is_set), lambda: reader.every_s, reader.close)


LOOKED_EVERY_S: Final = 5.0
"""Seconds between two looks for mapping files that are new."""


def _newcomers(hub: wiring.Hub, known: Mapping[Path, CompiledMapping], stop: threading.Event, begin: Begin) -> Task:
    """Return the task that begins to read connections whose files come while it runs."""

    def take_up(path: Path, mapping: CompiledMapping) -> None:
        hub.register([mapping], [wiring.load_catalogue(path.parent / "department.yaml")])
        if mapping.declaration.kind != PUSH:
            begin(reading(hub, mapping, path, stop))

    newcomers = Newcomers(
        {path: mapping.declaration.connection for path, mapping in known.items()},
        files=lambda: [file for folder in wiring.department_folders(hub.settings.mappings.folder)
                       for file in wiring.mapping_files(folder)],
        load=wiring.load_mapping, begin=take_up, troubles=hub.troubles, clock=hub.clock,
    )  # fmt: skip

    def step() -> bool:
        newcomers.look()
        return False

    return Task(name="newcomers", step=step, close=lambda: None, idle_s=lambda: LOOKED_EVERY_S)


COMPARED_EVERY_S: Final = 60.0
"""Seconds between two looks whether a complaint centre's list is to be compared."""

SENT_EVERY_S: Final = 1.0
"""Seconds between two looks for something to send."""


def _sending(hub: wiring.Hub) -> Sequence[Task]:
    """Return a task for each receiver of an outbound mapping; none where this process has no mappings."""
    if not hub.settings.mappings.folder.is_dir():
        return []
    faults: list[Fault] = []
    folders = wiring.department_folders(hub.settings.mappings.folder)
    paths = [path for folder in folders for path in wiring.outbound_files(folder)]
    mappings = _loaded(wiring.load_outbound, paths, faults)
    if faults:
        raise Misconfigured(*faults)
    senders = [hub.sender(mapping) for mapping in mappings.values()]
    lists = [each for mapping in mappings.values() if (each := hub.reconciler(mapping)) is not None]
    return [
        *(roles.sending(each.name, each.step, SENT_EVERY_S, each.close) for each in senders),
        *(roles.sending(f"list {each.connection}", each.step, COMPARED_EVERY_S, each.close) for each in lists),
    ]


def _telling(hub: wiring.Hub) -> Sequence[Task]:
    """Return a task that plans notices to people, and one for each channel; none where that is off."""
    return [roles.telling(each, hub.settings.notify.every_s) for each in hub.tellers()]


def _posting(hub: wiring.Hub) -> Task:
    """Return the task that posts to subscribers' webhooks."""
    posting = hub.posting()
    return roles.posting(posting.step, SENT_EVERY_S, posting.close)


def _pushing(hub: wiring.Hub) -> Mapping[Path, CompiledMapping]:
    """Return the mappings of the connections whose departments send, by file; none where this process has none."""
    if not hub.settings.mappings.folder.is_dir():
        return {}
    mappings = _configuration(hub)[0]
    return {path: mapping for path, mapping in mappings.items() if mapping.declaration.kind == PUSH}


_OUTWARD: Final[Mapping[Role, Callable[[wiring.Hub], Sequence[Task]]]] = {
    Role.send: lambda hub: [*_sending(hub), _posting(hub)],
    Role.gateway: lambda hub: [gatewaying.task(hub, _pushing(hub))],
    Role.notify: _telling,
    Role.conformance: lambda hub: [certifying_role.task(hub)],
    Role.public: lambda hub: [publishing.task(hub)],
}
"""Roles that turn to others: receivers, people at their browsers, people on duty, the public."""


def mappings_of(hub: wiring.Hub) -> Sequence[CompiledMapping]:
    """Load the mappings of every source and every department that sends, or report every fault in all of them."""
    return list(_configuration(hub)[0].values())


def _configuration(hub: wiring.Hub) -> tuple[dict[Path, CompiledMapping], list[Mapping[str, Any]]]:
    """Load every mapping, by its file, and catalogue, or report every fault in all of them."""
    folders = wiring.department_folders(hub.settings.mappings.folder)
    faults: list[Fault] = []
    mappings = _loaded(
        wiring.load_mapping, [path for folder in folders for path in wiring.mapping_files(folder)], faults
    )
    catalogues = _loaded(wiring.load_catalogue, [folder / "department.yaml" for folder in folders], faults)
    if faults:
        raise Misconfigured(*faults)
    return mappings, list(catalogues.values())


def _loaded(load: Callable[[Path], T], paths: Sequence[Path], faults: list[Fault]) -> dict[Path, T]:
    """Load what can be loaded, by file; add to `faults` what is wrong with the others."""
    found = {}
    for path in paths:
        try:
            found[path] = load(path)
        except Misconfigured as wrong:
            faults.extend(wrong.faults)
    return found
