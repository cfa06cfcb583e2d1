"""Seeds one fault at a time into the shipped mappings, the same ones every time, each with the line it stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SHIPPED: Final = sorted(
    path
    for path in MAPPINGS.rglob("*.yaml")
    if not any(other in path.name for other in (".examples.", ".out.", "department.")) and path.parent.name != "bases"
    if "format: canonical" not in path.read_text(encoding="utf-8")
)
"""The mappings of sources that come with the product; its bases are no mappings by themselves."""

PER_KIND: Final = 2
"""Faults of one kind in one mapping: spread over the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """One mapping with one fault: its text, and the lines at which a person would look for it."""

    kind: str
    path: Path
    text: str
    line: int
    until: int
    """The last line of what the fault is about: a section for what is missing in it."""
    was: str
    """The line before it was spoilt."""


Spoil = tuple[str, str]
"""A pattern that a line must have, and what stands there instead."""

_SPOILT: Final[dict[str, Sequence[Spoil]]] = {
    "misspelt function": [
        ("\\btime\\(", "tmie("),
        ("\\btrim\\(", "trimm("),
        ("\\binteger\\(", "integr("),
        ("\\bevent_id\\(", "eventid("),
    ],
    "wrong arity": [
        ("\\btime\\((\\w+)\\)", "time()"),
        ('code\\(\\"(\\w+)\\", (\\w+)\\)', 'code("\\1")'),
        ("trim\\((\\w+)\\)", "trim(\\1, \\1)"),
    ],
    "unknown code list": [('code\\("(\\w+)"', 'code("\\1s"')],
    "bad code target": [
        ('1: granted|\\"1\\": granted', '"1": grantd'),
        ('"1": window', '"1": 7'),
        ("检测: testing", "检测: tested"),
    ],
    "unquoted code": [('"1": window', "1: window"), ('"1": granted', "1: granted")],
    "misspelt event type": [
        ("type: case\\.(\\w+)", "type: case.\\1x"),
        ("type: stage\\.completed", "type: stage.complete"),
    ],
    "misspelt target": [
        ("occurred_at:", "ocurred_at:"),
        ("matter_name:", "mater_name:"),
        ("recorded_at:", "recored_at:"),
    ],
    "misspelt section": [("^events:", "evnts:"), ("^case:", "cases:"), ("^read:", "reed:"), ("^codes:", "code:")],
    "wrong check digit": [('"(1132\\d{11}\\w\\w)(\\w)"', '"\\g<1>!"')],
    "bad region": [("region_code: .*", "region_code: \"'32120'\""), ("region_code: .*", "region_code: \"'Taizhou'\"")],
    "bad time zone": [("timezone: [\\w/]+", "timezone: Asia/Taizhou")],
    "bad encoding": [("encoding: [\\w-]+", "encoding: gb99")],
    "bad kind": [("^kind: \\w+", "kind: fax")],
    "bad connection id": [("^connection: (\\S+)", "connection: \\1 x")],
    "bad delay": [("^allowed_delay: \\w+", "allowed_delay: soon")],
    "version of nought": [("^version: 1", "version: 0")],
    "person in a text": [("  title: .*", "  title: person(a)"), ("stage_name: .*", "stage_name: person(a)")],
    "text in a person": [("  applicant: .*", "  applicant: trim(a)")],
    "number as a time": [
        ("occurred_at: .*", "occurred_at: money(fee)"),
        ("recorded_at: .*", "recorded_at: integer(n)"),
    ],
    "word of no list": [
        ("  case_type: .*", "  case_type: \"'77'\""),
        ("unit: \\\"'working_day'\\\"", "unit: \"'weekday'\""),
    ],
    "missing quotes": [("unit: \\\"'working_day'\\\"", "unit: working_day")],
    "bad time format": [
        ("occurred_at: time\\((\\w+)\\)", "occurred_at: 'time(\\1, \"YYYY-MM-DD\")'"),
        ("occurred_at: time\\((\\w+)\\)", "occurred_at: 'time(\\1, \"%Y-%M-%d\")'"),
    ],
    "bad regex": [
        ("  title: .*", "  title: 'extract(\"(a\", b)'"),
        ("stage_name: .*", 'stage_name: \'replace("(?=a)", "b", c)\''),
    ],
    "attribute": [("occurred_at: time\\((\\w+)\\)", "occurred_at: time(\\1.x)")],
    "subscript": [("  title: .*", "  title: 'a[0]'")],
    "unclosed bracket": [("occurred_at: time\\((\\w+)\\)", "occurred_at: time(\\1")],
    "unclosed quote": [('code\\("(\\w+)", (\\w+)\\)', 'code("\\1, \\2)')],
    "wrong YAML": [("operator: \\{(.*)\\}", "operator: {\\1"), ("^  - type: (.*)", "  - type: : \\1")],
    "duplicate key": [("^(    occurred_at: .*)", "\\1\\n\\1")],
    "no occurrence": [("^    occurrence: .*\\n", "")],
    "no time of event": [("^    occurred_at: .*\\n", "")],
    "no region": [("^  region_code: .*\\n", "")],
    "no department": [('^department: \\".*\\n', "")],
    "no kind": [("^kind: .*\\n", "")],
    "unreachable event": [
        ("when: (.*)", "when: False"),
        ('when: (\\w+) == \\"(\\w+)\\"', 'when: \\1 == "\\2" and \\1 == "XX"'),
        ("when: (\\w+)$", "when: \\1 and not \\1"),
    ],
    "constant time": [("occurred_at: time\\((\\w+)\\)", "occurred_at: \"'2026-01-05'\"")],
    "constant case": [("  source_case_no: .*", "  source_case_no: \"'A1'\"")],
    "lossy time": [("occurred_at: time\\((\\w+)\\)", "occurred_at: date(\\1)")],
    "lossy key": [("  source_case_no: (\\w+)", "  source_case_no: left(\\1, 6)")],
    "revise without version": [("^(    occurred_at: .*)", "\\1\\n    on_change: revise")],
    "misspelt change": [("^(    occurred_at: .*)", "\\1\\n    on_change: revize")],
    "misspelt column": [
        ("(occurred_at: time\\(\\w+)\\)", "\\1q)"),
        ("(matter_name: \\w+)", "\\1q"),
        ("(office: \\w+)", "\\1q"),
        ("^    (happened|step|entered|no): (\\S+)", "    \\1: \\2q"),
        ("(staff_code: \\w+)\\}", "\\1q}"),
    ],
}
_MISSING: Final = frozenset({"no occurrence", "no time of event", "no region", "no department", "no kind"})
_WHOLE: Final = frozenset({"no department", "no kind", "misspelt section"})
"""Faults that are about the whole file: what is missing has no line of its own."""


def seeded() -> Iterator[Seeded]:
    """Yield every fault of every kind in every mapping that has a place for it."""
    for path in SHIPPED:
        text = path.read_text(encoding="utf-8")
        for kind, spoils in _SPOILT.items():
            for spoil in spoils:
                yield from _seed(kind, path, text, spoil)
        yield from _twice(path, text)


def _seed(kind: str, path: Path, text: str, spoil: Spoil) -> Iterator[Seeded]:
    lines = text.splitlines(keepends=True)
    places = [index for index, line in enumerate(lines) if _spoil(spoil, line) != line and not line.startswith("#")]
    if kind == "revise without version":
        places = [index for index in places if not any("version:" in line for line in _event_of(lines, index))]
    for index in places[:: max(1, len(places) // PER_KIND)][:PER_KIND]:
        spoilt = "".join([*lines[:index], _spoil(spoil, lines[index]), *lines[index + 1 :]])
        first, last = _section(lines, index) if kind in _MISSING else (index + 1, index + 1)
        first = 1 if kind in _WHOLE else first
        last += kind == "duplicate key" or kind.startswith(("revise", "misspelt change")) or kind == "wrong YAML"
        yield Seeded(kind=kind, path=path, text=spoilt, line=first, until=last, was=lines[index].strip())


def _event_of(lines: Sequence[str], index: int) -> Sequence[str]:
    first, last = _section(lines, index)
    return lines[first - 1 : last]


def _spoil(spoil: Spoil, line: str) -> str:
    pattern, by = spoil
    match = re.search(pattern, line, flags=re.MULTILINE)
    if match is None:
        return line
    put = match.expand(by)
    put = put.replace("!", "0" if match.groups() and match.groups()[-1] != "0" else "1")
    return line[: match.start()] + put + line[match.end() :]


def _section(lines: Sequence[str], index: int) -> tuple[int, int]:
    """Return the lines of the event or the section that `index` stands in."""
    begins = [place for place, line in enumerate(lines) if line.startswith("  - ") or line[:1].isalpha()]
    first = max(place for place in begins if place <= index)
    last = min((place for place in begins if place > index), default=len(lines))
    return first + 1, last


def _twice(path: Path, text: str) -> Iterator[Seeded]:
    """Write an event of the mapping out once more, at its end."""
    events = re.split(r"(?m)^(?=  - type)", text[text.index("\nevents:") :])[1:]
    for event in events[:: max(1, len(events) // PER_KIND)][:PER_KIND]:
        grown = text.rstrip("\n") + "\n" + event.rstrip("\n") + "\n"
        line = text.rstrip("\n").count("\n") + 2
        yield Seeded(kind="duplicate event", path=path, text=grown, line=line, until=line, was=event.strip())
