"""What `sunlight migrate` does to a database: its schema, the ledger's beginning, another number of partitions."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from hub import store
from hub.errors import Fenced, Misconfigured
from hub.model import ids
from hub.model.values import Awaited, Watermark
from hub.store import certified, columns, ledger, tables
from hub.store.migrate import begin, migrate
from tests.support.stores import (
    DATABASES,
    LONG_S,
    NOW,
    ROOT,
    StorePlace,
    a_case,
    a_clock,
    empty_place,
    entries,
    everywhere,
    extend,
    held,
    written,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from hub.store.sql import SqlStore

for each in iter_modules(store.__path__):
    import_module(f"hub.store.{each.name}")  # tables stand in several modules: all of them belong to the schema

REVISIONS = sorted(path.name[:4] for path in (ROOT / "hub/store/migrations/versions").glob("0*.py"))

MIGRATION = """
import sys
from hub.store.migrate import begin, migrate
print("ready", flush=True)
sys.stdin.readline()
migrate(sys.argv[1])
begin(sys.argv[1], partitions=3)
"""


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place


def at_rest(store: SqlStore, partitions: int = 2) -> None:
    """Relay everything, and give every lease up."""
    relay, published = held(store, "relay"), 0
    while items := store.number(epoch=relay, limit=100, published=published, places=everywhere):
        published = items[-1].sequence
    store.release("relay", epoch=relay)
    for partition in range(partitions):
        role = f"partition/{partition}"
        store.release(role, epoch=held(store, role))


def test_the_migrated_schema_is_the_declared_one(place: StorePlace) -> None:
    migrate(place.url)
    with place.tampering() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert certified.certificate_changes.metadata is columns.METADATA, "its tables are declared with the others"
        assert compare_metadata(context, columns.METADATA) == []


def test_the_migrated_constraints_are_the_declared_ones(place: StorePlace) -> None:
    migrate(place.url)
    with place.tampering() as connection:
        inspector = sa.inspect(connection)
        for table in columns.METADATA.tables.values():
            declared = {each.name for each in table.constraints if isinstance(each, sa.CheckConstraint)}
            assert {each["name"] for each in inspector.get_check_constraints(table.name)} == declared
            assert inspector.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]


def test_migrating_again_changes_nothing(place: StorePlace) -> None:
    assert list(migrate(place.url)) == REVISIONS
    assert list(migrate(place.url)) == []


def test_cases_whose_stored_title_names_somebody_are_judged_anew(place: StorePlace) -> None:
    """A hub that masked no titles kept them so, and lists and searches read them until something else happens."""
    store = place.prepare(partitions=1).open()
    titles = {"named": "投诉人：张三丰", "hidden": "联系1\u200b3812345678", "plain": "建筑工程施工许可", "empty": ""}
    cases = [a_case(name, case_no=name, title=title, wake_at=None) for name, title in titles.items()]
    cases += [a_case("closed", case_no="r", title="投诉人：张三丰", disclosure="restricted", wake_at=None)]
    cases += [a_case("complaint", case_no="c", title="小区噪音", wake_at=None)]
    clock = a_clock("clock", "complaint", kind="complaint")
    with store.unit(0, epoch=held(store, "partition/0")) as unit:
        written(unit, cases=cases, clocks=[clock])
    with place.tampering() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0020'"))
    assert "0021" in migrate(place.url)
    asked = place.rows(sa.select(tables.cases.c.case_id, tables.cases.c.wake_at))
    assert {case_id for case_id, wake_at in asked if wake_at == columns.EPOCH} == {"named", "hidden", "complaint"}


def test_beginning_again_changes_nothing(place: StorePlace) -> None:
    migrate(place.url)
    assert begin(place.url, partitions=2)
    assert not begin(place.url, partitions=2)
    assert place.rows(sa.select(tables.ledger)) == []
    assert place.open().partitions() == 2


def test_migrations_at_once_are_one(place: StorePlace) -> None:
    processes = [place.process(MIGRATION) for _ in range(4)]
    assert [_said(process) for process in processes] == ["ready\n"] * 4
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.wait() for process in processes] == [0] * 4
    assert place.open().partitions() == 3


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def test_a_new_generation_inherits_the_heads_of_the_old(place: StorePlace) -> None:
    store = place.prepare(partitions=2).open()
    extend(store, held(store), 3)
    at_rest(store)
    old = place.rows(sa.select(tables.heads).order_by(tables.heads.c.partition))
    assert begin(place.url, partitions=3)
    assert store.partitions() == 3
    genesis = place.rows(sa.select(tables.ledger).where(tables.ledger.c.kind == "genesis"))
    assert [row[:3] for row in sorted(genesis)] == [(2, 0, 1), (2, 1, 1), (2, 2, 1)]
    inherited = [[*head[:3], head[3].hex()] for head in old]
    assert all(orjson.loads(row[7]) == {"heads": inherited} for row in genesis)
    assert ledger.verify(place.url).sound


def test_work_goes_on_in_the_new_generation(place: StorePlace) -> None:
    store = place.prepare(partitions=2).open()
    extend(store, held(store), 3)
    at_rest(store)
    begin(place.url, partitions=1)
    extend(store, held(store), 2, prefix="new")
    relay = held(store, "relay")
    items = store.number(epoch=relay, limit=9, published=3, places=everywhere)
    assert [(item.sequence, orjson.loads(item.body)["text"]) for item in items] == [(4, "new0"), (5, "new1")]
    assert ledger.verify(place.url).sound


def test_a_number_set_by_mistake_can_be_set_right_at_once(place: StorePlace) -> None:
    place.prepare(partitions=2)
    assert begin(place.url, partitions=20)
    assert begin(place.url, partitions=2)
    assert place.open().partitions() == 2
    assert ledger.verify(place.url).sound


def test_cases_move_to_the_partition_of_their_bucket(place: StorePlace) -> None:
    store = place.prepare(partitions=1).open()
    names = [ids.case_id("c", str(n)) for n in range(60)]
    with store.unit(0, epoch=held(store)) as unit:
        written(unit, cases=[a_case(name) for name in names])
    at_rest(store, 1)
    begin(place.url, partitions=4)
    homes = dict(place.rows(sa.select(tables.cases.c.case_id, tables.cases.c.partition)))
    assert homes == {name: ids.partition_of(ids.bucket_of(name), 4) for name in names}
    with store.unit(3, epoch=held(store, "partition/3")) as unit:
        due = unit.due({"conn": NOW + timedelta(days=1)}, limit=100)
        assert {case.case_id for case in due} == {name for name, home in homes.items() if home == 3}


def test_watermarks_fall_back_to_the_least_of_all_partitions(place: StorePlace) -> None:
    store = place.prepare(partitions=2).open()
    early, late = NOW, NOW + timedelta(hours=1)
    known: list[dict[str, datetime | None]] = [{"both": late, "one": late, "none": late}, {"both": early, "none": None}]
    for partition, marks in enumerate(known):
        with store.unit(partition, epoch=held(store, f"partition/{partition}")) as unit:
            written(unit, watermarks=[Watermark(connection_id=c, delivered_to=at) for c, at in marks.items()])
    at_rest(store)
    begin(place.url, partitions=3)
    for partition in range(3):
        with store.unit(partition, epoch=held(store, f"partition/{partition}")) as unit:
            assert {name: mark.delivered_to for name, mark in unit.watermarks().items()} == {
                "both": early,
                "one": None,
                "none": None,
            }


def test_owners_of_the_old_generation_are_fenced(place: StorePlace) -> None:
    store = place.prepare(partitions=2).open()
    stalled = store.claim("partition/0", owner="stalled", lease_s=0)
    assert stalled
    begin(place.url, partitions=3)
    with pytest.raises(Fenced), store.unit(0, epoch=stalled):
        pass
    assert store.claim("partition/0", owner="stalled", lease_s=LONG_S) == stalled + 2


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        ({"importing": "read"}, "import"),
        ({"awaited": (Awaited(read_id="r", events=1, watermark=None),)}, "not all arrived"),
    ],
)
def test_the_number_does_not_change_while_a_read_is_not_settled(
    place: StorePlace, mark: dict[str, Any], why: str
) -> None:
    store = place.prepare(partitions=2).open()
    with store.unit(0, epoch=held(store)) as unit:
        written(unit, watermarks=[Watermark(connection_id="c", delivered_to=None, **mark)])
    at_rest(store)
    with pytest.raises(Misconfigured, match=why):
        begin(place.url, partitions=3)


def test_the_number_does_not_change_while_entries_await_the_relay(place: StorePlace) -> None:
    store = place.prepare(partitions=2).open()
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        written(unit, entries(unit, 1))
    store.release("partition/0", epoch=epoch)
    with pytest.raises(Misconfigured, match="not yet relayed"):
        begin(place.url, partitions=3)
    assert store.partitions() == 2


def test_the_number_does_not_change_while_somebody_holds_a_lease(place: StorePlace) -> None:
    store = place.prepare(partitions=2).open()
    held(store, "relay")
    with pytest.raises(Misconfigured, match="holds a lease"):
        begin(place.url, partitions=3)
    assert store.partitions() == 2
