"""Decides how a folder of files is reached: on this machine, over SFTP, FTP, WebDAV or SMB.

A further way is a module with `opened`, and a line here.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from connectors.folders.local import LocalFolder
from connectors.folders.port import Folder, Stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.options import Options

__all__ = ["Folder", "LocalFolder", "Stamp", "open_folder"]

WAYS: Final[Mapping[str, str]] = {
    "sftp": "sftp",
    "ftp": "ftp",
    "ftps": "ftp",
    "http": "webdav",
    "https": "webdav",
    "smb": "smb",
}
"""The module that opens the folder of each kind of address; it is loaded, with its library, when one is wanted."""


def open_folder(connect: Options, *, place: str) -> Folder:
    """Read where a mapping says that its files are: `path`, a folder of this machine or an address."""
    address = connect.text("path")
    scheme = urlsplit(address).scheme.lower()
    if scheme in WAYS:
        opened = cast("Callable[[Options, str, str], Folder]", import_module(f"{__name__}.{WAYS[scheme]}").opened)
        return opened(connect, address, place)
    if "://" in address:
        connect.fault("path", f"{scheme}:// is not known", f"write a folder, or {', '.join(WAYS)}://host/folder")
    return LocalFolder(Path(address))
