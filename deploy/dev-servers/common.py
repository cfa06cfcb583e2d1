"""What starting any private server takes: ports, processes, patience, and notes of what runs where.

Needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

START_S: Final = 90
"""Seconds a server may take to start; about 7 on an idle machine, far more where the disk is busy."""

STOP_S: Final = 20
"""Seconds a server may take to stop by itself before it is killed."""


class ServerError(Exception):
    """A server is not to be had; the message is one line that says what to do."""


def free_ports(count: int) -> list[int]:
    """Return `count` loopback ports that nobody listens on just now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def listens(port: int) -> bool:
    """Tell whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def alive(pid: int) -> bool:
    """Tell whether process `pid` still runs; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(holds, seconds: float, problem: str, pid: int = 0, log: Path | None = None) -> None:  # noqa: ANN001
    """Return once `holds()`; raise `problem` after `seconds`, or with the last words in `log` if `pid` dies before."""
    deadline = time.monotonic() + seconds
    while not holds():
        if pid and not alive(pid):
            raise ServerError(f"{problem}: {tail(log)}")
        if time.monotonic() > deadline:
            raise ServerError(f"{problem} within {seconds} s" + (f" (see {log})" if log else ""))
        time.sleep(0.05)


def spawn(command: list[str], log: str, environment: dict[str, str]) -> int:
    """Start `command` in a session of its own, deaf to our Ctrl-C, writing to `log`; return its process id."""
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(command[0], command, environment, file_actions=files, setsid=True)


def tail(log: Path) -> str:
    """Return the last line of `log` that says something."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "nothing logged"


def state_of(server: str, folder: Path) -> dict[str, str] | None:
    """Return how to reach `server` of `folder`, None if it was not started or has died."""
    path = folder / f"{server}.json"
    if not path.exists():
        return None
    state = json.loads(path.read_text())
    return state if alive(int(state["pid"])) else None


def remember(server: str, folder: Path, state: dict[str, str]) -> dict[str, str]:
    """Note how to reach `server`, where others look; return it."""
    path = folder / f"{server}.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(state, indent=1))
    return state


def checked(command: list[str], problem: str, **options: object) -> None:
    """Run a command that must succeed; raise `problem` with its last words."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode:
        raise ServerError(f"{problem}: {' '.join(done.stdout.decode(errors='replace').split())[-300:]}")
