"""Reference departments with services: a centre that speaks for several departments, and an office by REST."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
import zeep

from conformance.reference import rest_office, service_centre
from conformance.reference.rest_office import RestOffice
from conformance.reference.service_centre import ServiceCentre, written
from connectors import open_source
from hub.clock import SystemClock
from hub.errors import Misconfigured
from hub.importing import registration
from hub.mapping import load
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAPPING = Path(service_centre.__file__).with_suffix(".yaml")
HOUSING, MARKET, OTHER = "11321200014000028L", "113212000140010128", "11321281014100010P"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def row(number: int, department: str, *, ago: timedelta, **more: str) -> dict[str, str]:
    changed = written(datetime.now(SHANGHAI) - ago)
    return {"SBLSH": f"2026-{number:04}", "BMBM": department, "SXMC": "食品经营许可<囧>", "SQSJ": "2026-03-02 09:00:00",
            "GXSJ": changed, **more}  # fmt: skip


class World:
    """A hub that reads one reference department."""

    def __init__(self, folder: Path, centre: Any, mapping: Path) -> None:
        self.centre = centre
        self.hub = hub_at(folder, now=SystemClock().now())
        self.environment = self.centre.environment
        self.mapping = load(mapping, environment={})
        self.hub.store.register([registration(self.mapping.declaration, self.mapping.fingerprint)])

    def read(self, more: Mapping[str, str] = MappingProxyType({})) -> Any:

        source = open_source(self.mapping.declaration, {**self.environment, **more})
        bus = self.hub.bus()
        line = self.hub.line(bus)
        try:
            totals = self.hub.intake(self.mapping, bus).run_once(source)
            line.hold()
            line.settle(expected=totals.messages(len(line.partitions)))
            return totals
        finally:
            line.release()
            source.close()
            bus.close()

    def close(self) -> None:
        self.hub.close()
        self.centre.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = World(tmp_path, ServiceCentre("a password of tests"), MAPPING)
    yield opened
    opened.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[World]:
    opened = World(tmp_path, RestOffice("a token of tests"), Path(rest_office.__file__).with_suffix(".yaml"))
    yield opened
    opened.close()


def test_each_case_is_its_own_departments_and_a_foreign_one_is_refused(world: World) -> None:
    rows = [row(n, (HOUSING, MARKET)[n % 2], ago=timedelta(hours=2, seconds=n)) for n in range(120)]
    rows += [row(900, OTHER, ago=timedelta(hours=1)), row(901, "no code", ago=timedelta(hours=1))]
    world.centre.put(rows)
    totals = world.read()
    assert (totals.read, totals.mapped, totals.quarantined) == (122, 120, 2)
    cases = world.hub.queries.cases(limit=500)
    assert Counter(case["department_id"] for case in cases) == {HOUSING: 60, MARKET: 60}
    assert {case["title"] for case in cases} == {"食品经营许可<囧>"}
    codes = {entry["code"] for entry in world.hub.queries.quarantine(limit=10)}
    assert codes == {"map.foreign-department"}


def test_what_changes_is_read_on_and_nothing_twice(world: World) -> None:
    world.centre.put([row(1, HOUSING, ago=timedelta(hours=2))])
    assert world.read().mapped == 1
    assert world.read().read == 0
    world.centre.put([row(2, MARKET, ago=timedelta(minutes=3), SLSJ="2026-03-03 10:00:00")])
    assert world.read().events == 2


def test_another_password_reads_nothing(world: World) -> None:
    world.centre.put([row(1, HOUSING, ago=timedelta(hours=2))])
    with pytest.raises(Misconfigured, match="401"):
        world.read({"CENTRE_PASSWORD": "wrong"})


def test_its_wsdl_is_one_that_clients_load(world: World) -> None:
    client = zeep.Client(f"{world.environment['CENTRE_URL']}?wsdl")
    assert "queryCases" in dir(client.service)


def permit(number: int, *, ago: timedelta) -> dict[str, str]:
    changed = (SystemClock().now() - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "id": str(number),
        "no": f"P-{number}",
        "title": "囧",
        "received_at": "2026-03-02 09:00",
        "changed_at": changed,
    }


def test_an_office_is_read_by_rest_page_by_page_and_on_from_there(office: World) -> None:
    office.centre.put([permit(n, ago=timedelta(hours=1, seconds=n)) for n in range(130)])
    totals = office.read()
    assert (totals.read, totals.mapped, totals.quarantined) == (130, 130, 0)
    assert office.read().read == 0
    office.centre.put([permit(500, ago=timedelta(minutes=2))])
    assert office.read().mapped == 1
    assert len(office.hub.queries.cases(limit=500)) == 131


def test_an_office_gives_nothing_without_its_token(office: World) -> None:
    with pytest.raises(Misconfigured, match="401"):
        office.read({"OFFICE_TOKEN": "wrong"})
