"""Builders of what certification speaks of; a test states only what it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from conformance.model import Bindings, Footer, Header, Lifecycle, Result, Signature, Verdict, Words
from conformance.verdicts import Plan, summarise
from hub.model.certified import CertificateRow

STARTED: Final = datetime(2026, 3, 2, 1, tzinfo=UTC)
SIGNATURES: Final = (
    Signature(role="data_owner", name="王芳", signed_on=date(2026, 2, 27)),
    Signature(role="system_owner", name="李强", signed_on=date(2026, 2, 27)),
)
BINDINGS: Final = Bindings(
    case_schema="case-event.v1",
    case_schema_sha256="1" * 64,
    code_lists_sha256="2" * 64,
    mapping_version=1,
    mapping_sha256="3" * 64,
    mapping_parts={"fields": "4" * 64, "codes": "5" * 64},
    connector_kind="rest",
    connector_version="0.1.0",
    connector_sha256="6" * 64,
    ics_sha256="7" * 64,
    suite_version="1.0.0",
    suite_sha256="8" * 64,
)
TESTS: Final = {
    "ENC-01": ("C1", "must"),
    "GOV-01": ("C1", "must"),
    "SCH-01": ("C2", "must"),
    "CNF-01": ("C2", "must"),
    "MAL-04": ("C2", "should"),
}


def a_header(**fields: Any) -> Header:
    """Return the header of a session that plans five tests of two levels."""
    base: dict[str, Any] = {
        "session": "20260302-7f3a",
        "connection": "taizhou.office.permits",
        "department": "11321200014000028L",
        "system": "办公系统",
        "environment": "sandbox",
        "target": "C2",
        "signatures": SIGNATURES,
        "profiles": ("T-REST", "E-UTF8"),
        "flows": ("case.events",),
        "bindings": BINDINGS,
        "started_at": STARTED,
        "planned": tuple(TESTS),
        "omitted": (),
    }
    return Header(**base | fields)


def a_result(test: str, verdict: Verdict | None = Verdict.PASS, **fields: Any) -> Result:
    """Return a result that is done; without verdict it waits."""
    level, severity = TESTS.get(test, ("C1", "must"))
    base: dict[str, Any] = {
        "test": test,
        "attempt": 1,
        "level": level,
        "severity": severity,
        "subject": "joint",
        "mode": "REPLAY",
        "lifecycle": Lifecycle.WAITING if verdict is None else Lifecycle.DONE,
        "verdict": verdict,
        "started_at": STARTED,
        "ended_at": None if verdict is None else STARTED,
        "reason": Words(zh="符合", en="as required"),
    }
    return Result(**base | fields)


def a_footer(**fields: Any) -> Footer:
    """Return the footer of a session in which all went well."""
    base: dict[str, Any] = {
        "ended_at": STARTED,
        "planned": len(TESTS),
        "executed": len(TESTS),
        "standing": "pass",
        "is_certifiable": True,
        "obstacles": (),
        "lines_sha256": "9" * 64,
    }
    return Footer(**base | fields)


def a_plan(**fields: Any) -> Plan:
    """Return what is rolled up, on the day the session began."""
    base: dict[str, Any] = {"header": a_header(), "tests": TESTS, "today": STARTED.date()}
    return Plan(**base | fields)


def passed(**instead: Result | None) -> list[Result]:
    """Return a pass of every test but those said: `ENC_01=a_result(…)`, None for one that never ran."""
    replaced = {name.replace("_", "-"): result for name, result in instead.items()}
    results = [replaced.get(test, a_result(test)) for test in TESTS]
    return [result for result in results if result is not None]


def summed_up(*results: Result, footer: Footer | None = None, **plan: Any) -> Any:
    """Return the summary of results, with a footer unless told."""
    return summarise(a_plan(**plan), results, footer or a_footer())


def a_declaration(**fields: Any) -> dict[str, Any]:
    """Return a department's declaration of a REST connection."""
    return {
        "connection": "taizhou.office.permits",
        "department": "11321200014000028L",
        "system": {"name": "办公系统"},
        "transport": "rest",
        "encoding": "utf-8",
        "timezone": "Asia/Shanghai",
        "flows": ["case.events"],
        "families": ["application"],
        "claims": [],
        "confidentiality": "mixed",
        "volume": {"daily": 40, "peak_per_minute": 4},
        "latency_minutes": 720,
        "contacts": [{"role": "liaison", "name": "王芳", "phone": "0523-80000000"}],
        "signed": [
            {"role": "data_owner", "name": "王芳", "signed_on": "2026-02-27"},
            {"role": "system_owner", "name": "李强", "signed_on": "2026-02-27"},
        ],
    } | fields


def a_certificate(**fields: Any) -> CertificateRow:
    """Return a certificate at C3 that was issued when the sessions here begin."""
    base: dict[str, Any] = {
        "certificate_id": "HCC-2026-000001", "connection_id": "taizhou.office.permits",
        "department_id": "11321200014000028L", "region_code": "321200", "sha256": "0" * 64,
        "levels": ("C1", "C2", "C3"), "flows": ("case.events",), "fingerprint": "f" * 64, "issued_at": STARTED,
        "not_after": STARTED + timedelta(days=300), "state": "active", "since": STARTED, "reason": "",
        "criterion": "", "suspended": (), "conditions_due": None, "signed": b"",
    }  # fmt: skip
    return CertificateRow(**base | fields)
