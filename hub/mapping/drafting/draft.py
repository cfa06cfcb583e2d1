"""Proposes which column fills which field, with confidence and reason, and writes a mapping of it that lints."""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.mapping.drafting.words import KNOWN, plain
from hub.mapping.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hub.mapping.drafting.profile import Column

TIMES: Final = (
    *("received", "accepted", "promised", "decided", "closed", "delivered", "recorded"),
    *("stage_at", "stage_begins", "special_begins", "special_ends"),
)
EXACT, LISTED, INITIALS, PART = 0.95, 0.9, 0.8, 0.5
"""Confidence by how a name matched: the best word, another word, pinyin initials, or a part of it."""

_DATA: Final = re.compile(r"[0-9]{8,}")
_LEAST: Final = 0.5
_INITIALS: Final = re.compile(r"[a-z]{2,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One column for one target."""

    target: str
    column: str
    confidence: float
    reason: str


def proposals(columns: Sequence[Column]) -> dict[str, Proposal]:
    """Return the best column for each target; each column is used once, by the target that it fits best."""
    found = sorted(
        (each for column in columns for each in _of_column(column)), key=lambda each: (-each.confidence, each.target)
    )
    chosen: dict[str, Proposal] = {}
    used: set[str] = set()
    for each in found:
        if each.target not in chosen and each.column not in used:
            chosen[each.target] = each
            used.add(each.column)
    return chosen


def _of_column(column: Column) -> Iterator[Proposal]:
    name = plain(column.name)
    for target, words in KNOWN.items():
        confidence, reason = _likeness(name, words)
        if target in TIMES and column.filled and column.time_format() is None:
            confidence, reason = confidence - 0.5, f"{reason}, but its values are no times"
        if confidence >= _LEAST:
            yield Proposal(target=target, column=column.name, confidence=round(confidence, 2), reason=reason)


def _likeness(name: str, words: Mapping[str, int]) -> tuple[float, str]:
    if name in words:
        if _INITIALS.fullmatch(name) and "_" not in name and words[name] and name not in _ENGLISH:
            return INITIALS, f"{name.upper()} are the initials of pinyin"
        return (EXACT if words[name] == 0 else LISTED), f"{name} is a known name for it"
    parts = [word for word in words if len(word) > 2 and (word in name or (len(name) > 3 and name in word))]  # noqa: PLR2004
    return (PART, f"the name holds {parts[0]}" if parts[0] in name else f"part of {parts[0]}") if parts else (0.0, "")


_ENGLISH: Final = frozenset(
    {"title", "channel", "department", "agency", "applicant", "mobile", "phone", "deadline", "note", "no"}
)


def written(columns: Sequence[Column], *, name: str, form: str) -> str:
    """Write the draft for a source called `name` whose records have `columns`; `form` is the format of its files.

    At least one column has a name that can be written.
    """
    usable = [column for column in columns if is_writable(column.name)]
    draft = _Draft(proposals(usable), {column.name: column for column in usable})
    events = draft.events()
    lines = [
        "# A draft. Lines say how sure they are and why. Set connection, department, region; fill the code tables.",
        f"connection: draft.{_id(name)}",
        "version: 1",
        'department: "11321200014000028L"  # set yours',
        "kind: files",
        f"connect: {{format: {form}}}",
        "read: {encoding: utf-8, timezone: Asia/Shanghai}",
        *draft.tables(),
        "case:",
        *draft.case(),
        "events:",
        *events,
        *(f"# not used: {column.name!r}" for column in columns if column.name not in draft.used),
    ]
    return "\n".join(lines) + "\n"


def is_writable(name: str) -> bool:
    """Tell whether a column's name can stand in an expression as it is."""
    return name.isprintable() and bool(name.strip()) and not set('"\\') & set(name)


def looks_like_data(text: str) -> bool:
    """Tell whether a name or code may be somebody's number: a phone, an identity, an account."""
    return _DATA.search(text) is not None


class _Draft:
    """One draft being written. Remembers which columns it has used."""

    def __init__(self, chosen: Mapping[str, Proposal], columns: Mapping[str, Column]) -> None:
        self._chosen, self._columns = chosen, columns
        self.used: set[str] = set()

    def tables(self) -> list[str]:
        found = []
        for target, words in (("case/channel", "window, online, mobile"), ("result", "granted, denied")):
            column = self._coded(target)
            if column is not None:
                values = ", ".join(f"{_quoted(value)}: null" for value in column.values)
                found.append(f"  {target.rpartition('/')[2]}: {{{values}}}  # ours: {words}")
        return ["codes:", *found] if found else []

    def _coded(self, target: str) -> Column | None:
        proposal = self._chosen.get(target)
        column = self._columns[proposal.column] if proposal else None
        is_fit = column is not None and column.is_code and not any(looks_like_data(value) for value in column.values)
        return column if is_fit else None

    def case(self) -> list[str]:
        lines = [self._line("  ", "source_case_no", "case/source_case_no", lambda name: name) or self._key()]
        lines += [
            self._line("  ", target.partition("/")[2], target, _PLAIN.get(target, lambda name: name))
            for target in _CASE
            if target in self._chosen
        ]
        if "case/region_code" not in self._chosen:
            lines.append("  region_code: \"'321200'\"  # no column says the region: set yours")
        if self._coded("case/channel") is not None:
            lines.append(self._line("  ", "channel", "case/channel", lambda name: f'code("channel", {name})'))
        if "person/name" in self._chosen:
            lines.append(self._person())
        return [line for line in lines if line]

    def _key(self) -> str:
        keys = [column for column in self._columns.values() if column.is_key] or list(self._columns.values())
        self.used.add(keys[0].name)
        said = "0.30: no name is known for it; every row has its own value"
        return f"  source_case_no: {_scalar(_expression(keys[0].name))}  # {said}"

    def _person(self) -> str:
        parts = [self._name("person/name")]
        more = [word for word in ("id", "phone", "id_type") if f"person/{word}" in self._chosen]
        parts += [f"{word}={self._name(f'person/{word}')}" for word in more]
        return f"  applicant: {_scalar('person(' + ', '.join(parts) + ')')}{self._said('person/name')}"

    def events(self) -> list[str]:
        lines: list[str] = []
        for target, kind in _EVENTS.items():
            if target in self._chosen:
                lines += self._event(target, kind)
        if lines:
            return lines
        times = [column.name for column in self._columns.values() if column.time_format() is not None]
        name = (times or list(self._columns))[0]
        self.used.add(name)
        return [
            f"  - {{type: case.received, occurred_at: {_scalar(self._time_of(name))}}}  # 0.10: the first that may be"
        ]

    def _event(self, target: str, kind: str) -> list[str]:
        name = self._name(target)
        lines = [f"  - type: {kind}{self._said(target)}", f"    when: {_scalar(name)}"]
        if kind.startswith(("stage.", "special.")):
            lines.append(f"    occurrence: {self._occurrence()}")
        lines.append(f"    occurred_at: {_scalar(self._time_of(self._chosen[target].column))}")
        bears = "accepted" if "accepted" in self._chosen else "received"
        if target == bears and "promised" in self._chosen:
            lines.append(f"    promised_due_at: {_scalar(self._time('promised'))}{self._said('promised')}")
        if "recorded" in self._chosen:
            lines.append(f"    recorded_at: {_scalar(self._time('recorded'))}")
        lines += self._details(target)
        return lines

    def _details(self, target: str) -> list[str]:
        if target in ("stage_at", "stage_begins"):
            stage = self._name("stage") if "stage" in self._chosen else "\"'stage'\""
            return [f"    stage_code: {stage}", f"    stage_name: {stage}"]
        if target in ("special_begins", "special_ends"):
            return ["    special: {kind: \"'other'\"}  # by its name: hearing, testing, inspection, expert_review, …"]
        if target == "closed" and self._coded("result") is not None:
            looked_up = f'code("result", {self._name("result")})'
            return [f"    result: {{code: {_scalar(looked_up)}}}"]
        return []

    def _occurrence(self) -> str:
        if "row" in self._chosen:
            return _scalar(self._name("row"))
        return "{composite: [occurred_at]}"

    def _time(self, target: str) -> str:
        return self._time_of(self._chosen[target].column)

    def _time_of(self, column: str) -> str:
        self.used.add(column)
        form = self._columns[column].time_format()
        return f"time({_expression(column)}, '{form}')" if form else f"time({_expression(column)})"

    def _name(self, target: str) -> str:
        column = self._chosen[target].column
        self.used.add(column)
        return _expression(column)

    def _line(self, indent: str, key: str, target: str, make: Callable[[str], str]) -> str:
        if target not in self._chosen:
            return ""
        return f"{indent}{key}: {_scalar(make(self._name(target)))}{self._said(target)}"

    def _said(self, target: str) -> str:
        proposal = self._chosen[target]
        return f"  # {proposal.confidence:.2f}: {proposal.reason}"


_CASE: Final = (
    *("case/matter_code", "case/base_code", "case/business_item_code", "case/matter_version", "case/matter_name"),
    *("case/title", "case/region_code", "case/handling_office"),
)
_PLAIN: Final[Mapping[str, Callable[[str], str]]] = {
    "case/matter_name": lambda name: f"trim({name})",
    "case/title": lambda name: f"trim({name})",
    "case/handling_office": lambda name: f"trim({name})",
}
_EVENTS: Final = {
    "received": "case.received",
    "accepted": "case.accepted",
    "stage_begins": "stage.started",
    "stage_at": "stage.completed",
    "special_begins": "special.started",
    "special_ends": "special.ended",
    "decided": "case.decided",
    "closed": "case.closed",
    "delivered": "case.delivered",
}


def _expression(column: str) -> str:
    """Return a column as an expression: its bare name, or field("…") where that would mean something else."""
    is_plain = column.isidentifier() and unicodedata.normalize("NFKC", column) == column
    if is_plain and column not in FUNCTIONS and not keyword.iskeyword(column):
        return column
    return f'field("{column}")'


def _scalar(expression: str) -> str:
    """Return an expression as a YAML scalar that nothing in it can break."""
    if re.fullmatch(r"[\w.()\u3400-\u9fff]+", expression) and expression.lower() not in {
        "no",
        "yes",
        "on",
        "off",
        "null",
    }:
        return expression
    return "'" + expression.replace("'", "''") + "'"


_YAML_WORDS: Final = frozenset(["no", "yes", "on", "off", "null", "true", "false", "n", "y"])


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _id(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-.")[:60] or "source"
