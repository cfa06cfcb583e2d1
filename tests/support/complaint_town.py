"""A town with complaint centres and departments, one of each kind of system, on real servers: they say and are told."""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

import orjson
import psycopg
import yaml

from connectors.push import push_format
from connectors.soap_envelope import ENVELOPES
from gateway.reading import Pushed
from hub import mapping, wiring
from hub import settings as settings_
from hub.cli.gatewaying import parts_of
from hub.clock import ManualClock, SystemClock
from hub.identity import issue
from hub.importing import registration
from hub.store.queries import Queries
from hub.supervision.instants import HUB_ZONE
from tests.support.complaint_bodies import (
    FIELDS,
    HOME,
    HOUSING,
    NOW,
    Who,
    mapping_in,
    mapping_out,
)
from tests.support.complaint_centre import Taker, connect_to
from tests.support.desks import a_client, bearer
from tests.support.prepared import prepare
from tests.support.web import Answer, Asked, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import httpx

    from hub.dispatching import Sender
    from hub.mapping import CompiledMapping
    from hub.wiring import Hub
    from tests.support.servers import FolderServer


class Office:
    """One body's system: what it says by its own kind of connection, and what it was told by another."""

    def __init__(self, who: Who, folder: Path, *, clock: ManualClock, sftp: FolderServer | None, database: str) -> None:
        self.who, self.folder, self.rows = who, folder, list[dict[str, str]]()
        self._sftp = sftp
        self._closing: list[Callable[[], None]] = []
        self.database, self.clock = database, clock
        self.push: Callable[[bytes], None] = lambda _: None
        self.taker: Taker | None = None
        for name in ("in", "out"):
            (folder / name).mkdir(parents=True)
        self.connects_in = getattr(self, f"_in_{who.says}")()
        self.connects_out = getattr(self, f"_out_{who.hears}")()

    def close(self) -> None:
        for close in self._closing:
            close()

    # what it says -----------------------------------------------------------------------------------------------------

    def say(self, move: str, no: str, at: str, **more: Any) -> None:
        """Let its staff key one move in; whoever sends by itself sends it."""
        row = {
            "id": f"{self.who.name}-{len(self.rows) + 1:03}",
            "no": no,
            "move": self.who.word(move),
            "at": at,
            "n": "1",
            **more,
        }
        row["changed"] = f"{self.clock.now().astimezone(HUB_ZONE):%Y-%m-%d %H:%M:%S}"
        self.rows.append({name: str(value) for name, value in row.items()})
        getattr(self, f"_said_{self.who.says}")(self.rows[-1])

    def _in_rest(self) -> dict[str, Any]:
        service = Service(lambda _: Answer(body=orjson.dumps(self.rows)))
        self._closing.append(service.close)
        return {"url": service.url, "rate": {"requests": 100_000}, "key": "id"}

    def _in_soap(self) -> dict[str, Any]:
        service = Service(self._soap_answer)
        self._closing.append(service.close)
        return {"url": service.url, "rate": {"requests": 100_000}, "request": "<ask/>", "rows": "row", "key": "id"}

    def _soap_answer(self, _: Asked) -> Answer:
        rows = "".join(
            "<row>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in row.items()) + "</row>"
            for row in self.rows
        )
        body = f"<s:Body><answer>{rows}</answer></s:Body>"
        return Answer(body=f'<s:Envelope xmlns:s="{ENVELOPES["1.1"]}">{body}</s:Envelope>'.encode())

    def _in_files(self) -> dict[str, Any]:
        where = self._sftp.connect(self.folder / "in") if self._sftp else {"path": str(self.folder / "in")}
        return {**where, "pattern": "*.csv", "format": "csv", "stable": "0s"}

    def _in_database(self) -> dict[str, Any]:
        columns = ", ".join(f"{name} {'TIMESTAMP' if name == 'changed' else 'VARCHAR(200)'}" for name in FIELDS)
        self._run(f"CREATE TABLE said_{self.who.name} ({columns})")
        cursor = {"column": "changed", "settle": "0s"}
        return {"url": self.database, "table": f"said_{self.who.name}", "key": "id", "cursor": cursor}

    def _in_push(self) -> dict[str, Any]:
        return {"format": "json", "rows": "data"}

    def _said_rest(self, _: dict[str, str]) -> None:
        """Its service shows all that there is."""

    _said_soap = _said_rest

    def _said_files(self, row: dict[str, str]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, FIELDS)
        writer.writeheader()
        writer.writerow(row)
        hidden = self.folder / f"{row['id']}.part"
        hidden.write_text(text.getvalue(), encoding="utf-8")
        hidden.rename(self.folder / "in" / f"{row['id']}.csv")

    def _said_database(self, row: dict[str, str]) -> None:
        names = ", ".join(row)
        values = ", ".join(f"'{value}'" for value in row.values())
        self._run(f"INSERT INTO said_{self.who.name} ({names}) VALUES ({values})")  # noqa: S608 - the test's own words

    def _said_push(self, row: dict[str, str]) -> None:
        self.push(orjson.dumps({"data": [row]}))

    def _run(self, statement: str) -> list[dict[str, Any]]:
        if self.database.startswith("sqlite"):
            with closing(sqlite3.connect(self.database.removeprefix("sqlite:///"))) as opened, opened:
                opened.row_factory = sqlite3.Row
                return [dict(row) for row in opened.execute(statement)]
        with psycopg.connect(self.database.replace("postgresql+psycopg", "postgresql"), autocommit=True) as opened:
            found = opened.execute(statement)
            names = [column.name for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found] if names else []

    # what it is told --------------------------------------------------------------------------------------------------

    def _out_rest(self) -> dict[str, Any]:
        return self._taking(Taker(knows="" if self.who.centre else "key"))

    def _out_soap(self) -> dict[str, Any]:
        return self._taking(Taker(soap=True, knows="" if self.who.centre else "number"))

    def _taking(self, taker: Taker) -> dict[str, Any]:
        self.taker = taker
        self._closing.append(taker.close)
        return connect_to(taker)

    def _out_files(self) -> dict[str, Any]:
        where = self._sftp.connect(self.folder / "out") if self._sftp else {"path": str(self.folder / "out")}
        return {**where, "format": "json"}

    def _out_database(self) -> dict[str, Any]:
        self._run(f"CREATE TABLE told_{self.who.name} (receipt VARCHAR(99) PRIMARY KEY, {_TOLD_COLUMNS})")
        return {"url": self.database, "table": f"told_{self.who.name}", "key": "receipt"}

    def told(self) -> list[tuple[str, str, str]]:
        """Return what it was told, with effect, in order: number, move and whether it holds."""
        return [(each["NO"], each["MOVE"], each["HOLDS"]) for each in getattr(self, f"_told_{self.who.hears}")()]

    def _told_rest(self) -> Sequence[dict[str, Any]]:
        return self.taker.effects if self.taker else []

    _told_soap = _told_rest

    def _told_files(self) -> Sequence[dict[str, Any]]:
        paths = sorted((self.folder / "out").glob("*.json"), key=_number_in)
        return [orjson.loads(path.read_bytes()) for path in paths]

    def _told_database(self) -> Sequence[dict[str, Any]]:
        rows = self._run(f"SELECT * FROM told_{self.who.name}")  # noqa: S608 - the test's own words
        return sorted(({name.upper(): value for name, value in row.items()} for row in rows), key=_sequence)


_TOLD_COLUMNS: Final = ", ".join(
    f'"{name}" VARCHAR(200)' for name in ("ID", "NO", "MOVE", "HOLDS", "SEQ", "REPLY", "DUE")
)


def _number_in(path: Path) -> float:
    return float(path.stem.rpartition("-")[2])


def _sequence(row: dict[str, Any]) -> float:
    return float(str(row["RECEIPT"]).rpartition("-")[2])


@dataclass(slots=True)
class Town:
    """A hub with the connections of its offices."""

    hub: Hub
    folder: Path
    offices: dict[str, Office]
    readers: list[Any] = field(default_factory=list)
    senders: dict[str, Sender] = field(default_factory=dict)
    _closing: list[Callable[[], None]] = field(default_factory=list)

    @property
    def clock(self) -> ManualClock:
        """Return the clock that it lives by."""
        assert isinstance(self.hub.clock, ManualClock)
        return self.hub.clock

    def open(self) -> None:
        """Connect every office, both ways."""
        pushing: dict[str, CompiledMapping] = {}
        for office in self.offices.values():
            who = office.who
            inward = self._load(mapping_in(who, office.connects_in), f"{who.name}.yaml", mapping.load)
            self.hub.store.register([registration(inward.declaration, inward.fingerprint)])
            if who.says == "push":
                pushing[inward.declaration.connection] = inward
            else:
                self.readers.append(self.hub.reader(inward))
            outward = self._load(mapping_out(who, office.connects_out), f"{who.name}.out.yaml", mapping.load_outbound)
            self.senders[who.name] = self.hub.sender(outward)
        self._open_gateway(pushing)

    def close(self) -> None:
        for reader in self.readers:
            reader.close()
        for sender in self.senders.values():
            sender.close()
        for close in self._closing:
            close()
        for office in self.offices.values():
            office.close()
        self.hub.close()

    def take_in(self) -> None:
        """A minute later, read all that offices say, and let the hub supervise and number it."""
        self.clock.move_to(self.clock.now() + timedelta(minutes=1))
        for reader in self.readers:
            reader.read()
        bus = self.hub.bus()
        line = self.hub.line(bus)
        line.hold()
        line.settle()
        line.owner.watch_city()
        line.relay.drain()
        line.release()
        bus.close()

    def send_out(self, *names: str) -> None:
        """Send to these offices, or to all, until nothing is left."""
        for name in names or self.senders:
            while self.senders[name].step():
                pass

    def _load(self, said: dict[str, Any], name: str, load: Any) -> CompiledMapping:
        path = self.folder / name
        path.write_text(yaml.safe_dump(said, allow_unicode=True, sort_keys=False), encoding="utf-8")
        loaded: CompiledMapping = load(path, environment={})
        return loaded

    def _open_gateway(self, mappings: dict[str, CompiledMapping]) -> None:
        desk = self.hub.desk(list(mappings.values()))
        pushed = {name: Pushed(format=push_format(each.declaration), desk=desk) for name, each in mappings.items()}
        queries = Queries(self.hub.settings.store_url)
        opened = a_client(self.hub, parts=parts_of(self.hub, queries, pushing=pushed))
        client = opened.__enter__()
        self._closing += [lambda: opened.__exit__(None, None, None), desk.close, queries.close]
        for office in self.offices.values():
            name = f"town.{office.who.name}"
            if name in mappings:
                office.push = self._pusher(client, name)

    def _pusher(self, client: httpx.Client, name: str) -> Callable[[bytes], None]:
        issued = issue(name, kind="connection", scopes=("records:write",), now=SystemClock().now())
        self.hub.identities.add(issued)
        headers = {**bearer(issued.token), "Content-Type": "application/json"}

        def push(body: bytes) -> None:
            assert client.post(f"/v1/records/{name}", content=body, headers=headers).status_code in (200, 202)

        return push


def a_town(
    folder: Path,
    whos: tuple[Who, ...],
    database: str,
    sftp: FolderServer | None = None,
    *,
    store_url: str = "",
    bus_url: str = "",
) -> Town:
    """Return a town of these offices, connected."""
    data = folder / "hub"
    data.mkdir()
    environment = {"SUNLIGHT_DATA_DIR": str(data), "SUNLIGHT_PARTITIONS": "2"}
    environment |= {"SUNLIGHT_STORE_URL": store_url} if store_url else {}
    environment |= {"SUNLIGHT_BUS_URL": bus_url} if bus_url else {}
    plain = settings_.load(environment=environment)
    feed = plain.feed.model_copy(update={"views": ("intranet", "restricted")})
    clock = ManualClock(NOW)
    hub = wiring.build(plain.model_copy(update={"feed": feed}), clock=clock)
    prepare(hub.settings.store_url, partitions=2)
    centres = [
        {"centre_id": who.centre, "name": who.name, "region_code": "321200", "channels": ["hotline"],
         "connection": f"town.{who.name}"}
        for who in whos if who.centre
    ]  # fmt: skip
    home = {"department_id": HOME, "name": "投诉中心", "region_code": "321200", "centres": centres}
    hub.store.load_catalogue([{"department": home}])
    offices = {who.name: Office(who, folder / who.name, clock=clock, sftp=sftp, database=database) for who in whos}
    town = Town(hub=hub, folder=folder, offices=offices)
    town.open()
    return town


def at(day: int, hour: int) -> str:
    return f"2026-03-{day:02} {hour:02}:00:00"


def begun(town: Town, centre: Who, no: str, department: Who = HOUSING) -> None:
    """Let a centre register a complaint and dispatch it."""
    said = town.offices[centre.name].say
    said("registered", no, at(2, 9))
    said("accepted", no, at(2, 10))
    said("dispatched", no, at(2, 11), dept=department.department)
