"""Runs the hub's roles for ever: each in its own thread with its own bus, retrying what only time helps."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from hub.errors import Fenced, HubError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hub.drafting import Draughtsman
    from hub.owner import Owner
    from hub.ports import Bus
    from hub.relay import Relay

T = TypeVar("T")


class Teller(Protocol):
    """Tells people of alerts: plans notices, or sends those of one channel."""

    name: str
    bus: Bus

    def step(self) -> bool:
        """Do some of it; tell whether there was any."""


LOG: Final = logging.getLogger(__name__)

IDLE_S: Final = 0.25
"""Seconds a role waits when it found nothing to do."""

WORST_PAUSE_S: Final = 30
"""Seconds between two tries at a server that stays away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thread's work: `step` does some of it and tells whether there was any; `close` lets go of what it holds."""

    name: str
    step: Callable[[], bool]
    close: Callable[[], None]
    idle_s: Callable[[], float] = lambda: IDLE_S


def patiently(step: Callable[[], T], stop: threading.Event, task: str) -> T:
    """Return what `step` of `task` returns; while it raises Unavailable, try again with growing pauses until `stop`."""
    retrying = Retrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_exponential_jitter(multiplier=0.2, max=WORST_PAUSE_S),
        stop=lambda _: stop.is_set(),
        sleep=lambda seconds: _pause(stop, seconds),
        before_sleep=lambda state: _say(state, task),
        reraise=True,
    )
    return retrying(step)


def run(
    tasks: Iterable[Task], stop: threading.Event, failed: Callable[[Exception], object]
) -> Sequence[threading.Thread]:
    """Start one thread a task; each ends when `stop` is set.

    A task that fails for good tells `failed` why, and stops all: never half a hub.
    """
    threads = [threading.Thread(target=_loop, args=(task, stop, failed), name=task.name) for task in tasks]
    for thread in threads:
        thread.start()
    return threads


def _loop(task: Task, stop: threading.Event, failed: Callable[[Exception], object]) -> None:
    try:
        while not stop.is_set():
            if not patiently(task.step, stop, task.name):
                stop.wait(task.idle_s())
    except Unavailable:
        LOG.info("stopped while a server was away", extra={"task": task.name})
    except HubError as problem:
        LOG.error("task failed: stopping", extra={"task": task.name})  # noqa: TRY400 - the command says why, in one line
        failed(problem)
    except Exception as problem:
        LOG.exception("task failed: stopping", extra={"task": task.name})
        failed(problem)
    finally:
        stop.set()
        task.close()


def supervision(owner: Owner, partitions: Sequence[int], close: Callable[[], None]) -> Task:
    """Supervise `partitions`, as far as the store grants them."""

    def step() -> bool:
        handled = sum(owner.step(partition, wait_s=IDLE_S / len(partitions)) for partition in partitions)
        owner.watch_city()
        return handled > 0

    return Task(name="supervise", step=step, close=lambda: _quietly(owner.release, close), idle_s=lambda: 0.01)


def relaying(relay: Relay, close: Callable[[], None]) -> Task:
    """Relay the ledger to the feed."""
    return Task(name="relay", step=lambda: relay.step() > 0, close=lambda: _quietly(relay.release, close))


def telling(teller: Teller, every_s: float) -> Task:
    """Tell people of alerts, by one channel or by planning for all; where another process does, wait for a turn."""

    def turn() -> bool:
        try:
            return teller.step()
        except Fenced:
            return False

    name = f"notify {teller.name}"
    return Task(name=name, step=turn, close=lambda: _quietly(teller.bus.close), idle_s=lambda: every_s)


def drawing(draughtsman: Draughtsman, close: Callable[[], None]) -> Task:
    """Draw the papers that are issued."""
    return Task(name="papers", step=draughtsman.step, close=lambda: _quietly(close), idle_s=lambda: 1.0)


def reading(name: str, read: Callable[[], None], every_s: Callable[[], float], close: Callable[[], None]) -> Task:
    """Poll one source every `every_s` seconds, which may change; where another process reads it, wait for a turn."""

    def step() -> bool:
        try:
            read()
        except Fenced:
            LOG.info("source is read elsewhere", extra={"connection": name})
        return False

    return Task(name=f"read {name}", step=step, close=close, idle_s=every_s)


def collecting(step: Callable[[], bool], close: Callable[[], None]) -> Task:
    """Fetch the files that cases name; where another process does so already, wait for the next turn."""

    def turn() -> bool:
        try:
            return step()
        except Fenced:
            return False

    return Task(name="attachments", step=turn, close=lambda: _quietly(close), idle_s=lambda: 1.0)


FREEZE_S: Final = 3600.0
"""Seconds between two looks whether last month is to be frozen; it is a matter of days."""


def freezing(freeze: Callable[[], object]) -> Task:
    """Freeze what last month is scored from, once its day has come; several processes may do so."""

    def step() -> bool:
        freeze()
        return False

    return Task(name="freeze scores", step=step, close=lambda: None, idle_s=lambda: FREEZE_S)


LOOK_S: Final = 600.0
"""Seconds between two looks for canaries: a leak is to be stopped within minutes (CNF-03 allows ten)."""


def looking(look: Callable[[], object]) -> Task:
    """Look through the public side for canaries; several processes may do so."""

    def step() -> bool:
        look()
        return False

    return Task(name="watch canaries", step=step, close=lambda: None, idle_s=lambda: LOOK_S)


def sending(name: str, step: Callable[[], bool], every_s: float, close: Callable[[], None]) -> Task:
    """Send to one receiver; where another process does so already, wait for the next turn."""

    def turn() -> bool:
        try:
            return step()
        except Fenced:
            LOG.info("documents are sent elsewhere", extra={"connection": name})
            return False

    return Task(name=f"send {name}", step=turn, close=close, idle_s=lambda: every_s)


DECLARED_EVERY_S: Final = 60.0
"""Seconds between two looks at whether every subscriber has its queue."""


def posting(step: Callable[[], bool], every_s: float, close: Callable[[], None]) -> Task:
    """Post to the subscribers that want it."""
    return Task(name="post webhooks", step=step, close=close, idle_s=lambda: every_s)


def declaring(declare: Callable[[], object]) -> Task:
    """See to it that subscribers have their queues, those that somebody deleted at the broker too."""

    def step() -> bool:
        declare()
        return False

    return Task(name="declare subscribers", step=step, close=lambda: None, idle_s=lambda: DECLARED_EVERY_S)


def _quietly(*actions: Callable[[], None]) -> None:
    for action in actions:
        try:
            action()
        except Unavailable as away:
            LOG.info("could not let go", extra={"problem": str(away)})


def _pause(stop: threading.Event, seconds: float) -> None:
    stop.wait(seconds)


def _say(state: RetryCallState, task: str) -> None:
    problem = state.outcome.exception() if state.outcome else None
    details = {"task": task, "problem": str(problem), "attempt": state.attempt_number}
    if problem and isinstance(problem.__cause__, Misconfigured):
        LOG.debug("waiting for the operator", extra=details)  # the reader has said it once, and says it when it changes
    else:
        LOG.warning("waiting for a server", extra=details)
