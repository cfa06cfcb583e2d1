"""What bus tests share: the places a bus can be at, messages that state only what a test is about, victims to kill."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.bus import open_bus
from hub.bus.topology import Topology, topology
from hub.errors import Unavailable
from hub.model.values import Delivery, Message
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.ports import Bus

ROOT = Path(__file__).parents[2]
QUEUE = "sunlight.intake.0"

VICTIM = """
import sys
from hub.bus import open_bus
from hub.bus.topology import topology
bus = open_bus(sys.argv[1], topology(1, ["public"]))
{act}
"""


@dataclass
class BusPlace:
    """One empty place where buses can be opened: a file, or a virtual host. Closes what was opened there."""

    url: str
    opened: list[Bus] = field(default_factory=list)

    def open(self, declared: Topology | None = None) -> Bus:
        """Open another instance; one partition and the public view unless told."""
        return self.open_at(self.url, declared)

    def open_at(self, url: str, declared: Topology | None = None) -> Bus:
        """Open an instance at another URL, as another account say, closed with the rest."""
        bus = open_bus(url, declared or topology(1, ["public"]))
        self.opened.append(bus)
        return bus

    def victim(self, act: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a process that opens a bus here, runs `act`, and says `done` when it is ready to be killed."""
        script = VICTIM.format(act=act) + "\nprint('done', flush=True)\nsys.stdin.read()\n"
        command = [sys.executable, "-c", script, self.url, *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        assert process.stdout.readline().strip() == "done"
        return process

    def close(self) -> None:
        for bus in self.opened:
            bus.close()


def kill(victim: subprocess.Popen[str]) -> None:
    """End `victim` as a power cut would."""
    victim.kill()
    victim.communicate()


def a_message(name: str, **changes: Any) -> Message:
    """An intake message of that message id."""
    values = {"exchange": "intake", "key": "0", "kind": "event", "body": name.encode()}
    return Message(message_id=name, **{**values, **changes})


def some_messages(count: int, stem: str = "m") -> list[Message]:
    return [a_message(f"{stem}{number}") for number in range(count)]


def names(deliveries: Sequence[Delivery]) -> list[str]:
    return [delivery.message_id for delivery in deliveries]


def take(bus: Bus, count: int, queue: str = QUEUE, *, within_s: float = 30.0) -> list[Delivery]:
    """Consume exactly `count` deliveries, in as many batches as it takes."""
    taken: list[Delivery] = []

    def enough() -> bool:
        taken.extend(bus.consume(queue, limit=count - len(taken), wait_s=0.2))
        return len(taken) >= count

    eventually(enough, within_s=within_s)
    return taken


def nothing_more(bus: Bus, queue: str = QUEUE) -> bool:
    return not bus.consume(queue, limit=10, wait_s=0.3)


def accepts(bus: Bus, *messages: Message) -> bool:
    """Tell whether `bus` takes `messages` just now."""
    try:
        bus.publish(messages)
    except Unavailable:
        return False
    return True
