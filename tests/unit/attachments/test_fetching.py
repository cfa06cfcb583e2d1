"""Files are fetched from the declared places alone: no other host, no redirection, no name that leads inward."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.reference.web import Asked, Told, WebSystem
from connectors.fetching import number_of, open_fetcher
from hub.errors import Misconfigured, Refused, Unavailable
from tests.support.attached import PDF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def declared(**attachments: Any) -> Any:
    return SimpleNamespace(connection="taizhou.office.complaints", connect={"attachments": attachments})


@pytest.fixture
def web() -> Iterator[WebSystem]:
    def answer(asked: Asked) -> Told:
        if asked.headers.get("authorization") != "Bearer secret":
            return Told(401, "text/plain", b"")
        statuses = {"/files/gone.pdf": 410, "/files/moved.pdf": 302, "/files/busy.pdf": 503, "/files/lost.pdf": 404}
        return Told(statuses.get(asked.path, 200), "application/pdf", PDF)

    system = WebSystem(answer)
    yield system
    system.close()


def fetched(web: WebSystem, uri: str) -> bytes:
    bearer = {"kind": "bearer", "token": "${TOKEN}"}
    places = open_fetcher(declared(**{"from": [f"{web.url}/files/"], "auth": bearer}), {"TOKEN": "secret"})
    assert places is not None
    try:
        return b"".join(places.fetch(uri))
    finally:
        places.close()


def test_a_file_comes_whole_by_its_address_or_by_its_name_alone(web: WebSystem) -> None:
    assert fetched(web, f"{web.url}/files/%E7%85%A7%E7%89%87.pdf?sign=abc") == PDF
    assert fetched(web, "below/现场.pdf") == PDF


@pytest.mark.parametrize(
    "uri",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/files/a.pdf",
        "https://127.0.0.1/files/a.pdf",
        "/other/a.pdf",
        "../secret.pdf",
        "%2e%2e/secret.pdf",
        "..%5Csecret.pdf",
        "//evil.example/files/a.pdf",
        "file:///etc/passwd",
        "ftp://127.0.0.1/files/a",
        "javascript:alert(1)",
        "http://[::1/files/",
        "\x00",
    ],
)
def test_an_address_elsewhere_is_refused_and_nothing_is_sent(uri: str, web: WebSystem) -> None:
    with pytest.raises(Refused) as refused:
        fetched(web, uri)
    assert refused.value.rejection.code == "attachment.place"


def test_an_address_that_names_a_login_is_refused(web: WebSystem) -> None:
    with pytest.raises(Refused):
        fetched(web, web.url.replace("http://", "http://user:word@") + "/files/a.pdf")


def test_what_is_gone_is_told_from_what_moved_and_from_who_is_busy(web: WebSystem) -> None:
    for gone in ("gone.pdf", "lost.pdf"):
        with pytest.raises(FileNotFoundError):
            fetched(web, gone)
    with pytest.raises(Misconfigured, match="302"):
        fetched(web, "moved.pdf")
    with pytest.raises(Unavailable):
        fetched(web, "busy.pdf")


@pytest.mark.parametrize("number", ["127.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "fe80::1"])  # noqa: S104 - refused
def test_a_name_that_leads_inward_is_refused(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (number, 80))])
    with pytest.raises(Refused):
        number_of("files.example.gov.cn", 80)
    assert number_of("127.0.0.1", 80) == "127.0.0.1", "a mapping may name this machine plainly"


def test_the_number_that_was_looked_at_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["10.1.2.3", "127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (next(answers), 80))])
    assert number_of("files.example.gov.cn", 80) == "10.1.2.3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out" / "below").mkdir(parents=True)
    (tmp_path / "out" / "现场.pdf").write_bytes(PDF)
    (tmp_path / "out" / "below" / "a.pdf").write_bytes(PDF)
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "out" / "link.pdf").symlink_to(tmp_path / "secret")
    (tmp_path / "out" / "away").symlink_to(tmp_path)
    return tmp_path / "out"


def test_a_file_of_a_folder_comes_by_its_name(folder: Path) -> None:
    places = open_fetcher(declared(**{"from": [str(folder)]}), {})
    assert places is not None
    assert b"".join(places.fetch("现场.pdf")) == PDF
    assert b"".join(places.fetch("below/a.pdf")) == PDF
    for gone in ("none.pdf", "nowhere/none.pdf", "link.pdf", "away/secret"):
        with pytest.raises(FileNotFoundError):
            list(places.fetch(gone))


@pytest.mark.parametrize("uri", ["../secret", "/etc/passwd", "below/../../secret", "a\\..\\b", ".", "", "below//a.pdf"])
def test_a_name_that_leads_out_of_the_folder_is_refused(uri: str, folder: Path) -> None:
    places = open_fetcher(declared(**{"from": [str(folder)]}), {})
    assert places is not None
    with pytest.raises(Refused):
        list(places.fetch(uri))


def test_a_connection_that_declares_no_place_fetches_nothing_and_a_wrong_one_is_told() -> None:
    assert open_fetcher(SimpleNamespace(connection="a", connect={}), {}) is None  # type: ignore[arg-type]  # enough of one
    with pytest.raises(Misconfigured, match="from"):
        open_fetcher(declared(), {})
    with pytest.raises(Misconfigured, match="form"):
        open_fetcher(declared(**{"from": "/x", "form": "y"}), {})
