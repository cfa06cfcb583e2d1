"""The hub itself on the benchmark's records: its own processes, from a CSV to a confirmed feed."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import TYPE_CHECKING, Any

from benchmarks.data import EVENTS_A_RECORD
from hub import settings as settings_
from hub import wiring
from hub.mapping import TOKEN_KEY
from hub.model.queues import intake_queue
from hub.resources import ROOT
from hub.store.migrate import begin, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.process import BaseProcess
    from pathlib import Path

MAPPING = ROOT / "benchmarks" / "wide.yaml"


def run(
    path: Path, records: int, environment: Mapping[str, str], begun: Callable[[], None]
) -> tuple[float, dict[str, Any]]:
    """Return the seconds from the first byte read to the last document confirmed on the feed, and the summary.

    `begun` is called when all processes stand, and the first byte is about to be read.
    """
    os.environ.update(environment)
    os.environ.setdefault(TOKEN_KEY, "the key of benchmarks")
    hub = wiring.build(settings_.load())
    hub.settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(hub.settings.store_url)
    begin(hub.settings.store_url, partitions=hub.settings.bus.partitions)
    hub.register([wiring.load_mapping(MAPPING)], [])
    hub.vault.seal(b"the keys are made before the clock starts")
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    ready = context.Barrier(len(hub.partitions) + 3)
    behind = [context.Process(target=_supervise, args=(partition, stop, ready)) for partition in hub.partitions]
    behind.append(context.Process(target=_relay, args=(stop, ready)))
    reader = context.Process(target=_read, args=(path, ready))
    for process in [reader, *behind]:
        process.start()
    ready.wait()
    begun()
    started = time.perf_counter()
    wanted = records * EVENTS_A_RECORD
    _wait(hub, wanted, [reader, *behind])
    elapsed = time.perf_counter() - started
    stop.set()
    for process in [reader, *behind]:
        process.join()
    return elapsed, hub.queries.summary()


def _wait(hub: wiring.Hub, wanted: int, processes: Sequence[BaseProcess]) -> None:
    """Wait until every event and every alert is on the feed and confirmed."""
    while True:
        time.sleep(0.1)
        if any(process.exitcode for process in processes):
            problem = "a process of the line has failed"
            raise RuntimeError(problem)
        lag = hub.queries.lag()
        if hub.queries.summary()["events"]["new"] >= wanted and not any(lag.values()):
            return


def _read(path: Path, ready: Any) -> None:  # noqa: ANN401 - a multiprocessing barrier
    hub = wiring.build(settings_.load())
    mapped = wiring.load_mapping(MAPPING)
    bus = hub.bus()
    intake, source = hub.intake(mapped, bus), hub.source(mapped, path)
    bus.depth(intake_queue(0))
    ready.wait()
    intake.run_once(source)
    bus.close()


def _supervise(partition: int, stop: Any, ready: Any) -> None:  # noqa: ANN401 - a multiprocessing event and barrier
    hub = wiring.build(settings_.load())
    bus = hub.bus()
    owner = hub.owner(bus)
    owner.step(partition, wait_s=0)
    ready.wait()
    while not stop.is_set():
        owner.step(partition, wait_s=0.2)
    owner.release()
    bus.close()


def _relay(stop: Any, ready: Any) -> None:  # noqa: ANN401 - a multiprocessing event and barrier
    hub = wiring.build(settings_.load())
    bus = hub.bus()
    relay = hub.relay(bus)
    relay.step()
    ready.wait()
    while not stop.is_set():
        if not relay.step():
            time.sleep(0.02)
    relay.release()
    bus.close()
