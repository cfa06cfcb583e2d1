"""A public site for tests: a published catalogue with everything in it, beside what must never be shown."""

from __future__ import annotations

import base64
import dataclasses
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
import orjson

from gateway.public.app import create_public_app
from gateway.public.parts import Limits
from hub import wiring
from hub.cli.gatewaying import Running
from hub.cli.publishing import outer, parts_of
from hub.importing import registration
from hub.model import ids
from hub.model.documents import event_document
from hub.model.queues import intake_queue
from hub.model.values import Message
from hub.resources import MAPPINGS
from tests.support.hubs import drain, hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.public.parts import PublicParts
    from hub.wiring import Hub

NOW: Final = datetime(2026, 4, 1, 4, tzinfo=UTC)
HOUSING: Final = "11321200014000028L"
MARKET: Final = "113212000140010128"
INNER: Final = ("内部甲", "内部乙", "内部丙", "内部丁", "内部戊", "廉政风险", "不得兼任", "INNER")
"""Words that stand in what is not public: none of them may ever be answered."""


def a_matter(code: str = "A-1", name: str = "建筑工程施工许可证核发", **more: Any) -> dict[str, Any]:
    """Return a catalogue entry that is public and published."""
    return {
        "matter_code": code, "version": "1", "name": name, "power_type": "01", "case_type": "2",
        "valid_from": "2019-03-01", "disclosure": {"class": "public"}, "published_at": "2019-03-04",
        "statutory_limit": {"n": 20, "unit": "working_day"}, "promised_limit": {"n": 5, "unit": "working_day"},
        "legal_basis": [{"title": "建筑法", "article": "7"}], "reviewed_by": "内部甲", "change_reason": "内部乙",
        **more,
    }  # fmt: skip


DAY: Final = {"n": 1, "unit": "working_day"}

FLOW: Final = {
    "stages": [
        {"code": "10", "name": "受理", "office": "行政审批处", "post": "窗口", "limit": DAY},
        {"code": "20", "name": "现场勘查", "post": "勘查岗", "limit": {**DAY, "n": 2}, "mandatory": True,
         "risk_point": {"flag": True, "type": "廉政风险", "description": "内部丙", "control": "内部丁"}},
        {"code": "30", "name": "专家评审", "separate_from": ["不得兼任"]},
        {"code": "40", "name": "决定", "mandatory": True},
    ],
    "transitions": [
        {"from": "10", "to": "20"}, {"from": "10", "to": "30"}, {"from": "20", "to": "40"}, {"from": "30", "to": "40"},
        {"from": "40", "to": "20"},
    ],
}  # fmt: skip

TIERS: Final = [
    {"violation_code": "W-1", "tier": "1", "tier_name": "轻微", "min": "0", "max": "1000.00", "circumstance": "首次"},
    {"violation_code": "W-1", "tier": "2", "tier_name": "严重", "min": "1000.01", "max": "50000", "factors": ["再犯"]},
]

DOCUMENTS: Final = (
    {
        "department": {
            "department_id": HOUSING, "name": "泰州市住房和城乡建设局", "region_code": "321200",
            "first_responsible": "内部戊", "staff": [{"staff_code": "INNER"}],
        },
        "matters": [
            a_matter(
                flow=FLOW, charged=True, conditions="已经办理用地批准手续。", joint_departments=[MARKET],
                materials=[{"name": "施工许可申请表", "copies": 2}, {"name": "图审合格书", "deferrable": True}],
                fee_items=[{"code": "F", "name": "工本费", "min": "10", "max": "10", "basis": "苏价费〔2019〕1号"}],
                special_procedures_allowed=["expert_review"], valid_to="2026-03-01",
            ),
            a_matter(version="2", valid_from="2026-03-01", flow=FLOW, promised_limit={"n": 3, "unit": "working_day"}),
            a_matter("A-2", "商品房预售许可", power_type="07", case_type="1", conditions="近三年未受处罚。"),
            a_matter("X-1", "内部甲", disclosure={"class": "intranet"}),
            a_matter("X-2", "内部乙", disclosure={"class": "restricted"}),
            a_matter("X-3", "内部丙", published_at="2026-04-02"),
            {name: value for name, value in a_matter("X-4", "内部丁").items() if name != "published_at"},
            {name: value for name, value in a_matter("X-5", "内部戊").items() if name != "disclosure"},
        ],
    },
    {
        "department": {"department_id": MARKET, "name": "兴化市市场监督管理局", "region_code": "321281"},
        "matters": [
            a_matter("B/1 甲", "无照经营处罚", power_type="02", discretion_table=TIERS, status="suspended"),
        ],
    },
)  # fmt: skip


@contextmanager
def a_public_client(hub: Hub, *, parts: PublicParts | None = None) -> Iterator[httpx.Client]:
    """Open a client of a public site over a hub that listens on a loopback port."""
    own = outer(hub)
    running = Running(create_public_app(parts or parts_of(own)), "127.0.0.1", 0, own.close)
    try:
        with httpx.Client(base_url=running.url, trust_env=False, timeout=60) as client:
            yield client
    finally:
        running.stop()


CENTRE: Final = """
connection: city.centre.test
version: 1
department:
  from: department
  allow: ["11321200014005005D", "11321200014000028L"]
kind: push
connect: {format: canonical}
"""


class Centre:
    """The complaint centre of a hub: it says what becomes of complaints, and the hub takes it in."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub = hub
        path = folder / "centre.yaml"
        path.write_text(CENTRE, encoding="utf-8")
        portals = [wiring.load_mapping(MAPPINGS / "city-complaints" / f"{name}.yaml") for name in ("portal", "ratings")]
        self._mapping = wiring.load_mapping(path)
        for each in (self._mapping, *portals):
            hub.store.register([registration(each.declaration, each.fingerprint)])
        self._bus = hub.bus()
        self._bus.depth(intake_queue(0))
        self._at = NOW

    def say(self, number: str, kind: str, *, days: int = 0, disclosure: str = "intranet", **more: Any) -> None:
        """Say that something happened to a complaint, some days after the last thing."""
        self._at = max(self._at, self.hub.clock.now()) + timedelta(days=days, minutes=1)
        self._event(ids.case_id("city.complaints", number), number, "complaint", kind, disclosure, **more)

    def case(self, number: str, *kinds: str, disclosure: str = "intranet", **more: Any) -> str:
        """Let a department say that a case happened; return its id."""
        case_id = ids.case_id("city.centre.test", number)
        for kind in kinds or ("case.received", "case.accepted"):
            self._at += timedelta(minutes=1)
            self._event(case_id, number, "application", kind, disclosure, **more)
        return case_id

    def contact(self, sealed: str) -> Any:
        """Open a complainant's contact, as the hub alone can."""
        return orjson.loads(self.hub.vault.open(base64.b64decode(sealed)))

    def drain(self) -> None:
        """Let the hub take in all that was sent."""
        drain(self.hub)

    def _event(self, case_id: str, number: str, family: str, kind: str, disclosure: str, **more: Any) -> None:
        department = "11321200014005005D" if family == "complaint" else HOUSING
        case = {
            "case_id": case_id, "case_no": number, "source_case_no": number, "family": family,
            "department_id": department, "region_code": "321200", "disclosure": {"class": disclosure},
            **more.pop("case", {}),
        }  # fmt: skip
        data = {
            "type": kind, "connection_id": "city.centre.test", "source_event_key": number,
            "occurrence": self._at.isoformat(), "source_version": 0, "mapping_version": 1, "on_change": "conflict",
            "occurred_at": self._at.astimezone(self.hub.settings.zone).isoformat(), "case": case, **more,
        }  # fmt: skip
        event_id = ids.event_id("city.centre.test", number, kind, data["occurrence"])
        document = event_document(
            event_id, data, received_at=data["occurred_at"], fingerprint=self._mapping.fingerprint,
            zone=self.hub.settings.zone,
            provenance={"read_id": str(uuid.uuid4()), "portion": 0, "record_digest": "0" * 64, "place": "test",
                        "backfill": False, "ordinal": 0},
        )  # fmt: skip
        key = str(ids.bucket_of(case_id))
        body = orjson.dumps(document)
        self._bus.publish([Message(exchange="intake", key=key, kind="event", message_id=event_id, body=body)])
        self.hub.clock.move_to(self._at)  # type: ignore[attr-defined]
        self.drain()


MANY: Final = Limits(lookups_per_minute=10_000, submissions_per_hour=10_000)


class Site:
    """A hub, its public site, and the complaint centre that works on what comes in."""

    def __init__(self, folder: Path, limits: Limits = MANY) -> None:
        self.hub = hub_at(folder, now=NOW)
        self.hub.store.load_catalogue(DOCUMENTS)
        self.centre = Centre(self.hub, folder)
        _ = self.hub.vault, self.hub.citizens_key
        self.own = outer(self.hub)
        found, rating = self.own.portal("city.complaints.portal"), self.own.portal("city.ratings.portal")
        assert found is not None
        assert rating is not None
        (self.sending, self.desk), self._ratings = found, rating[1]
        self.parts = dataclasses.replace(parts_of(self.own, self.sending, rating[0]), limits=limits)

    def cases(self) -> list[dict[str, Any]]:
        self.centre.drain()
        return self.hub.queries.cases()

    def later(self, span: timedelta) -> None:
        self.hub.clock.move_to(self.hub.clock.now() + span)  # type: ignore[attr-defined]

    def close(self) -> None:
        self.desk.close()
        self._ratings.close()
        self.own.close()
        self.hub.close()
