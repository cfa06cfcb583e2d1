"""Ships what an edge has pulled in a department's network: the exact bytes of its records, signed by the edge."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import orjson

from conformance.certificate import signing
from hub.errors import Fault, Misconfigured, Refused, in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.certificate.signing import Pinned
    from hub.model.values import Record
    from hub.signer import Signer

TYP: Final = "hub-edge-shipment"
MANIFEST: Final = "manifest.jws"
RECORDS: Final = "records.ndjson"
MOST_BYTES: Final = 2 << 30
"""Bytes that a shipment may hold when it is unpacked."""
MOST_AGE: Final = timedelta(days=7)
"""How long a shipment may be under way: it is pulled and brought each day, and a week has its holidays."""
SKEW: Final = timedelta(minutes=10)
"""How far an edge's clock may lie ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What an edge has pulled of one connection, at an instant: each record's place and its bytes."""

    connection: str
    taken_at: datetime
    records: Sequence[tuple[str, bytes]]


def pack(connection: str, records: Iterable[Record], *, taken_at: datetime, signer: Signer) -> bytes:
    """Return the shipment of these records, in their order. The same records and instant give the same bytes."""
    lines = [{"place": each.place, "raw": base64.b64encode(each.raw).decode()} for each in records]
    body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    manifest = {
        "connection": connection,
        "taken_at": taken_at.isoformat(),
        "records": len(lines),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    files = {MANIFEST: signing.sign_compact(manifest, typ=TYP, signer=signer).encode(), RECORDS: body}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def unpack(raw: bytes, connection: str, pinned: Pinned) -> Shipment:
    """Read a shipment; Misconfigured where a pinned key has not signed exactly these bytes of this connection."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
                raise _unusable(f"it holds more than {MOST_BYTES:,} bytes")
            signed, body = archive.read(MANIFEST).decode("ascii"), archive.read(RECORDS)
        manifest = signing.read_compact(signed, typ=TYP, pinned=pinned)
        if hashlib.sha256(body).hexdigest() != manifest["sha256"]:
            raise _unusable("its bytes are not those that were signed")
        if manifest["connection"] != connection:
            raise _unusable(f"it is of {manifest['connection']}, not of {connection}")
        lines = [orjson.loads(line) for line in body.splitlines()]
        records = [(str(line["place"]), base64.b64decode(line["raw"], validate=True)) for line in lines]
        taken_at = datetime.fromisoformat(manifest["taken_at"])
    except Refused as refused:
        raise _unusable(refused.rejection.problem) from refused
    except (KeyError, TypeError, ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as broken:
        raise _unusable(f"it is no shipment: {in_words(broken)}") from broken
    if taken_at.tzinfo is None:
        raise _unusable("it does not say in which zone it was taken")
    return Shipment(connection=connection, taken_at=taken_at, records=records)


def check_age(shipment: Shipment, now: datetime) -> None:
    """Raise Misconfigured where a shipment is not of these days: what was fit once shows nothing of today."""
    age = now - shipment.taken_at
    if age > MOST_AGE:
        raise _unusable(f"it was taken at {shipment.taken_at.isoformat()}, more than {MOST_AGE.days} days ago")
    if age < -SKEW:
        raise _unusable(f"it was taken at {shipment.taken_at.isoformat()}, which is ahead of the clock here")


def _unusable(problem: str) -> Misconfigured:
    hint = "have it shipped again: sunlight conformance ship MAPPING --out FILE; pin the edge's own key"
    return Misconfigured(Fault(code="edge.shipment", problem=problem, hint=hint))
