"""Seals refused bytes to the vault's public key, and opens them where the private key is."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from hub.errors import Fault, Misconfigured
from hub.files import create_durably

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC: Final = "vault.pub"
PRIVATE: Final = "vault.key"
"""Key files, base64. A connector in a department's network has the public one alone."""


class SealedBoxVault:
    """A Vault on X25519 and XSalsa20-Poly1305 (libsodium's sealed boxes). Without the private key it only seals."""

    def __init__(self, public: bytes, private: bytes | None = None) -> None:
        """Seal to `public`; open with `private`. Both are 32 raw bytes."""
        self._seal = SealedBox(PublicKey(public))
        self._open = SealedBox(PrivateKey(private)) if private else None

    @classmethod
    def at(cls, folder: Path, *, makes_keys: bool = True) -> SealedBoxVault:
        """Read the keys in `folder`; where there are none, make a pair. Misconfigured where they cannot be keys."""
        if makes_keys and not (folder / PUBLIC).exists():
            with suppress(FileExistsError):
                generate(folder)
        public, private = _key(folder / PUBLIC), _key(folder / PRIVATE)
        if public is None and private is not None:
            public = bytes(PrivateKey(private).public_key)
        if public is None:
            raise Misconfigured(_bad_key(folder / PUBLIC, "there is no public key"))
        return cls(public, private)

    def seal(self, raw: bytes) -> bytes:
        """Return `raw` in an anonymous sealed box."""
        return self._seal.encrypt(raw)

    def open(self, sealed: bytes) -> bytes:
        """Return the bytes; Misconfigured where the private key is not here, or is another's."""
        if self._open is None:
            raise Misconfigured(
                Fault(code="vault.closed", problem="the vault's private key is not here", hint="open it at the centre")
            )
        try:
            return self._open.decrypt(sealed)
        except CryptoError as other:
            raise Misconfigured(
                Fault(
                    code="vault.other-key",
                    problem="the bytes were not sealed for this vault, or are damaged",
                    hint="open them with the key that was in use when they were sealed",
                )
            ) from other


def generate(folder: Path) -> SealedBoxVault:
    """Make a key pair in `folder`, readable by its owner alone; FileExistsError where there is one already.

    What a key has sealed needs that key: none is ever overwritten, also not by another process at the same instant.
    """
    key = PrivateKey.generate()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    create_durably(folder / PRIVATE, base64.b64encode(bytes(key)) + b"\n")
    create_durably(folder / PUBLIC, base64.b64encode(bytes(key.public_key)) + b"\n")
    return SealedBoxVault(bytes(key.public_key), bytes(key))


def _key(path: Path) -> bytes | None:
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except FileNotFoundError:
        return None
    except (OSError, binascii.Error) as unreadable:
        raise Misconfigured(_bad_key(path, str(unreadable))) from unreadable
    if len(key) != PublicKey.SIZE:
        raise Misconfigured(_bad_key(path, f"it holds {len(key)} bytes, a key has {PublicKey.SIZE}"))
    return key


def _bad_key(path: Path, problem: str) -> Fault:
    return Fault(code="vault.key", problem=problem, file=str(path), hint="put the vault's key file back")
