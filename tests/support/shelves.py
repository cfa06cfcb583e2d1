"""Departments' systems for tests of sources: each holds applications by number and name, and can hold a broken one."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import orjson
import psycopg

from connectors import open_source
from tests.support.servers import session_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hub.ports import Source
    from tests.support.servers import FolderServer, MariaDB, Postgres

NAMES = ("䲡文喆", "𠮷田", "囧")
"""Names that GBK or GB 2312 cannot write, and GB 18030 can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a mapping would declare."""

    connection: str = "test.source"
    kind: str
    connect: Mapping[str, Any]
    read: Mapping[str, Any] = field(default_factory=dict)


class Shelf:
    """What every shelf has."""

    def close(self) -> None:
        """Let go of what serves it."""


class FileShelf(Shelf):
    """A folder with one file per `put`, in one format."""

    def __init__(self, folder: Path, form: str, *, packed: bool = False) -> None:
        self.folder, self.form, self.packed = folder, form, packed
        self.missing = {"path": "/nowhere/at/all"}
        self._files = 0

    def put(self, *applications: tuple[str, str], broken_after: int | None = None) -> None:
        """Deliver one file; `broken_after` puts a broken record after that many sound ones."""
        self._files += 1
        lines = [getattr(self, f"_{self.form}")(*application) for application in applications]
        if broken_after is not None:
            lines.insert(
                broken_after, {"csv": b'9,"a" b"', "jsonl": b'{"no": 9,', "xes": b"<trace><x></trace>"}[self.form]
            )
        before, after = {"csv": (b"no,name\n", b""), "jsonl": (b"", b""), "xes": (XES_HEAD, b"</log>\n")}[self.form]
        content = before + b"".join(line + b"\n" for line in lines) + after
        name = f"f{self._files:04}.{self.form}" + (".gz" if self.packed else "")
        (self.folder / name).write_bytes(gzip.compress(content) if self.packed else content)

    @staticmethod
    def _csv(number: str, name: str) -> bytes:
        return f'{number},"{name}"'.encode("gb18030")

    @staticmethod
    def _jsonl(number: str, name: str) -> bytes:
        return orjson.dumps({"no": number, "name": name}).decode().encode("gb18030")

    @staticmethod
    def _xes(number: str, name: str) -> bytes:
        value = quoteattr(name)
        text = f'<trace><string key="no" value="{number}"/><string key="name" value={value}/><event/></trace>'
        return text.encode("gb18030")

    @property
    def declaration(self) -> Declared:
        """Return how a mapping declares this."""
        return self.declared({"path": str(self.folder)})

    def declared(self, connect: Mapping[str, Any]) -> Declared:
        """Return a declaration of this kind with other options."""
        return Declared(kind="files", connect=connect, read={"encoding": "GB2312"})

    def source(self) -> Source:
        """Open it."""
        return open_source(self.declaration, {})


BROKEN = {"csv": b'9,"a" b"', "jsonl": b'{"no": 9,', "xes": b"<trace><x></trace>"}
XES_HEAD = b'<?xml version="1.0" encoding="GBK"?>\n<log xes.version="1.0" xmlns="http://www.xes-standard.org/">\n'


class TableShelf(Shelf):
    """A table of which a name is kept as bytes in the department's encoding."""

    def __init__(self) -> None:
        self.clock = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
        """What the database's clock shows; rows are changed a minute before."""
        self.options: dict[str, Any] = {"cursor": {"column": "update_date", "settle": "0s", "overlap": "0s"}}
        self._broken = 0

    def put(self, *applications: tuple[str, str], broken_after: int | None = None) -> None:
        """Insert rows, each changed a second after the one before."""
        rows: list[tuple[str, bytes]] = [(number, name.encode("gb18030")) for number, name in applications]
        if broken_after is not None:
            rows.insert(broken_after, ("9", b"\xff\xff"))
        self.clock += timedelta(hours=1)
        for index, (number, name) in enumerate(rows):
            changed = self.clock - timedelta(minutes=1) + timedelta(seconds=index % 50)
            self.insert(number, name, self.local(changed))

    @staticmethod
    def local(instant: datetime) -> str:
        """Write an instant as the department's clock on the wall shows it."""
        return (instant + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")

    def insert(self, number: str, name: bytes, changed: str) -> None:
        """Insert one row."""
        self.run(self.insertion, (number, name, changed))

    insertion: str
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    """A statement that takes for ever."""

    def run(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """Run one statement in the department's own session and return what it finds."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Return the database's URL."""
        raise NotImplementedError

    @property
    def declaration(self) -> Declared:
        """Return how a mapping declares this."""
        return self.declared({"url": "${URL}", "table": "inf_apply", "key": "no", **self.options})

    def declared(self, connect: Mapping[str, Any]) -> Declared:
        """Return a declaration of this kind with other options."""
        return Declared(kind="database", connect=connect, read={"encoding": "gbk", "timezone": "Asia/Shanghai"})

    def source(self) -> Source:
        """Open it; the database's clock is the one set here."""
        source: Any = open_source(self.declaration, {"URL": self.url})
        source._database.now = lambda _connection: self.clock
        return source  # type: ignore[no-any-return]


CREATE = """CREATE TABLE inf_apply (no {text} PRIMARY KEY, name {bytes}, update_date {time},
            sync_sign {text} DEFAULT '0', sync_date {time}, sync_error_desc varchar(40))"""


class SqliteShelf(TableShelf):
    """The table in an SQLite file."""

    insertion = "INSERT INTO inf_apply (no, name, update_date) VALUES (?, ?, ?)"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / "department.db"
        self.missing = {"url": f"sqlite:///{folder}/none.db", "table": "t", "key": "k", "cursor": {"column": "c"}}
        self.run(CREATE.format(text="TEXT", bytes="BLOB", time="TEXT"))

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def run(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        session = sqlite3.connect(self.path)
        try:
            found = session.execute(statement, parameters).fetchall()
            session.commit()
        finally:
            session.close()
        return found


class PostgresShelf(TableShelf):
    """The table in a PostgreSQL database."""

    insertion = "INSERT INTO inf_apply (no, name, update_date) VALUES (%s, %s, %s)"

    def __init__(self, postgres: Postgres) -> None:
        super().__init__()
        self._url = postgres.fresh_database()
        away = "postgresql://nobody@127.0.0.1:1/none"
        self.missing = {"url": away, "table": "t", "key": "k", "cursor": {"column": "c"}}
        self.run(CREATE.format(text="varchar(20)", bytes="bytea", time="timestamp"))

    @property
    def url(self) -> str:
        return self._url

    def connect(self) -> psycopg.Connection[Any]:
        """Open a session of the department's own."""
        return psycopg.connect(self._url.replace("+psycopg", "", 1))

    def run(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        with self.connect() as session:
            found = session.execute(statement.encode(), parameters or None)
            return found.fetchall() if found.description else []


class MariaShelf(TableShelf):
    """The table in a MariaDB; `instants` says that its times are of the type `timestamp`."""

    endless = "SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq + b.seq = 7"
    insertion = "INSERT INTO inf_apply (no, name, update_date) VALUES (%s, %s, %s)"

    def __init__(self, mariadb: MariaDB, *, instants: bool = False) -> None:
        super().__init__()
        self._url, self._instants = mariadb.fresh_database(), instants
        away = "mariadb://nobody@127.0.0.1:1/none"
        self.missing = {"url": away, "table": "t", "key": "k", "cursor": {"column": "c"}}
        time = "timestamp(6) NULL" if instants else "datetime(6)"
        self.run(CREATE.format(text="varchar(20)", bytes="varbinary(200)", time=time))

    @property
    def url(self) -> str:
        return self._url

    def run(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        with closing(session_of(self._url)) as session, session.cursor() as cursor:
            cursor.execute("SET time_zone = '+08:00'")
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall())


class FarShelf(FileShelf):
    """The folder as a server shows it: of SFTP, FTP, WebDAV, SMB."""

    def __init__(self, folder: Path, form: str, server: FolderServer) -> None:
        seen = server.folder(folder)
        super().__init__(seen, form)
        self._connect = server.connect(seen)
        self.missing = {**self._connect, "path": server.nowhere}

    @property
    def declaration(self) -> Declared:
        return self.declared(self._connect)
