"""The contract of the port Source, over every adapter and codec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors import database, files, listing, open_source, reopen_record
from connectors.http import client
from hub.errors import Misconfigured, Unavailable
from tests.support.rest_shelf import RestShelf
from tests.support.shelves import NAMES, FarShelf, FileShelf, MariaShelf, PostgresShelf, SqliteShelf, TableShelf
from tests.support.soap_shelf import SoapShelf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.values import Portion, Record
    from hub.ports import Source

Shelf = FileShelf | TableShelf | RestShelf
PAGED = ["none", "page", "offset", "cursor", "link"]
FOLDER_SERVERS = ["sftp", "ftp", "old_ftp", "ftps", "webdav", "smb"]
FORMS = ["csv", "csv.gz", "jsonl", "jsonl.gz", "xes", "xes.gz"]


@pytest.fixture(
    params=[
        *FORMS,
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.servers),
        pytest.param("mariadb", marks=pytest.mark.servers),
        *(pytest.param(kind, marks=pytest.mark.servers) for kind in FOLDER_SERVERS),
        *(f"rest.{by}" for by in PAGED),
        *("soap.1.1", "soap.1.2", "soap.text"),
    ]
)
def shelf(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A department's system of each kind, read in portions of three records."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    monkeypatch.setattr(listing, "PORTION_ROWS", 3)
    monkeypatch.setattr(files, "PORTION_RECORDS", 3)
    monkeypatch.setattr(database, "PORTION_ROWS", 3)
    if request.param in TABLES:
        return TABLES[request.param](request, tmp_path)
    form, _, more = request.param.partition(".")
    if form in SERVICES:
        return SERVICES[form](more)
    if form in FOLDER_SERVERS:
        return FarShelf(tmp_path, "csv", request.getfixturevalue(form))
    return FileShelf(tmp_path, form, packed=bool(more))


TABLES: dict[str, Any] = {
    "sqlite": lambda _, folder: SqliteShelf(folder),
    "postgres": lambda request, _: PostgresShelf(request.getfixturevalue("postgres")),
    "mariadb": lambda request, _: MariaShelf(request.getfixturevalue("mariadb")),
}
SERVICES: dict[str, Any] = {
    "rest": RestShelf,
    "soap": lambda more: SoapShelf("1.1" if more == "text" else more, text=more == "text"),
}


@pytest.fixture
def source(shelf: Shelf) -> Iterator[Source]:
    opened = shelf.source()
    yield opened
    opened.close()
    shelf.close()


def applications(*numbers: int) -> list[tuple[str, str]]:
    return [(f"{number:03}", NAMES[number % 3]) for number in numbers]


def stored(checkpoint: Any) -> Any:
    """Return a checkpoint as it comes back from a file."""
    return orjson.loads(orjson.dumps(checkpoint))


def portions(source: Source, checkpoint: Any = None) -> list[Portion]:
    return list(source.read(stored(checkpoint)))


def records(found: list[Portion]) -> list[Record]:
    return [record for portion in found for record in portion.records]


def numbers(found: list[Portion]) -> list[str]:
    return [record.tree.get("no", "refused") for record in records(found)]


def test_every_record_is_read_once_in_bounded_portions_of_which_the_last_is_final(shelf: Shelf, source: Source) -> None:
    shelf.put(*applications(*range(7)))
    shelf.put(*applications(7, 8))
    found = portions(source)
    assert numbers(found) == [f"{number:03}" for number in range(9)]
    assert all(len(portion.records) <= 3 for portion in found)
    assert [portion.final for portion in found] == [False] * (len(found) - 1) + [True]


def test_a_source_with_nothing_to_say_yields_one_final_empty_portion(source: Source) -> None:
    (only,) = portions(source)
    assert only.final
    assert not only.records


def test_reading_again_from_any_checkpoint_yields_at_least_what_followed(shelf: Shelf, source: Source) -> None:
    shelf.put(*applications(*range(8)))
    shelf.put(*applications(8, 9))
    whole = portions(source)
    for index, portion in enumerate(whole):
        followed = numbers(whole[index + 1 :])
        assert set(followed) <= set(numbers(portions(source, portion.checkpoint)))


def test_reading_on_yields_what_is_new_and_nothing_else(shelf: Shelf, source: Source) -> None:
    shelf.put(*applications(1, 2, 3, 4))
    checkpoint = portions(source)[-1].checkpoint
    assert numbers(portions(source, checkpoint)) == []
    shelf.put(*applications(5, 6))
    assert numbers(portions(source, checkpoint)) == ["005", "006"]


def test_reading_on_from_the_middle_skips_what_was_delivered(shelf: Shelf, source: Source) -> None:
    shelf.put(*applications(*range(7)))
    first = portions(source)[0]
    assert numbers(portions(source, first.checkpoint)) == ["003", "004", "005", "006"]


def test_one_broken_record_is_refused_alone_with_its_bytes(shelf: Shelf, source: Source) -> None:
    shelf.put(*applications(1, 2, 3), broken_after=1)
    found = records(portions(source))
    (broken,) = (record for record in found if record.refused)
    assert [record.tree["no"] for record in found if not record.refused] == ["001", "002", "003"]
    assert broken.refused is not None
    assert broken.refused.stage == "decode"
    assert broken.refused.code.startswith("decode.")
    assert broken.refused.problem
    assert broken.refused.hint
    assert broken.place
    assert broken.raw
    assert not broken.tree


def test_names_of_the_whole_gb_18030_range_survive_under_the_label_of_a_smaller_one(
    shelf: Shelf, source: Source
) -> None:
    shelf.put(*applications(0, 1, 2))
    assert [record.tree["name"] for record in records(portions(source))] == list(NAMES)


def test_the_bytes_of_a_record_can_be_decoded_again_by_themselves(shelf: Shelf, source: Source) -> None:
    shelf.put(*applications(0, 1, 2))
    for record in records(portions(source)):
        again = reopen_record(shelf.declaration, record.raw, record.place)
        assert (again.tree, again.raw, again.refused) == (record.tree, record.raw, None)


def test_a_system_that_is_away_is_unavailable(shelf: Shelf) -> None:
    source = open_source(shelf.declared(shelf.missing), {})
    with pytest.raises(Unavailable):
        portions(source)
    with pytest.raises(Unavailable):
        source.probe()
    source.close()


def test_a_probe_consumes_nothing_and_finds_something(shelf: Shelf, source: Source) -> None:
    shelf.put(*applications(1))
    assert source.probe()
    assert numbers(portions(source)) == ["001"]


def test_acknowledging_twice_is_harmless(shelf: Shelf, source: Source) -> None:
    shelf.put(*applications(1, 2))
    found = records(portions(source))
    source.acknowledge(found)
    source.acknowledge(found)


def test_every_fault_of_a_declaration_is_reported_at_once(shelf: Shelf) -> None:
    with pytest.raises(Misconfigured) as found:
        open_source(shelf.declared({"surprise": 1}), {})
    assert len(found.value.faults) >= 2
    assert any("surprise" in fault.target_path for fault in found.value.faults)


def test_an_unknown_kind_names_the_known_ones(shelf: Shelf) -> None:
    declared = shelf.declared({})
    with pytest.raises(Misconfigured, match="database, files"):
        open_source(type(declared)(kind="fax", connect={}), {})
