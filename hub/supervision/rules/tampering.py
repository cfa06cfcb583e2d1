"""Rule R45: what a department reported and then reported otherwise, with no correction 回改."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.supervision.instants import written
from hub.supervision.rules.rule import Finding, Rule, View, evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.supervision.caselog import Fact


def rewritten(rule: Rule, view: View) -> Iterator[Finding]:
    """Find events of which one declared version has two contents from different raw records, with no lawful reason.

    Lawful are a row declared to be revised, and a `case.corrected` that names the event. Contents that share a raw
    record differ by the mapping alone and are never charged. The finding is the same in any order of arrival.
    """
    if len(view.log.facts) == len(view.case.timeline):
        return
    corrected = view.log.corrected()
    for event_id, sightings in view.log.contents().items():
        if event_id not in corrected:
            disputed = _disputed(sightings)
            if disputed:
                yield _finding(rule, view, event_id, disputed)


def _disputed(sightings: Sequence[Fact]) -> Sequence[Fact]:
    """Return one sighting of each content that contradicts another of its version, in order of digest."""
    contents: dict[tuple[int, str], list[Fact]] = {}
    for fact in sightings:
        if fact.on_change == "conflict":
            contents.setdefault((fact.source_version, fact.digest), []).append(fact)
    disputed = {
        key
        for (left, ours), (right, theirs) in combinations(contents.items(), 2)
        if left[0] == right[0] and _raws(ours).isdisjoint(_raws(theirs))
        for key in (left, right)
    }
    return [contents[key][0] for key in sorted(disputed)]


def _raws(facts: Iterable[Fact]) -> set[str]:
    return {fact.record_digest for fact in facts}


def _finding(rule: Rule, view: View, event_id: str, disputed: Sequence[Fact]) -> Finding:
    versions = [_content(view, fact) for fact in disputed]
    names = sorted({name for content in versions for name in content})
    differing = [name for name in names if len({content.get(name, "") for content in versions}) > 1]
    items = [
        evidence(fact, name, content.get(name, ""))
        for name in differing
        for fact, content in zip(disputed, versions, strict=True)
    ]
    event_type, fields = disputed[0].type, ", ".join(differing)
    return Finding(
        rule_id=rule.rule_id,
        occurrence=event_id,
        level=rule.level,
        clock_id=None,
        zh=f"{rule.zh}：{event_type}的{fields}先后上报不一致，未见更正。",
        en=f"{rule.en}: {event_type} was reported with different {fields}, and no correction names it.",
        evidence=tuple(items),
    )


def _content(view: View, fact: Fact) -> Mapping[str, str]:
    """Write as text what the department said in one content, and the content's digest."""
    said: dict[str, Any] = {"type": fact.type, "occurred_at": _when(view, fact), "digest": fact.digest, **fact.detail}
    if fact.recorded_at is not None:
        said["recorded_at"] = _local(view, fact.recorded_at)
    return {name: value if isinstance(value, str) else _json(value) for name, value in said.items()}


def _when(view: View, fact: Fact) -> str:
    return view.calendar.day_of(fact.occurred_at).isoformat() if fact.date_only else _local(view, fact.occurred_at)


def _local(view: View, moment: datetime) -> str:
    return written(moment, view.calendar.zone)


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


R45: Final = Rule(
    rule_id="R45",
    version=1,
    zh="回改",
    en="rewritten report",
    phase="post",
    class_="integrity",
    level="red",
    type_code="7",
    basis="实施意见 2008: 违规查纠",
    reads=(),
    find=rewritten,
    mode="manual",
)
