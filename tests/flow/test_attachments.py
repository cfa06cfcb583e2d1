"""The files of cases on their whole way: named by a record, fetched, verified, and handed out with the case's class."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.main import app as command
from tests.support.attached import PDF, PNG
from tests.support.desks import DEPARTMENT, NOW, a_client, a_key, bearer
from tests.support.hubs import an_import, hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.wiring import Hub

MAPPING = f"""
connection: taizhou.desk.files
version: 1
department: "{DEPARTMENT}"
kind: files
connect:
  format: jsonl
  attachments: {{from: ["FOLDER"]}}
case:
  source_case_no: no
  region_code: "'321281'"
  disclosure: {{class: klass}}
  attachments: {{each: files, name: name, media_type: type, size: size, sha256: digest, uri: at}}
events:
  - {{type: case.received, occurred_at: time(received)}}
  - {{type: case.accepted, when: accepted, occurred_at: time(accepted)}}
"""

FILES = {"现场照片 一.png": ("image/png", PNG), "答复.pdf": ("application/pdf", PDF)}


def a_record(no: str, klass: str, **said: Any) -> bytes:
    files = [
        {"name": name, "type": kind, "size": len(content), "digest": hashlib.sha256(content).hexdigest(), "at": name}
        for name, (kind, content) in FILES.items()
    ]
    return orjson.dumps({"no": no, "klass": klass, "received": "2026-03-02 09:00", "files": files} | said) + b"\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Return a hub that knows a public and a restricted case, and has fetched their files."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name, (_, content) in FILES.items():
        (folder / name).write_bytes(content)
    found = hub_at(tmp_path / "hub", now=NOW)
    mappings = found.settings.mappings.model_copy(update={"folder": tmp_path / "mappings"})
    settings = found.settings.model_copy(update={"mappings": mappings})
    found.close()
    found = type(found)(settings=settings, clock=found.clock)
    (tmp_path / "mappings" / "desk").mkdir(parents=True)
    (tmp_path / "mappings" / "desk" / "department.yaml").write_text("{}")
    (tmp_path / "mappings" / "desk" / "files.yaml").write_text(MAPPING.replace("FOLDER", str(folder)), encoding="utf-8")
    bring(found, tmp_path, a_record("P-1", "public") + a_record("R-1", "restricted"))
    yield found
    found.close()


def bring(hub: Hub, folder: Path, records: bytes) -> None:
    """Take records in, and fetch what they name."""
    data = folder / "data.jsonl"
    data.write_bytes(records)
    with an_import(hub, folder / "mappings" / "desk" / "files.yaml", data):
        pass
    with closing(hub.collector(hub.bus())) as collector:
        while collector.step():
            pass


def path_of(hub: Hub, no: str, content: bytes = PNG) -> str:
    return f"/v1/cases/{hub.queries.case_by_number(no)}/attachments/{hashlib.sha256(content).hexdigest()}"


def test_a_file_is_handed_out_under_its_own_name_to_be_saved_and_not_shown(hub: Hub) -> None:
    with a_client(hub) as client:
        shown = bearer(a_key(hub, "cases:read"))
        told = client.get(path_of(hub, "P-1").rpartition("/")[0], headers=shown).json()["items"]
        assert [(each["name"], each["state"]) for each in told] == [(name, "available") for name in sorted(FILES)]
        assert "uri" not in told[0], "where a department keeps its files is nobody's business"
        assert client.get(f"/v1/cases/{told[0]['href'].split('/')[3]}", headers=shown).json()["attachments"] == told
        answer = client.get(path_of(hub, "P-1"), headers=shown)
        page = client.get(f"/cases/{hub.queries.case_by_number('P-1')}", headers=shown).text
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == f"attachment; filename*=utf-8''{quote('现场照片 一.png')}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "现场照片 一.png" in page


def test_the_file_of_a_case_that_one_may_not_see_is_not_found_however_its_address_is_guessed(hub: Hub) -> None:
    with a_client(hub) as client:
        ordinary = bearer(a_key(hub, "cases:read"))
        full = bearer(a_key(hub, "cases:read", "cases:read:restricted"))
        for guess in (path_of(hub, "R-1"), path_of(hub, "R-1").upper(), path_of(hub, "R-1") + "/"):
            assert client.get(guess, headers=ordinary).status_code in {404, 307}
        assert client.get(path_of(hub, "R-1")).status_code == 401
        assert client.get(path_of(hub, "R-1"), headers=bearer(a_key(hub, "feed:read:public"))).status_code == 403
        assert client.get(path_of(hub, "R-1"), headers=full).content == PNG
        missing = path_of(hub, "P-1", b"another")
        assert client.get(missing, headers=full).status_code == 404


def test_a_case_that_is_public_no_more_takes_its_files_with_it(hub: Hub, tmp_path: Path) -> None:
    with a_client(hub) as client:
        shown = bearer(a_key(hub, "cases:read"))
        assert client.get(path_of(hub, "P-1"), headers=shown).status_code == 200
        bring(hub, tmp_path, a_record("P-1", "restricted", accepted="2026-03-03 09:00"))
        assert client.get(path_of(hub, "P-1"), headers=shown).status_code == 404


def test_the_disc_alone_tells_nothing_of_a_file_and_a_gateway_hands_it_out_whole(hub: Hub) -> None:
    kept = hub.files.path(hashlib.sha256(PNG).hexdigest())
    assert kept is not None
    assert PNG not in kept.read_bytes()
    with a_client(hub) as client:
        answer = client.get(path_of(hub, "P-1"), headers=bearer(a_key(hub, "cases:read")))
    assert (answer.content, answer.headers["content-length"]) == (PNG, str(len(PNG)))
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''")


def test_a_file_that_was_changed_on_the_shelf_is_not_handed_out(hub: Hub) -> None:
    kept = hub.files.path(hashlib.sha256(PNG).hexdigest())
    assert kept is not None
    kept.write_bytes(PNG + b"x")
    with a_client(hub) as client:
        answer = client.get(path_of(hub, "P-1"), headers=bearer(a_key(hub, "cases:read")))
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:sunlight:problem:attachment-changed")


def test_a_case_flows_though_its_file_is_lost_and_the_operator_sees_why(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "out" / "答复.pdf").unlink()
    bring(hub, tmp_path, a_record("L-1", "public"))
    assert hub.queries.case_by_number("L-1")
    with a_client(hub) as client:
        answer = client.get(path_of(hub, "L-1", PDF), headers=bearer(a_key(hub, "cases:read")))
        assert answer.status_code == 404
        assert "unavailable" in answer.json()["detail"]
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[hub]\ndata_dir = "{hub.settings.data_dir}"\n', encoding="utf-8")
    asked = ["attachments", "list", "--state", "unavailable", "--json", "--settings", str(settings)]
    told = json.loads(CliRunner().invoke(command, asked).stdout)
    assert [each["problem"] for each in told["files"]] == ["attachment.gone"]
    assert told["counts"]["taizhou.desk.files"] == {"available": 5, "unavailable": 1}
    again = CliRunner().invoke(command, ["attachments", "retry", "--json", "--settings", str(settings)])
    assert json.loads(again.stdout)["again"] == 1
    assert "答复.pdf" in CliRunner().invoke(command, ["attachments", "list", "--settings", str(settings)]).stdout
