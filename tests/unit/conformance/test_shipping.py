"""What an edge ships counts for as long as it is of these days, and is refused in words where it is not whole."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from conformance import shipping
from conformance.certificate import signing
from conformance.shipping import MANIFEST, MOST_AGE, RECORDS, TYP, check_age, pack, unpack
from hub.errors import Misconfigured
from tests.support.certificates import BUREAU, CONNECTION, NOW, PINNED

if TYPE_CHECKING:
    from datetime import datetime


def shipped(taken_at: datetime = NOW) -> bytes:
    return pack(CONNECTION, [], taken_at=taken_at, signer=BUREAU)


def of(manifest: dict[str, Any], body: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(MANIFEST, signing.sign_compact(manifest, typ=TYP, signer=BUREAU))
        archive.writestr(RECORDS, body)
    return packed.getvalue()


def test_a_shipment_is_taken_for_a_week_and_not_before_its_time() -> None:
    found = unpack(shipped(), CONNECTION, PINNED)
    for late in (timedelta(0), MOST_AGE, -timedelta(minutes=9)):
        check_age(found, NOW + late)
    for late in (MOST_AGE + timedelta(seconds=1), -timedelta(minutes=11), timedelta(days=365)):
        with pytest.raises(Misconfigured, match="was taken at"):
            check_age(found, NOW + late)


def test_a_manifest_that_was_signed_without_its_fields_is_refused() -> None:
    empty = hashlib.sha256(b"").hexdigest()
    for manifest in ({}, {"sha256": empty}, {"sha256": empty, "connection": CONNECTION},
                     {"sha256": empty, "connection": CONNECTION, "taken_at": 5},
                     {"sha256": empty, "connection": CONNECTION, "taken_at": "2026-06-01T09:00:00"}):  # fmt: skip
        with pytest.raises(Misconfigured):
            unpack(of(manifest), CONNECTION, PINNED)
    line = b"5\n"
    signed = {"sha256": hashlib.sha256(line).hexdigest(), "connection": CONNECTION, "taken_at": NOW.isoformat()}
    with pytest.raises(Misconfigured):
        unpack(of(signed, line), CONNECTION, PINNED)


def test_what_is_no_archive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for broken in (b"", shipped()[:100]):
        with pytest.raises(Misconfigured):
            unpack(broken, CONNECTION, PINNED)
    monkeypatch.setattr(shipping, "MOST_BYTES", 10)
    with pytest.raises(Misconfigured, match="more than"):
        unpack(shipped(), CONNECTION, PINNED)
