"""Builders of certificates and their status lists; a test states only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance.certificate import signing
from conformance.certificate.issue import Approval, Shown, Terms, signed, write
from conformance.certificate.status import Standing, status_list
from hub.signer import Signer

ZONE: Final = ZoneInfo("Asia/Shanghai")
NOW: Final = datetime(2026, 6, 1, 1, tzinfo=UTC)
BUREAU: Final = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER: Final = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
PINNED: Final = signing.pinned(signing.public_key(BUREAU))
CONNECTION: Final = "taizhou.housing.permits"
DEPARTMENT: Final = "11321200014000028L"

BINDINGS: Final[dict[str, Any]] = {
    "case_schema": {"version": "1", "sha256": "1" * 64},
    "code_lists": {"sha256": "2" * 64},
    "mapping": {
        "version": 17,
        "sha256": "3" * 64,
        "parts": {name: name[0].encode().hex() * 32 for name in ("fields", "codes", "time", "encoding", "schema")},
    },
    "connector": {"kind": "database", "version": "0.1.0", "artifact_sha256": "5" * 64},
    "ics": {"sha256": "6" * 64},
    "suite": {"version": "1.0", "sha256": "7" * 64},
}

SHOWN: Final = Shown(
    department=DEPARTMENT,
    system="permits",
    connection=CONNECTION,
    environment="production",
    levels=("C1", "C2", "C3"),
    profiles=("T-DB", "E-GB18030"),
    flows=("case.events",),
    omitted=[{"test": "TRN-S01", "why": "ics: no SOAP"}],
    waivers=[{"test": "TRN-D03", "until": "2026-12-31", "by": "王五", "why": "no deletes there"}],
    bindings=BINDINGS,
    bundle_sha256="8" * 64,
    runs=("2026-05-11-a",),
    oldest={"C1": date(2026, 5, 2), "C2": date(2026, 5, 10), "C3": date(2026, 5, 30)},
    must={"pass": 45, "warn": 2, "attested": 1, "omit": 14},
    simulated=("VOL-01",),
)

APPROVALS: Final = (
    Approval(by="张三", role="business", at=NOW, reason="字段语义已核对"),
    Approval(by="李四", role="technical", at=NOW, reason="报告已复核"),
)

TERMS: Final = Terms(
    number="HCC-2026-000123", org="泰州市监察局", status_url="https://hub.invalid/v1/conformance/status.jws", zone=ZONE,
    conditions=[{"id": "K-1", "text": "weekly key sets until the interface is offered", "due": "2026-08-01"}],
    supersedes="HCC-2025-000077",
)  # fmt: skip


def a_certificate(signer: Signer = BUREAU, **changes: Any) -> dict[str, Any]:
    """A certificate's document, signed later by `signer`; `changes` are of what was shown."""
    return write(replace(SHOWN, **changes), APPROVALS, TERMS, now=NOW, kid=signing.key_id(signer))


def as_file(document: dict[str, Any], signer: Signer = BUREAU) -> bytes:
    return signed(document, signer)


def a_list(document: dict[str, Any], signer: Signer = BUREAU, *, at: datetime = NOW, **changes: Any) -> bytes:
    """The status list in which the certificate is active, unless changed."""
    values = {"state": "active", "since": NOW, **changes}
    standing = Standing(**{"certificate": document["id"], "digest": signing.digest(document), **values})
    return status_list([standing], org="泰州市监察局", now=at, signer=signer)
