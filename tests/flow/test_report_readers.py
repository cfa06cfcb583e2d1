"""Whoever works at the unit that a report speaks of reads nothing of it, whatever their key opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.casework import DEPARTMENT
from tests.support.desks import a_client, a_key, bearer
from tests.support.spine import OTHER_DEPARTMENT, Read, Spine, a_spine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

SCOPES = ("cases:read", "cases:read:restricted", "alerts:read")


@pytest.fixture
def spine(tmp_path: Path) -> Iterator[Spine]:
    """A report of the housing department, one of another, and an ordinary restricted case, all in its hands; late."""
    with a_spine(tmp_path) as spine:
        for number, respondent in (("own", DEPARTMENT), ("other", OTHER_DEPARTMENT)):
            about = {"channel": "hotline", "kind": "report", "respondent_department": respondent}
            told(spine, number, family="complaint", complaint=about)
        told(spine, "plain")
        yield spine


def told(spine: Spine, number: str, **case: Any) -> None:
    read = Read()
    given = {"disclosure": {"class": "restricted"}, "title": f"title {number}", **case}
    events = [read.event("case.received", "2026-01-05T09:00:00+08:00", case_no=number, case=given),
              read.event("case.accepted", "2026-01-06T09:00:00+08:00", case_no=number, case=given)]  # fmt: skip
    spine.tell(*events, read.report("2026-03-02T09:00:00+08:00"))


def numbers(client: httpx.Client, path: str, token: str) -> set[str]:
    items = client.get(path, headers=bearer(token)).json()["items"]
    return {each.get("case_no") or each["case"]["case_no"] for each in items}


def test_a_departments_key_reads_no_report_of_its_own_unit_and_of_closed_cases_its_own_alone(spine: Spine) -> None:
    with a_client(spine.hub) as client:
        centre, own = a_key(spine.hub, *SCOPES), a_key(spine.hub, *SCOPES, department_id=DEPARTMENT)
        elsewhere = a_key(spine.hub, *SCOPES, department_id=OTHER_DEPARTMENT)
        for key, expected in ((centre, {"own", "other", "plain"}), (own, {"other", "plain"}), (elsewhere, set())):
            assert numbers(client, "/v1/cases", key) == expected
            assert numbers(client, "/v1/alerts", key) <= expected
        hidden = client.get("/v1/cases?q=own", headers=bearer(centre)).json()["items"][0]["case_id"]
        for path in (f"/v1/cases/{hidden}", f"/cases/{hidden}", f"/v1/cases/{hidden}/attachments"):
            assert client.get(path, headers=bearer(own)).status_code == 404
            assert client.get(path, headers=bearer(centre)).status_code == 200
        for page in ("/cases", "/alerts", "/"):
            assert "title own" not in client.get(page, headers=bearer(own)).text


def test_an_alert_about_a_report_is_not_found_by_the_unit_that_it_speaks_of(spine: Spine) -> None:
    alerts = {row["case_no"]: row["alert_id"] for row in spine.hub.queries.alerts(limit=100)}
    assert "plain" in alerts
    with a_client(spine.hub) as client:
        own = bearer(a_key(spine.hub, *SCOPES, department_id=DEPARTMENT))
        for number, alert in alerts.items():
            assert client.get(f"/v1/alerts/{alert}", headers=own).status_code == (404 if number == "own" else 200)


@pytest.mark.parametrize("path", ["/v1/cases?q=title", "/v1/alerts?region=3212"])
def test_a_page_and_its_cursor_tell_nothing_of_what_is_left_out_of_it(spine: Spine, path: str) -> None:
    """Else a filter of one word a request would read a report to the unit it is about, page by empty page."""
    with a_client(spine.hub) as client:
        own = bearer(a_key(spine.hub, *SCOPES, department_id=DEPARTMENT))
        everything = client.get(path, headers=own).json()["items"]
        pages, following = [], ""
        while following is not None:
            answer = client.get(f"{path}&limit=1&after={following}", headers=own).json()
            pages.append(len(answer["items"]))
            following = answer["next"]
        assert everything
        assert pages == [1] * len(everything)
        assert client.get("/v1/cases?q=own&limit=1", headers=own).json() == {"items": [], "next": None}


def test_a_departments_key_opens_no_feed_of_all_that_is_closed(spine: Spine) -> None:
    scopes = (*SCOPES, "feed:read:restricted", "feed:read:intranet")
    with a_client(spine.hub) as client:
        own = bearer(a_key(spine.hub, *scopes, department_id=DEPARTMENT))
        for path in ("/v1/feed?view=restricted", "/v1/feed/stream?view=restricted"):
            assert client.get(path, headers=own).json()["type"].endswith("department")
        assert client.get("/v1/feed?view=intranet", headers=own).status_code == 200
        centre = bearer(a_key(spine.hub, *scopes))
        assert client.get("/v1/feed?view=restricted", headers=centre).status_code == 200
