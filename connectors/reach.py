"""Tries how far a source can be reached: its name, its port, its certificate; each alone, so that the cause shows."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from connectors.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.options import Declaration

WAIT_S: Final = 5.0
"""Seconds that a port gets to answer."""

PORTS: Final[Mapping[str, int]] = {
    "http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "sftp": 22,
    "ftp": 21, "ftps": 21, "smb": 445, "oracle": 1521, "mssql": 1433, "dm": 5236,
}  # fmt: skip
"""The port of each kind of address that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a source is, as far as it is a matter of networks."""

    host: str
    port: int
    has_tls: bool
    authorities: str
    """PEM file of the authorities that may have signed its certificate; empty: the system's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a server showed, and how it speaks."""

    subject: str
    issuer: str
    ends_at: datetime
    version: str


def address_of(declaration: Declaration, environment: Mapping[str, str]) -> Address | None:
    """Return where a declared source is; None for one of this machine."""
    connect = Options(declaration.connect, file=declaration.connection, environment=environment)
    url, authorities = connect.text("url", "") or connect.text("path", ""), connect.text("verify", "")
    try:
        parts = urlsplit(url)
        kind = parts.scheme.partition("+")[0]
        port = parts.port or PORTS.get(kind, 0)
    except ValueError:
        return None
    if not parts.hostname or not port:
        return None
    return Address(host=parts.hostname, port=port, has_tls=kind == "https", authorities=authorities)


def resolved(address: Address) -> list[str]:
    """Return the numbers that a name stands for; OSError where it stands for none."""
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def connected(address: Address) -> None:
    """Return if the port takes connections; OSError where it does not."""
    socket.create_connection((address.host, address.port), WAIT_S).close()


def shaken(address: Address) -> Certificate:
    """Return the certificate of a server; ssl.SSLError or OSError where it has none that is accepted."""
    context = ssl.create_default_context(cafile=address.authorities or None)
    with (
        socket.create_connection((address.host, address.port), WAIT_S) as raw,
        contextlib.closing(context.wrap_socket(raw, server_hostname=address.host)) as secured,
    ):
        shown: Any = secured.getpeercert() or {}
        ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC)
        return Certificate(
            subject=_named(shown.get("subject", ())), issuer=_named(shown.get("issuer", ())), ends_at=ends_at,
            version=secured.version() or "",
        )  # fmt: skip


def _named(parts: Any) -> str:  # noqa: ANN401 - a tuple of tuples of pairs
    said = {name: value for part in parts for name, value in part}
    return re.sub(r"\s+", " ", said.get("commonName") or said.get("organizationName") or "")
