"""On the real broker: a message of one connection cannot speak for another, nor touch the accounting of another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson
import pytest

from hub.bus.rabbitmq import RabbitBus
from hub.bus.topology import NOTHING
from hub.errors import Misconfigured
from hub.model import ids
from tests.support.casework import CASE, CONNECTION, DEPARTMENT
from tests.support.spine import OTHER, OTHER_DEPARTMENT, Read, Spine, a_connection, a_spine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.ports import Bus
    from tests.support.servers import Postgres, RabbitMQ

pytestmark = pytest.mark.servers

DAY = "2026-03-02T09:00:00+08:00"


@dataclass
class City:
    """A hub, and the two connectors' accounts, which may write to intake and do nothing else."""

    spine: Spine
    honest: Bus
    liar: Bus
    liar_url: str


@pytest.fixture(scope="module")
def city(rabbitmq: RabbitMQ, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Open one hub for all tests here; each uses cases and reads of its own."""
    url = rabbitmq.vhost()
    folder: Path = tmp_path_factory.mktemp("hub")
    with a_spine(folder, partitions=2, store_url=postgres.fresh_database(), bus_url=url) as spine:
        spine.line.settle()
        rights = {"configure": "^$", "write": r"^sunlight\.intake$", "read": "^$"}
        accounts = {name: f"{name}.{url.rpartition('/')[2]}" for name in (CONNECTION, OTHER)}
        spine.hub.store.register([a_connection(name, user=user) for name, user in accounts.items()])
        urls = {name: rabbitmq.user_url(user, url, **rights) for name, user in accounts.items()}
        buses = {name: RabbitBus(urls[name], NOTHING) for name in urls}
        yield City(spine=spine, honest=buses[CONNECTION], liar=buses[OTHER], liar_url=urls[OTHER])
        for bus in buses.values():
            bus.close()


def test_the_broker_itself_refuses_a_false_account(city: City) -> None:
    before = city.spine.accounts()
    bus = RabbitBus(city.liar_url, NOTHING, user=city.spine.hub.store.connections()[CONNECTION].user)
    with pytest.raises(Misconfigured, match="user_id"):
        bus.publish([Read().event("case.received", DAY, case_no="false")])
    bus.close()
    city.spine.line.settle()
    assert city.spine.accounts() == before


def test_a_well_formed_event_of_another_connection_is_charged_to_its_sender(city: City) -> None:
    spine, read = city.spine, Read()
    spine.tell(read.event("case.received", DAY, case_no="true"), read.report(), bus=city.honest)
    before, case = spine.accounts(), spine.hub.queries.case(ids.case_id(CONNECTION, "true"))
    forged = read.event("case.closed", DAY, case_no="true")
    spine.tell(forged, read.report(), Read().rejection(), bus=city.liar)
    after = spine.accounts()
    assert after[CONNECTION] == before[CONNECTION]
    assert spine.hub.queries.case(ids.case_id(CONNECTION, "true")) == case
    assert after[OTHER]["outcomes"]["parked"] == before.get(OTHER, _NONE)["outcomes"]["parked"] + 1
    rows = [row for row in spine.quarantined() if row["read_id"] == read.read_id]
    (row,) = rows
    assert (row["connection_id"], row["code"], row["stage"]) == (OTHER, "authorise.speaker", "authorise")
    assert spine.hub.vault.open(row["sealed"]) == forged.body


_NONE = {"outcomes": {"parked": 0}}


def test_a_forged_message_under_anothers_message_id_takes_nothing_from_it(city: City) -> None:
    spine, read = city.spine, Read()
    true = read.event("case.received", DAY, case_no="same-name")
    spine.tell(true, replace(true, body=b"{}"), replace(true, body=b"[]"), bus=city.liar)
    spine.tell(true, read.report("2026-03-02T10:00:00+08:00"), bus=city.honest)
    spine.accounts()
    case = spine.hub.queries.case(ids.case_id(CONNECTION, "same-name"))
    assert case is not None
    assert case["state"] == "received"
    marks = spine.rows("SELECT awaited FROM watermarks WHERE connection_id = :c", c=CONNECTION)
    assert {awaited for (awaited,) in marks} == {"[]"}
    assert len([row for row in spine.quarantined() if row["read_id"] == read.read_id]) == 3


def test_a_report_and_a_rejection_under_anothers_read_take_no_place_of_its_own(city: City) -> None:
    """The liar knows a read that is coming in, and is quicker with the papers of its next portion."""
    spine, read = city.spine, Read()
    copied = Read(connection=OTHER, read_id=read.read_id)
    spine.tell(copied.rejection(b"false"), copied.report(), bus=city.liar)
    spine.tell(
        read.rejection(b"true"), read.event("case.received", DAY, case_no="papers"), read.report(), bus=city.honest
    )
    spine.accounts()
    kept = {row["connection_id"]: row["sealed"] for row in spine.quarantined() if row["read_id"] == read.read_id}
    assert kept == {CONNECTION: b"true", OTHER: b"false"}
    filed = spine.rows("SELECT connection_id, mapped FROM reads WHERE read_id = :r ORDER BY 1", r=read.read_id)
    assert filed == [(CONNECTION, 1), (OTHER, 0)]


def test_a_connection_does_not_speak_for_a_department_outside_its_list(city: City) -> None:
    spine, read = city.spine, Read(department=OTHER_DEPARTMENT)
    message = read.event("case.received", DAY, case_no="department")
    spine.tell(message, read.report(), bus=city.honest)
    spine.accounts()
    assert spine.hub.queries.case(ids.case_id(CONNECTION, "department")) is None
    assert _code_of(spine, read) == "authorise.department"


def test_a_forged_event_id_is_refused(city: City) -> None:
    spine, read = city.spine, Read()
    document = read.document("case.received", DAY, case_no="forged-id")
    spine.tell(
        read.message({**document, "id": ids.event_id(OTHER, "1", "case.received")}), read.report(), bus=city.honest
    )
    spine.accounts()
    assert _code_of(spine, read) == "authorise.event-id"


def test_a_message_by_another_cases_bucket_is_refused(city: City) -> None:
    spine, read = city.spine, Read()
    message = read.event("case.received", DAY, case_no="bucket")
    spine.tell(replace(message, key=str((int(message.key) + 1) % 256)), read.report(), bus=city.honest)
    assert spine.hub.queries.case(ids.case_id(CONNECTION, "bucket")) is None
    assert _code_of(spine, read) == "authorise.partition"
    spine.accounts()


def test_nobody_is_refused_by_a_registration_that_has_changed_meanwhile(city: City) -> None:
    spine, read = city.spine, Read(department=OTHER_DEPARTMENT)
    registered = spine.hub.store.connections()[CONNECTION]
    spine.tell(Read().report(), bus=city.honest)
    spine.hub.store.register([replace(registered, departments=frozenset({DEPARTMENT, OTHER_DEPARTMENT}))])
    spine.tell(read.event("case.received", DAY, case_no="later"), read.report(), bus=city.honest)
    spine.hub.store.register([registered])
    spine.tell(Read().report(), bus=city.liar)
    assert spine.rows("SELECT outcome FROM inbox WHERE read_id = :r", r=read.read_id) == [("new",)]


def test_a_foreign_message_id_changes_nothing_for_an_event_that_may_enter(city: City) -> None:
    spine, read = city.spine, Read()
    message = read.event("case.received", DAY, case_no="foreign")
    spine.tell(replace(message, message_id="anything"), read.report(), bus=city.honest)
    spine.accounts()
    assert spine.rows("SELECT outcome FROM inbox WHERE read_id = :r", r=read.read_id) == [("new",)]


def test_a_connection_does_not_add_to_the_cases_of_a_stranger(city: City) -> None:
    """Its own connection id, its own department, and the id of a case that another connection reports."""
    spine, theirs, own = city.spine, Read(), Read(connection=OTHER)
    spine.tell(theirs.event("case.received", DAY), theirs.report(), bus=city.honest)
    intruder = own.event("case.closed", DAY, case={"case_id": CASE})
    spine.tell(intruder, own.report(), bus=city.liar)
    spine.accounts()
    assert _code_of(spine, own) == "authorise.case"
    case = spine.hub.queries.case(CASE)
    assert case is not None
    assert case["state"] == "received"


def test_two_connections_that_share_a_department_may_number_cases_alike(city: City) -> None:
    spine, platform = city.spine, Read(connection="city.platform", department=DEPARTMENT)
    spine.hub.store.register([a_connection("city.platform", departments=frozenset({DEPARTMENT, OTHER_DEPARTMENT}))])
    theirs = Read()
    spine.tell(theirs.event("case.received", DAY, case_no="shared"), theirs.report(), bus=city.honest)
    shared = ids.case_id(CONNECTION, "shared")
    message = platform.event("case.accepted", DAY, case={"case_id": shared})
    spine.tell(message, platform.report())
    spine.accounts()
    case = spine.hub.queries.case(shared)
    assert case is not None
    assert case["state"] == "accepted"


def test_connectors_may_neither_read_nor_declare_nor_write_elsewhere(city: City) -> None:
    feed = replace(Read().event("case.received", DAY), exchange="feed.intranet", key="alert.x")
    with pytest.raises(Misconfigured, match="ACCESS_REFUSED"):
        city.liar.publish([feed])
    with pytest.raises(Misconfigured, match="ACCESS_REFUSED"):
        city.liar.consume("sunlight.intake.0", limit=1, wait_s=0)


def _code_of(spine: Spine, read: Read) -> str:
    """Return why a message of `read` is in quarantine; that its bytes are those that were sent."""
    (row,) = [row for row in spine.quarantined() if row["read_id"] == read.read_id]
    assert orjson.loads(spine.hub.vault.open(row["sealed"]))["data"]["provenance"]["read_id"] == read.read_id
    code: str = row["code"]
    return code
