"""What a view shows no more is gone from every way of reading it within one step of the relay, and comes back whole."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub import wiring
from hub.acts import ask
from hub.model import ids
from hub.model.shapes import shape
from hub.settings import FeedSection
from hub.supervision.alert_cycle import Deed
from tests.support.casework import CONNECTION
from tests.support.hubs import hub_at
from tests.support.spine import NOW, OTHER, Read, Spine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = "2026-03-02T09:00:00+08:00"
LATER = "2026-03-03T09:00:00+08:00"
VIEWS = ("public", "intranet", "restricted")


@pytest.fixture
def spine(tmp_path: Path) -> Iterator[Spine]:
    """Open a hub that keeps all three views."""
    with contextlib.ExitStack() as stack:
        made = hub_at(tmp_path, now=NOW)
        settings = made.settings.model_copy(update={"feed": FeedSection(views=VIEWS)})
        hub = wiring.build(settings, clock=made.clock)
        stack.callback(hub.close)
        yield Spine(hub, stack)


def told(spine: Spine, kind: str, class_: str, day: str = DAY, *, no: str = "a", **more: Any) -> None:
    """Let one event of a case arrive and settle."""
    read = Read()
    case = {"disclosure": {"class": class_}, "title": "private", **more.pop("case", {})}
    spine.tell(read.event(kind, day, case_no=no, case=case, **more), read.report(more.pop("watermark", None)))


def published(spine: Spine, view: str) -> list[str]:
    """Return the types of the documents of a view as they were published, in order."""
    rows = spine.rows("SELECT body FROM feed WHERE view = :view ORDER BY sequence", view=view)
    return [orjson.loads(body)["data"]["type"] for (body,) in rows]


def read(spine: Spine, view: str) -> list[str]:
    """Return the types of the documents of a view as they are read now."""
    rows = spine.hub.queries.feed(view, after=0, limit=1000, kinds=["case"])
    return [orjson.loads(row["body"])["data"]["type"] for row in rows]


def shown(spine: Spine) -> str:
    return str(spine.hub.queries.cases()[0]["disclosure"])


def test_a_flip_tells_every_subscriber_of_the_view_and_says_nothing_else(spine: Spine) -> None:
    told(spine, "case.received", "public")
    told(spine, "case.accepted", "restricted", LATER)
    assert published(spine, "public") == ["case.received", "case.withheld"]
    assert published(spine, "intranet") == ["case.received", "case.withheld", "case.withheld"], (
        "for alerts' readers too"
    )
    assert published(spine, "restricted") == ["case.received", "case.accepted"]
    (body,) = spine.rows("SELECT body FROM feed WHERE view = 'public' ORDER BY sequence DESC LIMIT 1")[0]
    stone = orjson.loads(body)
    assert shape("case-withheld.v1").problems(stone) == []
    assert b"private" not in body
    assert stone["subject"] == ids.case_id(CONNECTION, "a")
    assert stone["sequence"] > 0


def test_a_tombstone_goes_where_the_case_was_read(spine: Spine) -> None:
    told(spine, "case.received", "public", case={"region_code": "321284"})
    told(spine, "case.accepted", "restricted", LATER, case={"region_code": "321204"})
    keys = spine.rows("SELECT key FROM feed WHERE view = 'public' AND key LIKE '%withheld'")
    assert sorted(key.split(".")[2] for (key,) in keys) == ["321204", "321284"]


def test_what_is_gone_is_a_tombstone_however_it_is_read(spine: Spine) -> None:
    told(spine, "case.received", "public")
    told(spine, "case.accepted", "restricted", LATER)
    assert read(spine, "public") == ["case.withheld", "case.withheld"]
    assert read(spine, "intranet") == ["case.withheld", "case.withheld"]
    assert read(spine, "restricted") == ["case.received", "case.accepted"]
    assert spine.hub.queries.cases(disclosures=["public", "intranet"]) == []


def test_a_flip_back_publishes_all_of_it_once_more_and_nothing_twice(spine: Spine) -> None:
    told(spine, "case.received", "public")
    told(spine, "case.accepted", "restricted", LATER)
    told(spine, "stage.started", "public", "2026-03-04T09:00:00+08:00", stage_code="x", occurrence="1")
    told(spine, "stage.completed", "public", "2026-03-05T09:00:00+08:00", stage_code="x", occurrence="1")
    assert published(spine, "public") == [
        "case.received", "case.withheld", "case.received", "stage.started", "stage.completed",
    ]  # fmt: skip
    assert read(spine, "public") == ["case.received", "case.withheld", "case.received", "stage.started",
                                     "stage.completed"]  # fmt: skip


def test_an_event_that_comes_while_a_view_is_closed_does_not_open_it(spine: Spine) -> None:
    """Another connection, or an older version, may call public what is restricted by now."""
    told(spine, "case.accepted", "restricted", LATER)
    told(spine, "case.received", "public", DAY)
    assert shown(spine) == "restricted"
    assert published(spine, "public") == published(spine, "intranet") == []


def test_what_is_entered_in_error_leaves_the_public_view_alone(spine: Spine) -> None:
    told(spine, "case.received", "public")
    told(spine, "case.voided", "public", LATER)
    assert published(spine, "public") == ["case.received", "case.withheld"]
    assert published(spine, "intranet") == ["case.received", "case.voided"]


def test_a_correction_that_changes_the_class_retracts_like_any_other(spine: Spine) -> None:
    told(spine, "case.received", "public", on_change="revise")
    told(spine, "case.received", "restricted", on_change="revise", source_version=1, raw="second")
    assert published(spine, "public")[-1] == "case.withheld"


def test_a_relay_that_is_behind_publishes_nothing_of_what_is_withheld_by_now(spine: Spine) -> None:
    one, two = Read(), Read()
    first = one.event("case.received", DAY, case_no="a", case={"disclosure": {"class": "public"}})
    second = two.event("case.accepted", LATER, case_no="a", case={"disclosure": {"class": "restricted"}})
    spine.bus.publish([first, one.report()])
    spine.line.work_off()
    spine.bus.publish([second, two.report()])
    spine.line.work_off()
    spine.line.settle()
    assert published(spine, "public") == ["case.withheld"]


def exposed(spine: Spine, class_: str = "public") -> None:
    told(spine, "stage.started", class_, stage_code="x", occurrence="1", stage_name="审核，电话13812345678")


def test_a_personal_number_in_a_public_field_is_never_published_and_blocks_its_case_at_once(spine: Spine) -> None:
    told(spine, "case.received", "public", DAY)
    exposed(spine)
    assert published(spine, "public") == ["case.received", "case.withheld"]
    assert shown(spine) == "intranet"
    assert b"13812345678" not in b"".join(
        body for (body,) in spine.rows("SELECT body FROM feed WHERE view != 'restricted'")
    )


def test_it_is_blocked_while_a_backfill_is_read_too(spine: Spine) -> None:
    backfill = Read(backfill=True)
    event = backfill.event("stage.started", DAY, stage_code="x", occurrence="1", stage_name="13812345678")
    spine.tell(event)
    assert published(spine, "public") == []


def moves(spine: Spine, alert_id: str, *steps: tuple[str, str, str]) -> None:
    """Move an alert as people do, each with a key of their own."""
    for move, role, ground in steps:
        alert = spine.hub.queries.alert(alert_id)
        assert alert is not None
        deed = Deed(move=move, by=f"{role} ({move})", role=role, at=spine.clock.now(), ground=ground, note="座机")
        asked = ask(alert, deed, calendar=spine.hub.calendar(), publish=lambda each: spine.bus.publish([each]))
        assert asked.refused is None
        spine.line.settle()


def test_an_alert_that_a_person_takes_back_publishes_the_case_again(spine: Spine) -> None:
    exposed(spine)
    read_ = Read()
    spine.tell(read_.report("2026-03-04T00:00:00+08:00"))
    (alert,) = [row for row in spine.hub.queries.alerts(limit=100) if row["rule_id"] == "R42"]
    assert published(spine, "public") == []
    moves(spine, alert["alert_id"], ("review", "reviewer", ""), ("revoke", "reviewer", "rule_error"))
    assert shown(spine) == "public"
    assert published(spine, "public") == ["stage.started"]
    assert b"13812345678" not in b"".join(
        body for (body,) in spine.rows("SELECT body FROM feed WHERE view != 'restricted'")
    )


def test_another_departments_word_on_a_case_opens_nothing(spine: Spine) -> None:
    told(spine, "case.received", "restricted")
    other = Read(connection=OTHER)
    spine.tell(other.event("case.accepted", LATER, case_no="a"), other.report())
    assert published(spine, "public") == ["case.accepted"], "a case of its own numbering"


def test_a_row_read_again_with_another_class_and_nothing_else_changes_the_case(spine: Spine) -> None:
    told(spine, "case.received", "public", raw="first")
    told(spine, "case.received", "restricted", raw="second")
    assert shown(spine) == "restricted"
    assert published(spine, "public") == ["case.received", "case.withheld"]
    told(spine, "case.received", "restricted", raw="second")
    told(spine, "case.received", "public", raw="first")
    assert shown(spine) == "restricted", "of one version the more closed class holds, in whatever order they come"
    told(spine, "case.received", "public", raw="third", source_version=2)
    assert shown(spine) == "public"
    assert spine.outcomes() == {"new": 1, "revised": 2, "duplicate": 2}
    assert not [row for row in spine.hub.queries.alerts(limit=10) if row["rule_id"] == "R45"]


def test_a_mapping_that_begins_to_say_a_class_closes_what_it_says(spine: Spine) -> None:
    told(spine, "case.received", "public", raw="same")
    told(spine, "case.received", "intranet", raw="same", mapping_version=2)
    assert shown(spine) == "intranet"
    assert spine.outcomes() == {"new": 1, "remapped": 1}


def test_a_case_that_opens_and_closes_again_and_again_is_told_each_time(spine: Spine) -> None:
    for number, class_ in enumerate(["public", "restricted"] * 3):
        told(spine, "case.received", class_, source_version=number, raw=str(number))
    assert published(spine, "public") == ["case.received", "case.withheld"] * 3
