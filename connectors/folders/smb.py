"""Reads a folder of a Windows or Samba share (SMB 2 and 3; signed always, encrypted where the mapping asks for it).

SMB 1 is not spoken: it has neither. A server that knows nothing else delivers by another way.
"""

from __future__ import annotations

import contextlib
import errno
import io
import ntpath
import stat
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

import smbclient
from smbprotocol.exceptions import AccessDenied, LogonFailure, SMBException, SMBOSError

from connectors.folders.address import Account, account_of
from connectors.folders.port import AWAY, Stamp, waiting_name
from hub.errors import HubError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.options import Options

PORT: Final = 445

CONNECT_S: Final = 10
"""Seconds that a server gets to answer at all."""

_BUFFER: Final = 1 << 18
_YES_NO: Final = ("yes", "no")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmbOptions(Account):
    """Where the folder is, who we are, and whether all is said in secret."""

    encrypt: bool


def smb_options(connect: Options, address: str, *, place: str) -> SmbOptions:
    """Read `path: smb://user@host/share/folder`, `password`, and `encrypt: yes`; a domain stands as `domain;user`."""
    account = account_of(connect, address, port=PORT, place=place)
    if account.folder.strip("/") == "":
        connect.fault("path", "names no share", "write smb://user@host/share/folder")
    encrypt = connect.flag("encrypt", default=False)
    return SmbOptions(**{name: getattr(account, name) for name in Account.__slots__}, encrypt=encrypt)


def opened(connect: Options, address: str, place: str) -> SmbFolder:
    """Return the folder at `address`; nothing is connected yet."""
    return SmbFolder(smb_options(connect, address, place=place))


class SmbFolder:
    """See Folder. Connected to when first used, and anew after any trouble."""

    def __init__(self, options: SmbOptions) -> None:
        """Stand for the folder that `options` name."""
        self._options = options
        self._sessions: dict[str, Any] = {}

    @property
    def place(self) -> str:
        """See Folder."""
        return f"smb://{self._options.host}{self._options.folder}"

    def entries(self, below: str = "") -> Mapping[str, Stamp]:
        """See Folder."""
        try:
            with self.translated() as how:
                return {
                    each.name: _listed(each) for each in smbclient.scandir(self._at(below), **how) if each.is_file()
                }
        except FileNotFoundError as lacking:
            if below:
                return {}
            raise Unavailable("there is no such folder", place=self.place, hint=AWAY) from lacking

    def stamp(self, name: str) -> Stamp:
        """See Folder."""
        with self.translated() as how:
            found = smbclient.stat(self._at(name), **how)
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError(name)
        return Stamp(found.st_size, found.st_mtime_ns)

    def open(self, name: str) -> IO[bytes]:
        """See Folder."""
        with self.translated() as how:
            file = smbclient.open_file(self._at(name), mode="rb", buffering=0, share_access="rwd", **how)
        return io.BufferedReader(_Streamed(file, self.translated), _BUFFER)

    def rename(self, name: str, target: str) -> None:
        """See Folder."""
        with self.translated() as how:
            self._make_room(target, how)
            smbclient.rename(self._at(name), self._at(target), **how)

    def write(self, name: str, content: bytes) -> None:
        """See Folder."""
        with self.translated() as how:
            self._make_room(name, how)
            with smbclient.open_file(self._at(waiting_name(name)), mode="wb", **how) as file:
                file.write(content)
            smbclient.rename(self._at(waiting_name(name)), self._at(name), **how)

    def close(self) -> None:
        """Let go of the connection."""
        sessions, self._sessions = self._sessions, {}
        with contextlib.suppress(SMBException, OSError, ValueError):
            smbclient.reset_connection_cache(connection_cache=sessions)

    def _at(self, name: str) -> str:
        path = f"{self._options.folder.rstrip('/')}/{name}".rstrip("/")
        return ntpath.normpath(rf"\\{self._options.host}" + path.replace("/", "\\"))

    def _make_room(self, name: str, how: Mapping[str, Any]) -> None:
        below = name.rpartition("/")[0]
        if below:
            try:
                smbclient.mkdir(self._at(below), **how)
            except SMBOSError as known:
                if known.errno != errno.EEXIST:
                    raise

    @contextlib.contextmanager
    def translated(self) -> Iterator[dict[str, Any]]:
        """Give what every question needs, a session among it; tell of troubles in the hub's words."""
        options = self._options
        try:
            smbclient.register_session(
                options.host, username=_account(options.user), password=options.password, port=options.port,
                encrypt=options.encrypt, connection_timeout=CONNECT_S, connection_cache=self._sessions,
                auth_protocol="ntlm",
            )  # fmt: skip
            yield {"port": options.port, "connection_cache": self._sessions}
        except (FileNotFoundError, HubError):
            raise
        except LogonFailure as refused:
            self.close()
            hint = "check user and password, and what the account may do"
            raise options.misconfigured("password", "the server refuses the login", hint) from refused
        except (AccessDenied, PermissionError) as refused:
            problem = "the account may not do that there"
            raise options.misconfigured("path", problem, "ask for the right to") from refused
        except (SMBException, OSError, ValueError, EOFError) as away:
            if getattr(away, "errno", None) == errno.ENOENT:
                raise FileNotFoundError(_said(away)) from away
            self.close()
            raise Unavailable(_said(away), place=self.place, hint=AWAY) from away


class _Streamed(io.RawIOBase):
    """A file being read, whose troubles are told in the hub's words."""

    def __init__(self, file: Any, translated: Callable[[], Any]) -> None:  # noqa: ANN401 - smbclient's raw file
        super().__init__()
        self._file, self._translated = file, translated

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        """See io.RawIOBase."""
        with self._translated():
            return int(self._file.readinto(buffer))

    def close(self) -> None:
        """See io.RawIOBase."""
        if not self.closed:
            with contextlib.suppress(SMBException, OSError, ValueError):
                self._file.close()
        super().close()


def _listed(entry: Any) -> Stamp:  # noqa: ANN401 - smbclient's entry
    info = entry.smb_info
    return Stamp(info.end_of_file, int(info.last_write_time.timestamp()) * 1_000_000_000)


def _account(user: str) -> str:
    """Return `domain;user` as NTLM takes it."""
    domain, found, name = user.partition(";")
    return rf"{domain}\{name}" if found else user


def _said(away: BaseException) -> str:
    if isinstance(away, SMBOSError):
        return str(away.strerror)
    return (str(away).splitlines() or [type(away).__name__])[0][:200]
