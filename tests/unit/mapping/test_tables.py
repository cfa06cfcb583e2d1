"""A code table may stand in a file or be shared; wherever it stands, it means the same and can reach nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub import mapping
from hub.errors import Refused
from hub.mapping.document import FILE_BYTES
from hub.mapping.tables import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASE = """\
case:
  source_case_no: no
  region_code: "'321200'"
  channel: code("way", way)
"""
FILED = "codes: {way: {file: way.csv}}\n"
INLINE = 'codes: {way: {"1": window, "2": online, "9": null}}\n'
TABLE = "code,target\n1,window\n2,online\n9,\n"


def channel(loaded: mapping.CompiledMapping, way: str) -> Any:
    (event,) = loaded.map_record({"no": "1", "at": "2026-01-05", "way": way})
    return event.data["case"].get("channel")


def test_a_table_in_a_file_means_what_it_means_inline(compiled: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "way.csv").write_text(TABLE, encoding="utf-8")
    filed = compiled(FILED, case=CASE)
    assert [channel(filed, way) for way in "129"] == ["window", "online", None]
    with pytest.raises(Refused) as refused:
        channel(filed, "3")
    assert refused.value.rejection.code == "map.unknown-code"
    assert filed.fingerprint == compiled(INLINE, case=CASE).fingerprint


def test_a_changed_file_changes_the_fingerprint_of_the_codes(written: Callable[..., Path], tmp_path: Path) -> None:
    path = written(FILED, case=CASE)
    (tmp_path / "way.csv").write_text(TABLE, encoding="utf-8")
    before = mapping.fingerprint(path).parts
    (tmp_path / "way.csv").write_text(TABLE.replace("online", "phone"), encoding="utf-8")
    after = mapping.fingerprint(path).parts
    assert {name for name in before if before[name] != after[name]} == {"codes"}


def test_a_shared_list_takes_its_own_codes_and_no_other(compiled: Callable[..., Any]) -> None:
    case = CASE.replace("channel", "power_type")
    loaded = compiled("codes: {way: shared/power-types}\n", case=case)
    (event,) = loaded.map_record({"no": "1", "at": "2026-01-05", "way": "01"})
    assert event.data["case"]["power_type"] == "01"
    with pytest.raises(Refused):
        loaded.map_record({"no": "1", "at": "2026-01-05", "way": "no code"})


@pytest.mark.parametrize(
    "table",
    [
        "{file: ../way.csv}",
        "{file: /etc/passwd}",
        "{file: sub/../../way.csv}",
        "{file: link.csv}",
        "{file: absent.csv}",
        "{file: .}",
        '{file: "a\\0b"}',
        "shared/../../settings",
        "shared/no-such-list",
        "power-types",
    ],
)
def test_a_table_reaches_nothing_but_its_folder_and_the_lists(
    linted: Callable[..., Any], tmp_path: Path, table: str
) -> None:
    (tmp_path.parent / "way.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path.parent / "way.csv")
    faults = linted(f"codes: {{way: {table}}}\n", case=CASE)
    assert [(fault.code, fault.line) for fault in faults] == [("map.bad-table", 4)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "code,target\n",
        "1,window\n",
        "code,target\n1\n",
        "code,target\n1,window,x\n",
        "code,target\n,window\n",
        "code,target\n1,window\n1,online\n",
        'code,target\n1,"window\n',
        "code,target\n" + "".join(f"{number},window\n" for number in range(ROWS + 1)),
        "x" * (FILE_BYTES + 1),
    ],
    ids=range(10),
)
def test_a_broken_or_endless_file_is_a_fault(linted: Callable[..., Any], tmp_path: Path, text: str) -> None:
    (tmp_path / "way.csv").write_text(text, encoding="utf-8")
    assert [fault.code for fault in linted(FILED, case=CASE)] == ["map.bad-table"]
