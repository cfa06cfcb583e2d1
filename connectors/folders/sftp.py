"""Reads a folder of an SFTP server: the host is known by its key, files are streamed, names may be of any bytes.

paramiko would take any host's key when told so, names of text alone, and read a whole file ahead of a slow reader, into
memory; none of it is done here.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import socket
import stat
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_HANDLE, CMD_NAME, CMD_OPENDIR, CMD_READDIR
from paramiko.sftp_attr import SFTPAttributes

from connectors.folders.address import Account, parts_of
from connectors.folders.port import AWAY, Stamp, waiting_name
from hub.errors import HubError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.options import Options

CONNECT_S: Final = 10.0
"""Seconds that a server gets to answer at all."""

ANSWER_S: Final = 60.0
"""Seconds without a byte after which a transfer is given up."""

PORT: Final = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpOptions(Account):
    """Where the folder is, who we are, and by which key the host is known."""

    key_file: str
    host_key: str
    """The host's key as ssh-keyscan writes it: `ssh-ed25519 AAAA…`."""


def sftp_options(connect: Options, address: str, *, place: str) -> SftpOptions:
    """Read `path: sftp://user@host/folder`, `password` or `key`, and `host_key`."""
    options = SftpOptions(
        **parts_of(connect, address, port=PORT)._asdict(),
        password=connect.text("password", ""),
        key_file=connect.text("key", ""),
        host_key=connect.text("host_key"),
        place=place,
    )
    if options.host_key and _key_of(options.host_key) is None:
        connect.fault("host_key", "is no key of a host", "write what `ssh-keyscan HOST` shows: ssh-ed25519 AAAA…")
    if not (options.password or options.key_file):
        connect.fault("key", "neither a key nor a password is given", "write key: FILE, or password: ${NAME}")
    return options


def _key_of(text: str) -> paramiko.PKey | None:
    kind, _, body = text.strip().partition(" ")
    try:
        return paramiko.PKey.from_type_string(kind, base64.b64decode(body.partition(" ")[0], validate=True))
    except (ValueError, paramiko.SSHException, paramiko.UnknownKeyType):
        return None


def opened(connect: Options, address: str, place: str) -> SftpFolder:
    """Return the folder at `address`; nothing is connected yet."""
    return SftpFolder(sftp_options(connect, address, place=place))


class SftpFolder:
    """See connectors.folders.Folder. Connected to when first used, and anew after any trouble."""

    def __init__(self, options: SftpOptions) -> None:
        """Stand for the folder that `options` name."""
        self._options = options
        self._transport: paramiko.Transport | None = None
        self._client: paramiko.SFTPClient | None = None

    @property
    def place(self) -> str:
        """See Folder."""
        return f"sftp://{self._options.host}{self._options.folder}"

    def entries(self, below: str = "") -> Mapping[str, Stamp]:
        """See Folder."""
        try:
            with self._translated():
                found = _listed(self._open_client(), self._at(below))
                return {name: _stamp_of(each) for name, each in found if stat.S_ISREG(each.st_mode or 0)}
        except FileNotFoundError as lacking:
            if below:
                return {}
            raise Unavailable("there is no such folder", place=self.place, hint=AWAY) from lacking

    def stamp(self, name: str) -> Stamp:
        """See Folder."""
        with self._translated():
            return _stamp_of(self._open_client().stat(self._at(name)))

    def open(self, name: str) -> IO[bytes]:
        """See Folder."""
        with self._translated():
            file = self._open_client().open(self._at(name), "rb")
            file.settimeout(ANSWER_S)
            return io.BufferedReader(_Streamed(file, self._translated), 1 << 18)

    def rename(self, name: str, target: str) -> None:
        """See Folder."""
        with self._translated():
            self._make_room(target)
            self._open_client().rename(self._at(name), self._at(target))

    def write(self, name: str, content: bytes) -> None:
        """See Folder."""
        with self._translated():
            self._make_room(name)
            with self._open_client().open(self._at(waiting_name(name)), "wb") as file:
                file.write(content)
            self._open_client().rename(self._at(waiting_name(name)), self._at(name))

    def close(self) -> None:
        """Let go of the connection."""
        client, transport = self._client, self._transport
        self._client = self._transport = None
        for part in (client, transport):
            if part is not None:
                with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
                    part.close()

    def _make_room(self, name: str) -> None:
        """Make the folder that a name lies in, where it is not there."""
        below = name.rpartition("/")[0]
        if below:
            try:
                self._open_client().stat(self._at(below))
            except FileNotFoundError:
                self._open_client().mkdir(self._at(below))

    def _at(self, name: str) -> Any:  # noqa: ANN401 - bytes: paramiko takes them as they are
        return os.fsencode(f"{self._options.folder.rstrip('/')}/{name}")

    def _open_client(self) -> paramiko.SFTPClient:
        """Return the open session, opening one where there is none."""
        if self._client is None or self._transport is None or not self._transport.is_active():
            self.close()
            self._transport = self._connected()
            client = paramiko.SFTPClient.from_transport(self._transport)
            if client is None:
                raise paramiko.SSHException("the server opens no SFTP session")
            client.get_channel().settimeout(ANSWER_S)
            self._client = client
        return self._client

    def _connected(self) -> paramiko.Transport:
        options = self._options
        transport = paramiko.Transport(socket.create_connection((options.host, options.port), CONNECT_S))
        try:
            transport.banner_timeout = transport.auth_timeout = CONNECT_S
            known = _key_of(options.host_key)
            transport.get_security_options().key_types = _preferred(known, transport)
            transport.start_client(timeout=CONNECT_S)
            self._check_host(transport.get_remote_server_key() == known)
            self._log_in(transport)
        except BaseException:
            transport.close()
            raise
        return transport

    def _check_host(self, is_known: bool) -> None:  # noqa: FBT001 - the one thing it is about
        if not is_known:
            raise self._options.misconfigured("host_key", "the host shows another key than the one declared", _ANOTHER)

    def _log_in(self, transport: paramiko.Transport) -> None:
        options = self._options
        if not options.key_file:
            transport.auth_password(options.user, options.password)
            return
        try:
            key = paramiko.PKey.from_path(options.key_file, (options.password or None) and options.password.encode())
        except (OSError, ValueError, paramiko.SSHException) as unreadable:
            hint = "write the path of an OpenSSH private key; its passphrase goes under password"
            raise options.misconfigured(
                "key", f"the key cannot be read: {type(unreadable).__name__}", hint
            ) from unreadable
        transport.auth_publickey(options.user, key)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, HubError):
            raise
        except paramiko.AuthenticationException as refused:
            self.close()
            hint = "check user, key and password, and what the account may do"
            raise self._options.misconfigured("key", "the server refuses the login", hint) from refused
        except PermissionError as refused:
            problem = "the account may not do that there"
            raise self._options.misconfigured("path", problem, "ask for the right to") from refused
        except (paramiko.SSHException, OSError, EOFError) as away:
            self.close()
            said = str(away) or type(away).__name__
            raise Unavailable(said, place=self.place, hint=AWAY) from away


_ANOTHER: Final = "ask the department whether its server has changed; somebody may stand between"


def _preferred(known: paramiko.PKey | None, transport: paramiko.Transport) -> tuple[str, ...]:
    """Ask for the kind of key by which the host is known: a host has several."""
    kinds = tuple(transport.get_security_options().key_types)
    own = tuple(kind for kind in kinds if known is not None and _family(kind) == _family(known.get_name()))
    return own or kinds


def _family(kind: str) -> str:
    return "rsa" if "rsa" in kind else kind


def _stamp_of(attributes: SFTPAttributes) -> Stamp:
    return Stamp(attributes.st_size or 0, (attributes.st_mtime or 0) * 1_000_000_000)


def _listed(client: paramiko.SFTPClient, folder: bytes) -> Iterator[tuple[str, SFTPAttributes]]:
    """List a folder with names of any bytes; paramiko's own listing fails at the first that is no UTF-8."""
    request: Any = client._request  # noqa: SLF001 - what its own listing is made of
    kind, message = request(CMD_OPENDIR, folder)
    if kind != CMD_HANDLE:
        raise paramiko.SFTPError("expected a handle")
    handle = message.get_binary()
    try:
        while True:
            try:
                kind, message = request(CMD_READDIR, handle)
            except EOFError:
                return
            if kind != CMD_NAME:
                raise paramiko.SFTPError("expected names")
            for _ in range(message.get_int()):
                name = os.fsdecode(message.get_string())
                long_name = message.get_string().decode(errors="replace")
                yield name, SFTPAttributes._from_msg(message, name, long_name)  # noqa: SLF001 - ditto
    finally:
        request(CMD_CLOSE, handle)


class _Streamed(io.RawIOBase):
    """A file being read over SFTP, whose troubles are told in the hub's words."""

    def __init__(self, file: paramiko.SFTPFile, translated: Callable[[], Any]) -> None:
        super().__init__()
        self._file, self._translated = file, translated

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        """See io.RawIOBase."""
        with self._translated():
            part = self._file.read(len(buffer)) or self._after_end(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def _after_end(self, length: int) -> bytes:
        """Make sure that the end is the end: paramiko tells of one too where the connection broke while it asked."""
        if self._file.tell() >= (self._file.stat().st_size or 0):
            return b""
        grown = bytes(self._file.read(length))
        if not grown:
            raise EOFError("the connection broke in the middle of the file")
        return grown

    def close(self) -> None:
        """See io.RawIOBase."""
        if not self.closed:
            with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
                self._file.close()
        super().close()
