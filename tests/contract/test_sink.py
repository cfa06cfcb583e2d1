"""The contract of the port Sink, over every kind: a document arrives whole, and errors say who must act."""

from __future__ import annotations

import io
import sqlite3
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa
from lxml import etree

from connectors.codecs import CODECS, CodecOptions
from connectors.http import client
from connectors.sinks import open_sink
from connectors.soap_envelope import ENVELOPES
from hub.errors import Misconfigured, Refused, Unavailable
from tests.support.shelves import Declared
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.ports import Sink
    from tests.support.servers import FolderServer

DOCUMENT: dict[str, Any] = {
    "@id": "7",
    "NO": "泰建许〔2026〕17号",
    "NAME": "囧𠮷",
    "CASE": {"TEXT": "a < b & c"},
    "ROW": [{"F": "1"}, {"F": "2"}],
}
NS = "urn:alerts"


class Receiver:
    """One receiver: how it is declared, what it got, and how it is made to misbehave."""

    connect: dict[str, Any]
    kind: str

    def got(self) -> list[dict[str, Any]]:
        """Return the documents that arrived, as trees."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop it."""

    def sink(self, **more: Any) -> Sink:
        return open_sink(Declared(kind=self.kind, connect={**self.connect, **more}, read={"encoding": "GBK"}), {})


class Web(Receiver):
    """A service that takes documents."""

    def __init__(self) -> None:
        self.service = Service(self.answer)
        self.status = 200
        self.connect = {"url": self.service.url, "rate": {"requests": 10_000}}
        self.away = {"url": "http://127.0.0.1:1/"}

    def answer(self, _asked: Asked) -> Answer:
        return Answer(status=self.status, body=b'{"id": 17}')

    def taken(self) -> list[Asked]:
        return [asked for asked in self.service.asked if self.status < 300]

    def close(self) -> None:
        self.service.close()


class Rest(Web):
    kind = "rest"

    def got(self) -> list[dict[str, Any]]:
        return [orjson.loads(asked.body.decode("gb18030")) for asked in self.taken()]


class Soap(Web):
    kind = "soap"

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text
        self.connect |= {"root": "sendAlert", "namespace": NS, "action": "urn:send", **({"text": text} if text else {})}

    def answer(self, _asked: Asked) -> Answer:
        fault = "<s:Fault><faultcode>s:Client</faultcode><faultstring>no such case</faultstring></s:Fault>"
        content = fault if self.status == 400 else "<ok>17</ok>"
        body = f'<s:Envelope xmlns:s="{ENVELOPES["1.1"]}"><s:Body>{content}</s:Body></s:Envelope>'
        return Answer(status=500 if self.status == 400 else self.status, body=body.encode())

    def got(self) -> list[dict[str, Any]]:
        found = []
        for asked in self.taken():
            content = etree.fromstring(asked.body).find(f".//{{{NS}}}sendAlert")
            assert content is not None
            raw = (content.findtext("arg0") or "").encode() if self.text else etree.tostring(content)
            found.append(next(CODECS["xml"](io.BytesIO(raw), CodecOptions())).tree)
        return found


class Files(Receiver):
    kind = "files"

    def __init__(self, folder: Path, form: str) -> None:
        self.folder, self.form = folder, form
        self.connect = {"path": str(folder), "format": form, "root": "alert"}
        self.away = {"path": str(folder / "none")}

    def got(self) -> list[dict[str, Any]]:
        found = []
        for path in sorted(self.folder.iterdir()):
            assert not path.name.startswith(".")
            if self.form == "json":
                found.append(orjson.loads(path.read_text(encoding="gb18030")))
            else:
                options = CodecOptions(encoding="gb18030")
                with path.open("rb") as file:
                    found.append(next(CODECS["xml"](file, options)).tree)
        return found


class FarFiles(Files):
    """A folder that a server shows."""

    def __init__(self, folder: Path, server: FolderServer) -> None:
        seen = server.folder(folder)
        super().__init__(seen, "json")
        self.connect |= server.connect(seen)
        self.away = {"path": server.nowhere}


class Table(Receiver):
    """A table of a department, whose cells are text."""

    kind = "database"

    def __init__(self, url: str) -> None:
        self.url = url
        self.connect = {"url": url, "table": "alert", "key": "receipt"}
        backend = url.partition(":")[0].partition("+")[0]
        self.away = {"url": f"{backend}://127.0.0.1:1/none" if backend != "sqlite" else "sqlite:////none/none.db"}
        self.run('CREATE TABLE alert (receipt VARCHAR(40) PRIMARY KEY, "NO" VARCHAR(20), "NAME" VARCHAR(20) NOT NULL)')

    def run(self, statement: str) -> list[Any]:
        engine = sa.create_engine(self.url.replace("mariadb:", "mariadb+pymysql:"))
        if engine.dialect.name in ("mysql", "mariadb"):
            statement = statement.replace('"', "`")
        with engine.begin() as connection:
            found = connection.exec_driver_sql(statement)
            rows = [dict(row) for row in found.mappings()] if found.returns_rows else []
        engine.dispose()
        return rows

    def got(self) -> list[dict[str, Any]]:
        return [{"NO": row["NO"], "NAME": row["NAME"]} for row in self.run("SELECT * FROM alert ORDER BY receipt")]


FAR = ["sftp", "ftp", "ftps", "webdav", "smb"]
SERVERS = [pytest.param(kind, marks=pytest.mark.servers) for kind in (*FAR, "postgres", "mariadb")]


@pytest.fixture(params=["rest", "soap", "soap.text", "files.json", "files.xml", "sqlite", *SERVERS])
def receiver(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    made = made_receiver(request, tmp_path)
    yield made
    made.close()


def made_receiver(request: pytest.FixtureRequest, folder: Path) -> Receiver:
    kind, _, more = request.param.partition(".")
    if kind in ("postgres", "mariadb"):
        return Table(request.getfixturevalue(kind).fresh_database())
    if kind == "sqlite":
        sqlite3.connect(folder / "a.db").close()
        return Table(f"sqlite:///{folder}/a.db")
    if kind in FAR:
        return FarFiles(folder, request.getfixturevalue(kind))
    return Rest() if kind == "rest" else Soap(more and "alert") if kind == "soap" else Files(folder, more)


def document_for(receiver: Receiver) -> dict[str, Any]:
    """Return a document that the receiver can take: a table has a column for each value."""
    return {name: DOCUMENT[name] for name in ("NO", "NAME")} if receiver.kind == "database" else DOCUMENT


def test_a_document_arrives_whole_and_the_receivers_answer_is_told(receiver: Any) -> None:
    sink, document = receiver.sink(), document_for(receiver)
    assert sink.send(document, key="c-1")
    sink.send({**document, "NO": "18"}, key="c-2")
    sink.close()
    assert receiver.got() == [document, {**document, "NO": "18"}]


@pytest.mark.parametrize("receiver", ["sqlite", *SERVERS], indirect=True)
def test_a_document_sent_again_under_its_key_is_there_once(receiver: Any) -> None:
    sink, document = receiver.sink(), document_for(receiver)
    said = {sink.send(document, key="c-1") for _ in range(2)}
    assert all("c-1" in each for each in said)
    sink.close()
    assert receiver.got() == [document]


@pytest.mark.parametrize("receiver", ["sqlite", *SERVERS[-2:]], indirect=True)
def test_a_row_that_its_receiver_took_and_deleted_is_not_put_in_again_where_there_is_a_journal(receiver: Any) -> None:
    receiver.run("CREATE TABLE sent (receipt VARCHAR(40) PRIMARY KEY)")
    sink, document = receiver.sink(journal="sent"), document_for(receiver)
    assert sink.send(document, key="c-1") == "row c-1"
    with pytest.raises(Refused):
        sink.send({"NO": "1"}, key="c-2")
    receiver.run("DELETE FROM alert")
    assert "already" in sink.send(document, key="c-1")
    assert sink.send({"NO": "1", "NAME": "x"}, key="c-2") == "row c-2", "what was refused was not noted"
    sink.close()
    assert receiver.got() == [{"NO": "1", "NAME": "x"}]
    assert [row["receipt"] for row in receiver.run("SELECT receipt FROM sent ORDER BY receipt")] == ["c-1", "c-2"]
    lost = receiver.sink(journal="nowhere")
    with pytest.raises(Misconfigured, match="there is no table nowhere"):
        lost.send(document, key="c-3")
    lost.close()


@pytest.mark.parametrize("receiver", ["sqlite", *SERVERS[-2:]], indirect=True)
def test_a_row_that_the_table_does_not_take_is_refused_and_a_column_it_lacks_is_the_operators(receiver: Any) -> None:
    sink = receiver.sink()
    for unfit in ({"NO": "1"}, {"NO": {"a": "b"}, "NAME": "x"}):
        with pytest.raises(Refused):
            sink.send(unfit, key="c-1")
    with pytest.raises(Misconfigured, match="has no column X"):
        sink.send({"X": "1"}, key="c-1")
    assert sink.send({"NO": "1", "NAME": "x"}, key="c-1")
    sink.close()
    assert receiver.got() == [{"NO": "1", "NAME": "x"}]


def test_a_receiver_that_is_away_is_unavailable_and_may_be_asked_again(receiver: Any) -> None:
    sink = receiver.sink(**receiver.away)
    for _ in range(2):
        with pytest.raises(Unavailable):
            sink.send(document_for(receiver), key="c-1")
    sink.close()


def test_every_fault_of_a_declaration_is_told(receiver: Any) -> None:
    with pytest.raises(Misconfigured, match="extra"):
        receiver.sink(extra=1)


@pytest.mark.parametrize("receiver", ["rest", "soap", "soap.text"], indirect=True)
@pytest.mark.parametrize(
    ("status", "error"), [(400, Refused), (401, Misconfigured), (404, Misconfigured), (503, Unavailable)]
)
def test_who_must_act_is_told_by_the_answer(receiver: Any, status: int, error: type[Exception]) -> None:
    receiver.status = status
    sink = receiver.sink()
    with pytest.raises(error):
        sink.send(DOCUMENT, key="c-1")
    receiver.status = 200
    assert sink.send(DOCUMENT, key="c-1")
    sink.close()


@pytest.mark.parametrize("receiver", ["rest"], indirect=True)
def test_a_document_bears_its_key_and_one_that_is_there_already_is_delivered(receiver: Any) -> None:
    receiver.status = 409
    sink = receiver.sink()
    assert sink.send(DOCUMENT, key="c-1").startswith("409")
    sink.close()
    assert receiver.service.asked[0].headers["idempotency-key"] == "c-1"


@pytest.mark.parametrize("receiver", ["files.json"], indirect=True)
def test_a_file_that_is_there_already_is_left_as_it_is(receiver: Any, tmp_path: Path) -> None:
    sink = receiver.sink()
    sink.send(DOCUMENT, key="c-1")
    (tmp_path / "c-1.json").write_text("{}", encoding="utf-8")
    assert sink.send(DOCUMENT, key="c-1") == "c-1.json"
    assert receiver.got() == [{}]


@pytest.mark.parametrize("receiver", ["files.json", *SERVERS[:-2]], indirect=True)
def test_a_file_that_was_taken_away_to_where_taken_ones_go_is_not_written_again(receiver: Any) -> None:
    sink = receiver.sink(taken="done")
    sink.send(DOCUMENT, key="c-1")
    (receiver.folder / "done").mkdir(mode=0o777)
    (receiver.folder / "c-1.json").rename(receiver.folder / "done" / "c-1.json")
    sink.send(DOCUMENT, key="c-1")
    sink.send(DOCUMENT, key="c-2")
    sink.close()
    assert sorted(path.name for path in receiver.folder.glob("*.json")) == ["c-2.json"]


@pytest.mark.parametrize("receiver", ["soap", "soap.text", "files.xml"], indirect=True)
@pytest.mark.parametrize("document", [{"no name": "x"}, {"A": "\x07"}, {"@b c": "x"}])
def test_what_no_xml_can_hold_is_refused(receiver: Any, document: dict[str, Any]) -> None:
    sink = receiver.sink()
    with pytest.raises(Refused):
        sink.send(document, key="c-1")
    sink.close()
    assert receiver.got() == []


def test_a_kind_that_nothing_is_sent_by_is_the_operators() -> None:
    with pytest.raises(Misconfigured, match="nothing is sent by"):
        open_sink(Declared(kind="form", connect={}), {})


@pytest.mark.parametrize("receiver", ["rest", "files.json"], indirect=True)
def test_a_character_that_the_receivers_encoding_does_not_have_is_refused(receiver: Any) -> None:
    sink = open_sink(Declared(kind=receiver.kind, connect=receiver.connect, read={"encoding": "big5"}), {})
    with pytest.raises(Refused, match="does not have the character"):
        sink.send({"NAME": "囧𠮷"}, key="c-1")
    sink.close()
    assert receiver.got() == []


def test_an_address_that_is_none_is_the_operators() -> None:
    with pytest.raises(Misconfigured, match="no address"):
        open_sink(Declared(kind="rest", connect={"url": "http://10.0.0.1:80O0/"}), {})
