"""Evidence is there whole or not at all, whoever writes beside, and a secret in it is found though it is sealed."""

from __future__ import annotations

import hashlib
import os
import stat
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.checks.identity import no_secrets_in_evidence
from conformance.evidence import EvidenceStore
from conformance.retention import over
from hub.errors import Misconfigured
from hub.vault import SealedBoxVault

if TYPE_CHECKING:
    from pathlib import Path

BYTES = "办件,甲-7".encode()


@pytest.fixture(params=["plain", "sealed"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    vault = SealedBoxVault.at(tmp_path / "keys") if request.param == "sealed" else None
    return EvidenceStore(tmp_path / "evidence", ["geheim-77"], vault)


def test_a_torn_piece_is_not_read_and_the_next_who_keeps_it_mends_it(store: EvidenceStore) -> None:
    item = store.keep("RAW", "x", BYTES)
    path = store.folder / item.sha256
    path.write_bytes(path.read_bytes()[:5])
    assert not store.is_whole(item.sha256)
    with pytest.raises(Misconfigured):
        store.read(item.sha256)
    assert store.keep("RAW", "x", BYTES) == item
    assert store.read(item.sha256) == BYTES


def test_what_is_whole_is_not_written_again(store: EvidenceStore) -> None:
    item = store.keep("RAW", "x", BYTES)
    before = (store.folder / item.sha256).stat().st_ino
    store.keep("RAW", "y", BYTES)
    assert (store.folder / item.sha256).stat().st_ino == before


def test_a_piece_and_its_name_are_on_disk_before_it_counts_as_kept(
    store: EvidenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, real = [], os.fsync

    def fsync(descriptor: int) -> None:
        mode = os.fstat(descriptor).st_mode
        synced.append("folder" if stat.S_ISDIR(mode) else "file")
        real(descriptor)

    monkeypatch.setattr("hub.files.os.fsync", fsync)
    store.keep("RAW", "x", BYTES)
    assert synced[-2:] == ["file", "folder"]


def test_two_who_keep_the_same_bytes_at_once_are_in_nobodys_way(
    store: EvidenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, others = os.fsync, [lambda: store.keep("RAW", "other", BYTES)]

    def fsync(descriptor: int) -> None:
        real(descriptor)
        if others:
            others.pop()()

    monkeypatch.setattr("hub.files.os.fsync", fsync)
    item = store.keep("RAW", "x", BYTES)
    assert not others
    assert store.read(item.sha256) == BYTES
    assert store.names() == [item.sha256], "no draft is left, and none is evidence"


def test_what_is_over_and_kept_again_just_now_belongs_to_a_test_that_is_running(store: EvidenceStore) -> None:
    item = store.keep("RAW", "x", BYTES)
    old = SimpleNamespace(started_at=datetime(2024, 3, 2, tzinfo=UTC), evidence=[item])
    sessions: Any = [SimpleNamespace(results=[old])]
    today = datetime.now(UTC).date()
    assert over(sessions, store, today) == {}
    os.utime(store.folder / item.sha256, (0, 0))
    assert list(over(sessions, store, today)) == [item.sha256]
    store.keep("RAW", "x", BYTES)
    assert over(sessions, store, today) == {}
    assert list(over(sessions, store, today + timedelta(days=3))) == [item.sha256]


def a_lab(store: EvidenceStore) -> Any:
    kept: list[Any] = []
    return SimpleNamespace(
        store=store,
        secrets=["geheim-77"],
        kept=kept,
        evidence=store.names,
        keep=lambda code, name, data, kind: kept.append(store.keep(code, name, data, kind)),
    )


def test_a_secret_planted_in_sealed_evidence_is_found(tmp_path: Path) -> None:
    vault = SealedBoxVault.at(tmp_path / "keys")
    store = EvidenceStore(tmp_path / "evidence", ["geheim-77"], vault)
    store.keep("RAW", "x", BYTES)
    assert no_secrets_in_evidence(a_lab(store)).verdict == "pass"
    leaking = b"token geheim-77 and more"
    (store.folder / hashlib.sha256(leaking).hexdigest()).write_bytes(vault.seal(leaking))
    found = no_secrets_in_evidence(a_lab(store))
    assert (found.verdict, found.pointer) == ("fail", hashlib.sha256(leaking).hexdigest())


def test_a_piece_that_cannot_be_opened_is_not_taken_for_one_without_secrets(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "evidence", (), SealedBoxVault.at(tmp_path / "keys"))
    item = store.keep("RAW", "x", BYTES)
    for other in (SealedBoxVault.at(tmp_path / "other"), None):
        with pytest.raises(Misconfigured):
            no_secrets_in_evidence(a_lab(EvidenceStore(store.folder, (), other)))
    (store.folder / item.sha256).unlink()
    lab = a_lab(store)
    lab.evidence = lambda: [item.sha256]
    with pytest.raises(Misconfigured, match="not kept"):
        no_secrets_in_evidence(lab)
