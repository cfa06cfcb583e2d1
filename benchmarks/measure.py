"""Measures what a set of processes costs: CPU seconds by part, and the peak of their memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Self

import psutil

if TYPE_CHECKING:
    from types import TracebackType

SAMPLE_S: Final = 0.2
"""Seconds between two looks at memory."""

PARTS: Final = {"postgres": "postgres", "beam.smp": "rabbitmq"}
"""Process names of servers, and the part they count as; every child of this process counts as hub."""


class Meter:
    """Counts CPU seconds of hub, RabbitMQ and PostgreSQL between entry and exit, and the hub's peak memory."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self.cpu_s: dict[str, float] = {}
        self.peak_rss_bytes = 0
        self._before: dict[str, float] = {}
        self._ended = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self.begin()
        self._thread.start()
        return self

    def begin(self) -> None:
        """Count from now on: what was spent before, on starting processes, is no event's."""
        self._before = _cpu_by_part()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        after = _cpu_by_part()
        self.cpu_s = {part: after[part] - self._before.get(part, 0.0) for part in after}

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            total = sum(_rss(child) for child in [psutil.Process(), *psutil.Process().children(recursive=True)])
            self.peak_rss_bytes = max(self.peak_rss_bytes, total)


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _cpu_by_part() -> dict[str, float]:
    """CPU seconds so far; children of this process that have ended are in its own children's times."""
    own = psutil.Process().cpu_times()
    totals = {"hub": own.user + own.system + own.children_user + own.children_system, "rabbitmq": 0.0, "postgres": 0.0}
    for child in psutil.Process().children(recursive=True):
        totals["hub"] += _seconds(child)
    for process in psutil.process_iter(["name"]):
        part = PARTS.get(process.info["name"] or "")
        if part:
            totals[part] += _seconds(process)
    return totals


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + getattr(times, "children_user", 0) + getattr(times, "children_system", 0))
