"""What files behind SFTP owe beyond the common contract: the host is who it is, and a broken line loses nothing."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import paramiko
import pytest

from connectors import files, open_source
from hub.clock import ManualClock
from hub.errors import Misconfigured, Unavailable
from tests.support.shelves import Declared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hub.model.values import Portion
    from hub.ports import Source
    from tests.support.servers import FolderServer

pytestmark = pytest.mark.servers


def opened(connect: Mapping[str, Any], **options: Any) -> Source:
    return open_source(Declared(kind="files", connect={**connect, **options}), {})


def read(source: Source, checkpoint: Any = None) -> list[Portion]:
    try:
        return list(source.read(checkpoint))
    finally:
        source.close()


def numbers(portions: list[Portion]) -> list[str]:
    return [record.tree["no"] for portion in portions for record in portion.records]


def test_a_host_that_shows_another_key_gets_no_login(sftp: FolderServer, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    other = (tmp_path / "other.pub").read_text().strip()
    with pytest.raises(Misconfigured, match="another key"):
        read(opened({**sftp.connect(tmp_path), "host_key": other}))


def test_a_login_that_is_refused_is_the_operators(sftp: FolderServer, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    with pytest.raises(Misconfigured, match="refuses the login"):
        read(opened({**sftp.connect(tmp_path), "key": str(tmp_path / "other")}))
    with pytest.raises(Misconfigured, match="cannot be read"):
        read(opened({**sftp.connect(tmp_path), "key": str(tmp_path / "none")}))


def test_every_fault_of_a_declaration_is_told_at_once() -> None:
    with pytest.raises(Misconfigured) as caught:
        opened({"path": "sftp://host.example/folder", "host_key": "ssh-ed25519 x"})
    assert [fault.target_path for fault in caught.value.faults] == [
        "connect.path", "connect.host_key", "connect.key",
    ]  # fmt: skip


def test_a_file_is_marked_once_the_hub_has_it_and_one_with_a_name_of_any_bytes_is_read(
    sftp: FolderServer, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("no\n1\n", encoding="utf-8")
    odd = os.fsencode(tmp_path) + b"/" + "囧".encode("gb18030") + b".csv"
    with open(odd, "wb") as file:  # noqa: PTH123 - a name that no Path of text spells
        file.write(b"no\n2\n")
    source = opened(sftp.connect(tmp_path), acknowledge={"rename": ".taken"})
    found = list(source.read(None))
    assert sorted(numbers(found)) == ["1", "2"]
    source.acknowledge([record for portion in found for record in portion.records])
    source.close()
    assert {path.name for path in tmp_path.iterdir()} == {
        "a.csv.taken",
        os.fsdecode(odd.rpartition(b"/")[2]) + ".taken",
    }


def test_a_line_that_breaks_in_the_middle_is_taken_up_where_it_broke(
    sftp: FolderServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PORTION_RECORDS", 100)
    rows = [f"{number:05},{'x' * 1000}" for number in range(3000)]
    (tmp_path / "big.csv").write_text("\n".join(["no,text", *rows]) + "\n", encoding="utf-8")
    source: Any = opened(sftp.connect(tmp_path))
    reading = source.read(None)
    found = [next(reading), next(reading)]
    source._folder._transport.sock.close()
    with pytest.raises(Unavailable):
        found.extend(reading)
    rest = read(source, found[-1].checkpoint)
    assert numbers([*found, *rest]) == [f"{number:05}" for number in range(3000)]


def test_a_file_that_still_grows_is_left_until_it_has_stood_still(sftp: FolderServer, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("no\n1\n", encoding="utf-8")
    written_at = datetime.fromtimestamp((tmp_path / "a.csv").stat().st_mtime, UTC)
    clock = ManualClock(written_at + timedelta(seconds=20))
    declared = Declared(kind="files", connect={**sftp.connect(tmp_path), "complete": "stable", "stable": "30s"})
    source = open_source(declared, {}, clock=clock)
    assert numbers(list(source.read(None))) == []
    clock.move_to(written_at + timedelta(seconds=31))
    assert numbers(list(source.read(None))) == ["1"]
    source.close()


def test_memory_stays_that_of_a_portion_however_large_the_file(sftp: FolderServer, tmp_path: Path) -> None:
    row = b"1," + b"x" * 1000 + b"\n"
    with (tmp_path / "big.csv").open("wb") as file:
        file.write(b"no,text\n")
        for _ in range(40):
            file.write(row * 1000)
    source = opened(sftp.connect(tmp_path))
    held = [sum(len(record.raw) for record in portion.records) for portion in source.read(None)]
    source.close()
    assert sum(held) >= 40_000_000
    assert max(held) <= files.PORTION_BYTES + 2 * len(row)


def test_an_end_that_comes_too_soon_is_a_broken_connection(
    sftp: FolderServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("no\n1\n2\n", encoding="utf-8")
    whole = paramiko.SFTPFile.read
    monkeypatch.setattr(paramiko.SFTPFile, "read", lambda file, _size: whole(file, 5) if file.tell() == 0 else b"")
    source = opened(sftp.connect(tmp_path))
    with pytest.raises(Unavailable, match="broke in the middle"):
        list(source.read(None))
    monkeypatch.undo()
    assert numbers(list(source.read(None))) == ["1", "2"]
    source.close()
