"""Takes secrets out of what is kept of a test: of the bytes of an exchange, and of what a verdict says in words."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MASK: Final = b"[removed]"

_WORDS: Final = (
    rb"(?:authorization|x-api-key|api[_-]?key|(?:access|refresh|auth|session|bearer|security|csrf)[_-]?token"
    rb"|password|passwd|passphrase|\bpwd|secret|\xe5\xaf\x86\xe7\xa0\x81|\xe5\x8f\xa3\xe4\xbb\xa4)"
)
"""Names of what is secret; the last two are 密码 and 口令."""

_HEADERS: Final = rb"(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|x-(?:auth|access|csrf)-token"
_REMOVED: Final = rb"(?!(?:(?:Basic|Bearer|Digest)\s+)?\[removed\])"
_SCHEME: Final = rb"((?:Basic|Bearer|Digest)\s+)?"
_NULL: Final = rb"(?!null\b)"

_PATTERNS: Final = {
    "header": re.compile(rb"(?im)^((?:" + _HEADERS + rb")[ \t]*+:[ \t]*+)" + _REMOVED + _SCHEME + rb"()[^\r\n]+"),
    "element": re.compile(
        rb"(?i)(<(?:[\w.-]+:)?[\w.-]*" + _WORDS + rb"(?:[_-]?[0-9]+)?(?:\s[^<>]*)?(?<!/)>\s*)()()(?!\[removed\])"
        rb"(?:<!\[CDATA\[.*?\]\]>|[^<\s][^<]*)"
    ),
    "quoted": re.compile(
        rb"(?i)(" + _WORDS + rb"[\"']?\s*[:=]\s*\")" + _REMOVED + _SCHEME + rb"()(?:[^\"\\]|\\.)+(?=\")"
    ),
    "quoted within": re.compile(
        rb"(?i)(" + _WORDS + rb"\\+[\"']?\s*[:=]\s*\\+\")" + _REMOVED + _SCHEME + rb"()[^\"\\]+(?=\\+\")"
    ),
    "credential": re.compile(
        rb"(?i)(" + _WORDS + rb")(\"?\s*[:=]\s*[\"']?)" + _REMOVED + _NULL + _SCHEME + rb"[^\s\"',;&<>\\]{3,}"
    ),
    "digest response": re.compile(rb"(?i)(\bresponse=\"?)()()[0-9a-f]{32,128}"),
    "bearer": re.compile(rb"(?i)()(\b(?:Bearer|Basic)\s+)()(?!\[removed\])[A-Za-z0-9+/_.=~-]{12,}"),
    "key of a hub": re.compile(rb"()()()\bslk_[0-9a-z]{6,}_[\w-]{8,}"),
    "url password": re.compile(rb"()(://[^\s/:@\"<>]{1,80}:)()(?!\[removed\]@)[^\s/\"<>]{1,200}(?=@)"),
    "private key": re.compile(
        rb"()()()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
    ),
    "citizen number": re.compile(
        rb"()()()(?<![0-9A-Za-z])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
        rb"(?![0-9A-Za-z])"
    ),
}
"""What is secret in the bytes of an exchange: each pattern's first three groups are kept, the rest is taken out.

A citizen number is told by its form alone (GB 11643): region, birth, serial, check character.
"""


class Leak(NamedTuple):
    """A secret that stands in clear: what kind, and where (byte offset)."""

    kind: str
    offset: int


def secrets_in(data: bytes, known: Iterable[str] = ()) -> Sequence[Leak]:
    """Find what looks like a secret, and every one of the `known` secrets however it is written."""
    found = [Leak(kind, match.start()) for kind, pattern in _PATTERNS.items() for match in pattern.finditer(data)]
    places = [min((at for form in _forms(secret) if (at := data.find(form)) >= 0), default=-1) for secret in known]
    return found + [Leak("a secret of this connection", place) for place in places if place >= 0]


def without_secrets(data: bytes, known: Iterable[str] = ()) -> bytes:
    """Return the bytes with every secret taken out."""
    for secret in known:
        for form in _forms(secret):
            data = data.replace(form, MASK)
    for pattern in _PATTERNS.values():
        data = pattern.sub(rb"\1\2\3" + MASK, data)
    return data


def without_secrets_in(text: str, known: Iterable[str] = ()) -> str:
    """Return a text with every secret taken out; what is no character of Unicode stands as an escape."""
    return without_secrets(text.encode("utf-8", "backslashreplace"), known).decode("utf-8", "replace")


@lru_cache(maxsize=256)
def _forms(secret: str) -> Collection[bytes]:
    """Return how a secret may be written: as it is, in XML, in JSON, in an address; the longest first."""
    if not secret:
        return ()
    quotes = {'"': "&quot;"}
    texts = [secret, escape(secret), escape(secret, quotes)]
    texts += [escape(secret, {**quotes, "'": name}) for name in ("&apos;", "&#39;", "&#x27;")]
    texts += [json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)]
    texts += [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    forms = {text.encode(encoding, "surrogatepass") for text in texts for encoding in ("utf-8", "utf-16-le")}
    forms |= {text.encode("gb18030", "ignore") for text in texts if text.isprintable()}
    return sorted(forms, key=lambda form: (-len(form), form))
