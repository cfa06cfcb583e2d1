"""Renders a session's record: JUnit for build servers, a page for signing, a table of requirements, a bundle."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import jinja2
import orjson

from conformance.evidence import damaged
from conformance.model import Lifecycle, Verdict
from conformance.verdicts import NEVER_RUN, standing_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.evidence import EvidenceStore
    from conformance.model import Result, Summary
    from conformance.sessions import Session
    from conformance.suite import Suite

STANDINGS: Final[Mapping[str, str]] = {
    Verdict.PASS: "通过 pass",
    Verdict.WARN: "有提示 warn",
    Verdict.FAIL: "未通过 fail",
    Verdict.SKIP: "未能演示 skip",
    Verdict.OMIT: "不适用 omit",
    Verdict.ERROR: "工具故障 error",
    Verdict.ATTESTED: "声明 attested",
    Lifecycle.WAITING: "等待 waiting",
    Lifecycle.REVIEW: "复核 review",
    NEVER_RUN: "未执行 never run",
}
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What may stand in no XML, though departments' bytes hold it."""

TEMPLATES: Final = Path(__file__).parent / "templates"
SUBJECTS: Final = {
    "department": "部门 department",
    "connector": "连接器 connector",
    "hub": "枢纽 hub",
    "joint": "共同 joint",
}


def junit(session: Session, summary: Summary, suite: Suite) -> bytes:
    """Return the session as JUnit XML: what is not shown is skipped, a broken harness an error."""
    root = ET.Element("testsuites", name=summary.header.connection)
    held = {result.test: result for result in summary.results}
    for level in summary.levels:
        own = [name for name in session.header.planned if suite.case(name, held.get(name)).level == level.level]
        group = ET.SubElement(root, "testsuite", name=level.level, tests=str(len(own)))
        for name in own:
            case = ET.SubElement(
                group, "testcase", classname=name.partition("-")[0], name=f"{name} {suite.case(name).title.en}"
            )
            _junit_outcome(case, held.get(name))
    told: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return told


def _junit_outcome(case: ET.Element, result: Result | None) -> None:
    standing = standing_of(result)
    said = f"{result.reason.en}; expected {result.expected}, got {result.got}" if result else "never run"
    said = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", said)
    kinds = {Verdict.FAIL: "failure", Verdict.ERROR: "error"}
    if standing in kinds:
        ET.SubElement(case, kinds[Verdict(standing)], message=said, type=str(result.blames if result else ""))
    elif standing not in {Verdict.PASS, Verdict.WARN, Verdict.ATTESTED}:
        ET.SubElement(case, "skipped", message=f"{standing}: {said}")


def requirements_csv(summary: Summary, suite: Suite) -> str:
    """Return every requirement with the tests that verify it, and how they stand in this session."""
    held = {result.test: result for result in summary.results}
    omitted = {each.test for each in summary.header.omitted}
    told = io.StringIO()
    table = csv.writer(told)
    table.writerow(["requirement", "keyword", "actor", "text_zh", "text_en", "tests", "standing", "not_tested"])
    for requirement in suite.requirements.values():
        tests = [case for case in suite.tests.values() if requirement.id in case.verifies]
        standings = [
            f"{case.id} omit" if case.id in omitted else f"{case.id} {standing_of(held.get(case.id))}" for case in tests
        ]
        why = requirement.not_tested or "; ".join(case.not_tested for case in tests if case.not_tested)
        row = [requirement.id, requirement.keyword, requirement.actor, requirement.text.zh, requirement.text.en]
        table.writerow([*row, " ".join(case.id for case in tests), "; ".join(standings), why])
    return told.getvalue()


def html(summary: Summary, suite: Suite) -> str:
    """Return the session as one page in both languages, without scripts."""
    held = {result.test: result for result in summary.results}
    rows = [
        {
            "name": name,
            "title": suite.case(name).title,
            "requirement": suite.requirement_of(name),
            "standing": str(standing_of(held.get(name))),
            "result": held.get(name),
        }
        for name in summary.header.planned
    ]
    pages = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    names = {str(standing): words for standing, words in STANDINGS.items()}
    page = pages.get_template("report.html")
    return page.render(summary=summary, header=summary.header, rows=rows, names=names, subjects=SUBJECTS)


def bundle(session: Session, summary: Summary, suite: Suite, store: EvidenceStore) -> bytes:
    """Return the evidence bundle: a zip with every piece under its digest, the record, its renderings, and a manifest.

    Pieces are as they are kept: sealed where they are. The same session gives the same bytes. Misconfigured where a
    piece that a result in force rests on is torn; one of an attempt that was made again is left out.
    """
    files = {
        "results.ndjson": session.raw,
        "junit.xml": junit(session, summary, suite),
        "report.html": html(summary, suite).encode(),
        "requirements.csv": requirements_csv(summary, suite).encode(),
    }
    for result in session.results:
        for item in (each for each in result.evidence if store.has(each.sha256)):
            if not store.is_whole(item.sha256):
                if result is session.result(result.test):
                    raise damaged(item.sha256)
                continue
            files[f"raw/{item.sha256}"] = store.kept_as(item.sha256)
    manifest = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    files["manifest.json"] = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
