"""A declaration that was edited, or broken, gives its connection no more time and holds up nobody else."""

from __future__ import annotations

import shutil
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest

from conformance.declaration import beside, load_declaration
from conformance.sessions import Sessions
from hub.cli.certifying_role import declared, drift_level, mapping_of, own_levels, promised_latency_s
from hub.cli.running_tests import own_last
from hub.resources import MAPPINGS
from tests.support.certifying import STARTED, a_header

if TYPE_CHECKING:
    from pathlib import Path

CONNECTION: Final = "taizhou.market.licences"


@pytest.fixture
def hub(tmp_path: Path) -> Any:
    shutil.copytree(MAPPINGS / "taizhou-market", tmp_path / "mappings" / "taizhou-market")
    settings = SimpleNamespace(mappings=SimpleNamespace(folder=tmp_path / "mappings"), zone=ZoneInfo("Asia/Shanghai"))
    return SimpleNamespace(settings=settings)


def declaration_of(hub: Any) -> Path:
    found = mapping_of(hub, CONNECTION)
    assert found is not None
    return beside(found)


def edited(hub: Any, minutes: int) -> None:
    path = declaration_of(hub)
    said = path.read_text(encoding="utf-8").replace("latency_minutes: 720", f"latency_minutes: {minutes}")
    path.write_text(said, encoding="utf-8")


def test_a_declaration_that_was_changed_since_asks_for_no_more_time(hub: Any) -> None:
    bound = {"ics": {"sha256": load_declaration(declaration_of(hub)).sha256}}
    assert promised_latency_s(hub, CONNECTION, bound) == 720 * 60
    edited(hub, 100_000)
    assert promised_latency_s(hub, CONNECTION, bound) == 900
    path = declaration_of(hub)
    path.write_text(path.read_text(encoding="utf-8").replace("100000", "5"), encoding="utf-8")
    assert promised_latency_s(hub, CONNECTION, bound) == 300


@pytest.mark.parametrize("broken", ["latency_minutes: [", "connection: x\n", "\x00", "a: &a [*a]\n", "a: {<<: 5}\n"])
def test_a_broken_declaration_is_said_and_holds_up_nothing(hub: Any, broken: str, caplog: Any) -> None:
    declaration_of(hub).write_text(broken, encoding="utf-8")
    bound = {"ics": {"sha256": "0" * 64}, "mapping": {"parts": {}}}
    assert promised_latency_s(hub, CONNECTION, bound) is None
    path = mapping_of(hub, CONNECTION)
    assert path is not None
    assert (declared(path), own_levels(path)) == (None, {})
    assert drift_level(hub, CONNECTION, bound)
    assert "declaration cannot be read" in caplog.text


def test_neither_a_kit_s_session_nor_one_that_is_dated_ahead_is_gone_on_with(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path, ZoneInfo("Asia/Shanghai"))
    days = {"own": 0, "own-kit": 1, "ahead": 400}
    for name, after in days.items():
        sessions.begin(a_header(session=name, started_at=STARTED + timedelta(days=after)))
    found = own_last(sessions, a_header().connection, STARTED + timedelta(days=2))
    assert found is not None
    assert found.header.session == "own"
    assert own_last(sessions, "another.connection", STARTED + timedelta(days=2)) is None
