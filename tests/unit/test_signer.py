"""The key that signs seals: made once, whole, readable by its owner alone."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import files as durable
from hub.errors import Misconfigured
from hub.signer import Signer, canonical, is_signed

if TYPE_CHECKING:
    from pathlib import Path

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(max_codepoint=127)), VALUES))
def test_what_is_signed_is_spelt_as_rfc_8785_says(document: dict[str, Any]) -> None:
    """RFC 8785 spells texts and integers as ECMAScript does; so does the standard library, told to leave no space."""
    spelt = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(document) == spelt.encode()


def test_a_signature_holds_for_its_document_and_key_alone(tmp_path: Path) -> None:
    signer, other = Signer.at(tmp_path / "a.key"), Signer.at(tmp_path / "b.key")
    document = {"b": 1, "a": "封存"}
    signature = signer.sign(document)
    assert is_signed({"a": "封存", "b": 1}, signature, signer.public_key)
    assert not is_signed({**document, "b": 2}, signature, signer.public_key)
    assert not is_signed(document, signature, other.public_key)
    assert not is_signed(document, other.sign(document), signer.public_key)


@pytest.mark.parametrize("signature", ["", "zz", "00", "00" * 64, "é"])
def test_what_is_no_signature_does_not_hold(tmp_path: Path, signature: str) -> None:
    signer = Signer.at(tmp_path / "a.key")
    assert not is_signed({}, signature, signer.public_key)
    assert not is_signed({}, signer.sign({}), signature)


def test_the_key_stays_the_same_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.key"
    assert Signer.at(path).public_key == Signer.at(path).public_key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["ledger.key"]


def test_of_many_that_need_a_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    barrier, keys = threading.Barrier(8), []

    def need() -> None:
        barrier.wait()
        keys.append(Signer.at(tmp_path / "keys" / "ledger.key").public_key)

    threads = [threading.Thread(target=need) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_damaged_key_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    path.write_bytes(b"short")
    with pytest.raises(Misconfigured, match=r"ledger.key.*no Ed25519 key"):
        Signer.at(path)
    assert path.read_bytes() == b"short"


def test_a_crash_while_the_key_is_made_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(durable.os, "fsync", crash)
        with pytest.raises(OSError, match="No space left"):
            Signer.at(tmp_path / "ledger.key")
    assert list(tmp_path.iterdir()) == []
    assert Signer.at(tmp_path / "ledger.key").public_key
