"""What a polled table must not lose and may not do: late commits, equal times, the handshake, bounded access."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import database, database_sweep, open_source
from hub.errors import Misconfigured, Rejection, Unavailable
from tests.support.shelves import Declared, MariaShelf, PostgresShelf, SqliteShelf, TableShelf

if TYPE_CHECKING:
    from pathlib import Path

    from hub.model.values import Portion
    from tests.support.servers import MariaDB, Postgres

REFUSED = Rejection(
    stage="map", code="map.unknown-code", problem="no such channel: 9" * 9, hint="mend it", path="/case"
)
SHAKE = {"sign": "sync_sign", "at": "sync_date", "error": "sync_error_desc"}


SERVERS = ["postgres", "mariadb", "mariadb.instants"]


@pytest.fixture(params=["sqlite", *(pytest.param(name, marks=pytest.mark.servers) for name in SERVERS)])
def table(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TableShelf:
    monkeypatch.setattr(database, "PORTION_ROWS", 3)
    if request.param == "sqlite":
        return SqliteShelf(tmp_path)
    if request.param.startswith("mariadb"):
        return MariaShelf(request.getfixturevalue("mariadb"), instants=request.param.endswith("instants"))
    return PostgresShelf(request.getfixturevalue("postgres"))


def poll(table: TableShelf, checkpoint: Any = None) -> tuple[list[str], Any, list[Portion]]:
    """Poll once as a process of its own would; return the numbers read and where the source then stands."""
    source = table.source()
    try:
        found = list(source.read(orjson.loads(orjson.dumps(checkpoint))))
    finally:
        source.close()
    numbers = [record.tree["no"] for portion in found for record in portion.records]
    return numbers, found[-1].checkpoint, found


def cursor(table: TableShelf, *, settle: str, overlap: str) -> None:
    table.options["cursor"] = {"column": "update_date", "settle": settle, "overlap": overlap}


def changed(table: TableShelf, number: str, seconds_ago: float) -> None:
    table.insert(number, b"x", table.local(table.clock - timedelta(seconds=seconds_ago)))


def test_a_row_that_may_still_be_joined_by_others_is_not_read_yet(table: TableShelf) -> None:
    cursor(table, settle="2m", overlap="0s")
    changed(table, "settled", 121)
    changed(table, "fresh", 119)
    numbers, checkpoint, found = poll(table)
    assert numbers == ["settled"]
    assert found[-1].watermark == table.clock - timedelta(seconds=120)
    table.clock += timedelta(seconds=2)
    assert poll(table, checkpoint)[0] == ["fresh"]


def test_a_late_commit_within_settle_is_never_skipped(table: TableShelf) -> None:
    cursor(table, settle="2m", overlap="0s")
    changed(table, "early", 300)
    numbers, checkpoint, _ = poll(table)
    assert numbers == ["early"]
    changed(table, "committed 119 s late", 119)
    table.clock += timedelta(seconds=60)
    assert poll(table, checkpoint)[0] == ["committed 119 s late"]


def test_a_commit_later_than_settle_is_read_from_the_overlap_and_the_rest_of_it_is_not_read_twice(
    table: TableShelf,
) -> None:
    cursor(table, settle="2m", overlap="5m")
    for number in range(7):
        changed(table, f"early {number}", 130 + number)
    numbers, checkpoint, _ = poll(table)
    assert len(numbers) == 7
    changed(table, "committed 400 s late", 400)
    numbers, checkpoint, _ = poll(table, checkpoint)
    assert numbers == ["committed 400 s late"]
    assert poll(table, checkpoint)[0] == []


@pytest.mark.servers
def test_a_transaction_that_commits_after_a_later_one_is_not_skipped(postgres: Any) -> None:
    table = PostgresShelf(postgres)
    cursor(table, settle="2m", overlap="5m")
    with table.connect() as slow:
        slow.execute(
            b"INSERT INTO inf_apply (no, update_date) VALUES ('slow', %s)",
            (table.local(table.clock - timedelta(seconds=200)),),
        )
        changed(table, "quick", 150)
        numbers, checkpoint, _ = poll(table)
        assert numbers == ["quick"]
    assert poll(table, checkpoint)[0] == ["slow"]


def test_a_row_changed_within_the_overlap_comes_again(table: TableShelf) -> None:
    cursor(table, settle="0s", overlap="5m")
    changed(table, "1", 10)
    _, checkpoint, _ = poll(table)
    table.run("UPDATE inf_apply SET name = NULL")
    assert poll(table, checkpoint)[0] == ["1"]


def test_rows_beyond_what_is_remembered_come_again_rather_than_never(
    table: TableShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_sweep, "SEEN_ROWS", 2)
    cursor(table, settle="0s", overlap="5m")
    for number in range(5):
        changed(table, str(number), 20 - number)
    _, checkpoint, _ = poll(table)
    assert len(checkpoint["seen"]) == 2
    changed(table, "new", 1)
    assert poll(table, checkpoint)[0] == ["0", "1", "2", "new"]


def test_rows_of_one_time_are_all_read_across_portions_polls_and_restarts(table: TableShelf) -> None:
    table.options["rows_per_poll"] = 4
    for number in range(11):
        changed(table, f"{number:02}", 60)
    read, checkpoint, polls = [], None, 0
    while len(read) < 11:
        numbers, checkpoint, found = poll(table, checkpoint)
        read += numbers
        polls += 1
        assert (found[-1].watermark is None) == (len(read) < 11)
    assert read == [f"{number:02}" for number in range(11)]
    assert polls == 2


def test_a_crash_between_any_two_portions_of_one_time_loses_nothing(table: TableShelf) -> None:
    for number in range(8):
        changed(table, f"{number:02}", 60)
    _, _, whole = poll(table)
    for index, portion in enumerate(whole[:-1]):
        rest = [record.tree["no"] for later in whole[index + 1 :] for record in later.records]
        assert poll(table, portion.checkpoint)[0] == rest


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=12))
def test_whatever_the_order_of_commits_within_settle_and_overlap_every_row_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int]]
) -> None:
    """A row is stamped at one second and committed up to 400 s later; a poll stands between any two seconds of 50."""
    table = SqliteShelf(tmp_path_factory.mktemp("department"))
    cursor(table, settle="100s", overlap="300s")
    start, read, checkpoint = table.clock, [], None
    for second in range(0, 1000, 50):
        table.clock = start + timedelta(seconds=second)
        for index, (stamped, late) in enumerate(rows):
            if second - 50 < stamped + late <= second:
                table.insert(str(index), b"x", table.local(start + timedelta(seconds=stamped)))
        numbers, checkpoint, _ = poll(table, checkpoint)
        read += numbers
    assert sorted(read) == sorted(str(index) for index in range(len(rows)))


def test_a_sign_is_set_only_where_the_row_is_as_it_was_read(table: TableShelf) -> None:
    table.options["acknowledge"] = SHAKE
    table.put(("1", "a"), ("2", "b"), ("3", "c"))
    source = table.source()
    records = [record for portion in source.read(None) for record in portion.records]
    table.run("UPDATE inf_apply SET name = NULL WHERE no = '2'")
    source.acknowledge([*records[:2], replace(records[2], refused=REFUSED)])
    source.close()
    signed = table.run("SELECT no, sync_sign, sync_date, sync_error_desc FROM inf_apply ORDER BY no")
    at = str(signed[0][2])
    assert [row[:2] for row in signed] == [("1", "1"), ("2", "0"), ("3", "0")]
    assert at == table.local(table.clock)
    assert signed[1][2:] == (None, None)
    assert signed[2][3].startswith("map.unknown-code: /case no such channel")


def test_signing_does_not_make_a_row_new(table: TableShelf) -> None:
    table.options["acknowledge"] = SHAKE
    cursor(table, settle="0s", overlap="1h")
    table.put(("1", "a"))
    source = table.source()
    found = list(source.read(None))
    source.acknowledge(found[0].records)
    source.close()
    assert poll(table, found[-1].checkpoint)[0] == []


def test_a_row_that_was_refused_and_then_mended_loses_its_error(table: TableShelf) -> None:
    table.options["acknowledge"] = SHAKE
    table.put(("1", "a"))
    source = table.source()
    (record,) = next(iter(source.read(None))).records
    source.acknowledge([replace(record, refused=REFUSED)])
    source.acknowledge([record])
    source.close()
    assert table.run("SELECT sync_sign, sync_error_desc FROM inf_apply") == [("1", None)]


def test_reading_can_write_nothing(table: TableShelf) -> None:
    source: Any = table.source()
    table.put(("1", "a"))
    with pytest.raises((Misconfigured, Unavailable)), source._database.reading() as connection:
        connection.exec_driver_sql("DELETE FROM inf_apply")
    source.close()
    assert len(table.run("SELECT no FROM inf_apply")) == 1


def test_a_statement_that_takes_too_long_is_stopped(table: TableShelf) -> None:
    table.options["timeout"] = "100ms"
    source: Any = table.source()
    with pytest.raises(Unavailable), source._database.reading() as connection:
        connection.exec_driver_sql(table.endless).fetchall()
    source.close()


def test_a_key_that_does_not_tell_rows_apart_is_the_operators_fault(table: TableShelf) -> None:
    table.options["key"] = "sync_sign"
    changed(table, "1", 60)
    changed(table, "2", 60)
    with pytest.raises(Misconfigured, match="sync_sign does not tell rows apart"):
        poll(table)


def test_columns_that_are_not_there_are_all_named(table: TableShelf) -> None:
    table.options |= {"key": "nokey", "acknowledge": {"sign": "nosign"}}
    with pytest.raises(Misconfigured) as wrong:
        poll(table)
    assert [fault.target_path for fault in wrong.value.faults] == ["connect.key", "connect.acknowledge"]


@pytest.mark.parametrize("name", ['inf"; DROP TABLE inf_apply', "a b", "", "1st", "inf_apply--"])
def test_a_table_name_with_tricks_is_refused_before_anything_is_asked(table: TableShelf, name: str) -> None:
    declared = table.declared({"url": table.url, "table": name, "key": "no", "cursor": {"column": "update_date"}})
    with pytest.raises(Misconfigured):
        open_source(declared, {})


def test_a_secret_that_is_not_set_is_named_and_no_password_is_told(table: TableShelf) -> None:
    connect = {"url": "postgresql://u:${SECRET_OF_TEST}@127.0.0.1:1/x", "table": "t", "key": "k"}
    with pytest.raises(Misconfigured, match="SECRET_OF_TEST"):
        open_source(table.declared(connect), {})
    connect["cursor"] = {"column": "c"}  # type: ignore[assignment]
    source = open_source(table.declared(connect), {"SECRET_OF_TEST": "hunter2"})
    with pytest.raises(Unavailable) as away:
        list(source.read(None))
    assert "hunter2" not in str(away.value)


@pytest.mark.servers
def test_times_and_amounts_keep_what_the_database_says(postgres: Any) -> None:
    table = PostgresShelf(postgres)
    table.run(
        """ALTER TABLE inf_apply ADD amount numeric(12,2) DEFAULT 10.50, ADD zoned timestamptz
           DEFAULT '2026-03-02 01:00:00+00', ADD day date DEFAULT '2026-03-02', ADD forever date DEFAULT 'infinity',
           ADD big bigint DEFAULT 9007199254740993, ADD yes boolean DEFAULT true, ADD note text"""
    )
    table.put(("1", "a"))
    source = table.source()
    (record,) = next(iter(source.read(None))).records
    source.close()
    told = {name: record.tree[name] for name in ("amount", "zoned", "day", "forever", "big", "yes", "note")}
    assert told == {
        "amount": "10.50",
        "zoned": "2026-03-02T09:00:00+08:00",
        "day": "2026-03-02",
        "forever": "infinity",
        "big": "9007199254740993",
        "yes": True,
        "note": None,
    }


@pytest.mark.servers
def test_json_is_a_tree_and_text_where_it_is_nested_without_end(postgres: Any) -> None:
    table = PostgresShelf(postgres)
    table.run("ALTER TABLE inf_apply ADD plain jsonb DEFAULT '{\"a\": [1]}', ADD deep json")
    table.run(f"ALTER TABLE inf_apply ALTER deep SET DEFAULT '{'[' * 3000}{']' * 3000}'")
    table.put(("1", "a"))
    source = table.source()
    (record,) = next(iter(source.read(None))).records
    source.close()
    assert (record.tree["plain"], record.tree["deep"]) == ({"a": [1]}, "[" * 3000 + "]" * 3000)


@pytest.mark.servers
@pytest.mark.parametrize(("kind", "literal"), [("timestamptz", "+00"), ("varchar(19)", "")])
def test_a_cursor_may_be_zoned_or_text(postgres: Any, kind: str, literal: str) -> None:
    table = PostgresShelf(postgres)
    table.run(f"ALTER TABLE inf_apply ALTER update_date TYPE {kind} USING NULL")
    cursor(table, settle="2m", overlap="5m")
    for number, seconds in (("old", 130), ("fresh", 110)):
        instant = table.clock - timedelta(seconds=seconds)
        told = instant.strftime("%Y-%m-%d %H:%M:%S") + literal if literal else table.local(instant)
        table.insert(number, b"x", told)
    numbers, checkpoint, _ = poll(table)
    assert numbers == ["old"]
    table.clock += timedelta(seconds=60)
    assert poll(table, checkpoint)[0] == ["fresh"]


@pytest.mark.servers
def test_a_cursor_of_whole_days_is_refused(postgres: Any) -> None:
    table = PostgresShelf(postgres)
    table.run("ALTER TABLE inf_apply ALTER update_date TYPE date USING NULL")
    with pytest.raises(Misconfigured, match="cannot be the cursor"):
        poll(table)


def test_rows_that_no_poll_will_ever_read_are_told_by_a_probe(table: TableShelf) -> None:
    source = table.source()
    assert source.probe()["rows without cursor"] == "none"
    table.run("INSERT INTO inf_apply (no) VALUES ('lost')")
    assert source.probe()["rows without cursor"].startswith("yes")
    source.close()


@pytest.mark.servers
def test_a_database_that_lets_nobody_in_is_the_operators_and_not_one_that_is_away(
    postgres: Postgres, mariadb: MariaDB
) -> None:
    options = {"table": "t", "key": "k", "cursor": {"column": "c"}}
    for url in (postgres.fresh_database(), mariadb.fresh_database()):
        parts = urlsplit(url)
        wrong = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":hunter2@")))
        source = open_source(Declared(kind="database", connect={**options, "url": wrong}), {})
        with pytest.raises(Misconfigured) as refused:
            list(source.read(None))
        assert "hunter2" not in str(refused.value)
        source.close()
