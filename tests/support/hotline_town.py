"""A town whose hotline registers complaints, its staff, and two departments without a connection of their own."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.push import push_format
from gateway.reading import Pushed
from hub import mapping
from hub.catalogue import load_catalogue
from hub.clock import SystemClock
from hub.identity import issue
from hub.importing import registration
from hub.model import ids
from hub.model.attachments import Attachment
from hub.model.values import Record
from hub.pushing import Push, body_digest
from hub.resources import MAPPINGS
from hub.store.queries import Queries
from tests.support.desks import bearer
from tests.support.hubs import drain, hub_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import httpx

CENTRE, HOUSING, MARKET = "11321200014005005D", "11321200014000028L", "113212000140010128"
DISCIPLINE = "113212000014007007"
NOW: Final = datetime(2026, 4, 1, 1, tzinfo=UTC)
HOTLINE: Final = """
connection: city.complaints
version: 1
department: "11321200014005005D"
kind: push
connect: {format: json}
read: {names: {about: respondent}}
case:
  numbering: city.complaints
  source_case_no: no
  family: "'complaint'"
  title: title
  region_code: "'321281'"
  complaint:
    centre_id: "'city.hotline'"
    channel: "'hotline'"
    kind: kind
    track: "kind == \\"report\\" and \\"report\\" or \\"hotline\\""
    respondent_department: about
    confidential: hidden
    content: text
events:
  - {type: complaint.registered, occurred_at: time(at)}
"""


TITLE: Final = "投诉人：张三，反映小区噪音"
TEXT: Final = "举报人：张三，电话13812345678"


PHOTO: Final = b"the builder's crane at night"
DIGEST: Final = hashlib.sha256(PHOTO).hexdigest()


def a_photo(case_id: str) -> list[Attachment]:
    return [
        Attachment(
            case_id=case_id,
            sha256=DIGEST,
            name="照片.jpg",
            media_type="image/jpeg",
            size_bytes=len(PHOTO),
            uri="",
            connection_id="city.complaints",
            state="available",
            changed_at=NOW,
        )
    ]


class Town:
    """A hub with a hotline, its staff, and two departments without a connection of their own."""

    def __init__(self, folder: Path) -> None:
        self.hub = hub_at(folder, now=NOW)
        path = folder / "hotline.yaml"
        path.write_text(HOTLINE, encoding="utf-8")
        loaded = [mapping.load(each, environment={}) for each in (path, MAPPINGS / "city-complaints" / "desk.yaml")]
        self.hub.store.register([registration(each.declaration, each.fingerprint) for each in loaded])
        self.hub.store.load_catalogue(
            [load_catalogue(MAPPINGS / name / "department.yaml")
             for name in ("city-complaints", "city-discipline", "taizhou-housing", "taizhou-market")]
        )  # fmt: skip
        self.desk, self.queries = self.hub.desk(loaded), Queries(self.hub.settings.store_url)
        self.pushed = {
            each.declaration.connection: Pushed(
                format=push_format(each.declaration), desk=self.desk, departments=each.declaration.departments
            )
            for each in loaded
        }

    def close(self) -> None:
        """Let go of what was opened."""
        self.desk.close()
        self.queries.close()
        self.hub.close()

    def token(self, name: str, scope: str, department: str) -> str:
        """Give somebody a key."""
        issued = issue(name, kind="person", scopes=scope.split(), now=SystemClock().now(), department_id=department)
        self.hub.identities.add(issued)
        return issued.token

    def key(self, name: str, scope: str, department: str) -> Mapping[str, str]:
        """Give somebody a key, as a program shows it."""
        return bearer(self.token(name, scope, department))

    def register(self, number: str, **said: Any) -> str:
        """Let the hotline register a complaint; return its case id."""
        record = {
            "no": number,
            "at": "2026-04-01 08:30",
            "kind": "complaint",
            "title": TITLE,
            "text": "夜间施工",
            **said,
        }
        tree = Record(place="1", raw=orjson.dumps(record), tree=record)
        push = Push(connection="city.complaints", key=number, body_digest=body_digest(tree.raw), records=[tree])
        self.desk.take(push)
        self.drain()
        return ids.case_id("city.complaints", number)

    def drain(self) -> None:
        drain(self.hub)
        self.hub.clock.move_to(self.hub.clock.now() + timedelta(minutes=10))  # type: ignore[attr-defined]


class Person:
    """Somebody with a key."""

    def __init__(self, town: Town, client: httpx.Client, headers: Mapping[str, str]) -> None:
        self.town, self.client, self.headers = town, client, headers

    def does(self, case_id: str, move: str, **said: Any) -> httpx.Response:
        answer = self.client.post(f"/v1/complaints/{case_id}/moves", json={"move": move, **said}, headers=self.headers)
        self.town.drain()
        return answer

    def sees(self, case_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/v1/complaints/{case_id}", headers=self.headers)
        return answer.json() if answer.status_code == 200 else {}

    def may(self, case_id: str) -> set[str]:
        return {each["move"] for each in self.sees(case_id).get("moves", ())}

    def lists(self) -> list[str]:
        return [each["case_no"] for each in self.client.get("/v1/complaints", headers=self.headers).json()["items"]]
