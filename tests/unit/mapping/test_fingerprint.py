"""The fingerprint follows the meaning of a mapping and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from typer.testing import CliRunner

from hub import mapping
from hub.cli.main import app
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAIN = """\
connection: one
version: 1
department: "11321200014000028L"
kind: database
connect: {url: "${A}", table: t}
allowed_delay: 1h
read: {encoding: utf-8, timezone: Asia/Shanghai, names: {x: a b}}
codes: {way: {"1": window, "2": online}}
let: {applied: time(at)}
case:
  source_case_no: no
  region_code: "'321200'"
  channel: code("way", way)
events:
  - {type: case.received, occurred_at: applied}
"""


def fingerprint(path: Path, text: str, **options: Any) -> str:
    path.write_text(text, encoding="utf-8")
    return mapping.load(path, environment={}, **options).fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("connection: one", "# a comment\nconnection: one"),
        ("${A}", "${B}"),
        ("table: t", "table: u"),
        ("allowed_delay: 1h", "allowed_delay: 2h"),
        ('code("way", way)', "code( 'way' ,way )"),
        ('{"1": window, "2": online}', '{"2": online, "1": "window"}'),
        (
            "  source_case_no: no\n  region_code: \"'321200'\"\n",
            "  region_code: '\"321200\"'\n  source_case_no: (no)\n",
        ),
    ],
)
def test_hosts_secrets_and_formatting_leave_it_alone(tmp_path: Path, old: str, new: str) -> None:
    assert old in PLAIN
    assert fingerprint(tmp_path / "a.yaml", PLAIN.replace(old, new)) == fingerprint(tmp_path / "b.yaml", PLAIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("connection: one", "connection: two"),
        ("version: 1", "version: 2"),
        ("11321200014000028L", "1132120001400001XL"),
        ("utf-8", "gb18030"),
        ("Asia/Shanghai", "Asia/Urumqi"),
        ("{x: a b}", "{x: a c}"),
        ("online", "web"),
        ("time(at)", "time(to)"),
        ("channel: code", "title: code"),
        ("'321200'", "'321281'"),
        ("occurred_at: applied", "occurred_at: applied, recorded_at: applied"),
    ],
)
def test_every_change_of_meaning_changes_it(tmp_path: Path, old: str, new: str) -> None:
    assert old in PLAIN
    assert fingerprint(tmp_path / "a.yaml", PLAIN.replace(old, new)) != fingerprint(tmp_path / "b.yaml", PLAIN)


def test_the_hubs_zone_is_part_of_it(tmp_path: Path) -> None:
    assert fingerprint(tmp_path / "a.yaml", PLAIN, zone="UTC") != fingerprint(tmp_path / "a.yaml", PLAIN)


def test_the_token_key_is_no_part_of_it(written: Callable[..., Path]) -> None:
    path = written(case="case: {source_case_no: no, region_code: \"'321200'\", applicant: 'person(a, id=b)'}\n")
    loaded = [mapping.load(path, environment={mapping.TOKEN_KEY: key}).fingerprint for key in ("one" * 9, "two" * 9)]
    assert loaded[0] == loaded[1]


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("time(at)", "time(to)", {"fields"}),
        ("{x: a b}", "{x: a c}", {"fields"}),
        ("online", "web", {"codes"}),
        ("Asia/Shanghai", "Asia/Urumqi", {"time"}),
        ("utf-8", "gb18030", {"encoding"}),
        ("version: 1", "version: 2", set()),
        ("${A}", "${B}", set()),
        ("connection: one", "# a comment\nconnection: one", set()),
        ('{"1": window, "2": online}', '{"2": online, "1": "window"}', set()),
    ],
)
def test_a_change_shows_in_its_part_alone(tmp_path: Path, old: str, new: str, parts: set[str]) -> None:
    assert old in PLAIN
    before, after = tmp_path / "a.yaml", tmp_path / "b.yaml"
    before.write_text(PLAIN, encoding="utf-8")
    after.write_text(PLAIN.replace(old, new), encoding="utf-8")
    was, is_ = mapping.fingerprint(before).parts, mapping.fingerprint(after).parts
    assert {name for name in was if was[name] != is_[name]} == parts
    assert set(was) == {"fields", "codes", "time", "encoding", "schema"}


def test_the_command_prints_the_fingerprint_that_a_loaded_mapping_has(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    whole = fingerprint(path, PLAIN)
    said = CliRunner().invoke(app, ["mapping", "fingerprint", str(path), "--json"])
    assert (said.exit_code, orjson.loads(said.stdout)["fingerprint"]) == (0, whole)


def test_a_faulty_mapping_has_no_fingerprint(written: Callable[..., Path]) -> None:
    with pytest.raises(Misconfigured):
        mapping.fingerprint(written(case="case: {source_case_no: no}\n"))
