"""Digests: of an event's content, of a record's exact bytes, and the XOR of many."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONTENT_FIELDS: Final = (
    "type",
    "occurred_at",
    "recorded_at",
    "stage_code",
    "promised_due_at",
    "statutory_due_at",
    "result",
    "special",
    "extension",
    "fee",
    "discretion",
    "correction_of",
)
"""What the department said that supervision judges: type, times, amounts, tier, result. Never attributes of the
applicant, tokens, provenance or the mapping's fingerprint."""

LATER_FIELDS: Final = ("supplement", "joint", "payment", "refers_to", "handling")
"""Content fields that came after the first digests were taken: an event without them keeps the digest it had."""

_SORTED: Final = orjson.OPT_SORT_KEYS


def content_digest(data: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) of the case and the content fields of a case event's `data`."""
    case = data["case"]
    content = [case["case_id"], *(data.get(name) for name in CONTENT_FIELDS)]
    content += [[name, data[name]] for name in LATER_FIELDS if name in data]
    if "materials" in case:
        content.append(["materials", case["materials"]])
    if "attachments" in case:
        content.append(["attachments", sorted(each["sha256"] for each in case["attachments"])])
    return hashlib.sha256(orjson.dumps(content, option=_SORTED)).hexdigest()


def record_digest(raw: bytes) -> str:
    """SHA-256 (64 hex digits) of a record's exact bytes."""
    return hashlib.sha256(raw).hexdigest()


def numbers_digest(numbers: Iterable[str]) -> str:
    """SHA-256 (64 hex digits) of case numbers: each once, in order of their UTF-8 bytes, a line feed after each."""
    listed = sorted({number.encode() for number in numbers})
    return hashlib.sha256(b"".join(number + b"\n" for number in listed)).hexdigest()


def xor_digests(digests: Iterable[str]) -> str:
    """XOR of SHA-256 digests (64 hex digits): the same for any order; what a read-report carries."""
    total = 0
    for digest in digests:
        total ^= int(digest, 16)
    return f"{total:064x}"


def canary_name(token: str) -> str:
    """Return what names a canary where it must not be written: 12 hex digits of its SHA-256."""
    return hashlib.sha256(token.lower().encode()).hexdigest()[:12]
