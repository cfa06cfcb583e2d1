"""What is said of no single case: looked for by the one owner of the city's partition, ledgered, and on the feed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import pytest

from hub.model import ids
from hub.store import ledger
from tests.support.desks import DEPARTMENT, LATE, NOW, a_client, a_desk, a_key, bearer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.wiring import Hub

MATTER = {"matter_code": "M-1", "version": "1", "name": "食品经营许可", "power_type": "01", "valid_from": "2026-01-01",
          "promised_limit": {"n": 30, "unit": "working_day"},
          "statutory_limit": {"n": 20, "unit": "working_day"}}  # fmt: skip


@pytest.fixture(params=["embedded", pytest.param("production", marks=pytest.mark.servers)])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    urls = {}
    if request.param == "production":
        urls = {
            "store_url": request.getfixturevalue("postgres").fresh_database(),
            "bus_url": request.getfixturevalue("rabbitmq").vhost(),
        }
    hub = a_desk(tmp_path, **urls)
    department = {"department_id": DEPARTMENT, "name": "泰州市住房和城乡建设局", "region_code": "321200"}
    hub.store.load_catalogue([{"department": department, "matters": [MATTER]}])
    yield hub
    hub.close()


def looked_at(hub: Hub, *, times: int = 1) -> None:
    """Let an owner hold every partition and look at the city."""
    bus = hub.bus()
    line = hub.line(bus)
    try:
        line.settle()
        for _ in range(times):
            line.owner.watch_city()
        line.relay.drain()
    finally:
        line.release()
        bus.close()


def about_the_city(hub: Hub) -> list[tuple[str, str, str]]:
    rows = [row for row in hub.queries.alerts(limit=500) if ":" in row["subject"]]
    return sorted((row["rule_id"], row["state"], row["subject"]) for row in rows)


def test_the_catalogue_is_judged_and_its_alerts_stand_in_the_ledger_once(hub: Hub) -> None:
    looked_at(hub, times=2)
    subject = f"matter:{DEPARTMENT}/M-1"
    found = about_the_city(hub)
    assert ("R04", "raised", subject) in found
    assert ("R03", "raised", subject) in found
    of_the_catalogue = [each for each in found if each[0] in ("R03", "R04")]
    looked_at(hub)
    assert [each for each in about_the_city(hub) if each[0] in ("R03", "R04")] == of_the_catalogue
    assert ledger.verify(hub.settings.store_url).sound
    documents = [orjson.loads(row["body"]) for row in hub.queries.feed("intranet", after=0, limit=500, kinds=["alert"])]
    told = [each for each in documents if each["subject"] == subject and each["data"]["rule_id"] == "R04"]
    assert [each["type"] for each in told] == ["sunlight.alert.raised.v1"]
    keys = [row["key"] for row in hub.queries.feed("intranet", after=0, limit=500, kinds=["alert"])]
    assert f"alert.321200.321200.{DEPARTMENT}.raised" in keys


def test_alerts_that_nobody_answers_come_to_an_order_and_then_a_level_up(hub: Hub) -> None:
    looked_at(hub)
    hub.clock.move_to(NOW + timedelta(days=9))  # type: ignore[attr-defined]  # a manual clock
    looked_at(hub)
    found = [each for each in about_the_city(hub) if each[0] == "R71"]
    late = {row["alert_id"] for row in hub.queries.alerts(rule="R14", limit=100)}
    assert len(late) == len(LATE)
    assert {subject.removeprefix("alert:") for _, _, subject in found} >= late


def test_an_alert_about_the_city_is_shown_and_followed_up_like_any_other(hub: Hub) -> None:
    looked_at(hub)
    clerk = bearer(a_key(hub, "cases:read", "alerts:read", "alerts:answer", department_id=DEPARTMENT))
    with a_client(hub) as client:
        (alert,) = (row for row in client.get("/v1/alerts", params={"rule": "R04"}, headers=clerk).json()["items"])
        assert f"matter:{DEPARTMENT}/M-1" in client.get("/alerts", headers=clerk).text
        page = client.get(f"/alerts/{alert['alert_id']}", headers=clerk)
        assert "承诺" in page.text
        sent = client.post(f"/v1/alerts/{alert['alert_id']}/moves", json={"move": "sign"}, headers=clerk)
        assert sent.status_code == 202
        looked_at(hub)
        assert client.get(f"/v1/alerts/{alert['alert_id']}", headers=clerk).json()["state"] == "signed"
    assert ("R04", "signed", f"matter:{DEPARTMENT}/M-1") in about_the_city(hub)


def test_only_the_owner_of_the_citys_partition_looks(hub: Hub) -> None:
    home = ids.partition_of(ids.bucket_of(ids.CITY), len(hub.partitions))
    bus = hub.bus()
    owner = hub.owner(bus)
    assert owner.hold(1 - home)
    owner.watch_city()
    owner.release()
    bus.close()
    assert about_the_city(hub) == []
