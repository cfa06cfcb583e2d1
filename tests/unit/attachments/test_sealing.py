"""A file on the disc says nothing to whoever has the disc alone, and what was changed there is known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.attachments.sealing import MAGIC, Damaged, opened, sealed
from hub.attachments.shelf import Shelf
from hub.errors import Misconfigured
from hub.vault import generate
from tests.support.attached import PDF

if TYPE_CHECKING:
    from pathlib import Path

    from hub.vault import SealedBoxVault


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SealedBoxVault:
    return generate(tmp_path_factory.mktemp("keys"))


def read(raw: bytes, vault: SealedBoxVault) -> bytes:
    return b"".join(opened(io.BytesIO(raw), vault.open))


def test_a_file_comes_back_as_it_was_however_it_came(vault: SealedBoxVault) -> None:
    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.binary(max_size=200_000), max_size=4))
    def holds(parts: list[bytes]) -> None:
        assert read(b"".join(sealed(parts, vault.seal)), vault) == b"".join(parts)

    holds()


def test_what_was_kept_before_is_read_as_it_is(vault: SealedBoxVault) -> None:
    for raw in (b"", PDF, MAGIC[:-1]):
        assert read(raw, vault) == raw


def test_every_byte_that_is_changed_or_missing_is_noticed(vault: SealedBoxVault) -> None:
    content = b"x" * 50 + PDF
    raw = b"".join(sealed([content[:50], content[50:]], vault.seal))
    for place in range(len(MAGIC), len(raw)):
        for spoilt in (raw[:place], raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]):
            with pytest.raises((Damaged, Misconfigured)):
                read(spoilt, vault)


def test_another_vault_opens_nothing(vault: SealedBoxVault, tmp_path: Path) -> None:
    raw = b"".join(sealed([PDF], vault.seal))
    with pytest.raises(Misconfigured):
        read(raw, generate(tmp_path))
    with pytest.raises(Misconfigured):
        b"".join(Shelf(tmp_path / "none")._read(_written(tmp_path / "file", raw)))


def _written(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


def test_files_of_before_are_sealed_where_they_stand(vault: SealedBoxVault, tmp_path: Path) -> None:
    digests = []
    for shelf in (Shelf(tmp_path), Shelf(tmp_path, vault)):
        with shelf.draft() as draft:
            draft.write(PDF + str(len(digests)).encode())
            shelf.keep(draft)
            digests.append(draft.sha256)
    shelf = Shelf(tmp_path, vault)
    assert (shelf.seal_old(), shelf.seal_old()) == (1, 0)
    for number, digest in enumerate(digests):
        path, parts = shelf.path(digest), shelf.read(digest)
        assert path is not None
        assert parts is not None
        assert PDF not in path.read_bytes()
        assert b"".join(parts) == PDF + str(number).encode()
        shelf.forget(digest)
        shelf.forget(digest)
        assert shelf.read(digest) is None
