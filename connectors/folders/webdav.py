"""Reads a folder of a WebDAV server (RFC 4918): listed by PROPFIND, read by GET as it comes, renamed by MOVE."""

from __future__ import annotations

import io
import os
from email.utils import parsedate_to_datetime
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from lxml import etree

from connectors.folders.port import AWAY, Stamp, waiting_name
from connectors.http.client import HttpClient, HttpOptions, http_options
from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.http.client import Reply
    from connectors.options import Options

_DAV: Final = "{DAV:}"
_ASKED: Final = (
    b'<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop>'
    b"<getcontentlength/><getlastmodified/><resourcetype/></prop></propfind>"
)
_NOT_FOUND: Final = 404
_THERE_ALREADY: Final = 405
_CONFLICT: Final = 409
_BUFFER: Final = 1 << 18


def webdav_options(connect: Options, address: str, *, place: str) -> HttpOptions:
    """Read `path: https://host/folder` and what an HTTP service is reached by: `auth`, `verify`, `certificate`."""
    if urlsplit(address).username:
        connect.fault("path", "has a login in it", "write it under auth: {kind: basic, user: …, password: ${NAME}}")
    return http_options(connect, place=place, url=address.rstrip("/") + "/")


def opened(connect: Options, address: str, place: str) -> WebDavFolder:
    """Return the folder at `address`; nothing is connected yet."""
    return WebDavFolder(webdav_options(connect, address, place=place))


class WebDavFolder:
    """See Folder."""

    def __init__(self, options: HttpOptions) -> None:
        """Stand for the folder that `options` name; nothing is connected yet."""
        self._options, self._client = options, HttpClient(options)
        self._path = unquote_to_bytes(urlsplit(options.url).path)

    @property
    def place(self) -> str:
        """See Folder."""
        return self._options.url

    def entries(self, below: str = "") -> Mapping[str, Stamp]:
        """See Folder."""
        at = f"{below}/" if below else ""
        reply = self._listed(at, "1")
        if reply.status == _NOT_FOUND:
            if below:
                return {}
            raise Unavailable("there is no such folder", place=self.place, hint=AWAY)
        return {os.fsdecode(name): stamp for name, stamp in self._files(reply, os.fsencode(at))}

    def stamp(self, name: str) -> Stamp:
        """See Folder."""
        reply = self._listed(name, "0")
        below, slash, _ = name.rpartition("/")
        found = dict(self._files(reply, os.fsencode(below + slash))) if reply.status != _NOT_FOUND else {}
        if not found:
            raise FileNotFoundError(name)
        return next(iter(found.values()))

    def open(self, name: str) -> IO[bytes]:
        """See Folder."""
        parts = self._client.streamed(self._at(name))
        first = next(parts, b"")
        return io.BufferedReader(_Parts(parts, first), _BUFFER)

    def rename(self, name: str, target: str) -> None:
        """See Folder."""
        self._make_room(target)
        headers = {"Destination": self._at(target), "Overwrite": "F"}
        reply = self._client.ask("MOVE", self._at(name), headers=headers, also=frozenset({_NOT_FOUND}))
        if reply.status == _NOT_FOUND:
            raise FileNotFoundError(name)

    def write(self, name: str, content: bytes) -> None:
        """See Folder."""
        self._make_room(name)
        self._client.ask("PUT", self._at(waiting_name(name)), content=content)
        self.rename(waiting_name(name), name)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _listed(self, name: str, depth: str) -> Reply:
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        return self._client.ask(
            "PROPFIND", self._at(name), content=_ASKED, headers=headers, also=frozenset({_NOT_FOUND})
        )

    def _files(self, reply: Reply, below: bytes) -> Iterator[tuple[bytes, Stamp]]:
        """Yield the files that a listing names, but for folders and what does not lie right below."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            listing = etree.fromstring(reply.body, parser)
        except (etree.XMLSyntaxError, ValueError) as wrong:
            problem = "the server's listing is no WebDAV"
            raise Unavailable(problem, place=self.place, hint="check that the address is a WebDAV folder") from wrong
        for each in listing.iter(f"{_DAV}response"):
            path = unquote_to_bytes(urlsplit(each.findtext(f"{_DAV}href") or "").path)
            name = path.removeprefix(self._path + below)
            if name and name != path and b"/" not in name and next(each.iter(f"{_DAV}collection"), None) is None:
                yield name, _stamp_of(each)

    def _make_room(self, name: str) -> None:
        below = name.rpartition("/")[0]
        if below:
            self._client.ask("MKCOL", self._at(f"{below}/"), also=frozenset({_THERE_ALREADY, _CONFLICT}))

    def _at(self, name: str) -> str:
        return self._options.url + quote_from_bytes(os.fsencode(name))


class _Parts(io.RawIOBase):
    """A body as it comes; one that is cut short raises, as the client says."""

    def __init__(self, parts: Iterator[bytes], first: bytes) -> None:
        super().__init__()
        self._parts, self._held = parts, first

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        """See io.RawIOBase."""
        if not self._held:
            self._held = next(self._parts, b"")
        part, self._held = self._held[: len(buffer)], self._held[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """See io.RawIOBase."""
        if not self.closed:
            self._parts.close()  # type: ignore[attr-defined]
        super().close()


def _stamp_of(response: etree._Element) -> Stamp:
    size = "".join(each.text or "" for each in response.iter(f"{_DAV}getcontentlength"))
    told = "".join(each.text or "" for each in response.iter(f"{_DAV}getlastmodified"))
    try:
        changed = int(parsedate_to_datetime(told).timestamp() * 1e9)
    except (ValueError, TypeError):
        changed = 0
    return Stamp(int(size) if size.isdigit() else 0, changed)
