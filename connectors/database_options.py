"""Reads what a mapping declares of a database: which table, in which order, and where to answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from connectors.database_engine import KINDS
from connectors.database_manifest import CountOptions
from connectors.manifests import asking_of
from connectors.options import READERS, Options, encoding_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import URL

    from connectors.options import Declaration

SETTLE_S: Final = 120.0
"""Seconds behind the source's clock a cursor stays, so that a transaction still open is not skipped."""

OVERLAP_S: Final = 300.0
"""Seconds before the last window that are read again, for transactions that stayed open longer than that."""

TIMEOUT_S: Final = 30.0
"""Seconds a statement may take: a poll must not weigh on a department's own work."""

RECONCILE_S: Final = 86_400.0
"""Seconds between two comparisons of what the source has with what was received."""

RECONCILE_DAYS: Final = 7
"""Days that are compared."""

ROWS_PER_POLL: Final = 100_000
"""Rows after which a poll ends, to go on at the next: an old table does not keep its reader for hours."""

CURSOR_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
"""How a cursor kept as text is written, unless declared: sortable, to the second."""

_IDENTIFIER: Final = re.compile(r"[^\W\d]\w{0,62}")
"""A name that needs no tricks; quoted all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """The columns in which the hub answers (a front-end database 前置库): sign and date when taken, else what is wrong.

    Each may be absent (empty). They are not part of what a row says.
    """

    sign: str = ""
    done: str = "1"
    at: str = ""
    error: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the declared ones."""
        return tuple(name for name in (self.sign, self.at, self.error) if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildOptions:
    """A child table: under which name its rows stand in the record, and how they refer to it."""

    name: str
    table: str
    schema: str | None
    parent: str
    """Column of the child table that refers to a row of the polled one."""
    by: str = ""
    """Column of the polled table that it refers to; empty for its key."""
    order: str = ""
    """Column by which child rows are put in order."""
    cursor: str = ""
    """Column with the time of a child row's last change; empty where only the parent's counts."""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """How often, and how far back, the rows of the source are compared with those that were received."""

    every_s: float
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOptions:
    """Which table is polled, in which order, and how its values are to be read."""

    table: str
    key: str
    cursor: str
    schema: str | None = None
    cursor_format: str = CURSOR_FORMAT
    settle_s: float = SETTLE_S
    overlap_s: float = OVERLAP_S
    rows_per_poll: int = ROWS_PER_POLL
    columns: tuple[str, ...] = ()
    """Columns that are read; empty for all but the handshake's."""
    handshake: Handshake = Handshake()
    children: tuple[ChildOptions, ...] = ()
    reconcile: Reconcile | None = None
    count: CountOptions | None = None
    encoding: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A database as declared: how it is reached, and what is read there."""

    url: URL
    timeout_s: float
    options: DatabaseOptions


def declared(declaration: Declaration, environment: Mapping[str, str]) -> Declared:
    """Read a declaration; raise Misconfigured with every fault."""
    connect = Options(declaration.connect, file=declaration.connection, environment=environment)
    found = Declared(
        url=database_url(connect),
        timeout_s=connect.seconds("timeout", TIMEOUT_S),
        options=_options(connect, declaration),
    )
    connect.no_more(also=READERS)
    connect.done()
    return found


def _options(connect: Options, declaration: Declaration) -> DatabaseOptions:
    schema, table = table_name(connect)
    cursor, acknowledge = connect.section("cursor"), connect.section("acknowledge")
    options = DatabaseOptions(
        schema=schema or None,
        table=table,
        key=identifier(connect, "key", connect.text("key")),
        cursor=identifier(cursor, "column", cursor.text("column")),
        cursor_format=cursor.text("format", CURSOR_FORMAT),
        settle_s=cursor.seconds("settle", SETTLE_S),
        overlap_s=cursor.seconds("overlap", OVERLAP_S),
        rows_per_poll=connect.count("rows_per_poll", ROWS_PER_POLL),
        columns=connect.texts("columns"),
        handshake=_handshake(acknowledge),
        children=_children(connect),
        reconcile=_reconcile(connect),
        count=_count(connect),
        encoding=encoding_of(declaration),
        zone=_zone(connect, str(declaration.read.get("timezone") or "Asia/Shanghai")),
    )
    cursor.no_more()
    acknowledge.no_more()
    return options


def table_name(connect: Options) -> tuple[str, str]:
    """Read `table: schema.table`; the schema is empty where there is none."""
    schema, _, table = connect.text("table").rpartition(".")
    return identifier(connect, "table", schema), identifier(connect, "table", table)


def _children(connect: Options) -> tuple[ChildOptions, ...]:
    """Read `children: {NAME: {table, parent, by, order, cursor, columns}}`."""
    sections, found = connect.section("children"), []
    for name in sections.names():
        section = sections.section(name)
        schema, table = table_name(section)
        named = {key: identifier(section, key, section.text(key, "")) for key in ("by", "order", "cursor")}
        parent = identifier(section, "parent", section.text("parent"))
        columns = section.texts("columns")
        section.no_more()
        found.append(
            ChildOptions(name=name, table=table, schema=schema or None, parent=parent, columns=columns, **named)
        )
    return tuple(found)


def _reconcile(connect: Options) -> Reconcile | None:
    """Read `reconcile: {every, days}`."""
    section = connect.section("reconcile")
    if not section.names():
        return None
    found = Reconcile(every_s=section.seconds("every", RECONCILE_S), days=section.count("days", RECONCILE_DAYS))
    section.no_more()
    return found


def _count(connect: Options) -> CountOptions | None:
    """Read `manifest: {opened, number, hash, every, days}`."""
    section = connect.section("manifest")
    if not section.names():
        return None
    columns = {key: identifier(section, key, section.text(key)) for key in ("opened", "number")}
    found = CountOptions(**columns, names_cases=section.flag("hash", default=False), asking=asking_of(section))
    section.no_more()
    return found


def _handshake(acknowledge: Options) -> Handshake:
    names = {key: acknowledge.text(key, "") for key in ("sign", "at", "error")}
    done = acknowledge.text("done", "1")
    return Handshake(done=done, **{key: identifier(acknowledge, key, name) for key, name in names.items()})


def database_url(connect: Options) -> URL:
    """Read `url`."""
    text = connect.text("url")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        connect.fault("url", "is no database URL", "write e.g. postgresql://user:${PASSWORD}@host/database")
        return make_url("sqlite://")
    if url.get_backend_name() not in KINDS:
        connect.fault("url", f"{url.get_backend_name()} cannot be read", f"known: {', '.join(KINDS)}")
    return url


def _zone(connect: Options, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        connect.fault("read.timezone", f"{name!r} is no time zone", "write e.g. Asia/Shanghai")
        return ZoneInfo("UTC")


def identifier(options: Options, key: str, name: str) -> str:
    """Return `name`, the value of `key`, if it is a name that needs no tricks."""
    if name and not _IDENTIFIER.fullmatch(name):
        options.fault(key, f"{name!r} cannot be a name here", "use letters, digits and _; make a view for odd names")
    return name
