"""That nobody touches the ledger unseen: every kind of tampering is found, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from hub.errors import Misconfigured
from hub.model.chain import Chain
from hub.model.values import Head
from hub.signer import Signer
from hub.store import ledger, rows, tables
from hub.store.bulk import insert
from hub.store.migrate import begin
from tests.support.stores import DATABASES, NOW, StorePlace, empty_place, extend, held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENTRIES = 8
"""Entries of each of the two chains that are tampered with."""

ledger_rows, head_rows = tables.ledger, tables.heads

OLD_HEAD = (head_rows.c.generation == 1) & (head_rows.c.partition == 1)
"""The head row of the chain that is tampered with."""


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        store = place.prepare(partitions=2).open()
        for partition in (0, 1):
            epoch = held(store, f"partition/{partition}")
            for part in range(2):
                extend(store, epoch, ENTRIES // 2, partition=partition, prefix=f"{partition}-{part}-")
            store.release(f"partition/{partition}", epoch=epoch)
        yield place


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.at(tmp_path / "keys" / "ledger.key")


def at(partition: int, position: int, generation: int = 1) -> sa.ColumnElement[bool]:
    """Choose one entry."""
    column = ledger_rows.c
    mine = (column.generation == generation) & (column.partition == partition)
    return mine & (column.position == position)


def change(place: StorePlace, position: int, **values: Any) -> None:
    """Change one entry of partition 1 behind the store's back."""
    with place.tampering() as connection:
        connection.execute(sa.update(ledger_rows).where(at(1, position)).values(**values))


def found(place: StorePlace, **against: Any) -> list[tuple[int, int, int]]:
    """Verify, and return the places of what was found, once each."""
    report = ledger.verify(place.url, **against)
    assert report.sound == (not report.findings)
    return list(dict.fromkeys((each.generation, each.partition, each.position) for each in report.findings))


def cut_tail(place: StorePlace, last: int) -> None:
    """Delete every entry of partition 1 after `last`, and set the head row back so that nothing shows."""
    with place.tampering() as connection:
        beyond = (ledger_rows.c.generation == 1) & (ledger_rows.c.partition == 1) & (ledger_rows.c.position > last)
        connection.execute(sa.delete(ledger_rows).where(beyond))
        kept = connection.execute(sa.select(ledger_rows.c.hash).where(at(1, last))).scalar_one()
        connection.execute(sa.update(head_rows).where(OLD_HEAD).values(position=last, hash=kept))


def rewrite_tail(place: StorePlace, first: int) -> None:
    """Replace every entry of partition 1 from `first` on by others, hashes and head row recomputed."""
    with place.tampering() as connection:
        before = connection.execute(sa.select(ledger_rows.c.hash).where(at(1, first - 1))).scalar_one()
        mine = (ledger_rows.c.generation == 1) & (ledger_rows.c.partition == 1) & (ledger_rows.c.position >= first)
        connection.execute(sa.delete(ledger_rows).where(mine))
        chain = Chain(Head(generation=1, partition=1, position=first - 1, hash=before), NOW)
        for n in range(first, ENTRIES + 1):
            chain.append(kind="event", subject="c", outcome="new", body=f"forged {n}".encode())
        insert(connection, ledger_rows, rows.entry_rows(chain.entries))
        connection.execute(sa.update(head_rows).where(OLD_HEAD).values(hash=chain.head.hash))


def test_an_untouched_ledger_is_sound_and_counted(place: StorePlace) -> None:
    report = ledger.verify(place.url)
    assert (report.sound, report.entries, report.chains) == (True, 2 * ENTRIES, 2)
    assert str(report) == "16 entries in 2 chains: sound"
    assert report.as_dict() == {"sound": True, "entries": 16, "chains": 2, "findings": []}


@pytest.mark.parametrize("position", [1, 3, ENTRIES])
@pytest.mark.parametrize(
    "values",
    [
        {"body": b"1-0-x"},
        {"kind": "alert"},
        {"subject": "d"},
        {"outcome": "revised"},
        {"ledgered_at": NOW.replace(microsecond=123_457)},
        {"hash": bytes(32)},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_changed_entry_is_found_at_its_place_alone(place: StorePlace, values: dict[str, Any], position: int) -> None:
    change(place, position, **values)
    expected = [(1, 1, position)]
    assert found(place) == expected


def test_every_changed_entry_is_found(place: StorePlace) -> None:
    for position in (2, 3, 6):
        change(place, position, body=b"x")
    assert found(place) == [(1, 1, 2), (1, 1, 3), (1, 1, 6)]


@pytest.mark.parametrize("position", [1, 4, ENTRIES])
def test_a_deleted_entry_is_found_where_it_stood(place: StorePlace, position: int) -> None:
    with place.tampering() as connection:
        connection.execute(sa.delete(ledger_rows).where(at(1, position)))
    assert found(place) == [(1, 1, position)]


def test_two_swapped_entries_are_found_where_they_stand(place: StorePlace) -> None:
    with place.tampering() as connection:
        for old, new in ((2, 99), (6, 2), (99, 6)):
            connection.execute(sa.update(ledger_rows).where(at(1, old)).values(position=new))
    places = found(place)
    assert {(1, 1, 2), (1, 1, 6)} <= set(places)
    assert {partition for _, partition, _ in places} == {1}


def test_two_swapped_bodies_are_found_at_both_places_alone(place: StorePlace) -> None:
    change(place, 2, body=b"1-1-1")
    change(place, 6, body=b"1-0-1")
    assert found(place) == [(1, 1, 2), (1, 1, 6)]


def test_an_entry_of_another_chain_is_no_entry_of_this_one(place: StorePlace) -> None:
    with place.tampering() as connection:
        other = sa.select(ledger_rows.c.body, ledger_rows.c.hash).where(at(0, 5))
        body, digest = connection.execute(other).one()
        connection.execute(sa.update(ledger_rows).where(at(1, 5)).values(body=body, hash=digest))
    assert (1, 1, 5) in found(place)


@pytest.mark.parametrize(
    ("values", "position"), [({"hash": bytes(32)}, ENTRIES), ({"position": 6}, 7), ({"position": 11}, ENTRIES + 1)]
)
def test_a_changed_head_row_is_found(place: StorePlace, values: dict[str, Any], position: int) -> None:
    with place.tampering() as connection:
        connection.execute(sa.update(head_rows).where(head_rows.c.partition == 1).values(**values))
    assert found(place) == [(1, 1, position)]


def test_a_head_row_that_is_gone_is_found(place: StorePlace) -> None:
    with place.tampering() as connection:
        connection.execute(sa.delete(head_rows).where(head_rows.c.partition == 1))
    assert found(place) == [(1, 1, 0)]


def test_appending_behind_the_head_row_is_found(place: StorePlace) -> None:
    with place.tampering() as connection:
        own = connection.execute(sa.select(ledger_rows).where(at(1, ENTRIES))).one()
        insert(connection, ledger_rows, [tuple({**own._mapping, "position": ENTRIES + 1}.values())])
    assert (1, 1, ENTRIES + 1) in found(place)


def test_a_tail_cut_off_with_its_head_row_is_found_by_the_seal(place: StorePlace, signer: Signer) -> None:
    sealed = ledger.seal(place.url, signer=signer, now=NOW)
    cut_tail(place, 5)
    assert found(place) == []
    assert found(place, sealed=sealed) == [(1, 1, 6)]


def test_a_tail_rewritten_without_a_fault_is_found_by_the_seal(place: StorePlace, signer: Signer) -> None:
    sealed = ledger.seal(place.url, signer=signer, now=NOW)
    rewrite_tail(place, 4)
    assert found(place) == []
    assert found(place, sealed=sealed) == [(1, 1, ENTRIES)]


def test_a_chain_that_is_gone_altogether_is_found_by_the_seal(place: StorePlace, signer: Signer) -> None:
    sealed = ledger.seal(place.url, signer=signer, now=NOW)
    with place.tampering() as connection:
        connection.execute(sa.delete(ledger_rows).where(ledger_rows.c.partition == 1))
        connection.execute(sa.delete(head_rows).where(head_rows.c.partition == 1))
    assert found(place) == []
    assert {partition for _, partition, _ in found(place, sealed=sealed)} == {1}


def test_a_seal_holds_while_the_ledger_grows(place: StorePlace, signer: Signer) -> None:
    sealed = ledger.seal(place.url, signer=signer, now=NOW)
    store = place.open()
    extend(store, held(store), 3)
    assert found(place, sealed=sealed, public_key=signer.public_key) == []


def test_a_forged_seal_is_refused(place: StorePlace, signer: Signer, tmp_path: Path) -> None:
    sealed = ledger.seal(place.url, signer=signer, now=NOW)
    forger = Signer.at(tmp_path / "forger.key")
    resealed = ledger.seal(place.url, signer=forger, now=NOW)
    for forged in (
        {**sealed, "heads": [[1, 0, 1, "00"]]},
        {**sealed, "sealed_at": "2020-01-01"},
        {**sealed, "signature": ""},
        {**sealed, "public_key": forger.public_key},
        resealed,
        {**resealed, "public_key": signer.public_key},
        {},
    ):
        with pytest.raises(Misconfigured, match="signature does not hold"):
            ledger.verify(place.url, sealed=forged, public_key=signer.public_key)


def next_generation(place: StorePlace) -> None:
    """Begin a generation of three chains, and write into one of them."""
    with place.tampering() as connection:
        connection.execute(sa.update(tables.cursors).values(numbered=ENTRIES))
    begin(place.url, partitions=3)
    store = place.open()
    epoch = held(store)
    extend(store, epoch, 2)
    store.release("partition/0", epoch=epoch)


def test_a_ledger_of_two_generations_is_sound(place: StorePlace, signer: Signer) -> None:
    sealed = ledger.seal(place.url, signer=signer, now=NOW)
    next_generation(place)
    report = ledger.verify(place.url, sealed=sealed)
    assert (report.sound, report.entries, report.chains) == (True, 2 * ENTRIES + 3 + 2, 5)


def test_a_tail_of_an_old_generation_is_found_cut_or_rewritten_without_a_seal(place: StorePlace) -> None:
    next_generation(place)
    for tamper in (rewrite_tail, cut_tail):
        tamper(place, 5)
        assert (1, 1, ENTRIES) in found(place)
        assert {(generation, partition) for generation, partition, _ in found(place)} == {(1, 1)}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"heads": 1}', b'{"heads": [[1, 0, 8, {}]]}', b'{"heads": []}'])
def test_a_changed_inheritance_is_found(place: StorePlace, body: bytes) -> None:
    next_generation(place)
    with place.tampering() as connection:
        connection.execute(sa.update(ledger_rows).where(at(0, 1, generation=2)).values(body=body))
    assert (2, 0, 1) in found(place)


def test_a_later_chain_emptied_to_its_beginning_is_found_without_a_seal(place: StorePlace) -> None:
    next_generation(place)
    with place.tampering() as connection:
        connection.execute(sa.delete(ledger_rows).where(ledger_rows.c.generation == 2, ledger_rows.c.partition == 2))
        emptied = (head_rows.c.generation == 2) & (head_rows.c.partition == 2)
        connection.execute(sa.update(head_rows).where(emptied).values(position=0, hash=bytes(32)))
    assert found(place)
