"""Takes the address of a folder apart: who logs in, where, to which folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from connectors.options import Options


class Parts(NamedTuple):
    """What an address such as `ftp://user@host:2121/folder` says."""

    host: str
    port: int
    folder: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a folder is, and who we are there."""

    host: str
    port: int
    folder: str
    user: str
    password: str
    place: str

    def misconfigured(self, key: str, problem: str, hint: str) -> Misconfigured:
        """Return the fault of the option `key`."""
        code, path = "source.folder", f"connect.{key}"
        return Misconfigured(Fault(code=code, problem=problem, file=self.place, target_path=path, hint=hint))


def parts_of(connect: Options, address: str, *, port: int) -> Parts:
    """Take `address` apart; a password in it is a fault, since addresses are shown and logged."""
    try:
        found = urlsplit(address)
        parts = Parts(
            host=found.hostname or "",
            port=found.port or port,
            folder=unquote(found.path, errors="surrogateescape") or "/",
            user=unquote(found.username or ""),
        )
    except ValueError:
        found, parts = urlsplit(""), Parts("", port, "/", "")
    if not parts.host or not parts.user or found.password:
        kind = address.partition("://")[0]
        hint = f"write {kind}://user@host/folder, and the password beside it"
        connect.fault("path", "is no address of a folder", hint)
    return parts


def account_of(connect: Options, address: str, *, port: int, place: str) -> Account:
    """Read `path` and `password` of a folder that knows its users by a password."""
    parts = parts_of(connect, address, port=port)
    return Account(**parts._asdict(), password=connect.text("password"), place=place)
