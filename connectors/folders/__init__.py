"""Decides how a folder of files is reached: on this machine, over SFTP, FTP, WebDAV or SMB.

A further way is a class and a line here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from connectors.folders.ftp import FtpFolder, ftp_options
from connectors.folders.local import LocalFolder
from connectors.folders.port import Folder, Stamp
from connectors.folders.sftp import SftpFolder, sftp_options
from connectors.folders.smb import SmbFolder, smb_options
from connectors.folders.webdav import WebDavFolder, webdav_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.options import Options

__all__ = ["Folder", "LocalFolder", "Stamp", "open_folder"]

WAYS: Final[Mapping[str, Callable[[Options, str, str], Folder]]] = {
    "sftp": lambda connect, address, place: SftpFolder(sftp_options(connect, address, place=place)),
    "ftp": lambda connect, address, place: FtpFolder(ftp_options(connect, address, place=place)),
    "ftps": lambda connect, address, place: FtpFolder(ftp_options(connect, address, place=place)),
    "http": lambda connect, address, place: WebDavFolder(webdav_options(connect, address, place=place)),
    "https": lambda connect, address, place: WebDavFolder(webdav_options(connect, address, place=place)),
    "smb": lambda connect, address, place: SmbFolder(smb_options(connect, address, place=place)),
}
"""What opens the folder of each kind of address; nothing is connected yet."""


def open_folder(connect: Options, *, place: str) -> Folder:
    """Read where a mapping says that its files are: `path`, a folder of this machine or an address."""
    address = connect.text("path")
    scheme = urlsplit(address).scheme.lower()
    if scheme in WAYS:
        return WAYS[scheme](connect, address, place)
    if "://" in address:
        connect.fault("path", f"{scheme}:// is not known", f"write a folder, or {', '.join(WAYS)}://host/folder")
    return LocalFolder(Path(address))
