"""A mail server for tests: a small one of our own on loopback, with STARTTLS and a login."""

from __future__ import annotations

import base64
import email
import socketserver
import ssl
import threading
from contextlib import contextmanager
from email import policy
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path


class _Talk(socketserver.StreamRequestHandler):
    """One connection's conversation (RFC 5321, 3207, 4954), as far as senders of notices go."""

    server: MailServer

    def handle(self) -> None:
        self._say("220 test ESMTP")
        while line := self.rfile.readline().decode().strip():
            verb, _, said = line.partition(" ")
            if verb.upper() == "QUIT":
                return self._say("221 bye")
            getattr(self, f"_{verb.lower()}", self._unknown)(said)
        return None

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _say(self, reply: str) -> None:
        self.wfile.write(reply.encode() + b"\r\n")
        self.wfile.flush()

    def _ehlo(self, _said: str) -> None:
        self._say("250-test")
        self._say("250-AUTH PLAIN")
        self._say("250 STARTTLS" if self.server.secured else "250 8BITMIME")

    def _starttls(self, _said: str) -> None:
        self._say("220 go ahead")
        assert self.server.secured
        self.request = self.server.secured.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb")
        self.server.encrypted += 1

    def _auth(self, said: str) -> None:
        _, user, password = base64.b64decode(said.split(" ")[1]).decode().split("\0")
        self._say("235 ok" if (user, password) == self.server.account else "535 no")

    def _mail(self, _said: str) -> None:
        self._say("250 ok")

    def _rcpt(self, said: str) -> None:
        address = said.partition("<")[2].partition(">")[0]
        self._say(self.server.refused.get(address, "250 ok"))

    def _data(self, _said: str) -> None:
        self._say("354 go")
        body = b""
        while (line := self.rfile.readline()) != b".\r\n":
            body += line
        self.server.taken.append(email.message_from_bytes(body, policy=policy.default))
        self._say("250 taken")

    def _rset(self, _said: str) -> None:
        self._say("250 ok")

    def _unknown(self, _said: str) -> None:
        self._say("502 what")


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server on loopback. `refused` are replies by recipient."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, secured: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.secured, self.encrypted = secured, 0
        self.taken: list[EmailMessage] = []
        self.refused: dict[str, str] = {}
        self.account = ("hub", "geheim")

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextmanager
def a_mail_server(folder: Path | None = None) -> Iterator[MailServer]:
    """Run a mail server; with a folder it speaks STARTTLS, and its authority is `authority.pem` there."""
    secured = None
    if folder is not None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "authority.pem")
        secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(secured)
    with MailServer(secured) as server, _running(server):
        yield server


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
