"""What is kept beside a reader: checkpoints that a crash cannot halve, and bytes that only the vault can open."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from hub import files as durable
from hub.checkpoints import FileCheckpoints
from hub.errors import Misconfigured, Unavailable
from hub.vault import PRIVATE, PUBLIC, SealedBoxVault, generate

if TYPE_CHECKING:
    from pathlib import Path


def test_a_checkpoint_is_what_was_saved_last(tmp_path: Path) -> None:
    checkpoints = FileCheckpoints(tmp_path / "made when needed")
    assert checkpoints.load("a.b") is None
    checkpoints.save("a.b", {"at": 1})
    checkpoints.save("a.b", {"at": 2, "name": "喆"})
    checkpoints.save("a/../b", {"at": 3})
    assert FileCheckpoints(tmp_path / "made when needed").load("a.b") == {"at": 2, "name": "喆"}
    assert checkpoints.load("a/../b") == {"at": 3}


def test_a_crash_while_saving_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = FileCheckpoints(tmp_path)
    checkpoints.save("a", {"at": 1})

    def crash(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", crash)
    with pytest.raises(Unavailable):
        checkpoints.save("a", {"at": 2})
    assert checkpoints.load("a") == {"at": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]"])
def test_a_damaged_checkpoint_is_not_taken_for_the_beginning(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(Misconfigured, match=r"a\.json"):
        FileCheckpoints(tmp_path).load("a")


def test_what_is_sealed_is_opened_by_the_private_key_alone(tmp_path: Path) -> None:
    whole = SealedBoxVault.at(tmp_path)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / PUBLIC).write_bytes((tmp_path / PUBLIC).read_bytes())
    outside = SealedBoxVault.at(tmp_path / "outside")
    sealed = outside.seal(b"\x00raw")
    assert b"raw" not in sealed
    assert SealedBoxVault.at(tmp_path).open(sealed) == whole.open(sealed) == b"\x00raw"
    with pytest.raises(Misconfigured, match="private key"):
        outside.open(sealed)
    with pytest.raises(Misconfigured, match="not sealed for this vault"):
        SealedBoxVault.at(tmp_path / "another").open(sealed)


def test_a_key_is_readable_by_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    generate(tmp_path)
    key = (tmp_path / PRIVATE).read_bytes()
    assert (tmp_path / PRIVATE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        generate(tmp_path)
    assert (tmp_path / PRIVATE).read_bytes() == key


def test_a_lost_public_key_is_found_in_the_private_one(tmp_path: Path) -> None:
    sealed = generate(tmp_path).seal(b"raw")
    (tmp_path / PUBLIC).unlink()
    assert SealedBoxVault.at(tmp_path).open(sealed) == b"raw"


@pytest.mark.parametrize("content", [b"", b"not base64!", b"c2hvcnQ="])
def test_a_damaged_key_is_the_operators_fault(tmp_path: Path, content: bytes) -> None:
    generate(tmp_path)
    (tmp_path / PUBLIC).write_bytes(content)
    with pytest.raises(Misconfigured, match=r"vault\.pub"):
        SealedBoxVault.at(tmp_path)


def test_starting_at_once_in_many_places_makes_one_key(tmp_path: Path) -> None:
    vaults: list[SealedBoxVault] = []
    barrier = threading.Barrier(6)

    def start() -> None:
        barrier.wait()
        vaults.append(SealedBoxVault.at(tmp_path))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vaults) == 6
    assert [vaults[0].open(vault.seal(b"raw")) for vault in vaults] == [b"raw"] * 6
