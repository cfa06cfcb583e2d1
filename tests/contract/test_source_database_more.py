"""What a polled table's children, its overwritten columns and its late transactions must not lose."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors import database, database_children, open_source
from connectors.memory import Memory
from hub.errors import Misconfigured, Rejection
from tests.support.shelves import Declared, MariaShelf, PostgresShelf, SqliteShelf, TableShelf

if TYPE_CHECKING:
    from pathlib import Path

    from hub.model.values import Record

SERVERS = [pytest.param(name, marks=pytest.mark.servers) for name in ("postgres", "mariadb")]
CHILDREN = {
    "steps": {"table": "inf_step", "parent": "project_no", "order": "step_no", "cursor": "update_date"},
    "materials": {"table": "inf_material", "parent": "project_no", "columns": ["title"]},
}


@pytest.fixture(params=["sqlite", *SERVERS])
def table(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TableShelf:
    monkeypatch.setattr(database, "PORTION_ROWS", 3)
    made: TableShelf
    if request.param == "sqlite":
        made = SqliteShelf(tmp_path)
    else:
        kind = {"postgres": PostgresShelf, "mariadb": MariaShelf}[request.param]
        made = kind(request.getfixturevalue(request.param))
    time = "text" if request.param == "sqlite" else "timestamp" if request.param == "postgres" else "datetime"
    made.run(f"CREATE TABLE inf_step (project_no varchar(20), step_no int, step varchar(20), update_date {time})")
    made.run("CREATE TABLE inf_material (id int, project_no varchar(20), title varchar(40))")
    return made


class Poller:
    """Polls a table as a reader does, which keeps what it saw in a folder."""

    def __init__(self, table: TableShelf, folder: Path, *, read: Any = None) -> None:
        self.table, self.folder, self.read = table, folder, read or {}
        self.checkpoint: Any = None

    def source(self) -> Any:
        declared = self.table.declaration
        declared = Declared(
            kind=declared.kind, connection=declared.connection, connect=declared.connect,
            read={**declared.read, **self.read},
        )  # fmt: skip
        source: Any = open_source(declared, {"URL": self.table.url}, memory=self.folder)
        inner = source
        while not hasattr(inner, "_database"):
            inner = getattr(inner, "_source", None) or inner._table
        inner._database.now = lambda _connection: self.table.clock
        return source

    def poll(self, refuse: Any = (), *, crash_after: int | None = None) -> list[Record]:
        """Read once; die after `crash_after` steps: the safe-keeping and the checkpoint of each portion are two."""
        source, found, steps = self.source(), [], 0
        try:
            for portion in source.read(orjson.loads(orjson.dumps(self.checkpoint))):
                for step in ("acknowledge", "save"):
                    if steps == crash_after:
                        return found
                    steps += 1
                    if step == "acknowledge":
                        found += portion.records
                        source.acknowledge([_judged(record, refuse) for record in portion.records])
                    elif portion.checkpoint is not None:
                        self.checkpoint = portion.checkpoint
        finally:
            source.close()
        return found


def _judged(record: Record, refuse: Any) -> Record:
    why = Rejection(stage="map", code="map.x", path="", problem="x", hint="y")
    fields = {name: getattr(record, name) for name in record.__slots__}
    return type(record)(**fields | {"refused": why}) if record.tree["no"] in refuse else record


def at(table: TableShelf, seconds_ago: float) -> str:
    return table.local(table.clock - timedelta(seconds=seconds_ago))


def step(table: TableShelf, case: str, number: int, seconds_ago: float) -> None:
    changed = at(table, seconds_ago)
    table.run(f"INSERT INTO inf_step VALUES ('{case}', {number}, 'step {number}', '{changed}')")  # noqa: S608 - ours


# --- child tables ----------------------------------------------------------------------------------------------------


@pytest.fixture
def family(table: TableShelf, tmp_path: Path) -> Poller:
    table.options["children"] = CHILDREN
    return Poller(table, tmp_path / "memory")


def test_child_rows_stand_below_their_case_in_order(family: Poller) -> None:
    table = family.table
    for number in range(7):
        table.insert(f"{number:03}", b"x", at(table, 100 - number))
    step(table, "003", 2, 50)
    step(table, "003", 1, 40)
    table.run("INSERT INTO inf_material VALUES (1, '003', 'ID card')")
    found = {record.tree["no"]: record.tree for record in family.poll()}
    assert len(found) == 7
    assert [each["step_no"] for each in found["003"]["steps"]] == [1, 2]
    assert found["003"]["materials"] == [{"title": "ID card"}]
    assert found["004"]["steps"] == found["004"]["materials"] == []


def test_a_child_row_that_is_added_makes_its_case_come_again_whatever_the_cases_own_time(family: Poller) -> None:
    table = family.table
    for number in range(9):
        table.insert(f"{number:03}", b"x", at(table, 5000 - number))
    assert len(family.poll()) == 9
    table.clock += timedelta(hours=1)
    for number in range(8):
        step(table, f"{number:03}", 1, 100)
    table.insert("100", b"x", at(table, 90))
    assert sorted(record.tree["no"] for record in family.poll()) == [*(f"{number:03}" for number in range(8)), "100"]
    table.clock += timedelta(hours=1)
    assert family.poll() == []


def test_a_crash_among_the_child_tables_loses_nothing(family: Poller) -> None:
    table = family.table
    for number in range(9):
        table.insert(f"{number:03}", b"x", at(table, 5000 - number))
    family.poll()
    table.clock += timedelta(hours=1)
    for number in range(9):
        step(table, f"{number:03}", 1, 100)
    after, seen = family.checkpoint, set()
    for crash in range(20):
        family.checkpoint = after
        seen = {record.tree["no"] for _ in range(2) for record in family.poll(crash_after=crash if not _ else None)}
        assert len(seen) == 9, f"after {crash} steps"


def test_a_row_with_children_is_signed_by_its_own_words_alone(family: Poller) -> None:
    table = family.table
    table.options["acknowledge"] = {"sign": "sync_sign"}
    table.insert("001", b"x", at(table, 100))
    step(table, "001", 1, 90)
    source = family.source()
    portions = list(source.read(None))
    step(table, "001", 2, 80)
    for portion in portions:
        source.acknowledge(portion.records)
    source.close()
    assert table.run("SELECT sync_sign FROM inf_apply") == [("1",)]


def test_a_join_that_brings_a_table_for_a_row_is_refused(family: Poller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_children, "MOST_CHILDREN", 3)
    family.table.insert("001", b"x", at(family.table, 100))
    for number in range(4):
        step(family.table, "001", number, 90)
    with pytest.raises(Misconfigured, match="over 3 rows of inf_step"):
        family.poll()


@pytest.mark.parametrize(
    ("child", "path"),
    [({"table": "none", "parent": "x"}, "parent"), ({"table": "inf_step", "parent": "x"}, "parent"),
     ({"table": "inf_step", "parent": "project_no", "order": "x"}, "order")],
)  # fmt: skip
def test_a_child_table_declared_in_vain_is_told(family: Poller, child: Any, path: str) -> None:
    family.table.options["children"] = {"steps": child}
    family.table.insert("001", b"x", at(family.table, 100))
    with pytest.raises(Misconfigured) as caught:
        family.poll()
    assert caught.value.faults[0].target_path == f"connect.children.steps.{path}"


# --- overwritten columns ---------------------------------------------------------------------------------------------


def before(records: list[Record]) -> list[Any]:
    return [(record.tree["no"], record.tree["@before"].get("sync_sign")) for record in records]


@pytest.fixture
def watched(table: TableShelf, tmp_path: Path) -> Poller:
    table.options["acknowledge"] = {}
    return Poller(table, tmp_path / "memory", read={"observe": {"key": "no", "columns": ["sync_sign"]}})


def test_what_a_row_said_before_stands_beside_what_it_says(watched: Poller) -> None:
    table = watched.table
    table.insert("001", b"x", at(table, 100))
    assert before(watched.poll()) == [("001", None)]
    for sign in ("A", "B", "A"):
        table.clock += timedelta(hours=1)
        table.run(f"UPDATE inf_apply SET sync_sign = '{sign}', update_date = '{at(table, 10)}'")  # noqa: S608 - ours
        found = watched.poll()
        assert found[0].tree["sync_sign"] == sign
    assert before(found) == [("001", "B")]


@pytest.mark.parametrize("crash", [0, 1])
def test_a_transition_is_told_again_until_it_is_safe_and_once_it_is_no_more(watched: Poller, crash: int) -> None:
    table = watched.table
    table.insert("001", b"x", at(table, 100))
    watched.poll()
    table.clock += timedelta(hours=1)
    table.run(f"UPDATE inf_apply SET sync_sign = 'A', update_date = '{at(table, 10)}'")  # noqa: S608 - ours
    watched.poll(crash_after=crash)
    assert before(watched.poll()) == [("001", "0" if crash == 0 else "A")]


def test_what_was_refused_is_not_remembered(watched: Poller) -> None:
    table = watched.table
    table.insert("001", b"x", at(table, 100))
    watched.poll(refuse={"001"})
    table.clock += timedelta(hours=1)
    table.run(f"UPDATE inf_apply SET update_date = '{at(table, 10)}'")  # noqa: S608 - ours
    assert before(watched.poll()) == [("001", None)]


def test_a_memory_that_is_none_is_told(watched: Poller) -> None:
    watched.folder.mkdir()
    (watched.folder / "test.source.observed.db").write_bytes(b"no database at all, this" * 100)
    watched.table.insert("001", b"x", at(watched.table, 100))
    with pytest.raises(Misconfigured, match="no memory of rows"):
        watched.poll()


# --- reconciliation --------------------------------------------------------------------------------------------------


@pytest.fixture
def compared(table: TableShelf, tmp_path: Path) -> Poller:
    table.options["reconcile"] = {"every": "1h", "days": 3}
    return Poller(table, tmp_path / "memory")


def test_what_was_committed_behind_the_sweeps_back_is_found_told_and_fetched(compared: Poller) -> None:
    table = compared.table
    for number in range(10):
        table.insert(f"{number:03}", b"x", at(table, 7200 + number))
    assert len(compared.poll()) == 10
    table.clock += timedelta(minutes=30)
    for number in range(20, 25):
        table.insert(f"{number:03}", b"x", at(table, 3600))
    table.insert("old", b"x", at(table, 5 * 86_400))
    assert compared.poll() == []
    table.clock += timedelta(minutes=40)
    assert sorted(record.tree["no"] for record in compared.poll()) == ["020", "021", "022", "023", "024"]
    about = compared.checkpoint["reconciled"]
    assert {name: about[name] for name in ("source", "missing", "gone", "days")} == {
        "source": 15, "missing": 5, "gone": 0, "days": 3,
    }  # fmt: skip
    table.clock += timedelta(hours=2)
    assert compared.poll() == []
    assert compared.checkpoint["reconciled"]["missing"] == 0


def test_rows_that_the_source_has_no_more_are_counted(compared: Poller) -> None:
    table = compared.table
    for number in range(4):
        table.insert(f"{number:03}", b"x", at(table, 7200 + number))
    compared.poll()
    table.run("DELETE FROM inf_apply WHERE no = '002'")
    table.clock += timedelta(hours=2)
    compared.poll()
    assert compared.checkpoint["reconciled"]["gone"] == 1


def test_a_crash_while_comparing_loses_nothing(compared: Poller) -> None:
    table = compared.table
    for number in range(4):
        table.insert(f"{number:03}", b"x", at(table, 7200 + number))
    compared.poll()
    table.clock += timedelta(hours=2)
    table.insert("late", b"x", at(table, 8000))
    table.insert("new", b"x", at(table, 10))
    checkpoint = compared.checkpoint
    for crash in range(8):
        compared.checkpoint = checkpoint
        numbers = [record.tree["no"] for record in [*compared.poll(crash_after=crash), *compared.poll()]]
        table.clock += timedelta(hours=2)
        numbers += [record.tree["no"] for record in compared.poll()]
        assert "new" in numbers or crash > 1
        Memory(compared.folder / "test.source.received.db").forget("received", below="9999")
        compared.poll()


def test_without_a_folder_to_remember_in_nothing_is_compared(table: TableShelf) -> None:
    table.options["reconcile"] = {"every": "1h"}
    table.insert("001", b"x", at(table, 100))
    source = table.source()
    (portion,) = source.read(None)
    assert "reconciled" not in (portion.checkpoint or {})
    source.close()
