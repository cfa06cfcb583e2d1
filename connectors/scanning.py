"""Has files looked at by a ClamAV daemon (clamd's INSTREAM command, as its manual describes it)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S: Final = 60.0
"""Seconds that the daemon may be silent: it unpacks what it is sent."""

_CHUNK: Final = 1 << 16
_FOUND: Final = " FOUND"


@dataclass(frozen=True, slots=True)
class Clamd:
    """hub.attachments.ports.Scanner at a daemon that listens on a port."""

    host: str
    port: int

    def found(self, path: Path) -> str:
        """See hub.attachments.ports.Scanner."""
        try:
            answer = self._asked(path)
        except OSError as away:
            raise Unavailable(f"the malware scanner is away: {away}", place=f"{self.host}:{self.port}") from away
        if answer.endswith(_FOUND):
            return answer.removeprefix("stream: ").removesuffix(_FOUND)
        if answer != "stream: OK":
            raise Unavailable(f"the malware scanner says {answer[:100]!r}", place=f"{self.host}:{self.port}")
        return ""

    def _asked(self, path: Path) -> str:
        with socket.create_connection((self.host, self.port), TIMEOUT_S) as daemon, path.open("rb") as file:
            daemon.sendall(b"zINSTREAM\0")
            while chunk := file.read(_CHUNK):
                daemon.sendall(struct.pack("!L", len(chunk)) + chunk)
            daemon.sendall(struct.pack("!L", 0))
            answer = b""
            while part := daemon.recv(_CHUNK):
                answer += part
        return answer.rstrip(b"\0\n").decode(errors="replace")
