"""A department that cannot be asked sends its files ahead, and its cases then name them by their digest."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import pytest

from hub.attachments.offered import WAITS
from hub.clock import SystemClock
from tests.flow.test_push import MAPPING, NAME, Press
from tests.support.attached import PDF, PNG
from tests.support.desks import NOW, a_client, bearer
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

DIGEST = hashlib.sha256(PNG).hexdigest()
PATH = f"/v1/records/{NAME}/attachments/{DIGEST}"
FILES = "  attachments: {each: files, name: name, media_type: type, size: size, sha256: digest, uri: digest}\n"


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    hub = hub_at(tmp_path, now=NOW)
    mappings = hub.settings.mappings.model_copy(update={"folder": tmp_path / "mappings"})
    settings = hub.settings.model_copy(update={"mappings": mappings})
    hub.close()
    text = MAPPING.replace("events:\n", f"{FILES}events:\n")
    own = tmp_path / "mappings" / "press"
    own.mkdir(parents=True)
    (own / "department.yaml").write_text("{}")
    opened = Press(type(hub)(settings=settings, clock=hub.clock), own, text)
    yield opened
    opened.close()


@pytest.fixture
def client(press: Press) -> Iterator[httpx.Client]:
    with a_client(press.hub, parts=press.parts) as opened:
        opened.headers.update(bearer(press.token))
        yield opened


def states(press: Press, no: str) -> list[str]:
    """Take in what was sent, fetch what it names, and tell how a case's files stand."""
    press.drain()
    with closing(press.hub.collector(press.hub.bus())) as collector:
        while collector.step():
            pass
    return [each.state for each in press.hub.attachments.of_case(str(press.hub.queries.case_by_number(no)))]


def a_case(no: str) -> bytes:
    file = {"name": "现场.png", "type": "image/png", "size": len(PNG), "digest": DIGEST}
    return orjson.dumps({"data": [{"no": no, "at": "2026-03-02 09:00", "changed": 1, "files": [file]}]})


def test_a_file_sent_ahead_is_there_once_its_case_names_it(press: Press, client: httpx.Client) -> None:
    first, again = client.put(PATH, content=PNG), client.put(PATH, content=PNG)
    assert (first.status_code, first.json(), again.status_code) == (201, {"uri": DIGEST}, 200)
    assert press.hub.files.path(DIGEST) is None, "nobody has named it yet"
    client.post(f"/v1/records/{NAME}", content=a_case("1"), headers={"Content-Type": "application/json"})
    assert states(press, "1") == ["available"]


def test_a_case_that_comes_before_its_file_waits_for_it(press: Press, client: httpx.Client) -> None:
    client.post(f"/v1/records/{NAME}", content=a_case("1"), headers={"Content-Type": "application/json"})
    assert states(press, "1") == ["unavailable"]
    client.put(PATH, content=PNG)
    press.hub.attachments.again(press.hub.clock.now())
    assert states(press, "1") == ["available"]


def test_what_is_not_as_said_is_not_taken(press: Press, client: httpx.Client) -> None:
    small = replace(press.parts, largest_file_bytes=len(PNG) - 1)
    assert client.put(PATH, content=PDF).status_code == 422
    assert client.put(PATH.replace(DIGEST, "x" * 64), content=PNG).status_code == 404
    assert client.put(PATH, content=PNG, headers=bearer(press.key("somebody.else"))).status_code == 403
    assert client.put(PATH, content=PNG, headers=bearer(press.key(NAME, "cases:read"))).status_code == 403
    with a_client(press.hub, parts=small) as narrow:
        assert narrow.put(PATH, content=PNG, headers=bearer(press.token)).status_code == 413
    assert press.hub.offered(NAME).size_bytes() == 0, "nothing is left of what was not taken"


def test_what_nobody_names_is_forgotten_after_a_week(press: Press, client: httpx.Client) -> None:
    client.put(PATH, content=PNG)
    kept = press.hub.offered(NAME).shelf.path(DIGEST)
    assert kept is not None
    old = (SystemClock().now() - WAITS - timedelta(minutes=1)).timestamp()
    os.utime(kept, (old, old))
    assert press.hub.offered(NAME).shelf.path(DIGEST) is None
