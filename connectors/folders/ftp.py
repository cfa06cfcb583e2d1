"""Reads a folder of an FTP server, plain (ftp://) or over TLS from the first command on (ftps://, RFC 4217).

Names are taken as bytes, as servers of many systems send them; a transfer counts as whole only when the server says so
(226). A server that knows no MLSD (RFC 3659) is asked for each file's size and time.
"""

from __future__ import annotations

import contextlib
import ftplib
import io
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Final

from connectors.folders.address import Account, account_of
from connectors.folders.port import AWAY, Stamp, waiting_name
from hub.errors import HubError, Unavailable

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.options import Options

CONNECT_S: Final = 10.0
"""Seconds that a server gets to answer at all."""

ANSWER_S: Final = 60.0
"""Seconds without a byte after which a transfer is given up."""

_NOT_LOGGED_IN: Final = "530"
_NO_FILE: Final = "550"
_BUFFER: Final = 1 << 18
_BYTES: Final = "TYPE I"
"""What lets files be sent, and counted, byte by byte. A listing turns it off."""
_TIME: Final = "%Y%m%d%H%M%S"
_MLSD: Final = "MLST"
"""What FEAT says where MLSD is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FtpOptions(Account):
    """Where the folder is, who we are, and whether all is said in secret."""

    tls: ssl.SSLContext | None = None


def ftp_options(connect: Options, address: str, *, place: str) -> FtpOptions:
    """Read `path: ftp://user@host/folder` (or `ftps://`), `password`, and `verify`, a file of authorities."""
    account = account_of(connect, address, port=ftplib.FTP_PORT, place=place)
    has_tls = address.partition(":")[0].lower() == "ftps"
    tls = _context(connect) if has_tls else None
    return FtpOptions(**{name: getattr(account, name) for name in Account.__slots__}, tls=tls)


def _context(connect: Options) -> ssl.SSLContext | None:
    try:
        return ssl.create_default_context(cafile=connect.text("verify", "") or None)
    except (OSError, ssl.SSLError) as unreadable:
        connect.fault("verify", f"the certificates cannot be read: {unreadable}", "write the path of a PEM file")
        return None


def opened(connect: Options, address: str, place: str) -> FtpFolder:
    """Return the folder at `address`; nothing is connected yet."""
    return FtpFolder(ftp_options(connect, address, place=place))


class FtpFolder:
    """See Folder. One session for questions, and one for each file that is being read."""

    def __init__(self, options: FtpOptions) -> None:
        """Stand for the folder that `options` name; nothing is connected yet."""
        self._options = options
        self._session: ftplib.FTP | None = None

    @property
    def place(self) -> str:
        """See Folder."""
        kind = "ftps" if self._options.tls else "ftp"
        return f"{kind}://{self._options.host}{self._options.folder}"

    def entries(self, below: str = "") -> Mapping[str, Stamp]:
        """See Folder."""
        try:
            with self._asking() as session:
                session.cwd(self._at(below))
                found = _facts(session) if _knows(session, _MLSD) else _one_by_one(session)
                return {_told(name): stamp for name, stamp in found}
        except FileNotFoundError as lacking:
            if below:
                return {}
            raise Unavailable("there is no such folder", place=self.place, hint=AWAY) from lacking

    def stamp(self, name: str) -> Stamp:
        """See Folder."""
        with self._asking() as session:
            found = _stamp(session, self._at(name))
        if found is None:
            raise FileNotFoundError(name)
        return found

    def open(self, name: str) -> IO[bytes]:
        """See Folder."""
        with self._translated():
            session = self._logged_in()
            try:
                data = session.transfercmd(f"RETR {self._at(name)}")
            except BaseException:
                session.close()
                raise
        return io.BufferedReader(_Transfer(self, session, data), _BUFFER)

    def rename(self, name: str, target: str) -> None:
        """See Folder."""
        with self._asking() as session:
            self._make_room(session, target)
            session.rename(self._at(name), self._at(target))

    def write(self, name: str, content: bytes) -> None:
        """See Folder."""
        with self._asking() as session:
            self._make_room(session, name)
            session.storbinary(f"STOR {self._at(waiting_name(name))}", io.BytesIO(content))
            session.rename(self._at(waiting_name(name)), self._at(name))

    def close(self) -> None:
        """Let go of the connection."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Tell of troubles in the hub's words."""
        with self._translated():
            yield

    def _at(self, name: str) -> str:
        return _sent(f"{self._options.folder.rstrip('/')}/{name}")

    def _make_room(self, session: ftplib.FTP, name: str) -> None:
        below = name.rpartition("/")[0]
        if below:
            with contextlib.suppress(ftplib.error_perm):  # it is there; where it cannot be made, the next command says
                session.mkd(self._at(below))

    @contextlib.contextmanager
    def _asking(self) -> Iterator[ftplib.FTP]:
        """Give the open session, a new one where the server has let the old one go meanwhile."""
        with self._translated():
            if self._session is not None and not _is_alive(self._session):
                self.close()
            if self._session is None:
                self._session = self._logged_in()
            yield self._session

    def _logged_in(self) -> ftplib.FTP:
        options = self._options
        session = _Secured(options.tls) if options.tls else ftplib.FTP(encoding="latin-1")  # noqa: S321 - where a department has nothing better
        session.encoding = "latin-1"
        try:
            session.connect(options.host, options.port, timeout=CONNECT_S)
            session.login(_sent(options.user), _sent(options.password))
            if isinstance(session, _Secured):
                session.prot_p()
            session.voidcmd(_BYTES)
            if session.sock is not None:
                session.sock.settimeout(ANSWER_S)
            session.timeout = ANSWER_S
        except BaseException:
            session.close()
            raise
        return session

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, HubError):
            raise
        except ssl.SSLCertVerificationError as wrong:
            self.close()
            hint = "name the authority's file under verify, or the host by the name in its certificate"
            problem = f"its certificate is not accepted: {wrong.verify_message}"
            raise self._options.misconfigured("verify", problem, hint) from wrong
        except ftplib.error_perm as refused:
            raise self._refused(refused) from refused
        except (ftplib.Error, OSError, EOFError) as away:
            self.close()
            raise Unavailable(str(away) or type(away).__name__, place=self.place, hint=AWAY) from away

    def _refused(self, refused: ftplib.error_perm) -> Exception:
        said = str(refused)
        if said.startswith(_NOT_LOGGED_IN):
            self.close()
            hint = "check user and password, and what the account may do"
            return self._options.misconfigured("password", "the server refuses the login", hint)
        if said.startswith(_NO_FILE):
            return FileNotFoundError(said)
        return self._options.misconfigured("path", f"the server refuses: {said[:100]}", "ask for the right to")


class _Secured(ftplib.FTP_TLS):
    """A session over TLS. Its data connections resume the session of the first, which servers demand of them."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context, encoding="latin-1")

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """See ftplib."""
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - wrapped in the next line but two
        control = self.sock
        session = control.session if isinstance(control, ssl.SSLSocket) else None
        return self.context.wrap_socket(data, server_hostname=self.host, session=session), size


class _Transfer(io.RawIOBase):
    """A file on its way. Its end is believed only when the server has said that all of it was sent."""

    def __init__(self, folder: FtpFolder, session: ftplib.FTP, data: socket.socket) -> None:
        super().__init__()
        self._folder, self._session, self._data = folder, session, data
        self._has_ended = False

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        """See io.RawIOBase."""
        if self._has_ended:
            return 0
        with self._folder.translated():
            count = self._data.recv_into(buffer)
            if not count:
                self._data.close()
                self._session.voidresp()
                self._has_ended = True
        return count

    def close(self) -> None:
        """See io.RawIOBase."""
        if not self.closed:
            with contextlib.suppress(OSError):
                self._data.close()
            self._session.close()
        super().close()


def _knows(session: ftplib.FTP, feature: str) -> bool:
    try:
        return feature in session.sendcmd("FEAT")
    except ftplib.error_perm:
        return False


def _facts(session: ftplib.FTP) -> Sequence[tuple[str, Stamp]]:
    """List the present folder by MLSD."""
    listed = list(session.mlsd(facts=["type", "size", "modify"]))
    session.voidcmd(_BYTES)
    return [
        (name, Stamp(int(facts.get("size", 0)), _nanoseconds(facts.get("modify", ""))))
        for name, facts in listed
        if facts.get("type", "file").lower() == "file"
    ]


def _one_by_one(session: ftplib.FTP) -> Iterator[tuple[str, Stamp]]:
    """List the present folder by NLST, and ask for each name's size and time; what has no size is no file."""
    try:
        names = session.nlst()
    except ftplib.error_perm as empty:
        if str(empty).startswith(_NO_FILE):
            return
        raise
    session.voidcmd(_BYTES)
    for name in names:
        last = name.rpartition("/")[2]
        found = _stamp(session, last)
        if found is not None:
            yield last, found


def _stamp(session: ftplib.FTP, path: str) -> Stamp | None:
    try:
        size = session.size(path)
        told = session.voidcmd(f"MDTM {path}").partition(" ")[2]
    except ftplib.error_perm as lacking:
        if str(lacking).startswith(_NO_FILE):
            return None
        raise
    return Stamp(size or 0, _nanoseconds(told))


def _nanoseconds(told: str) -> int:
    """Read a time as RFC 3659 §2.3 has it: UTC, with parts of a second or without; 0 where there is none."""
    try:
        whole, _, part = told.strip().partition(".")
        seconds = int(datetime.strptime(whole, _TIME).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return 0
    return seconds * 1_000_000_000 + (int(f"{part:0<9.9}") if part.isdigit() else 0)


def _is_alive(session: ftplib.FTP) -> bool:
    try:
        session.voidcmd("NOOP")
    except (ftplib.Error, OSError, EOFError):
        return False
    return True


def _sent(text: str) -> str:
    """Return text as ftplib writes it byte by byte."""
    return os.fsencode(text).decode("latin-1")


def _told(text: str) -> str:
    """Return what ftplib read byte by byte as a name."""
    return os.fsdecode(text.encode("latin-1"))
