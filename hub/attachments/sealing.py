"""Seals files for the disc: whoever has the disc alone, or a backup of it, reads none of them.

A file has a key of its own, which is sealed to the vault; its bytes are a libsodium secret stream
(XChaCha20-Poly1305), so that a large one is never held whole, and one that was cut short or changed is known.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from nacl import bindings
from nacl.exceptions import CryptoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAGIC: Final = b"sunlight-file-1\n"
"""How a sealed file begins. What stands in the folder and begins otherwise was kept before files were sealed."""

_CHUNK: Final = 1 << 16
_ABYTES: Final = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
_HEADER: Final = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_MESSAGE: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL


class Damaged(Exception):
    """A sealed file was changed or cut short."""


def sealed(parts: Iterable[bytes], seal: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Yield a file as it stands on the disc; `seal` seals its key."""
    key = bindings.crypto_secretstream_xchacha20poly1305_keygen()
    kept, state = seal(key), bindings.crypto_secretstream_xchacha20poly1305_state()
    yield MAGIC + len(kept).to_bytes(2, "big") + kept
    yield bindings.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    for part in parts:
        for at in range(0, len(part), _CHUNK):
            yield _pushed(state, part[at : at + _CHUNK], _MESSAGE)
    yield _pushed(state, b"", _FINAL)


def _pushed(state: bindings.crypto_secretstream_xchacha20poly1305_state, part: bytes, tag: int) -> bytes:
    made: bytes = bindings.crypto_secretstream_xchacha20poly1305_push(state, part, tag=tag)
    return len(made).to_bytes(4, "big") + made


def opened(file: IO[bytes], open_: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Yield the parts of a file as it was before it was sealed, or was never; `open_` opens its key.

    Damaged: what is yielded so far is of the file, but not all of it.
    """
    begins = file.read(len(MAGIC))
    if begins != MAGIC:
        yield begins
        while part := file.read(_CHUNK):
            yield part
        return
    key = open_(_exactly(file, int.from_bytes(_exactly(file, 2), "big")))
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    try:
        bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, _exactly(file, _HEADER), key)
        tag = _MESSAGE
        while tag != _FINAL:
            part, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, _next(file))
            yield part
    except (CryptoError, ValueError, RuntimeError) as changed:
        raise Damaged("it was changed") from changed


def _next(file: IO[bytes]) -> bytes:
    size = int.from_bytes(_exactly(file, 4), "big")
    if not _ABYTES <= size <= _CHUNK + _ABYTES:
        raise Damaged("it was changed")
    return _exactly(file, size)


def _exactly(file: IO[bytes], size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        raise Damaged("it was cut short")
    return found
