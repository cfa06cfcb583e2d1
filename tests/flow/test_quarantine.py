"""What was refused is kept with its bytes, opened by name, replayed once its cause is mended; the ledger remembers."""

from __future__ import annotations

import getpass
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from typer.testing import CliRunner

from hub.bench import Bench
from hub.cli.main import app
from hub.errors import Misconfigured
from hub.intake import SEALED_BYTES
from hub.mapping import TOKEN_KEY
from hub.mapping.examples import read_examples, run_examples
from hub.wiring import load_mapping
from tests.support.casework import CONNECTION, DEPARTMENT
from tests.support.spine import OTHER, OTHER_DEPARTMENT, Read, Spine, a_connection, a_spine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = "2026-03-02T09:00:00+08:00"
MAPPING = f"""
connection: {CONNECTION}
department: "{DEPARTMENT}"
kind: files
connect: {{format: jsonl}}
codes:
  channel: {{CODES}}
case:
  source_case_no: no
  title: title
  region_code: "'321281'"
  channel: code("channel", way)
events:
  - {{type: case.received, occurred_at: time(at)}}
"""
BEFORE = MAPPING.replace("CODES", '"1": window')
AFTER = MAPPING.replace("CODES", '"1": window, "2": online')
RECORDS = [
    {"no": "1", "title": "a", "way": "1", "at": "2026-03-02 09:00:00"},
    {"no": "2", "title": "b", "way": "2", "at": "2026-03-02 09:00:00"},
    {"no": "3", "title": "c", "way": "9", "at": "2026-03-02 09:00:00"},
    {"no": "4", "title": "d", "way": "1", "at": "never"},
]


@pytest.fixture
def spine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spine]:
    """Open a hub in the folder in which the commands are typed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv(TOKEN_KEY, "the key of tests, no secret")
    with a_spine(tmp_path / "var") as spine:
        yield spine


def said(*words: str, code: int = 0) -> str:
    """Type a command; return what it printed."""
    shown = CliRunner().invoke(app, ["quarantine", *words])
    if shown.exception and not isinstance(shown.exception, SystemExit):
        raise shown.exception
    assert shown.exit_code == code, shown.output
    return shown.stdout


def refused(**words: Any) -> dict[str, dict[str, Any]]:
    """List the quarantine as the command does, by the place that each record came from."""
    rows = orjson.loads(said("list", "--json"))
    return {row["place"]: row for row in rows if all(row[name] == value for name, value in words.items())}


def read_file(spine: Spine, folder: Path) -> Path:
    """Read the four records by the mapping as it was; return the mapping as it is mended."""
    old, new, data = folder / "old.yaml", folder / "new.yaml", folder / "records.jsonl"
    old.write_text(BEFORE, encoding="utf-8")
    new.write_text(AFTER, encoding="utf-8")
    data.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in RECORDS))
    mapped = load_mapping(old)
    spine.hub.intake(mapped, spine.bus).run_once(spine.hub.source(mapped, data))
    spine.line.settle()
    return new


def test_every_refused_record_is_listed_with_stage_code_path_place_and_what_to_do(spine: Spine, tmp_path: Path) -> None:
    read_file(spine, tmp_path)
    rows = refused()
    assert len(rows) == 3
    for row in rows.values():
        assert row["connection_id"] == CONNECTION
        assert row["stage"] == "map"
        assert row["code"].startswith("map.")
        assert row["path"]
        assert row["hint"]
        assert row["state"] == "open"
    assert {place.rpartition(":")[2] for place in rows} == {"2", "3", "4"}
    table = said("list", "--connection", CONNECTION)
    assert all(row["rejection_id"][:8] in table for row in rows.values())
    assert spine.accounts()[CONNECTION]["quarantined"] == 3


def test_showing_tells_all_but_the_bytes_and_opening_is_an_act_in_the_ledger(spine: Spine, tmp_path: Path) -> None:
    read_file(spine, tmp_path)
    (row,) = (each for place, each in refused().items() if place.endswith(":3"))
    shown = orjson.loads(said("show", row["rejection_id"][:12], "--json"))
    assert not {"bytes", "sealed"} & shown.keys()
    spine.line.settle()
    assert spine.entries("act") == []
    opened = orjson.loads(said("show", row["rejection_id"], "--open", "--json"))
    assert orjson.loads(opened["bytes"]) == RECORDS[2]
    assert '"no":"3"' in said("show", row["rejection_id"], "--open")
    spine.line.settle()
    acts = [entry["data"] for entry in spine.entries("act")]
    assert acts[0] == {"act": "quarantine.opened", "subject": row["rejection_id"], "by": getpass.getuser()}
    assert len(acts) == 2


def test_a_mended_record_goes_through_and_what_is_still_bad_stays_open(spine: Spine, tmp_path: Path) -> None:
    mended = str(read_file(spine, tmp_path))
    rows = {place.rpartition(":")[2]: row["rejection_id"] for place, row in refused().items()}
    assert "1 event is on its way" in said("replay", rows["2"], mended)
    again = said("replay", rows["3"], mended, code=1)
    assert "refused again: map.unknown-code: case/channel: " in again
    assert "'9'" in again
    spine.line.settle()
    assert spine.outcomes() == {"new": 2}
    accounts = spine.accounts()[CONNECTION]
    assert (accounts["read"], accounts["quarantined"]) == (6, 4)
    rows_now = orjson.loads(said("list", "--json"))
    assert {row["rejection_id"]: (row["state"], row["seen"]) for row in rows_now} == {
        rows["2"]: ("replayed", 1),
        rows["3"]: ("open", 2),
        rows["4"]: ("open", 1),
    }
    acts = [(entry["data"]["act"], entry["data"]["subject"]) for entry in spine.entries("act")]
    assert acts.count(("quarantine.replayed", rows["2"])) == 1
    assert ("quarantine.replayed", rows["3"]) not in acts
    with pytest.raises(Misconfigured, match="already"):
        said("replay", rows["2"], mended)


def test_a_record_refused_for_another_reason_has_that_in_place_of_the_first(spine: Spine, tmp_path: Path) -> None:
    mended = read_file(spine, tmp_path)
    mended.write_text(BEFORE.replace("title: title", "title: integer(title)"), encoding="utf-8")
    rows = {place.rpartition(":")[2]: row["rejection_id"] for place, row in refused().items()}
    said("replay", rows["2"], str(mended), code=1)
    spine.line.settle()
    after = [(row["state"], row["path"]) for row in orjson.loads(said("list", "--json")) if row["place"].endswith(":2")]
    assert sorted(after) == [("open", "case/title"), ("replayed", "case/channel")]


def test_a_bad_file_read_again_opens_nothing_twice(spine: Spine, tmp_path: Path) -> None:
    read_file(spine, tmp_path)
    first = {row["rejection_id"] for row in refused(state="open").values()}
    read_file(spine, tmp_path)
    rows = orjson.loads(said("list", "--json"))
    assert {row["rejection_id"] for row in rows} == first
    assert {row["seen"] for row in rows} == {2}
    assert spine.accounts()[CONNECTION]["quarantined"] == 6
    assert "open, 2×" in said("list")


def test_a_refused_record_becomes_an_example_that_holds(spine: Spine, tmp_path: Path) -> None:
    read_file(spine, tmp_path)
    rows = {place.rpartition(":")[2]: row["rejection_id"] for place, row in refused().items()}
    old = tmp_path / "old.yaml"
    shown = CliRunner().invoke(
        app, ["mapping", "record", rows["3"], str(old), "--name", "a way unheard of", "--append"]
    )
    assert shown.exit_code == 0, shown.output
    assert run_examples(old) == []
    (example,), _ = read_examples(old)
    assert (example.record["way"], example.wanted["code"]) == ("9", "map.unknown-code")
    spine.line.settle()
    assert [entry["data"]["act"] for entry in spine.entries("act")] == ["quarantine.opened"]


def test_a_record_is_replayed_by_its_own_connections_mapping_alone(spine: Spine, tmp_path: Path) -> None:
    mended = read_file(spine, tmp_path)
    mended.write_text(AFTER.replace(CONNECTION, OTHER), encoding="utf-8")
    (row, *_) = refused().values()
    with pytest.raises(Misconfigured, match=OTHER):
        said("replay", row["rejection_id"], str(mended))


def test_bytes_too_large_to_travel_are_known_by_digest_and_place(spine: Spine, tmp_path: Path) -> None:
    mapping, data = tmp_path / "m.yaml", tmp_path / "large.jsonl"
    mapping.write_text(BEFORE, encoding="utf-8")
    data.write_bytes(orjson.dumps({**RECORDS[3], "title": "x" * SEALED_BYTES}) + b"\n")
    mapped = load_mapping(mapping)
    spine.hub.intake(mapped, spine.bus).run_once(spine.hub.source(mapped, data))
    spine.line.settle()
    (row,) = refused().values()
    assert row["size_bytes"] > SEALED_BYTES
    with pytest.raises(Misconfigured, match="spool"):
        said("show", row["rejection_id"], "--open")
    assert (spine.hub.settings.data_dir / "spool" / row["record_digest"]).is_file()


def test_a_parked_message_goes_through_once_its_fault_is_mended(
    spine: Spine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping, read = tmp_path / "m.yaml", Read()
    mapping.write_text(AFTER, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(Bench, "fact", lambda *_, **__: 1 / 0)
        spine.tell(read.event("case.received", DAY), read.report())
    assert spine.outcomes() == {"parked": 1}
    ((_, row),) = refused(stage="supervise").items()
    assert "1 event is on its way" in said("replay", row["rejection_id"], str(mapping))
    spine.line.settle()
    assert spine.outcomes() == {"new": 1, "parked": 1}
    assert refused(stage="supervise")[row["place"]]["state"] == "replayed"
    assert spine.hub.queries.summary()["cases"]["total"] == 1


def test_a_message_for_a_department_off_the_list_goes_through_once_it_is_on_it(spine: Spine, tmp_path: Path) -> None:
    mapping, read = tmp_path / "m.yaml", Read(department=OTHER_DEPARTMENT)
    mapping.write_text(AFTER, encoding="utf-8")
    spine.tell(read.event("case.received", DAY), read.report())
    (row,) = refused(code="authorise.department").values()
    assert "authorise.department" in said("replay", row["rejection_id"], str(mapping), code=1)
    both = frozenset({DEPARTMENT, OTHER_DEPARTMENT})
    spine.hub.store.register([replace(a_connection(), departments=both)])
    said("replay", row["rejection_id"], str(mapping))
    spine.line.settle()
    assert spine.outcomes() == {"new": 1, "parked": 1}


def test_a_forged_message_is_not_believed_at_the_second_try(spine: Spine, tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text(AFTER.replace(CONNECTION, OTHER), encoding="utf-8")
    spine.account(OTHER).publish([Read().event("case.received", DAY)])
    spine.line.settle()
    (row,) = refused(code="authorise.speaker").values()
    assert row["connection_id"] == OTHER
    assert "authorise.speaker" in said("replay", row["rejection_id"], str(mapping), code=1)
    spine.line.settle()
    assert spine.outcomes() == {}
    assert refused(state="open")


def test_what_the_quarantine_says_is_printed_as_it_is(spine: Spine) -> None:
    read = Read()
    spine.tell(read.rejection(problem="[bold]not markup[/bold] [/]", path="/a[0]"), read.report())
    said("list")  # however narrow the terminal: it folds, and takes nothing for markup
    (row,) = refused().values()
    shown = said("show", row["rejection_id"])
    assert "[bold]not markup[/bold] [/]" in shown
    assert "/a[0]" in shown
