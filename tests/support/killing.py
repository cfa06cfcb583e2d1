"""Kills a process at one enumerated step: before the nth call that it makes of any port."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Trap:
    """Counts steps; at step `at` the process is killed as by `kill -9`. Step 0 never comes."""

    def __init__(self, at: int) -> None:
        """Kill at step `at`; 0 never kills."""
        self.at = at
        self.steps = 0

    def step(self) -> None:
        """Pass one step, or die."""
        self.steps += 1
        if self.steps == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


class Trapped:
    """A port's adapter whose every call is a step; so is the end of every transaction it opens."""

    def __init__(self, adapter: Any, trap: Trap) -> None:
        """Stand before `adapter`."""
        self._adapter, self._trap = adapter, trap

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        return self._calling(found, opens=name in {"unit", "lease"}) if callable(found) else found

    def _calling(self, method: Callable[..., Any], *, opens: bool) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self._trap.step()
            result = method(*args, **options)
            return self._opened(result) if opens else result

        return call

    @contextlib.contextmanager
    def _opened(self, opened: Any) -> Iterator[Any]:
        with opened as inner:
            yield Trapped(inner, self._trap) if inner is not None else None
            self._trap.step()
        self._trap.step()
