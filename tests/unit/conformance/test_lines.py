"""A session's lines are documents of their schema, and read back as they were."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from conformance.lines import document_of, line_of, read_as, value_of
from conformance.model import EvidenceItem, Omission, Summary, Verdict, Waiver, Words
from hub.model.shapes import shape
from tests.support.certifying import a_footer, a_header, a_result, passed, summed_up

if TYPE_CHECKING:
    from conformance.model import Footer, Header, Result

ZONE = ZoneInfo("Asia/Shanghai")
ITEM = EvidenceItem(code="RAW", sha256="a" * 64, name="record.json", media_type="application/json", size_bytes=17)
VALUES = (
    a_header(omitted=(Omission(test="TRN-S01", why=Words(zh="不是 SOAP", en="no SOAP")),)),
    a_result("ENC-01", evidence=(ITEM,), blames="department", verdict=Verdict.FAIL),
    a_result("ENC-01", None, until=datetime(2026, 3, 9, tzinfo=UTC)),
    Waiver(test="SCH-01", by="张伟", why="改造中", until=date(2026, 3, 31)),
    a_footer(obstacles=(Words(zh="甲", en="a"),)),
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_line_has_the_shape_of_the_schema_and_reads_back_as_it_was(value: Header | Result | Waiver | Footer) -> None:
    line = line_of(value, ZONE)
    assert shape("conformance-result.v1").problems(line) == []
    assert value_of(line) == value


def test_a_result_that_is_done_has_a_verdict_and_one_that_waits_has_none() -> None:
    done = line_of(a_result("ENC-01"), ZONE)
    del done["verdict"]
    waiting = line_of(a_result("ENC-01", None), ZONE) | {"verdict": "pass"}
    assert not shape("conformance-result.v1").holds(done)
    assert not shape("conformance-result.v1").holds(waiting)


def test_a_summary_has_the_shape_of_the_schema_and_reads_back_as_it_was() -> None:
    summary = summed_up(*passed(MAL_04=a_result("MAL-04", Verdict.FAIL)))
    document = document_of(summary, ZONE)
    assert shape("conformance-session.v1").problems(document) == []
    assert document_of(read_as(Summary, document), ZONE) == document
