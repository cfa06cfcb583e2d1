"""What is sent to a department as it was published is about it, and never a report of the department itself."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from hub.dispatching import AsPublished
from hub.model.documents import tombstone
from tests.support.casework import DEPARTMENT
from tests.support.spine import OTHER_DEPARTMENT


def a_row(class_: str = "restricted", **data: Any) -> dict[str, Any]:
    """Return a row of the feed: an alert that the housing department answers for."""
    case = {"case_id": "c", "case_no": "1", "department_id": DEPARTMENT, "disclosure": {"class": class_}}
    document = {"subject": "c", "data": {"alert_id": "a", "responsible_department": DEPARTMENT, "case": case, **data}}
    return {"body": orjson.dumps(document), "sequence": 1}


def sent(row: dict[str, Any], *departments: str, **complaint: Any) -> bool:
    known = {"complaint": complaint} if complaint else {}
    return bool(AsPublished(frozenset(departments), lambda _: known).written(row))


def test_an_alert_goes_to_who_answers_for_it() -> None:
    assert sent(a_row(), DEPARTMENT)
    assert sent(a_row())
    assert not sent(a_row(), OTHER_DEPARTMENT)


@pytest.mark.parametrize("report", [{"kind": "report"}, {"track": "report"}])
def test_nothing_about_a_report_goes_to_the_unit_that_it_speaks_of(report: dict[str, str]) -> None:
    assert not sent(a_row(), DEPARTMENT, respondent_department=DEPARTMENT, **report)
    assert not sent(a_row(), DEPARTMENT, **report), "whom it speaks of is not known"
    assert sent(a_row(), DEPARTMENT, respondent_department=OTHER_DEPARTMENT, **report)
    assert sent(a_row(), DEPARTMENT, respondent_department=DEPARTMENT, kind="complaint")


def test_a_tombstone_is_sent_to_no_department() -> None:
    assert not sent({"body": orjson.dumps(tombstone({"subject": "c"})), "sequence": 1})
