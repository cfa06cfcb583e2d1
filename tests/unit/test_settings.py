"""Settings are read once; everything wrong with them is said at once, where it was said."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from hub.errors import Misconfigured
from hub.resources import ROOT
from hub.settings import OVERRIDES, Settings, load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hub.errors import Fault


def faults(path: Path | None, environment: Mapping[str, str] | None = None) -> Mapping[str, Fault]:
    """Return what is wrong, by key."""
    with pytest.raises(Misconfigured) as wrong:
        load(path, environment or {})
    return {fault.target_path: fault for fault in wrong.value.faults}


def a_file(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_states_every_default() -> None:
    path = ROOT / "settings.toml"
    assert load(path, {}) == Settings()
    text = path.read_text(encoding="utf-8")
    for section, model in Settings().model_dump().items():
        assert f"[{section}]" in text
        assert all(
            re.search(rf"^({key} = |# \[\[{section}\.{key}\]\]|\[{section}\.{key}\]$)", text, re.MULTILINE)
            for key in model
        ), section


def test_every_fault_is_reported_at_once_with_file_and_key(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        """
        colour = "red"
        [hub]
        city = "Taizhou"
        timezone = "Mars/Olympus"
        [store]
        url = "mysql://x"
        [bus]
        partitions = 0
        speed = 3
        [feed]
        views = ["secret"]
        [gateway]
        port = 99999
        [calendar]
        "2027-02-30" = true
        """,
    )
    found = faults(path)
    keys = {"colour", "hub.city", "hub.timezone", "store.url", "bus.partitions", "bus.speed", "gateway.port"}
    assert keys < set(found)
    assert any(key.startswith("feed.views") for key in found)
    assert any(key.startswith("calendar") for key in found)
    assert all(fault.file == str(path) for fault in found.values())
    assert str(found["hub.timezone"]).startswith(f"{path}: settings.value: hub.timezone: ")


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, '[bus]\npartitions = 3\nurl = "embedded:///a"\n')
    environment = {
        "SUNLIGHT_DATA_DIR": str(tmp_path / "data"),
        "SUNLIGHT_STORE_URL": "postgresql://u@h/d",
        "SUNLIGHT_BUS_URL": "amqp://h/v",
        "SUNLIGHT_BUS_MANAGEMENT": "http://h:15672",
        "SUNLIGHT_PARTITIONS": "5",
        "SUNLIGHT_MAPPINGS": "elsewhere",
        "SUNLIGHT_GATEWAY_PORT": "0",
        "SUNLIGHT_PUBLIC_PORT": "0",
        "SUNLIGHT_PUBLIC_STORE_URL": "sqlite:///elsewhere",
    }
    assert environment.keys() == OVERRIDES.keys()
    found = load(path, environment)
    assert (found.bus.partitions, found.bus_url, found.store_url) == (5, "amqp://h/v", "postgresql://u@h/d")
    assert found.management_url == "http://h:15672"
    assert (found.data_dir, str(found.mappings.folder), found.gateway.port) == (tmp_path / "data", "elsewhere", 0)
    assert (found.public.port, found.public_store_url) == (0, "sqlite:///elsewhere")


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    assert load(a_file(tmp_path, "[bus]\npartitions = 3\n"), {"SUNLIGHT_PARTITIONS": ""}).bus.partitions == 3


def test_what_the_environment_said_wrongly_is_charged_to_the_variable(tmp_path: Path) -> None:
    path = a_file(tmp_path, "[bus]\nspeed = 3\n")
    found = faults(path, {"SUNLIGHT_PARTITIONS": "many", "SUNLIGHT_STORE_URL": "oracle://x"})
    assert found["bus.partitions"].file == "$SUNLIGHT_PARTITIONS"
    assert found["store.url"].file == "$SUNLIGHT_STORE_URL"
    assert found["bus.speed"].file == str(path)


def test_a_section_that_is_no_table_is_a_fault_even_where_a_variable_would_set_it(tmp_path: Path) -> None:
    assert "bus" in faults(a_file(tmp_path, "bus = 3\n"), {"SUNLIGHT_PARTITIONS": "2"})


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@h:port/d", "postgresql://u:hunter2@[h/d", "mysql://hunter2"])
def test_a_url_that_cannot_be_read_is_a_fault_that_does_not_show_its_password(tmp_path: Path, url: str) -> None:
    found = faults(a_file(tmp_path, f'[store]\nurl = "{url}"\n'))
    assert "hunter2" not in str(found["store.url"])


@pytest.mark.parametrize(
    ("content", "code"), [(b"[bus", "settings.syntax"), (b"\xff", "settings.syntax"), (None, "settings.missing")]
)
def test_a_file_that_cannot_be_read_is_the_operators_fault(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "settings.toml"
    if content is not None:
        path.write_bytes(content)
    assert faults(path)[""].code == code


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    assert faults(tmp_path)[""].code == "settings.unreadable"


def test_folders_and_secrets_are_filled_in_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNLIGHT_BUS_PASSWORD", "hunter2")
    path = a_file(
        tmp_path, '[bus]\nurl = "amqps://hub:${SUNLIGHT_BUS_PASSWORD}@h/v"\n[calendar]\n"2027-01-04" = true\n'
    )
    found = load(path, {"SUNLIGHT_DATA_DIR": str(tmp_path)})
    assert found.bus_url == "amqps://hub:hunter2@h/v"
    assert "hunter2" not in repr(found)
    assert found.store_url == f"sqlite:///{tmp_path}/hub.db"
    assert found.calendar == {date(2027, 1, 4): True}
