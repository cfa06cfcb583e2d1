"""Identifiers, and the one way each of them is derived."""

from __future__ import annotations

import hashlib
import uuid
import zlib
from typing import Final

import orjson

BUCKETS: Final = 256
"""Buckets of the intake exchange; bindings map them to any number of queues, so cases never split."""

_NAMESPACE: Final = uuid.UUID("5a6f9c1e-2f4b-5d7a-9c3e-8b1d4e6f7a90").bytes
"""Namespace of every name below; changing it changes every identifier ever issued."""


def _uuid5(kind: str, *parts: str) -> str:
    """Name-based UUID (RFC 9562, version 5) of a JSON array, so that no two part lists share a name."""
    digest = hashlib.sha1(_NAMESPACE + orjson.dumps([kind, *parts]), usedforsecurity=False).digest()
    octets = bytearray(digest[:16])
    octets[6] = octets[6] & 0x0F | 0x50
    octets[8] = octets[8] & 0x3F | 0x80
    text = octets.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def event_id(connection: str, source_key: str, event_type: str, occurrence: str = "") -> str:
    """Identify an event by what the source calls it, never by its time, position or content."""
    return _uuid5("event", connection, source_key, event_type, occurrence)


def case_id(numbering: str, *key: str) -> str:
    """Identify a case within its numbering; `key` holds the declared fields (with the year where serials restart)."""
    return _uuid5("case", numbering, *key)


def clock_id(case: str, kind: str, occurrence: str) -> str:
    """Identify one clock of one case; `occurrence` tells restarted clocks of a kind apart."""
    return _uuid5("clock", case, kind, occurrence)


def alert_id(rule: str, subject: str, occurrence: str) -> str:
    """Identify an alert by its dedup key `rule|subject|occurrence`, so that raising it twice is one alert."""
    return _uuid5("alert", rule, subject, occurrence)


def rejection_id(connection: str, read: str, ordinal: int) -> str:
    """Identify the rejection of one record of one read of one connection, whose name nobody else can take."""
    return _uuid5("rejection", connection, read, str(ordinal))


def report_id(connection: str, read: str, portion: int) -> str:
    """Identify the read-report of one portion of one read of one connection."""
    return _uuid5("report", connection, read, str(portion))


def notification_id(trigger: str, line: str, channel: str, person: str) -> str:
    """Identify a notification by what it is about, whose turn it is, how and whom it reaches."""
    return _uuid5("notification", trigger, line, channel, person)


def alert_move_id(alert: str, move: str, changed_at: str) -> str:
    """Identify one move of an alert, so that telling of it twice is one document."""
    return _uuid5("alert-move", alert, move, changed_at)


def supervision_no(year: int, generation: int, partition: int, position: int) -> str:
    """Number an alert 监察编号 by the ledger entry that first tells of it: 19 digits for good (GB/T 39046: an..20)."""
    return f"{year:04}{generation:02}{partition:03}{position:010}"


def parked_id(user: str, message_id: str, queue: str, body_digest: str) -> str:
    """Name a message that could not be taken: by whoever sent it, what they called it, its queue, and its bytes."""
    return _uuid5("parked", user, message_id, queue, body_digest)


def foreign_read_id(message_id: str) -> str:
    """Name the read of a message whose id is not of our form, so that it is accounted for all the same."""
    return _uuid5("foreign", message_id)


def score_id(*names: str) -> str:
    """Identify what an act on scores is about: a month, or one indicator of a department's month."""
    return _uuid5("score", *names)


def act_id(act: str, subject: str, by: str, at: str) -> str:
    """Identify what a person did once."""
    return _uuid5("act", act, subject, by, at)


def change_id(department: str, digest: str) -> str:
    """Identify a change of a department's catalogue by the digest of what it changes."""
    return _uuid5("catalogue-change", department, digest)


def notice_id(year: int) -> str:
    """Identify what is loaded of a year's working days."""
    return _uuid5("notice", str(year))


def receipt_id(connection: str, idempotency_key: str) -> str:
    """Identify the receipt of one push."""
    return _uuid5("receipt", connection, idempotency_key)


def complaint_letter_id(kind: str, *parts: str) -> str:
    """Identify one order, or one status, of a complaint: the same for whoever makes it again."""
    return _uuid5(kind, *parts)


PUSHED_BITS: Final = 20
"""Bits of a push's ordinals that count its messages; those above tell one body from another under the same receipt."""


def pushed_from(body_digest: str) -> int:
    """Return where the ordinals of a push begin: a number of 52 bits that its body's digest (hexadecimal) gives it."""
    return int(body_digest[:8], 16) << PUSHED_BITS


def bucket_of(subject: str) -> int:
    """Bucket 0..255 of a case (or of whatever else must stay in order): crc32 of its id."""
    return zlib.crc32(subject.encode()) % BUCKETS


CITY: Final = "city"
"""What everything that is about no case is kept with, so that rules across cases have one writer."""


def home_of(subject: str) -> int:
    """Bucket of the chain that keeps what is said of a subject: of a case its own, of `<kind>:<id>` the city's."""
    return bucket_of(CITY if ":" in subject else subject)


def partition_of(bucket: int, partitions: int) -> int:
    """Partition 0..partitions-1 that owns `bucket`."""
    return bucket % partitions


def certificate_name(certificate_id: str) -> str:
    """Name a certificate as acts name what they are done to."""
    return _uuid5("certificate", certificate_id)
