"""What checks share: waiting for scripted cases, comparing, and going through the texts of a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from conformance.finding import Finding, failed, skipped, waits
from conformance.model import Words
from hub.errors import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.lab import Lab
    from conformance.model import Subject
    from hub.model.values import Record


def awaited(lab: Lab) -> Finding | None:
    """Wait for scripted cases of which nothing has come, and for acts whose day has not; None where all are there.

    A record that was refused is an answer: nothing is waited for then.
    """
    if lab.refused():
        return None
    unseen = lab.unseen()
    if unseen:
        some = "、".join(unseen[:5])
        return waits(f"等待脚本办件：{some}", f"waiting for scripted cases: {', '.join(unseen[:5])}")
    ahead = _ahead(lab)
    if ahead:
        told = ", ".join(ahead[:3])
        return waits(f"脚本环节尚未到日：{told}", f"the day of these acts of the script is still to come: {told}")
    return None


def unheard(lab: Lab) -> Finding | None:
    """Say that no event has come since the session began, so that nothing could be looked at; None where one has."""
    if lab.events():
        return None
    return skipped(
        "会话开始后没有任何事件到达", "no event has come since the session began: nothing could be looked at"
    )


def _ahead(lab: Lab) -> list[str]:
    """Name the acts that have not come, and are to be keyed in on a later working day than any that was read."""
    today = len(window(lab)) - 1
    return [
        f"case {number} {act.type} (day {act.day})"
        for number, events in lab.scripted_events().items()
        for act in lab.script[number].acts
        if act.day > today and act.type not in {each["data"]["type"] for each in events}
    ]


def window(lab: Lab) -> list[date]:
    """Return the working days from the first read in the pilot to the last."""
    reads = sorted(instant(each["time"]).astimezone(lab.calendar.zone).date() for each in lab.reports())
    if not reads:
        return []
    days = (reads[0] + timedelta(days=number) for number in range((reads[-1] - reads[0]).days + 1))
    return [day for day in days if lab.calendar.is_workday(day)]


def instant(text: str) -> datetime:
    """Read an instant of a document."""
    return datetime.fromisoformat(text)


def wrong(
    blames: Subject,
    zh: str,
    en: str,
    *,
    expected: object,
    got: object,
    pointer: str = "",
    fix: tuple[str, str] = ("", ""),
) -> Finding:
    """Say what is wrong; see failed."""
    mend = Words(zh=fix[0], en=fix[1])
    return failed(blames, Words(zh=zh, en=en), expected=shown(expected), got=shown(got), pointer=pointer, fix=mend)


def shown(value: object) -> str:
    """Write a value as people read it: a list with commas, a document as JSON, a time as documents write it."""
    if value is None or value in ([], (), {}, set()):
        return "nothing"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, BaseException):
        return in_words(value)
    if isinstance(value, set | frozenset | list | tuple) and not any(map(_is_document, value)):
        return ", ".join(map(shown, sorted(value, key=str) if isinstance(value, set | frozenset) else value))
    if _is_document(value):
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=shown).decode()
    return str(value)


def _is_document(value: object) -> bool:
    return isinstance(value, dict | list | tuple)


def pushed(lab: Lab, records: Sequence[Record]) -> bytes:
    """Return the body in which a sender sends these records, under the name that its mapping looks for them."""
    rows, body = lab.mapping.declaration.connect.get("rows"), b"[" + b",".join(each.raw for each in records) + b"]"
    return orjson.dumps({str(rows): orjson.Fragment(body)}) if rows else body


def with_texts(record: Record, change: Callable[[str], str]) -> Record:
    """Return a record with every text in it changed."""
    return replace(record, tree=_changed(record.tree, change))


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _changed(child, change) for name, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_changed(child, change) for child in value]
    return value


def texts_of(value: Any) -> Sequence[str]:
    """Return every text within a tree."""
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [text for child in children for text in texts_of(child)]


def at(document: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a path (`case/title`), None where nothing does."""
    found: Any = document
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found
