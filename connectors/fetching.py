"""Fetches the files that a department's cases name, from the places that its mapping declares and from nowhere else.

    connect:
      attachments:
        from: [https://files.example.gov.cn/complaints/, sftp://hub@files.example.gov.cn/out]

An address outside these places is refused before anything is sent; a redirection is never followed; a name that leads
to this machine or to the link's own addresses is refused unless the mapping itself names that address.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urljoin, urlsplit

import httpcore
import httpx

from connectors.folders import LocalFolder, open_folder
from connectors.http.client import HttpClient, http_options
from connectors.options import Options
from hub.errors import Refused, Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.folders import Folder
    from connectors.options import Declaration

_WEB: Final = ("http", "https")
_CHUNK: Final = 1 << 16
_LOGIN: Final = ("auth", "verify", "certificate", "headers", "timeout", "rate")
"""What may stand beside `from`, as in `connect` of a REST service, or of a folder: `password`, `key`, `host_key`."""


def open_fetcher(declaration: Declaration, environment: Mapping[str, str]) -> Places | None:
    """Open what `connect.attachments` declares; None where there is none. Misconfigured with every fault."""
    declared = declaration.connect.get("attachments")
    if declared is None:
        return None
    file, path = declaration.connection, "connect.attachments"
    options = Options(declared, file=file, environment=environment, path=path)
    roots = [_root(options, text, environment, file) for text in _addresses(options)]
    if not roots:
        options.fault("from", "is missing", "write from: [https://host/folder/]")
    options.no_more(also=(*_LOGIN, "password", "key", "host_key", "domain"))
    options.done()
    return Places(roots)


def _addresses(options: Options) -> Sequence[str]:
    """Return the places with their secrets filled in."""
    return [each for each in options.plain()["from"] if each] if options.texts("from") else []


def _root(options: Options, address: str, environment: Mapping[str, str], file: str) -> Web | Files:
    given = {name: value for name, value in options.plain().items() if name != "from"}
    own = Options({**given, "path": address}, file=file, environment=environment, path="connect.attachments")
    own.faults = options.faults
    if urlsplit(address).scheme.lower() in _WEB:
        reached = http_options(own, place=file, url=address)
        plain = replace(reached, headers={**reached.headers, "Accept-Encoding": "identity"})
        return Web(address, HttpClient(plain, number_of=number_of))
    return Files(open_folder(own, place=file))


class Places:
    """hub.attachments.ports.Fetcher over the places that one mapping declares, in order."""

    def __init__(self, roots: Sequence[Web | Files]) -> None:
        """Fetch from `roots`."""
        self._roots = roots

    def fetch(self, uri: str) -> Iterator[bytes]:
        """See hub.attachments.ports.Fetcher."""
        for root in self._roots:
            if root.has(uri):
                yield from root.fetch(uri)
                return
        raise _refused("it stands at none of the places that the connection declares")

    def close(self) -> None:
        """Let go of connections."""
        for root in self._roots:
            root.close()


@dataclass(frozen=True, slots=True)
class Files:
    """Files of a folder, by their name within it."""

    folder: Folder

    def has(self, uri: str) -> bool:
        """Tell whether this is a name within a folder."""
        return "://" not in uri

    def fetch(self, uri: str) -> Iterator[bytes]:
        """See hub.attachments.ports.Fetcher."""
        name = _plain_name(uri)
        if isinstance(self.folder, LocalFolder):
            _stays_within(Path(self.folder.place), name)
        with self.folder.open(name) as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def close(self) -> None:
        """Let go of the folder."""
        self.folder.close()


def _stays_within(folder: Path, name: str) -> None:
    """Raise FileNotFoundError for what is no plain file of a folder: a link may lead anywhere."""
    path = folder / name
    if not path.is_file() or path.resolve() != folder.resolve() / name:
        raise FileNotFoundError(name)


def _plain_name(uri: str) -> str:
    """Return the name of a file in a folder or in one below it; Refused for one that leads elsewhere."""
    parts = uri.split("/")
    if len(parts) > 2 or any(part in {"", ".", ".."} or "\\" in part or "\x00" in part for part in parts):  # noqa: PLR2004 - folder and file
        raise _refused("it is no name of a file in the declared folder, or in one below it")
    return uri


@dataclass(frozen=True, slots=True)
class Web:
    """Files beneath one address of a web server."""

    root: str
    client: HttpClient

    def has(self, uri: str) -> bool:
        """Tell whether an address is beneath this one: same scheme, host and port, and below its path."""
        return self._beneath(uri) is not None

    def fetch(self, uri: str) -> Iterator[bytes]:
        """See hub.attachments.ports.Fetcher."""
        url = self._beneath(uri)
        if url is None:
            raise _refused("it stands elsewhere than declared")
        yield from self.client.streamed(str(url))

    def close(self) -> None:
        """Let go of connections."""
        self.client.close()

    def _beneath(self, uri: str) -> httpx.URL | None:
        try:
            root, url = httpx.URL(self.root), httpx.URL(urljoin(self.root, uri))
        except (httpx.InvalidURL, ValueError):
            return None
        if (url.scheme, url.host, url.port) != (root.scheme, root.host, root.port) or url.userinfo or url.fragment:
            return None
        path, folder = unquote(url.path), root.path.rpartition("/")[0] + "/"
        is_plain = uri.isprintable() and ".." not in path.split("/") and "\\" not in path and "\x00" not in path
        return url if is_plain and path.startswith(folder) and path != folder else None


def number_of(host: str, port: int) -> str:
    """Return the address to connect to; Refused for a name that leads to this machine, or about its network.

    A mapping may name this machine plainly. What is looked up is connected to: no second look-up could differ.
    """
    if _is_own(host):
        return host
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as unknown:
        raise httpcore.ConnectError(str(unknown)) from unknown
    if any(_is_inward(each) for each in found):
        raise _refused("its name leads to this machine, which the mapping does not declare")
    return found[0]


def _is_own(host: str) -> bool:
    """Tell whether a host, as the mapping writes it, is plainly this machine or a number."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.lower() == "localhost"
    return True


def _is_inward(number: str) -> bool:
    address = ipaddress.ip_address(number.partition("%")[0])
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast


def _refused(problem: str) -> Refused:
    hint = "declare the place under connect.attachments, or correct the address"
    return Refused(Rejection(stage="authorise", code="attachment.place", problem=problem, hint=hint))
