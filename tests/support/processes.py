"""The hub as an operator runs it: `sunlight` in processes of its own, and proxies that stand between it and servers."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa

from hub.store.engine import open_engine, reading
from tests.support.prepared import prepare
from tests.support.waiting import eventually

COMMAND: Final = Path(sys.executable).with_name("sunlight")
DEPARTMENT: Final = "11321200014000028L"
ENDS_S: Final = 60
"""Seconds within which a process that was asked to end has ended, whatever it was at."""

STARTS_S: Final = 120
"""Seconds after which a process that has not said a word hangs: four that start at once beside others are only slow."""

CATALOGUE: Final = f"""
department: {{department_id: "{DEPARTMENT}", name: 住房和城乡建设局, region_code: "321200", valid_from: "2019-03-01"}}
"""

MAPPING: Final = """
connection: {name}
version: 1
department: "{department}"
kind: {kind}
connect: {connect}
read: {{encoding: utf-8, timezone: Asia/Shanghai}}
case: {{source_case_no: no, title: title, region_code: "'321281'", disclosure: {{class: "'public'"}}}}
events:
  - {{type: case.received, occurred_at: time(received)}}
"""

SETTINGS: Final = """
[supervision]
batch = 50
lease_s = {lease_s}
patrol_s = 0.2
[gateway]
port = 0
"""


@dataclass
class Process:
    """One `sunlight` process; what it says on standard error is kept in a file."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        """Return what it has said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def says(self, pattern: str, *, after: int = 0) -> re.Match[str]:
        """Return the match of `pattern` in what it says beyond `after` characters; fail if it ends without a word."""
        wanted = re.compile(pattern)

        def heard() -> bool:
            ended = self.popen.poll() is not None
            found = wanted.search(self.said, after)
            assert found or not ended, self.said
            return found is not None

        eventually(heard, within_s=STARTS_S)
        found = wanted.search(self.said, after)
        assert found
        return found

    def ask_to_end(self) -> int:
        """Send SIGTERM; return the exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(ENDS_S)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.popen.kill()
        self.popen.wait()


@dataclass
class City:
    """A hub of one operator: a folder with settings, mappings and data, and the processes started on it."""

    folder: Path
    store_url: str = ""
    bus_url: str = ""
    lease_s: float = 1.0
    brought: int = 0
    started: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "in").mkdir()
        (self.folder / "settings.toml").write_text(SETTINGS.format(lease_s=self.lease_s))
        department = self.folder / "mappings" / "housing"
        department.mkdir(parents=True)
        (department / "department.yaml").write_text(CATALOGUE, encoding="utf-8")
        self.connect("taizhou.test.permits", f"{{path: {self.folder}/in, format: csv, every: 50ms}}")

    @property
    def database(self) -> str:
        """Return the store's URL, as a bystander reaches it."""
        return self.store_url or f"sqlite:///{self.folder}/var/hub.db"

    def connect(self, name: str, connect: str, kind: str = "files") -> None:
        """Write the mapping of a connection."""
        text = MAPPING.format(name=name, department=DEPARTMENT, kind=kind, connect=connect)
        (self.folder / "mappings" / "housing" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def environment(self, **more: str) -> dict[str, str]:
        """Return what a process of this hub finds in its environment."""
        given = {"SUNLIGHT_STORE_URL": self.store_url, "SUNLIGHT_BUS_URL": self.bus_url, **more}
        own = {name: value for name, value in os.environ.items() if not name.startswith("SUNLIGHT_")}
        fixed = {"SUNLIGHT_TOKEN_KEY": "the key of tests, no secret", "SUNLIGHT_LOG": "INFO", "COLUMNS": "400"}
        return own | fixed | {name: value for name, value in given.items() if value}

    def start(self, *words: str, **environment: str) -> Process:
        """Start `sunlight` with `words`."""
        log = self.folder / f"log-{len(self.started)}"
        with log.open("wb") as file:
            popen = subprocess.Popen(
                [COMMAND, *words], cwd=self.folder, env=self.environment(**environment), stdout=file, stderr=file
            )
        self.started.append(Process(popen, log))
        return self.started[-1]

    def running(self, *words: str, **environment: str) -> Process:
        """Start roles, and return once they run."""
        process = self.start(*words, **environment)
        process.says("running: ")
        return process

    def prepare(self) -> None:
        """Prepare the store."""
        (self.folder / "var").mkdir()
        prepare(self.database, partitions=2)

    def bring(self, cases: int) -> None:
        """Let the department deliver a file of so many new cases."""
        numbers = range(self.brought, self.brought + cases)
        rows = ["no,title,received", *(f"2026-{n:05},施工许可,2026-03-02 09:00:00" for n in numbers)]
        name = self.folder / "in" / f"{self.brought:05}.csv"
        name.with_suffix(".part").write_text("\n".join(rows) + "\n", encoding="utf-8")
        name.with_suffix(".part").rename(name)
        self.brought += cases

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the store."""
        engine = open_engine(self.database)
        try:
            with reading(engine) as connection:
                return [tuple(row) for row in connection.execute(sa.text(query))]
        finally:
            engine.dispose()

    def count(self, query: str) -> int:
        """Ask the store for a number."""
        return int(self.rows(query)[0][0] or 0)

    def ledgered(self) -> int:
        """Count the events in the ledger."""
        return self.count("SELECT count(*) FROM ledger WHERE kind = 'event'")

    def end(self) -> None:
        """End what still runs."""
        for process in self.started:
            process.kill()


class Proxy:
    """A TCP proxy on loopback before a server; while it is cut, nobody gets through and nobody stays through."""

    def __init__(self, url: str) -> None:
        """Stand before the server of `url`."""
        parts = urlsplit(url)
        self._target = (str(parts.hostname), int(parts.port or 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._address = ("127.0.0.1", 0)
        self.mend()
        account = parts.netloc.rpartition("@")[0]
        self.url = urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{self._address[1]}"))

    def mend(self) -> None:
        """Let people through (again)."""
        self._listener = socket.create_server(self._address)
        self._address = self._listener.getsockname()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            pairs, self._pairs = self._pairs, []
        if listener:
            _end(listener)
        for pair in pairs:
            for each in pair:
                _end(each)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                self._join(near, listener)

    def _join(self, near: socket.socket, listener: socket.socket) -> None:
        far = socket.create_connection(self._target)
        with self._lock:
            if self._listener is not listener:
                _end(near)
                _end(far)
                return
            self._pairs.append((near, far))
        threading.Thread(target=_carry, args=(near, far), daemon=True).start()


def _carry(near: socket.socket, far: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    with selectors.DefaultSelector() as selector, contextlib.suppress(OSError, ValueError):
        selector.register(near, selectors.EVENT_READ, far)
        selector.register(far, selectors.EVENT_READ, near)
        while all(_passed(key.fileobj, key.data) for key, _ in selector.select()):
            pass
    _end(near)
    _end(far)


def _passed(source: Any, target: socket.socket) -> bool:
    data = source.recv(1 << 16)
    target.sendall(data)
    return bool(data)


def _end(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
