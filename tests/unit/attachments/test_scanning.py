"""A ClamAV daemon is sent the whole file, and what it says is understood; while it is away nothing counts as clean."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING

import pytest

from connectors.scanning import Clamd
from hub.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path


def a_daemon(answer: bytes, received: list[bytes]) -> Clamd:
    """Listen once on loopback as clamd does."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection, server, connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            while size := struct.unpack("!L", stream.read(4))[0]:
                received.append(stream.read(size))
            connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return Clamd("127.0.0.1", server.getsockname()[1])


@pytest.mark.parametrize(
    ("answer", "found"),
    [(b"stream: OK\0", ""), (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", "Win.Test.EICAR_HDB-1")],
)
def test_the_daemon_gets_the_file_and_says_what_it_found(answer: bytes, found: str, tmp_path: Path) -> None:
    file, received = tmp_path / "file", list[bytes]()
    file.write_bytes(b"x" * 200_000)
    assert a_daemon(answer, received).found(file) == found
    assert b"".join(received) == file.read_bytes()


def test_a_daemon_that_is_away_or_confused_finds_nothing_clean(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    with pytest.raises(Unavailable):
        a_daemon(b"INSTREAM size limit exceeded. ERROR\0", []).found(file)
    with pytest.raises(Unavailable):
        Clamd("127.0.0.1", 1).found(file)
