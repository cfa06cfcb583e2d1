"""Reads one source at its turns: of all processes one at a time, and what ails the source never ends the hub."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hub.errors import Fault, HubError, Misconfigured, Unavailable
from hub.trace import traced
from hub.turns import Breaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.intake import Intake
    from hub.model.values import Portion, Record
    from hub.ports import Bus, Clock, Source
    from hub.pulse import Beating
    from hub.troubles import Troubles
    from hub.turns import Hours

LOG: Final = logging.getLogger(__name__)

DAMAGED: Final = "checkpoint.damaged"
"""Code of the fault that a connection's position cannot be read: that connection's, and no other's."""

FAULT: Final = "source.fault"
"""Code of a connector's own failure: the one that needs a trace; others say all in their line."""


def reader_lease(connection: str) -> str:
    """Name the lease at the bus that lets one process at a time read a connection."""
    return f"reader.{connection}"


class Reader:
    """The reader of one connection. It opens its source when its turn comes, and anew after any trouble."""

    def __init__(
        self,
        *,
        opened: Callable[[], Source],
        intake: Intake,
        bus: Bus,
        clock: Clock,
        troubles: Troubles,
        pulse: Beating,
        hours: Hours,
    ) -> None:
        """Read what `opened` opens through `intake`, while `bus` leases the connection to this process.

        Within `hours` alone; `pulse`, which knows the connection's name, is told of every read.
        """
        self._name, self._opened, self._intake, self._bus = pulse.connection, opened, intake, bus
        self._clock, self._troubles, self._pulse, self._hours = clock, troubles, pulse, hours
        self._breaker = Breaker()
        self._source: Source | None = None
        self._said = ""

    def read(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Read what is new, or up to the next portion once `stopping`; raise Fenced where another process reads.

        Unavailable: the bus or the source is away, or the source cannot be opened as declared, which is noted and tried
        again too: only this connection waits. A source that fails again and again is left alone for a while, so that
        its server is not hammered nor our account locked. What is wrong with the hub itself stays Misconfigured.
        """
        now = self._clock.now()
        if not self._hours.are_open(now):
            self._pulse.rest(now)
            return
        try:
            with self._bus.lease(reader_lease(self._name)):
                self._pulse.begin(now)
                self._breaker.check(now)
                self._read(lambda: stopping() or not self._hours.are_open(self._clock.now()))
        except _Down as down:
            self._note(down.problem_of_source)
            self._breaker.failed(self._clock.now(), down.problem_of_source)
            self._pulse.fail(self._clock.now())
            raise Unavailable(down.problem, place=down.place, hint=down.hint) from down.problem_of_source
        self._breaker.succeeded()
        self._troubles.clear(self._name)
        self._said = ""

    def _read(self, stopping: Callable[[], bool]) -> None:
        """Read; what fails without being one of our errors is this connection's, wherever it failed."""
        try:
            source = _Guarded(self._name, self._open(), stopping)
            if self._breaker.is_tried:
                source.probe()
            totals = self._intake.run_once(source, progress=lambda _: self._pulse.beat(self._clock.now()))
            self._pulse.end(self._clock.now(), records=totals.read, watermark=source.watermark)
        except Misconfigured as wrong:
            if any(fault.code != DAMAGED for fault in wrong.faults):
                raise
            raise _Down(wrong) from wrong
        except HubError:
            raise
        except Exception as fault:
            raise _Down(_fault_of(self._name, fault)) from fault

    def close(self) -> None:
        """Let go of the source and the bus."""
        self._let_go()
        self._bus.close()

    def _open(self) -> Source:
        if self._source is None:
            with _its_own(self._name):
                self._source = self._opened()
        return self._source

    def _note(self, problem: HubError) -> None:
        self._let_go()
        self._troubles.note(self._name, problem, self._clock.now())
        if isinstance(problem, Misconfigured) and str(problem) != self._said:
            LOG.error("source cannot be read as declared", extra={"connection": self._name, "problem": str(problem)})
        self._said = str(problem)

    def _let_go(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            try:
                source.close()
            except Exception as fault:  # noqa: BLE001 - it is let go of all the same
                LOG.warning("could not let go of a source", extra={"connection": self._name, "problem": traced(fault)})


class _Down(HubError):
    """The source's own trouble, told apart from the bus's and the store's."""

    def __init__(self, problem_of_source: HubError) -> None:
        super().__init__(str(problem_of_source))
        self.problem_of_source = problem_of_source


@contextmanager
def _its_own(name: str) -> Iterator[None]:
    """Mark what comes from the source `name` as its own, a fault of its connector too: one source is set aside."""
    try:
        yield
    except (Unavailable, Misconfigured) as problem:
        raise _Down(problem) from problem
    except HubError:
        raise
    except Exception as fault:
        raise _Down(_fault_of(name, fault)) from fault


def _fault_of(name: str, fault: Exception) -> Misconfigured:
    """Say that a connector failed, without what it said, which may quote a record."""
    problem = f"its connector failed: {traced(fault)}"
    hint = "compare the declaration with the source; where it is right, report the fault with the log"
    error = Misconfigured(Fault(code=FAULT, problem=problem, file=name, hint=hint))
    error.__cause__ = fault
    return error


class _Guarded:
    """A source whose errors are marked as its own, and which ends a read early when the process is to end."""

    def __init__(self, name: str, source: Source, stopping: Callable[[], bool]) -> None:
        self._name, self._source, self._stopping = name, source, stopping
        self.watermark: datetime | None = None

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the source's portions; after any of them the next read goes on where it stopped."""
        portions = self._source.read(checkpoint)
        while not self._stopping():
            with _its_own(self._name):
                portion = next(portions, None)
            if portion is None:
                return
            self.watermark = portion.watermark or self.watermark
            yield portion

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Tell the source that `records` are safe."""
        with _its_own(self._name):
            self._source.acknowledge(records)

    def probe(self) -> Mapping[str, str]:
        """Try the source."""
        with _its_own(self._name):
            return self._source.probe()

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()
