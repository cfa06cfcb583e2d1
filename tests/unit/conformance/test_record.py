"""A certificate states what a session showed, up to its level, and nothing of a record that was altered."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from conformance.bindings import as_document
from conformance.certificate.grounds import shown_in
from conformance.certificate.issue import write
from conformance.certificate.record import summary_in
from conformance.lines import line_of
from conformance.model import (
    Bindings,
    EvidenceItem,
    Footer,
    Header,
    Omission,
    Result,
    Signature,
    Verdict,
    Waiver,
    Words,
)
from conformance.model import Lifecycle as Stage
from conformance.suite import load_suite
from hub.errors import Misconfigured
from tests.support.certificates import APPROVALS, BINDINGS, NOW, PINNED, TERMS, ZONE

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Summary

TODAY: Final = date(2026, 6, 1)
BOUND: Final = Bindings(
    case_schema="case-event.v1", case_schema_sha256="1" * 64, code_lists_sha256="2" * 64, mapping_version=3,
    mapping_sha256="3" * 64, mapping_parts={"codes": "4" * 64}, connector_kind="database", connector_version="0.1.0",
    connector_sha256="5" * 64, ics_sha256="6" * 64, suite_version="1.0", suite_sha256="7" * 64,
)  # fmt: skip
SIGNED: Final = [Signature(role=role, name=name, signed_on=TODAY) for role, name in (("owner", "甲"), ("system", "乙"))]
TESTS: Final = {"GOV-01": "C1", "ENC-01": "C1", "SCH-01": "C2", "ORD-01": "C3"}


def a_header(**changes: Any) -> Header:
    values = {
        "session": "s-1", "connection": "taizhou.housing.permits", "department": "11321200014000028L",
        "system": "permits", "environment": "sandbox", "target": "C3", "signatures": SIGNED,
        "profiles": ("T-DB",), "flows": ("case.events",), "bindings": BOUND,
        "started_at": datetime(2026, 5, 20, 1, tzinfo=UTC), "planned": tuple(TESTS), "omitted": (),
    }  # fmt: skip
    return Header(**{**values, **changes})


def a_result(test: str, verdict: Verdict = Verdict.PASS, day: int = 21, **changes: Any) -> Result:
    at = datetime(2026, 5, day, 1, tzinfo=UTC)
    values = {
        "test": test, "attempt": 1, "level": TESTS[test], "severity": "must", "subject": "department", "mode": "REPLAY",
        "lifecycle": Stage.DONE, "verdict": verdict, "started_at": at, "ended_at": at,
    }  # fmt: skip
    return Result(**{**values, **changes})


def record(folder: Path, *lines: Any, header: Header | None = None, ended: bool = True) -> Path:
    """Write a session of these lines, ended and bundled unless told."""
    written = [orjson.dumps(line_of(each, ZONE)) + b"\n" for each in (header or a_header(), *lines)]
    if ended:
        digest = hashlib.sha256(b"".join(written)).hexdigest()
        footer = Footer(ended_at=NOW, planned=4, executed=4, standing="pass", is_certifiable=True, obstacles=(),
                        lines_sha256=digest)  # fmt: skip
        written.append(orjson.dumps(line_of(footer, ZONE)) + b"\n")
    (folder / "results.ndjson").write_bytes(b"".join(written))
    bundle(folder, {"results.ndjson": b"".join(written)})
    return folder


def bundle(folder: Path, files: dict[str, bytes], manifest: dict[str, str] | None = None) -> None:
    """Write a bundle of these files, and of a manifest of them unless another is given."""
    listed = manifest or {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    with zipfile.ZipFile(folder / "bundle.zip", "w") as archive:
        for name, data in {**files, "manifest.json": orjson.dumps(listed)}.items():
            archive.writestr(name, data)


def shown(folder: Path) -> Summary:
    return summary_in(folder, load_suite(), TODAY)


def all_passed(**changed: Verdict) -> list[Result]:
    return [a_result(test, changed.get(test.replace("-", "_"), Verdict.PASS), 20 + n) for n, test in enumerate(TESTS)]


def test_what_was_shown_becomes_a_certificate_that_states_it(tmp_path: Path) -> None:
    found = shown_in(shown(record(tmp_path, *all_passed(ENC_01=Verdict.WARN))))
    assert (found.levels, found.obstacles) == (("C1", "C2", "C3"), [])
    assert found.must == {"pass": 3, "warn": 1, "attested": 0, "omit": 0}
    assert found.oldest == {"C1": date(2026, 5, 20), "C2": date(2026, 5, 22), "C3": date(2026, 5, 23)}
    document = write(found, APPROVALS, TERMS, now=NOW, kid=next(iter(PINNED)))
    assert document["bindings"]["mapping"] == {"version": 3, "sha256": "3" * 64, "parts": {"codes": "4" * 64}}
    bundled = (tmp_path / "bundle.zip").read_bytes()
    assert document["evidence"]["bundle_sha256"] == hashlib.sha256(bundled).hexdigest()


def test_must_tests_that_are_left_out_are_counted_up_to_the_level(tmp_path: Path) -> None:
    left_out = [
        Omission(test=name, why=Words(zh="不适用", en="not declared")) for name in ("TRN-S01", "TRN-D01", "CPL-01")
    ]
    summary = shown(record(tmp_path, *all_passed(), header=a_header(omitted=tuple(left_out))))
    assert shown_in(summary).must["omit"] == 2, "one of C1, one of C3; what lies above was not aimed at"
    assert shown_in(summary, "C2").must["omit"] == 1


def test_bindings_are_written_under_the_names_of_a_certificate() -> None:
    assert set(as_document(BOUND)) == set(BINDINGS)


def test_without_a_level_the_highest_that_was_reached_is_certified(tmp_path: Path) -> None:
    summary = shown(record(tmp_path, *all_passed(ORD_01=Verdict.FAIL)))
    found = shown_in(summary)
    assert (found.levels, found.obstacles) == (("C1", "C2"), [])
    asked = shown_in(summary, "C3")
    assert any("ORD-01" in each for each in asked.obstacles)
    with pytest.raises(Misconfigured, match="ORD-01"):
        write(asked, APPROVALS, TERMS, now=NOW, kid=next(iter(PINNED)))


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.SKIP, Verdict.ERROR])
def test_a_test_of_the_first_level_that_is_not_passed_stops_everything(tmp_path: Path, verdict: Verdict) -> None:
    assert shown_in(shown(record(tmp_path, *all_passed(GOV_01=verdict))), "C1").obstacles


def test_a_planned_test_that_never_ran_stops_everything(tmp_path: Path) -> None:
    header = a_header(planned=(*TESTS, "TRN-S01"))
    found = shown_in(shown(record(tmp_path, *all_passed(), header=header)), "C1")
    assert any("TRN-S01" in each for each in found.obstacles)


def test_a_record_without_its_footer_or_bundle_is_certified_by_nobody(tmp_path: Path) -> None:
    open_ = shown_in(shown(record(tmp_path, *all_passed(), ended=False)))
    assert any("footer" in each for each in open_.obstacles)
    record(tmp_path, *all_passed())
    (tmp_path / "bundle.zip").unlink()
    assert any("bundle" in each for each in shown_in(shown(tmp_path)).obstacles)


def test_a_record_that_was_altered_has_no_footer_any_more(tmp_path: Path) -> None:
    path = record(tmp_path, *all_passed(SCH_01=Verdict.FAIL)) / "results.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"fail"', b'"pass"'))
    assert any("footer" in each for each in shown_in(shown(tmp_path)).obstacles)


@pytest.mark.parametrize(
    ("changes", "level", "printed"),
    [
        ({}, "C3", ["TIM-03"]),
        ({}, "C2", []),
        ({"until": date(2026, 5, 31)}, "C3", []),
        ({"confirmed_by": ""}, "C3", []),
        ({"confirmed_by": "王五"}, "C3", []),
        ({"test": "SCH-01"}, "C3", []),
    ],
    ids=["given", "of a higher level", "lapsed", "only asked for", "confirmed by who asked", "of what passed"],
)
def test_a_certificate_prints_the_waivers_it_rests_on_and_no_other(
    tmp_path: Path, changes: dict[str, Any], level: str, printed: list[str]
) -> None:
    said = {"test": "TIM-03", "by": "王五", "why": "no window", "until": date(2026, 7, 1), "confirmed_by": "赵六"}
    skipped = replace(a_result("ORD-01", Verdict.SKIP), test="TIM-03")
    header = a_header(planned=(*TESTS, "TIM-03"))
    folder = record(tmp_path, *all_passed(), skipped, Waiver(**{**said, **changes}), header=header)
    assert [each["test"] for each in shown_in(shown(folder), level).waivers] == printed


def test_what_is_no_record_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no such session"):
        shown(tmp_path)
    for junk in (b"", b"{}\n", b"not json\n", b'{"line":"footer"}\n'):
        (tmp_path / "results.ndjson").write_bytes(junk)
        with pytest.raises(Misconfigured, match=r"certify\.session"):
            shown(tmp_path)


def test_a_bundle_that_is_not_the_evidence_of_its_record_is_not_certified_on(tmp_path: Path) -> None:
    piece = EvidenceItem(code="RAW", sha256="a" * 64, name="x", media_type="text/plain", size_bytes=1)
    lines = [replace(each, evidence=(piece,)) if each.test == "ENC-01" else each for each in all_passed()]
    folder = record(tmp_path, *lines)
    raw = (folder / "results.ndjson").read_bytes()
    whole = {"results.ndjson": raw, "raw/" + "a" * 64: b"sealed"}
    said = {
        "lacks evidence: aaaaaaaaaaaa": {"results.ndjson": raw},
        "of another record": {**whole, "results.ndjson": raw.splitlines(keepends=True)[0]},
    }
    for problem, files in said.items():
        bundle(folder, files)
        with pytest.raises(Misconfigured, match=problem):
            shown(folder)
    bundle(folder, whole, dict.fromkeys(whole, "0" * 64))
    with pytest.raises(Misconfigured, match="manifest"):
        shown(folder)
    (folder / "bundle.zip").write_bytes(b"zip")
    with pytest.raises(Misconfigured, match="cannot be read"):
        shown(folder)
    bundle(folder, whole)
    assert shown(folder).bundle_sha256


def test_evidence_of_a_day_to_come_is_not_certified_on(tmp_path: Path) -> None:
    found = shown_in(shown(record(tmp_path, *all_passed())))
    for level in ("C1", "C2"):
        ahead = replace(found, oldest={**found.oldest, level: date(2026, 6, 2)})
        with pytest.raises(Misconfigured, match=f"ahead of today: {level} 2026-06-02"):
            write(ahead, APPROVALS, TERMS, now=NOW, kid=next(iter(PINNED)))
