"""A department's mapping changes while it sends: the next push is read by it; a bad one leaves the old, and is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from hub import live_pushing, mapping
from hub.cli.gatewaying import serve_in_thread
from hub.clock import SystemClock
from hub.identity import issue
from hub.importing import registration
from tests.flow.test_push import MAPPING, NAME, NOW
from tests.support.desks import bearer
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Live:
    """A gateway that takes in by one mapping file."""

    def __init__(self, folder: Path) -> None:
        self.hub = hub_at(folder, now=NOW)
        self.file = folder / "mappings" / "press" / "press.yaml"
        self.file.parent.mkdir(parents=True)
        self.version = 0
        self.write(MAPPING)
        loaded = mapping.load(self.file, environment={})
        self.hub.store.register([registration(loaded.declaration, loaded.fingerprint)])
        issued = issue(NAME, kind="connection", scopes=("records:write",), now=SystemClock().now())
        self.hub.identities.add(issued)
        anywhere = self.hub.settings.gateway.model_copy(update={"port": 0})
        self.hub = replace(self.hub, settings=self.hub.settings.model_copy(update={"gateway": anywhere}))
        self.running = serve_in_thread(self.hub, mappings={self.file: loaded})
        self.client = httpx.Client(base_url=self.running.url, trust_env=False, headers=bearer(issued.token))

    def write(self, text: str) -> None:
        self.version += 1
        self.file.write_text(text.replace("version: 1", f"version: {self.version}", 1), encoding="utf-8")

    def send(self, **row: Any) -> int:
        body = orjson.dumps({"data": [{"no": "1", "at": "2026-03-02", "changed": 1, **row}]})
        headers = {"Content-Type": "application/json"}
        return self.client.post(f"/v1/records/{NAME}", content=body, headers=headers).status_code

    def troubles(self) -> list[str]:
        return [each.connection for each in self.hub.troubles.all()]

    def close(self) -> None:
        self.client.close()
        self.running.stop()
        self.hub.close()


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    monkeypatch.setattr(live_pushing, "LOOK_S", 0)
    opened = Live(tmp_path)
    yield opened
    opened.close()


def test_the_next_push_is_read_by_the_changed_mapping(live: Live) -> None:
    assert live.send() == 202
    live.write(MAPPING.replace("time(at)", "time(received)"))
    assert live.send(no="2") == 422
    assert live.send(no="2", received="2026-03-03") == 202
    assert live.hub.store.connections()[NAME].mapping_version == 2
    assert live.troubles() == []


@pytest.mark.parametrize(
    "bad",
    [
        "connection: [",
        MAPPING.replace("time(at)", "tim(at)"),
        MAPPING.replace("format: json", "format: pdf"),
        MAPPING.replace(NAME, "taizhou.press.other"),
    ],
)
def test_a_bad_file_leaves_the_old_mapping_and_is_told_until_it_is_mended(live: Live, bad: str) -> None:
    live.write(bad)
    assert live.send() == 202
    assert live.troubles() == [f"{NAME} (changed mapping)"]
    live.write(MAPPING)
    assert live.send(no="2") == 202
    assert live.troubles() == []
