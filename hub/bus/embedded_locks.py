"""Tells, by operating-system locks on files beside the embedded bus, which instances live and who holds a lease."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from hub.errors import Fenced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Locks:
    """A folder of lock files. A lock ends with its process, however that ends, and never before."""

    def __init__(self, folder: Path) -> None:
        """Keep the files in `folder`, created when first needed."""
        self._folder = folder

    def live(self, name: str) -> int:
        """Lock the file of instance `name` for as long as the returned descriptor is open."""
        while True:
            descriptor = os.open(self._file("instance", name), os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:  # nobody took it for a dead one's before it was locked
                return descriptor
            os.close(descriptor)

    def end(self, name: str, descriptor: int) -> None:
        """Take the file of instance `name` away, and unlock it."""
        self._file("instance", name).unlink(missing_ok=True)
        os.close(descriptor)

    @contextmanager
    def dead(self, names: Iterable[str]) -> Iterator[list[str]]:
        """Hand out those of `names` that are dead, locked so that one alone buries them; forget them after that."""
        graves = {
            name: descriptor for name in names if (descriptor := _try_lock(self._file("instance", name))) is not None
        }
        try:
            yield list(graves)
            for name in graves:
                self._file("instance", name).unlink(missing_ok=True)
        finally:
            for descriptor in graves.values():
                os.close(descriptor)

    def others(self, name: str) -> list[str]:
        """Return the names of all instances that have a file, but for `name`."""
        stem = "instance."
        files = [entry.name for entry in os.scandir(self._folder) if entry.name.startswith(stem)]
        return [file.removeprefix(stem) for file in files if file != stem + name]

    @contextmanager
    def lease(self, name: str) -> Iterator[None]:
        """Hold the lease `name`; raise Fenced where another instance has it."""
        descriptor = _try_lock(self._file("lease", name))
        if descriptor is None:
            raise Fenced("another process holds it", place=name)
        try:
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Let one instance at a time create or recover the file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / "opening", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _file(self, kind: str, name: str) -> Path:
        return self._folder / f"{kind}.{quote(name, safe='')}"


def _try_lock(file: Path) -> int | None:
    """Lock `file` without waiting; return the descriptor that holds the lock, None where another has or had it."""
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None
