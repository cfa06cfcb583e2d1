"""Files are verified before they are kept, tried again by a schedule, and never in anybody's way."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hub.attachments.collector import AGAIN_AFTER, Collector, months_before
from hub.attachments.shelf import Shelf
from hub.clock import ManualClock
from hub.errors import Fault, Misconfigured, Refused, Rejection, Unavailable
from hub.vault import generate
from tests.support.attached import HARMFUL, NOW, PDF, an_attachment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hub.model.attachments import Attachment
    from hub.ports import Vault

ELSEWHERE = Refused(Rejection(stage="authorise", code="attachment.place", problem="elsewhere", hint=""))


class Alone:
    """A bus of which only the lease is used."""

    def lease(self, _: str) -> nullcontext[None]:
        return nullcontext()

    def close(self) -> None:
        pass


@dataclass
class Serving:
    """A fetcher that has this content, or fails so."""

    content: bytes = PDF
    failing: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def fetch(self, uri: str) -> Iterator[bytes]:
        self.asked.append(uri)
        for place in range(0, len(self.content), 16):
            yield self.content[place : place + 16]
            if self.failing is not None:
                raise self.failing

    def close(self) -> None:
        pass


@dataclass
class Listed:
    """What is wanted, in memory."""

    files: list[Attachment]
    ended: datetime = NOW
    """When the cases of all of them ended."""

    def learn(self, _now: object, _limit: int) -> int:
        return 0

    def due(self, now: Any, limit: int) -> Sequence[Attachment]:
        return [each for each in self.files if each.next_at is not None and each.next_at <= now][:limit]

    def over(self, before: datetime, limit: int) -> Sequence[Attachment]:
        return [each for each in self.files if each.state == "available" and before >= self.ended][:limit]

    def is_shared(self, attachment: Attachment) -> bool:
        others = [each for each in self.files if each.case_id != attachment.case_id and each.state == "available"]
        return attachment.sha256 in {each.sha256 for each in others}

    def settle(self, attachment: Attachment) -> None:
        key = (attachment.case_id, attachment.sha256)
        self.files = [attachment if (each.case_id, each.sha256) == key else each for each in self.files]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def a_collector(
    folder: Path, clock: ManualClock, fetcher: Any, *files: Attachment, vault: Vault | None = None, **how: Any
) -> Collector:
    return Collector(
        wanted=Listed(list(files or [an_attachment()])),
        shelf=Shelf(folder, vault),
        fetcher=lambda _: fetcher,
        bus=Alone(),  # type: ignore[arg-type]  # its lease alone is used
        clock=clock,
        **how,
    )


def stands(collector: Collector) -> list[tuple[str, str]]:
    wanted: Any = collector.wanted
    return [(each.state, each.problem) for each in wanted.files]


def kept(folder: Path) -> list[str]:
    return sorted(path.parent.name + path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_that_is_as_reported_is_kept_under_its_digest(tmp_path: Path, clock: ManualClock) -> None:
    collector = a_collector(tmp_path, clock, Serving())
    assert collector.step()
    assert stands(collector) == [("available", "")]
    path = collector.shelf.path(an_attachment().sha256)
    assert path is not None
    assert path.read_bytes() == PDF
    assert not collector.step(), "what is there is not fetched again"


@pytest.mark.parametrize(
    ("fetcher", "code"),
    [
        (Serving(PDF[:-1]), "attachment.differs"),
        (Serving(PDF + b"x"), "attachment.differs"),
        (Serving(PDF[:-1] + b"x"), "attachment.differs"),
        (Serving(failing=FileNotFoundError()), "attachment.gone"),
        (Serving(failing=Unavailable("away")), "attachment.away"),
        (Serving(failing=Misconfigured(Fault(code="source.http", problem="401"))), "attachment.refused"),
        (Serving(failing=KeyError("a fault of ours")), "attachment.fault"),
        (None, "attachment.away"),
    ],
)
def test_what_cannot_be_had_whole_is_unavailable_and_leaves_nothing_behind(
    fetcher: Any, code: str, tmp_path: Path, clock: ManualClock
) -> None:
    collector = a_collector(tmp_path, clock, fetcher)
    collector.step()
    assert stands(collector) == [("unavailable", code)]
    assert kept(tmp_path) == []


def test_it_is_tried_again_by_the_schedule_and_then_no_more(tmp_path: Path, clock: ManualClock) -> None:
    fetcher = Serving(failing=FileNotFoundError())
    collector = a_collector(tmp_path, clock, fetcher)
    for wait in AGAIN_AFTER:
        collector.step()
        clock.move_to(clock.now() + wait - timedelta(seconds=1))
        assert not collector.step()
        clock.move_to(clock.now() + timedelta(seconds=1))
    collector.step()
    clock.move_to(clock.now() + timedelta(days=30))
    assert not collector.step()
    assert len(fetcher.asked) == len(AGAIN_AFTER) + 1


def test_a_link_that_is_mended_meanwhile_is_fetched_at_the_next_try(tmp_path: Path, clock: ManualClock) -> None:
    fetcher = Serving(failing=Unavailable("away"))
    collector = a_collector(tmp_path, clock, fetcher)
    collector.step()
    fetcher.failing = None
    clock.move_to(clock.now() + AGAIN_AFTER[0])
    collector.step()
    assert stands(collector) == [("available", "")]


@pytest.mark.parametrize("what", HARMFUL)
def test_an_unsafe_file_is_blocked_and_never_asked_for_again(what: str, tmp_path: Path, clock: ManualClock) -> None:
    media_type, content, code = HARMFUL[what]
    collector = a_collector(tmp_path, clock, Serving(content), an_attachment(content, media_type=media_type))
    collector.step()
    assert stands(collector) == [("blocked", code)]
    assert kept(tmp_path) == []
    clock.move_to(clock.now() + timedelta(days=30))
    assert not collector.step()


def test_a_file_elsewhere_is_blocked(tmp_path: Path, clock: ManualClock) -> None:
    collector = a_collector(tmp_path, clock, Serving(failing=ELSEWHERE))
    collector.step()
    assert stands(collector) == [("blocked", "attachment.place")]


def test_nothing_is_asked_for_a_file_that_is_said_to_be_too_large(tmp_path: Path, clock: ManualClock) -> None:
    fetcher = Serving()
    collector = a_collector(tmp_path, clock, fetcher, largest_bytes=10)
    collector.step()
    assert (stands(collector), fetcher.asked) == ([("blocked", "attachment.size")], [])


def test_who_knows_a_digest_does_not_come_by_the_file_of_another(tmp_path: Path, clock: ManualClock) -> None:
    collector = a_collector(tmp_path, clock, Serving())
    collector.step()
    guess = an_attachment(case_id="0b5f4f2e-0000-5000-8000-000000000002", connection_id="somebody.else")
    other = a_collector(tmp_path, clock, Serving(failing=FileNotFoundError()), guess)
    other.step()
    assert stands(other) == [("unavailable", "attachment.gone")]


def test_a_connection_with_many_files_does_not_hold_up_another(tmp_path: Path, clock: ManualClock) -> None:
    many = [an_attachment(case_id=f"0b5f4f2e-0000-5000-8000-0000000001{number:02}") for number in range(5)]
    other = an_attachment(connection_id="another", case_id="0b5f4f2e-0000-5000-8000-000000000200")
    collector = a_collector(tmp_path, clock, Serving(), *many, other)
    collector.step()
    assert [state for state, _ in stands(collector)] == ["available", *["pending"] * 4, "available"]


class Finding:
    """A scanner that finds something."""

    def found(self, _: Path) -> str:
        return "Win.Test.EICAR_HDB-1"


def test_what_a_scanner_finds_is_blocked(tmp_path: Path, clock: ManualClock) -> None:
    collector = a_collector(tmp_path, clock, Serving(), scanner=Finding())
    collector.step()
    assert stands(collector) == [("blocked", "attachment.malware")]


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "sealed"])
def test_a_crash_leaves_no_half_file_whenever_it_comes(tmp_path: Path, clock: ManualClock, *, is_sealed: bool) -> None:
    """Stop at every operation on the shelf in turn; what the next process finds is the whole file or none."""
    vault = generate(tmp_path / "keys") if is_sealed else None
    for number in range(100):
        folder = tmp_path / str(number)
        collector = a_collector(folder, clock, Serving(), vault=vault)
        with _dying_after(number) as died:
            collector.step()
        parts = Shelf(folder, vault).read(an_attachment().sha256)
        assert parts is None or b"".join(parts) == PDF
        after = a_collector(folder, clock, Serving(), vault=vault)
        after.step()
        assert stands(after) == [("available", "")]
        assert len(kept(folder)) == 1, "the leftovers are cleared"
        if not died:
            break
    assert number > 5, "there were operations to die at"
    assert not died, "every operation was died at"


def test_a_file_goes_when_its_time_is_over_and_no_other_case_has_it(tmp_path: Path, clock: ManualClock) -> None:
    twice = [an_attachment(case_id=name) for name in ("a", "b")]
    collector = a_collector(tmp_path, clock, Serving(), *twice, kept_months=12)
    while collector.step():
        pass
    wanted: Any = collector.wanted
    digest = an_attachment().sha256
    clock.move_to(NOW.replace(year=NOW.year + 1) - timedelta(seconds=1))
    assert not collector.step()
    clock.move_to(NOW.replace(year=NOW.year + 1))
    wanted.over = lambda *_: [each for each in wanted.files if each.case_id == "a" and each.state == "available"]
    assert collector.step()
    assert stands(collector) == [("blocked", "attachment.over"), ("available", "")]
    assert collector.shelf.path(digest) is not None, "the other case has it"
    del wanted.over
    assert collector.step()
    assert collector.shelf.path(digest) is None
    assert not collector.step()
    kept_for_good = a_collector(tmp_path / "other", clock, Serving())
    kept_for_good.step()
    clock.move_to(NOW.replace(year=NOW.year + 90))
    assert not kept_for_good.step()


@pytest.mark.parametrize(
    ("moment", "months", "before"),
    [("2026-03-31", 1, "2026-02-28"), ("2024-03-31", 1, "2024-02-29"), ("2026-01-15", 13, "2024-12-15")],
)
def test_months_are_counted_back_to_a_day_that_there_is(moment: str, months: int, before: str) -> None:
    assert months_before(datetime.fromisoformat(moment), months) == datetime.fromisoformat(before)


class _DiedError(BaseException):
    """The process ends here: nothing of ours can catch it."""


class _dying_after:  # noqa: N801 - reads as what it does
    """Die at the n-th call that touches the disk, leaving behind what is there (a dead process unlinks nothing)."""

    def __init__(self, number: int) -> None:
        self._left = number

    def __enter__(self) -> list[bool]:
        self._patch, self._died = pytest.MonkeyPatch(), list[bool]()
        dead = self._died
        for target in ("os.fsync", "tempfile.mkstemp", "pathlib.Path.replace", "pathlib.Path.unlink",
                       "pathlib.Path.mkdir", "hub.attachments.shelf._sync"):  # fmt: skip
            self._patch.setattr(target, self._counted(target, dead))
        return self._died

    def _counted(self, target: str, dead: list[bool]) -> Any:
        module, _, name = target.rpartition(".")
        holder: Any = pytest.importorskip(module.removesuffix(".Path"))
        holder = holder.Path if module.endswith(".Path") else holder
        real = getattr(holder, name)

        def called(*given: Any, **named: Any) -> Any:
            if dead:
                return None
            self._left -= 1
            if self._left < 0:
                dead.append(True)
                raise _DiedError
            return real(*given, **named)

        return called

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self._patch.undo()
        return kind is _DiedError
