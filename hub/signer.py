"""Signs what leaves the database's keeping: Ed25519 over canonical JSON (RFC 8785's rules for what we write)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hub.errors import Fault, Misconfigured
from hub.files import create_durably

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def canonical(document: Mapping[str, Any]) -> bytes:
    """One spelling per document: sorted keys, no spaces; texts and integers only, so that RFC 8785 agrees."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


class Signer:
    """Holds one Ed25519 key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Sign with `key`."""
        self._key = key

    @classmethod
    def at(cls, path: Path) -> Signer:
        """Load the key file, or make one (mode 0600) where there is none; Misconfigured if it holds no key."""
        if not path.exists():
            _make_key(path)
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(path.read_bytes()))
        except ValueError as wrong:
            hint = "restore the key file from its backup; a new key cannot prove old seals"
            fault = Fault(code="signer.key", file=str(path), problem="this is no Ed25519 key of 32 bytes", hint=hint)
            raise Misconfigured(fault) from wrong

    @property
    def key(self) -> Ed25519PrivateKey:
        """Return the key itself, for whoever signs in another form than ours."""
        return self._key

    @property
    def public_key(self) -> str:
        """Return the public key, 64 hex digits."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, document: Mapping[str, Any]) -> str:
        """Return the signature of `document`, 128 hex digits."""
        return self._key.sign(canonical(document)).hex()


def _make_key(path: Path) -> None:
    """Write a new key to `path` whole, or not at all; where another was quicker, that one's key stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    with contextlib.suppress(FileExistsError):
        create_durably(path, raw)


def is_signed(document: Mapping[str, Any], signature: str, public_key: str) -> bool:
    """Tell whether `signature` is that of `document` under `public_key`, both in hex."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), canonical(document))
    except (InvalidSignature, ValueError):
        return False
    return True
