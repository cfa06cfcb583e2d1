"""A kit is believed for its bytes alone: a verdict that was written into it changes nothing at the hub."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.clock import SystemClock
from tests.flow.test_conformance_onboarding_foreign import BEGINS, DATA, ENDS, HERE, keyed, logged, tasks, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

NAME = "onboarded.receipt"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real systems (../shared/data) are not here")


def sunlight(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


class Network:
    """A network of its own: a hub, and a department's inbox that may be empty."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inbox, self._environment = folder / "inbox", monkeypatch
        self.inbox.mkdir(parents=True)
        shutil.copytree(HERE / "receipt", folder / "mappings")
        monkeypatch.setenv("SUNLIGHT_TOKEN_KEY", "a token key of tests, long enough")
        monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(folder / "var"))
        monkeypatch.setenv("RECEIPT_INBOX", str(self.inbox))
        self.at(BEGINS)
        self.file = folder / "mappings" / "permits.yaml"

    def at(self, moment: Any) -> None:
        self._environment.setattr(SystemClock, "now", lambda _: moment.astimezone(UTC))


def held_offline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Hold a session of a department that loses rare characters; return its kit."""
    network = Network(folder, monkeypatch)
    columns, rows = logged()
    written(network.inbox / "receipt-2012.csv", columns, rows[:60])
    assert sunlight("connection", "add", str(network.file)).exit_code == 0
    first = sunlight("conformance", "run", NAME, "--level", "C1", "--json")
    acts = keyed(json.loads(first.stdout)["header"]["session"], ("codes",), "Europe/Amsterdam")
    spoiled = [replace(act, title="".join(c if ord(c) < 0xFFFF else "?" for c in act.title)) for act in acts]
    written(network.inbox / "receipt-2026.csv", columns, list(tasks(spoiled)))
    network.at(ENDS)
    assert sunlight("conformance", "run", NAME, "--level", "C1").exit_code == 1
    packed = sunlight("conformance", "kit", NAME, "--out", str(folder / "kit.zip"))
    assert packed.exit_code == 0, packed.output
    return (folder / "kit.zip").read_bytes()


def changed(kit: bytes, change: Callable[[str, bytes], bytes], *, sealed: bool = True) -> bytes:
    """Return a kit with files of it changed; the manifest follows if it is sealed again."""
    with zipfile.ZipFile(io.BytesIO(kit)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}
        manifest = archive.read("manifest.json")
    files = {name: change(name, data) for name, data in files.items()}
    if sealed:
        manifest = json.dumps({name: hashlib.sha256(data).hexdigest() for name, data in files.items()}).encode()
    told = io.BytesIO()
    with zipfile.ZipFile(told, "w") as archive:
        for name, data in {**files, "manifest.json": manifest}.items():
            archive.writestr(name, data)
    return told.getvalue()


def forged(name: str, data: bytes) -> bytes:
    return data.replace(b'"verdict":"fail"', b'"verdict":"pass"') if name == "claimed.ndjson" else data


def test_a_forged_verdict_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = held_offline(tmp_path / "department", monkeypatch)
    network = Network(tmp_path / "bureau", monkeypatch)
    network.at(ENDS)
    assert sunlight("connection", "add", str(network.file)).exit_code == 0
    found = {}
    for name, kit in {"honest": honest, "forged": changed(honest, forged)}.items():
        (tmp_path / f"{name}.zip").write_bytes(kit)
        result = sunlight("conformance", "recompute", str(tmp_path / f"{name}.zip"), "--json")
        assert result.exit_code == 1, result.output
        found[name] = {row["test"]: (row["claimed"], row["found"]) for row in json.loads(result.stdout)["recomputed"]}
    assert found["honest"]["ENC-01"] == ("fail", "fail")
    assert found["forged"]["ENC-01"] == ("pass", "fail")
    assert {test for test, (_, verdict) in found["forged"].items() if verdict != "pass"} == {"ENC-01"}
    assert [verdict for _, verdict in found["forged"].values()] == [verdict for _, verdict in found["honest"].values()]
    held = json.loads(sunlight("conformance", "list", "--json").stdout)
    assert [each["session"].endswith("-kit") for each in held] == [True], "both kits are of one session"
    sunlight("conformance", "run", NAME, "--level", "C1")
    held = json.loads(sunlight("conformance", "list", "--json").stdout)
    assert sorted(each["session"].endswith("-kit") for each in held) == [False, True], "a kit's is not gone on with"
    broken = changed(honest, lambda name, data: data + b"\n" if name.startswith("source/") else data, sealed=False)
    (tmp_path / "broken.zip").write_bytes(broken)
    refused = sunlight("conformance", "recompute", str(tmp_path / "broken.zip"))
    assert (refused.exit_code, "not those of its manifest" in refused.output) == (4, True)
