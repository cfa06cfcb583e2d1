"""What changed terms did to the clocks of one case: the due moments before and after, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.model.terms import ClockChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.model.values import ClockRow

Why = dict[str, str]


def recounted(
    before: Sequence[ClockRow], after: Sequence[ClockRow], *, now: datetime, sources: Mapping[str, str]
) -> Sequence[ClockChange]:
    """Return the clocks whose due moment moved, became firm, appeared or went, between two judgements of one log.

    `sources` name the terms in force: `calendar:<year>` the notice, `catalogue:<matter code>` the last change of it.
    """
    old, new = {each.clock_id: each for each in before}, {each.clock_id: each for each in after}
    return [
        _change(old.get(name), new.get(name), now, sources)
        for name in sorted({*old, *new})
        if _differs(old.get(name), new.get(name))
    ]


def _differs(old: ClockRow | None, new: ClockRow | None) -> bool:
    if old is None or new is None:
        return True
    return (old.due_at, old.provisional) != (new.due_at, new.provisional)


def _change(old: ClockRow | None, new: ClockRow | None, now: datetime, sources: Mapping[str, str]) -> ClockChange:
    either = new or old
    assert either is not None  # noqa: S101 - one of the two has named the clock
    return ClockChange(
        clock_id=either.clock_id,
        changed_at=now,
        subject=either.subject,
        kind=either.kind,
        old_due=old.due_at if old else None,
        new_due=new.due_at if new else None,
        old_state=_said(old),
        new_state=_said(new),
        why=[*_why(old, new, sources)] or [{"what": "terms", "before": "", "after": ""}],
    )


def _said(clock: ClockRow | None) -> str:
    return "" if clock is None else f"{clock.state} (provisional)" if clock.provisional else clock.state


def _why(old: ClockRow | None, new: ClockRow | None, sources: Mapping[str, str]) -> Iterator[Why]:
    before, after = (each.basis if each else "" for each in (old, new))
    recounted_on = old and new and old.calendar_version != new.calendar_version
    if before != after:
        yield {"what": "basis", "before": before, "after": after}
    for basis in dict.fromkeys((before, after)) if before != after or not recounted_on else ():
        yield from _of_catalogue(basis, sources)
    if old and new and recounted_on:
        yield {"what": "calendar", "before": old.calendar_version, "after": _calendar(new.calendar_version, sources)}


def _of_catalogue(basis: str, sources: Mapping[str, str]) -> Iterator[Why]:
    """Name the change of the catalogue that a basis rests on: `职权目录 catalogue <code> version <version>`."""
    words = basis.split(" ")
    if "catalogue" in words and "version" in words:
        code = " ".join(words[words.index("catalogue") + 1 : words.index("version")])
        if source := sources.get(f"catalogue:{code}"):
            yield {"what": "catalogue", "before": "", "after": source}


def _calendar(version: str, sources: Mapping[str, str]) -> str:
    """Add to a calendar's version the notices of the years that it names."""
    first, _, last = version.partition(":")[0].partition("-")
    years = range(int(first), int(last or first) + 1) if first.isdigit() else ()
    notices = [sources[name] for name in (f"calendar:{year}" for year in years) if name in sources]
    return f"{version} ({'; '.join(notices)})" if notices else version
