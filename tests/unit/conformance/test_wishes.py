"""A wish outlives whatever ends the process that sees to it, and is not begun for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.wishes import MOST_TRIES, Asked, Wishes
from hub.cli.rerunning import Rerunning

if TYPE_CHECKING:
    from pathlib import Path

WISH = Asked(connection="a.b.c", test="ENC-01", by="王芳", at="2026-03-02")


@pytest.fixture
def wishes(tmp_path: Path) -> Wishes:
    found = Wishes(tmp_path / "wishes")
    found.ask(WISH)
    return found


def a_role(wishes: Wishes, monkeypatch: pytest.MonkeyPatch, run: Any) -> Rerunning:
    rerunning = object.__new__(Rerunning)
    rerunning._sandbox, rerunning._left = None, []  # type: ignore[assignment]  # of no use here
    monkeypatch.setattr("hub.cli.rerunning.wishes_of", lambda _: wishes)
    monkeypatch.setattr(Rerunning, "_run", run)
    monkeypatch.setattr(Rerunning, "_plan", lambda _: None)
    return rerunning


def test_a_wish_whose_run_ends_the_process_is_there_still_and_is_given_up_at_last(
    wishes: Wishes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashes(*_: object) -> bool:
        raise KeyboardInterrupt

    for _ in range(MOST_TRIES):
        with pytest.raises(KeyboardInterrupt):
            a_role(wishes, monkeypatch, crashes).step()
        assert [each.test for each in wishes.all()] == ["ENC-01"]
    assert a_role(wishes, monkeypatch, crashes).step() == ""
    assert wishes.all() == []


def test_a_wish_that_was_seen_to_is_forgotten_and_one_whose_sandbox_was_away_is_not(
    wishes: Wishes, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_role(wishes, monkeypatch, lambda *_: True).step()
    assert [each.tries for each in wishes.all()] == [1]
    a_role(wishes, monkeypatch, lambda *_: False).step()
    assert wishes.all() == []


def test_what_is_left_of_an_owed_session_is_gone_on_with_in_the_next_step(
    wishes: Wishes, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes.forget(WISH)
    left = iter([True, True, False, False])
    rerunning = a_role(wishes, monkeypatch, lambda *_: next(left))
    monkeypatch.setattr(Rerunning, "_is_ready", lambda *_: True)
    rerunning._left = ["a.b.c", "d.e.f"]
    assert [rerunning.step() for _ in range(5)] == ["a.b.c", "a.b.c", "a.b.c", "d.e.f", ""]


@pytest.mark.parametrize(("is_held", "piece_s", "goes_on"), [(True, 60, True), (False, 60, False), (True, 0, False)])
def test_a_piece_is_over_with_its_time_or_the_role_s_lease(
    *, is_held: bool, piece_s: float, goes_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.cli.rerunning.PIECE_S", piece_s)
    rerunning = object.__new__(Rerunning)
    rerunning._renew = lambda: is_held
    assert rerunning._piece()() is goes_on


def test_a_wish_made_anew_while_it_is_seen_to_is_another(wishes: Wishes, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> bool:
        wishes.ask(replace(WISH, at="2026-03-03"))
        return False

    a_role(wishes, monkeypatch, run).step()
    assert [each.at for each in wishes.all()] == ["2026-03-03"]


@pytest.mark.parametrize("held", [b"", b"{", b"[]", b'{"nobody": "knows"}', b'{"connection": "a"}'])
def test_a_damaged_wish_holds_up_no_other(wishes: Wishes, tmp_path: Path, held: bytes) -> None:
    (tmp_path / "wishes" / "b+ENC-01.json").write_bytes(held)
    assert wishes.all() == [WISH]
    wishes.forget(WISH)
    assert wishes.all() == []
