"""What docs/onboarding.md shows for practice is a script that runs: from nothing to a certificate of level C2."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from typer.testing import CliRunner

from hub.cli.main import app
from hub.clock import SystemClock
from hub.resources import MAPPINGS

if TYPE_CHECKING:
    import pytest

NOW = datetime(2026, 3, 19, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
GUIDE = Path(__file__).parents[2] / "docs" / "onboarding.md"
REACHED = {"run": {2, 0}}
"""Exit codes of commands that may end otherwise than with 0: the first run waits for what is to be keyed in."""


def commands() -> list[str]:
    """The lines of the guide's script."""
    (script,) = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [str(line) for line in script.splitlines()]


def test_the_guide_s_practice_ends_with_a_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW.astimezone(UTC))
    (tmp_path / "mappings").symlink_to(MAPPINGS)
    (tmp_path / "inbox").mkdir()
    monkeypatch.setenv("MARKET_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setenv("SUNLIGHT_TOKEN_KEY", "a key for practice, of some length")
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path / "var"))
    first, *lines = commands()
    assert first.startswith("mkdir inbox && export MARKET_INBOX="), "what the fixtures above do"
    assert len(lines) <= 12, "within a dozen commands"
    ended = []
    for line in lines:
        program, *words = shlex.split(line)
        assert program == "sunlight"
        done = CliRunner().invoke(app, words)
        ended.append(done.exit_code)
        assert done.exit_code in REACHED.get(words[1] if len(words) > 1 else "", {0}), (
            f"{line}: {done.exit_code}\n{done.output}"
        )
    assert ended == [0, 2, 0, 0, 0, 0, 0]
    listed = CliRunner().invoke(app, ["conformance", "certificates", "taizhou.market.licences", "--json"])
    (row,) = json.loads(listed.stdout)
    assert (row["levels"], row["state"]) == (["C1", "C2"], "active")
