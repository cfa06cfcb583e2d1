"""A hub whose one connection is certified to C3, and what happens to that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from conformance.bindings import running
from conformance.certificate.issue import Approval
from conformance.certificate.office import Department
from conformance.suite import load_suite
from hub import wiring
from hub.cli import bureau, certifying_role
from hub.model.certified import NO_LOOKS
from tests.support import desks
from tests.support.certificates import SHOWN
from tests.support.desks import DEPARTMENT, a_desk, bring
from tests.support.hubs import an_import, drain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hub.model.certified import CertificateRow, Looks
    from hub.wiring import Hub

CONNECTION: Final = "taizhou.desk.cases"
PERSONS: Final = {
    "first_responsible": "局长",
    "leader_in_charge": "副局长",
    "responsible_office": "审批处",
    "liaison": "信息中心",
}
DOCUMENT: Final = {"department_id": DEPARTMENT, "region_code": "321200", **PERSONS}


def unseen(_: CertificateRow) -> Looks:
    """Nothing was suspended by a criterion: a reinstatement lets nothing be observed."""
    return NO_LOOKS


REMAPPED: Final = desks.MAPPING.replace("version: 1", "version: 2").replace("title: title", "title: upper(title)")


class World:
    """A hub whose one connection is certified to C3."""

    def __init__(self, folder: Path, urls: dict[str, str]) -> None:
        self.folder = folder
        self.hub = a_desk(folder, **urls)
        self.office = bureau.office(self.hub)
        self.row = self.certify()
        bureau.tell(self.hub)

    @property
    def hub_clock(self) -> Any:
        return self.hub.clock

    def certify(self, environment: str = "production", **changes: Any) -> CertificateRow:
        """Certify what the mapping file holds now; `changes` are of what was shown."""
        path = self.folder / "desk.yaml"
        bound = running(wiring.load_mapping(path), path, load_suite(), zone="Asia/Shanghai")
        today = self.hub.clock.now().date()
        shown = replace(
            SHOWN,
            connection=CONNECTION,
            department=DEPARTMENT,
            environment=environment,
            bindings={**SHOWN.bindings, **bound},
            oldest=dict.fromkeys(("C1", "C2", "C3"), today),
            **changes,
        )
        return self.office.certify(shown, people(self.hub, "business", "technical"), Department(document=DOCUMENT))

    def send(self, number: str, mapping: str = "", received: str = "2026-04-02 09:00") -> str:
        """Bring one late case, by the certified mapping or by another; return the `conformance` of its event."""
        row = (number, "食品经营许可申请", "public", "321281", received, "2026-04-02 10:00", "2026-03-20 17:00", "")
        if mapping:
            (self.folder / "other.yaml").write_text(mapping, encoding="utf-8")
            data = self.folder / "other.csv"
            data.write_text(",".join(desks.FIELDS) + "\n" + ",".join(row) + "\n", encoding="utf-8")
            with an_import(self.hub, self.folder / "other.yaml", data):
                pass
        else:
            bring(self.hub, self.folder, [row])
        return str(self.events(number)[-1]["conformance"])

    def events(self, number: str) -> list[dict[str, Any]]:
        feed = self.hub.queries.feed("intranet", after=0, limit=1000, kinds=["case"])
        found = [orjson.loads(row["body"]) for row in feed]
        return [each for each in found if each["data"]["case"]["source_case_no"] == number]

    def told(self) -> list[dict[str, Any]]:
        """What the feed tells of certificates, once supervision has entered it."""
        bureau.tell(self.hub)
        drain(self.hub)
        feed = self.hub.queries.feed("intranet", after=0, limit=1000, kinds=["certificate"])
        return [orjson.loads(row["body"]) for row in feed]

    def keep(self) -> str:
        """Let the criteria be looked at; return how the certificate stands then."""
        certifying_role.keeper(self.hub).step()
        return self.state()

    def took_in(self, day: int) -> None:
        """Let the hub have taken in on a day of April, from eight to six."""
        for hour in range(20):
            at = datetime(2026, 4, day, 0, tzinfo=UTC) + timedelta(minutes=30 * hour)
            self.hub.own_health.took_in(at)

    def state(self) -> str:
        found = self.hub.certification.certificates(CONNECTION)[0]
        return f"{found.state} {found.criterion}".strip()

    def alerts(self, number: str) -> Sequence[str]:
        case = self.events(number)[-1]["subject"]
        return [row["rule_id"] for row in self.hub.queries.alerts(limit=500) if row["subject"] == case]


def people(hub: Hub, *roles: str) -> list[Approval]:
    names = ("张三", "李四")
    return [
        Approval(by=name, role=role, at=hub.clock.now(), reason="查验属实")
        for name, role in zip(names, roles, strict=False)
    ]
