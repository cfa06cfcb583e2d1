"""The market regulator's connection in a sandbox of its own, and tests that come to what a test wants."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from conformance.finding import Finding
from conformance.model import Verdict, Words
from conformance.suite import SuiteTest
from hub.cli.main import app
from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from click.testing import Result

NAME = "taizhou.market.licences"
FILES = MAPPINGS / "taizhou-market"


def market_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder that has the regulator's inbox, and nothing in a sandbox yet; return the inbox."""
    monkeypatch.chdir(folder)
    inbox = folder / "inbox"
    inbox.mkdir()
    for name, value in {
        "SUNLIGHT_DATA_DIR": str(folder / "var"),
        "SUNLIGHT_TOKEN_KEY": "a token key of tests, long enough",
        "MARKET_INBOX": str(inbox),
    }.items():
        monkeypatch.setenv(name, value)
    return inbox


def market_sandbox(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with the regulator's connection in the sandbox; return the folder."""
    market_place(folder, monkeypatch)
    shutil.copytree(FILES, folder / "var" / "sandbox" / "mappings" / "taizhou-market")
    return folder


def conformance(*arguments: str) -> Result:
    """Type a command of `sunlight conformance`."""
    return CliRunner().invoke(app, ["conformance", *arguments])


def answering(monkeypatch: pytest.MonkeyPatch, check: Callable[[Any], Finding]) -> None:
    """Let every test come to the same."""
    monkeypatch.setattr(SuiteTest, "function", lambda _: check)


def failing(_: object) -> Finding:
    """Find that the department is at fault."""
    return Finding(
        verdict=Verdict.FAIL, reason=Words(zh="坏", en="bad"), blames="department", fix=Words(zh="改", en="mend")
    )


def record_of(folder: Path) -> Path:
    """Return the record of the only session."""
    (found,) = (folder / "var" / "sandbox" / "conformance" / "sessions").glob("*/results.ndjson")
    return found
