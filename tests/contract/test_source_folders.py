"""What folders of servers owe beyond the common contract: who must act is told; what breaks off never looks whole."""

from __future__ import annotations

import ftplib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from connectors import open_source
from connectors.http import client
from hub.errors import Misconfigured, Unavailable
from tests.support.shelves import Declared
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import FolderServer

KINDS = ["ftp", "old_ftp", "ftps", "webdav", "smb"]
LISTING = (
    '<d:multistatus xmlns:d="DAV:"><d:response><d:href>/in/a.csv</d:href><d:propstat><d:prop>'
    "<d:getcontentlength>6</d:getcontentlength></d:prop></d:propstat></d:response></d:multistatus>"
)


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.servers) for kind in KINDS])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> FolderServer:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    return request.getfixturevalue(request.param)


def numbers(connect: dict[str, Any]) -> list[str]:
    with closing(open_source(Declared(kind="files", connect=connect), {})) as source:
        return [record.tree["n"] for portion in source.read(None) for record in portion.records]


def with_password(connect: dict[str, Any], password: str) -> dict[str, Any]:
    if "auth" in connect:
        return connect | {"auth": connect["auth"] | {"password": password}}
    return connect | {"password": password}


def test_a_login_that_is_refused_is_the_operators(server: FolderServer, tmp_path: Path) -> None:
    connect = server.connect(server.folder(tmp_path))
    with pytest.raises(Misconfigured, match=r"refuses the login|401"):
        numbers(with_password(connect, "wrong"))


def test_a_folder_that_is_not_there_is_away(server: FolderServer, tmp_path: Path) -> None:
    connect = server.connect(server.folder(tmp_path) / "none")
    with pytest.raises(Unavailable, match="no such folder"):
        numbers(connect)


def test_folders_within_and_names_of_other_scripts_are_as_they_are(server: FolderServer, tmp_path: Path) -> None:
    folder = server.folder(tmp_path)
    (folder / "泰兴 市#1%.csv").write_text("n\n1\n")
    (folder / "sub.csv").mkdir()
    (folder / "sub.csv" / "x.csv").write_text("n\n2\n")
    assert numbers(server.connect(folder)) == ["1"]


def test_a_file_of_many_portions_is_read_whole(server: FolderServer, tmp_path: Path) -> None:
    folder = server.folder(tmp_path)
    text = "n,x\n" + "".join(f"{number},{'x' * 300}\n" for number in range(20_000))
    (folder / "a.csv").write_text(text)
    assert numbers(server.connect(folder)) == [str(number) for number in range(20_000)]


@pytest.mark.servers
@pytest.mark.parametrize("kind", ["ftp", "ftps"])
def test_a_transfer_that_the_server_does_not_call_whole_is_broken(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def aborted(_session: ftplib.FTP) -> str:
        raise ftplib.error_temp("426 Data connection closed; transfer aborted.")  # noqa: S321 - an error of theirs

    (tmp_path / "a.csv").write_text("n\n1\n")
    connect = request.getfixturevalue(kind).connect(tmp_path)
    monkeypatch.setattr(ftplib.FTP, "voidresp", aborted)
    monkeypatch.setattr(ftplib.FTP, "voidcmd", lambda session, cmd: session.sendcmd(cmd))
    with pytest.raises(Unavailable, match="426"):
        numbers(connect)


@pytest.mark.servers
def test_a_server_of_another_certificate_gets_no_login(ftps: FolderServer, tmp_path: Path) -> None:
    connect = {name: value for name, value in ftps.connect(tmp_path).items() if name != "verify"}
    with pytest.raises(Misconfigured, match="certificate is not accepted"):
        numbers(connect)


def test_a_body_that_ends_too_soon_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 1)

    def answer(asked: Asked) -> Answer:
        if asked.method == "PROPFIND":
            return Answer(status=207, body=LISTING.encode())
        return Answer(body=b"n\n1\n", headers={"Content-Length": "6", "Connection": "close"})

    with closing(Service(answer)) as service, pytest.raises(Unavailable):
        numbers({"path": f"{service.url}/in"})


@pytest.mark.parametrize("body", [b"<html>", b"", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"])
def test_an_answer_that_is_no_listing_is_told(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    with closing(Service(lambda _: Answer(body=body))) as service:
        connect = {"path": f"{service.url}/in"}
        if body.startswith(b"<!"):
            assert numbers(connect) == []
        else:
            with pytest.raises(Unavailable, match="no WebDAV"):
                numbers(connect)


@pytest.mark.parametrize(
    ("connect", "paths"),
    [
        ({"path": "ftp://host/x"}, ["path", "password"]),
        ({"path": "ftp://me:secret@host/x", "password": "y"}, ["path"]),
        ({"path": "smb://me@host", "password": "y", "encrypt": "perhaps"}, ["path", "encrypt"]),
        ({"path": "https://me@host/x"}, ["path"]),
        ({"path": "gopher://host/x"}, ["path"]),
        ({"path": "ftps://me@host/x", "password": "y", "verify": "/none"}, ["verify"]),
    ],
)
def test_every_fault_of_a_declaration_is_told_at_once(connect: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(Misconfigured) as caught:
        open_source(Declared(kind="files", connect=connect), {})
    assert sorted(str(fault.target_path) for fault in caught.value.faults) == sorted(
        f"connect.{path}" for path in paths
    )
    assert "secret" not in str(caught.value)
