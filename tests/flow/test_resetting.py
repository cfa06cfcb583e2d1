"""A session counts from its opening, and a sandbox that earlier trials have filled is emptied: nothing else is."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from conformance import resetting
from conformance.checks.common import awaited
from conformance.checks.completeness import shadowed
from conformance.checks.malformed import _broken
from conformance.checks.schema import golden_pack_is_valid
from conformance.real import sessions_of
from conformance.resetting import reset, reset_at
from hub import settings as settings_
from hub import wiring
from hub.cli.main import app
from hub.cli.session_room import connected_to, gateway_parts
from hub.errors import Misconfigured
from hub.sandbox import sandbox_of
from hub.settings import StoreSection
from tests.flow.test_conformance_onboarding import keyed_in
from tests.support.market_sandbox import FILES, NAME, market_place

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from conformance.lab import Lab


@pytest.fixture(name="place")
def tried_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder of its own, where the market regulator's connection was tried in the sandbox already."""
    inbox = market_place(tmp_path, monkeypatch)
    keyed_in("earlier", inbox, tmp_path / "department")
    assert sunlight("connection", "add", str(FILES / "licences.yaml")).exit_code == 0
    return tmp_path


def sunlight(*arguments: str, **how: Any) -> Result:
    return CliRunner().invoke(app, list(arguments), **how)


def a_lab(place: Path, **changes: Any) -> Lab:
    """Open what a check works with, as a run does."""
    live = settings_.load(None)
    sandbox, hub = wiring.build(sandbox_of(live)), wiring.build(live)
    connected = connected_to(sandbox, hub, NAME)
    lab = connected.lab(
        "s", sandbox.clock, place / "stands", lambda given, now: wiring.build(given, clock=now), gateway_parts
    )
    for name, value in changes.items():
        setattr(lab, name, value)
    return lab


def closed(lab: Lab) -> None:
    lab.pilot.close()
    assert lab.live is not None
    lab.live.close()


def test_what_an_earlier_trial_left_is_nothing_that_a_new_session_saw(place: Path) -> None:
    before = a_lab(place)
    before.pilot.take([spoiled(before, 0)])
    closed(before)
    whole, own = a_lab(place), a_lab(place)
    own.since = own.clock.now()
    try:
        assert whole.events()
        assert whole.refused()
        assert golden_pack_is_valid(whole).verdict == "fail", "an old refusal, without an opening"
        assert (own.events(), own.refused(), own.reports()) == ([], [], [])
        assert own.watched() == {}
        waiting, shadow = awaited(own), shadowed(own, 1)
        assert waiting is not None
        assert shadow is not None
        assert (waiting.verdict, shadow.verdict) == (None, None), "it waits for its own"
        own.pilot.take([spoiled(own, 1)])
        assert len(own.refused()) == 1
        assert len(own.reports()) == 1
    finally:
        closed(whole)
        closed(own)


def spoiled(lab: Lab, place: int) -> Any:
    """Return a record of the source in which one text is none that its mapping takes."""
    broken = _broken(lab, lab.given()[place])
    assert broken is not None
    return broken


def tried(place: Path) -> int:
    """Return how many cases the sandbox holds."""
    lab = a_lab(place)
    count = len(lab.pilot.cases())
    closed(lab)
    return count


def test_a_sandbox_is_emptied_only_when_somebody_says_so(place: Path) -> None:
    held = tried(place)
    assert held
    for how in ({"input": "n\n"}, {"input": ""}):
        refused = sunlight("conformance", "reset", NAME, **how)
        assert (refused.exit_code, "nothing was touched" in refused.output) == (4, True)
    assert tried(place) == held
    assert sunlight("conformance", "reset", NAME, input="y\n").exit_code == 0
    assert tried(place) == 0


@pytest.mark.usefixtures("place")
def test_what_is_no_trial_s_data_stays_and_the_next_run_begins_anew() -> None:
    first = json.loads(sunlight("conformance", "run", NAME, "--level", "C0", "--json").stdout)["header"]["session"]
    sandbox = sandbox_of(settings_.load(None))
    key = sunlight("--sandbox", "key", "add", NAME, "--scope", "records:write")
    before = {path: path.read_bytes() for path in sorted(sandbox.data_dir.rglob("*")) if _stays(path, sandbox.data_dir)}
    keys = sunlight("--sandbox", "key", "list", "--json").stdout
    assert key.exit_code == 0, key.output
    done = sunlight("conformance", "reset", NAME, "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["connection"] == NAME
    assert {path: path.read_bytes() for path in before} == before
    assert sunlight("--sandbox", "key", "list", "--json").stdout == keys
    again = json.loads(sunlight("conformance", "run", NAME, "--level", "C0", "--json").stdout)["header"]["session"]
    assert again != first
    assert [each.header.session for each in sessions_of(sandbox).all()] == [first, again]


def _stays(path: Path, folder: Path) -> bool:
    top = path.relative_to(folder).parts[0]
    return path.is_file() and (top in {"keys", "mappings", "conformance"} or top.startswith("trial-"))


def test_the_live_hub_is_never_touched_and_whatever_is_no_sandbox_is_refused(place: Path) -> None:
    live = settings_.load(None)
    sandbox, now = sandbox_of(live), wiring.build(live).clock.now()
    sunlight("migrate")
    held = {path: path.read_bytes() for path in (place / "var").iterdir() if path.is_file()}
    shared = sandbox.model_copy(update={"store": StoreSection(url=live.store_url)})
    for given in (live, shared, sandbox_of(sandbox)):
        with pytest.raises(Misconfigured, match="not the sandbox"):
            reset(given, live, now)
    assert tried(place)
    assert reset_at(sandbox) is None
    reset(sandbox, live, now)
    assert {path: path.read_bytes() for path in held} == held


def test_a_sandbox_that_is_in_use_is_left_alone(place: Path) -> None:
    lab = a_lab(place)
    live = settings_.load(None)
    lab.pilot.cases()
    with pytest.raises(Misconfigured, match="another process is at work"):
        reset(sandbox_of(live), live, lab.clock.now())
    assert lab.pilot.cases()
    closed(lab)


@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_emptying_goes_on_wherever_it_ended(place: Path, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    live, steps = settings_.load(None), iter(range(100))
    sandbox, now = sandbox_of(live), wiring.build(live).clock.now()
    rename, rmtree = resetting.Path.rename, shutil.rmtree

    def step(what: Any) -> Any:
        def stepping(*args: Any, **how: Any) -> Any:
            if next(steps) == at:
                raise KeyboardInterrupt
            return what(*args, **how)

        return stepping

    with monkeypatch.context() as patched:
        patched.setattr(resetting.Path, "rename", step(rename))
        patched.setattr(resetting.shutil, "rmtree", step(rmtree))
        with pytest.raises(KeyboardInterrupt):
            reset(sandbox, live, now)
    assert reset_at(sandbox) == now, "no session goes on as if nothing had happened"
    reset(sandbox, live, now)
    assert tried(place) == 0
    assert not list(sandbox.data_dir.glob(".*"))
