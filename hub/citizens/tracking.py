"""Names what citizens send, and makes the words by which they see it again: numbers with a check digit, secrets.

Both are made of the site's own key and kept nowhere, so that no store and no backup of one holds a word that opens
anything. Source of the check digit's method: GB 32100-2015, 5.5 (weights 3^i modulo 31, 31 characters).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hub.errors import Fault, Misconfigured
from hub.files import create_durably

if TYPE_CHECKING:
    from pathlib import Path

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters of GB 32100: none that is easily taken for another."""

PREFIX: Final = "TS"
"""What the number of a complaint begins with: 投诉."""

DRAWN: Final = 11
"""Characters of a number that are drawn: of 2.5 × 10^16 numbers two are hardly ever the same."""

SECRET_CHARS: Final = 12
"""Characters of a secret: 59 bits, far more than can be tried at the pace that is let."""

KEY_FILE: Final = "citizens.key"
KEY_BYTES: Final = 32

_ALIKE: Final = str.maketrans({"O": "0", "I": "1", "Z": "2", "S": "5", "V": "U"})
"""What people write for characters that the alphabet has."""

_GROUP: Final = 4


def citizens_key(folder: Path, *, makes: bool = True) -> bytes:
    """Return the key of numbers and secrets; where there is none, make it, or say that it must be brought."""
    path = folder / KEY_FILE
    if not path.exists() and makes:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            create_durably(path, secrets.token_bytes(KEY_BYTES))
    try:
        return path.read_bytes()
    except FileNotFoundError as missing:
        hint = f"copy keys/{KEY_FILE} from the hub: both sides make the same words of it"
        fault = Fault(code="public.key", problem="there is no key of the public site", file=str(path), hint=hint)
        raise Misconfigured(fault) from missing


def number_for(key: bytes, nonce: str) -> str:
    """Return the number of the complaint that a form or a program sends under `nonce`: always the same."""
    drawn = _drawn(key, "number", nonce, DRAWN)
    return _grouped(drawn + _check(drawn), PREFIX)


def number_in(text: str) -> str:
    """Read a number as people write it; empty where it is none: its check digit catches one wrong or two swapped."""
    folded = _folded(text)
    if not folded.startswith(PREFIX):
        return ""
    plain = folded[len(PREFIX) :].translate(_ALIKE)
    if len(plain) != DRAWN + 1 or not set(plain) <= set(ALPHABET) or plain[-1] != _check(plain[:-1]):
        return ""
    return _grouped(plain, PREFIX)


def secret_for(key: bytes, kind: str, name: str) -> str:
    """Return the secret by which the holder sees a complaint (by its number) or a case (by its id)."""
    return _grouped(_drawn(key, kind, name, SECRET_CHARS))


def is_secret(key: bytes, kind: str, name: str, said: str) -> bool:
    """Tell whether what somebody says is the secret; it takes the same time whatever differs."""
    plain = _folded(said).translate(_ALIKE)
    return hmac.compare_digest(plain.encode(), _drawn(key, kind, name, SECRET_CHARS).encode())


def _drawn(key: bytes, kind: str, name: str, length: int) -> str:
    number = int.from_bytes(hmac.digest(key, f"{kind}\n{name}".encode(), hashlib.sha256))
    chars = []
    for _ in range(length):
        number, place = divmod(number, len(ALPHABET))
        chars.append(ALPHABET[place])
    return "".join(chars)


def _check(chars: str) -> str:
    total = sum(ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(chars))
    return ALPHABET[-total * pow(pow(3, len(chars), 31), -1, 31) % 31]


def _folded(text: str) -> str:
    """Return the letters and digits of a text, half width and in upper case."""
    return "".join(char for char in unicodedata.normalize("NFKC", text[:100]).upper() if char.isalnum())


def _grouped(plain: str, *before: str) -> str:
    parts = [plain[at : at + _GROUP] for at in range(0, len(plain), _GROUP)]
    return "-".join([*before, *parts])
