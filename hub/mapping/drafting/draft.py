"""Writes a first mapping that lints: of a family's base where there is one, else line by line as far as is known."""

from __future__ import annotations

import dataclasses
import keyword
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from hub.mapping.drafting.families import family_of
from hub.mapping.drafting.matching import proposals
from hub.mapping.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.mapping.drafting.families import Family
    from hub.mapping.drafting.origin import Origin
    from hub.mapping.drafting.profile import Column

_DATA: Final = re.compile(r"[0-9]{8,}")
_PATHLESS: Final = "  # path: the file or folder, pattern: which of its files; without, for `sunlight import` alone"
_NOT_KNOWN: Final = "  # 0.10: no column is known for it"
_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "case/channel": ("channel", "window, online, mobile"),
    "case/case_type": ("case_type", "1 on the spot 即办件, 2 promised 承诺件, 3 joint 联办件"),
    "person/kind": ("applicant_kind", "1 person 自然人, 2 enterprise 企业法人, …: schemas/codes/applicant_kinds"),
    "result": ("result", "granted, denied"),
}
"""By target: the list of codes that it is looked up in, and what stands in ours."""


def written(columns: Sequence[Column], *, name: str, origin: Origin) -> str:
    """Write the draft for a source called `name` whose records have `columns`.

    At least one column has a name that can be written.
    """
    usable = [column for column in columns if is_writable(column.name)]
    family = family_of([column.name for column in usable if len(column.path) == 1])
    lines = _extending(family, columns, name, origin) if family else _whole(usable, columns, name, origin)
    return "\n".join(lines) + "\n"


def is_writable(name: str) -> bool:
    """Tell whether a column's name can stand in an expression as it is."""
    return name.isprintable() and bool(name.strip()) and not set('"\\') & set(name)


def looks_like_data(text: str) -> bool:
    """Tell whether a name or code may be somebody's number: a phone, an identity, an account."""
    return _DATA.search(text) is not None


def _head(name: str, origin: Origin, read: Mapping[str, str]) -> list[str]:
    return [
        f"connection: draft.{_id(name)}",
        "version: 1",
        'department: "11321200014000028L"  # set yours',
        f"kind: {origin.kind}",
        f"connect: {{{_entries(origin.connect)}}}" + ("" if origin.kind != "files" else _PATHLESS),
        f"read: {{{_entries(read)}}}",
    ]


def _extending(family: Family, columns: Sequence[Column], name: str, origin: Origin) -> list[str]:
    """Write a child of a family's base: the base says what every such table means."""
    known = family.columns | origin.own
    foreign = () if family.kind == origin.kind else (name for name in family.connect if name not in origin.connect)
    connect = {**origin.connect, **dict.fromkeys(foreign, "null")}
    return [
        (
            f"# A draft. {family.share:.2f}: so many of the columns that {family.name} reads are here. Set connection, "
            "department, region."
        ),
        f"extends: {family.name}",
        *_head(name, dataclasses.replace(origin, connect=connect), origin.read or {"timezone": "Asia/Shanghai"}),
        *(() if family.says_region else ("case: {region_code: \"'321200'\"}  # no column says the region: set yours",)),
        *(f"# not used: {column.name!r}" for column in columns if column.name not in known | origin.named),
    ]


def _whole(usable: Sequence[Column], columns: Sequence[Column], name: str, origin: Origin) -> list[str]:
    draft = _Draft([column for column in usable if column.name not in origin.own])
    case, events = draft.case(), draft.events()
    return [
        "# A draft. Lines say how sure they are and why. Set connection, department, region; fill the code tables.",
        *_head(name, origin, {**origin.read, "timezone": "Asia/Shanghai", **draft.names()}),
        *draft.tables(),
        "case:",
        *case,
        "events:",
        *events,
        *(
            f"# not used: {column.name!r}"
            for column in columns
            if column.name not in draft.used | origin.own | origin.named
        ),
    ]


class _Draft:
    """One draft being written. Remembers which columns and lists it has used."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = {column.name: column for column in columns}
        self._chosen = proposals(columns)
        self.used: set[str] = set()
        self._lists: dict[str, Column] = {}
        self._aliases: dict[str, str] = {}

    def names(self) -> Mapping[str, str]:
        """Return the aliases of nested columns as the entry of read:."""
        if not self._aliases:
            return {}
        aliases = (f"{alias}: {path}" for alias, path in self._aliases.items())
        return {"names": "{" + ", ".join(aliases) + "}"}

    def tables(self) -> list[str]:
        """Return the lists that are looked up, each code waiting for its target."""
        found = []
        for target, column in self._lists.items():
            name, words = _LISTS[target]
            values = ", ".join(f"{_quoted(value)}: null" for value in column.values)
            found.append(f"  {name}: {{{values}}}  # ours: {words}")
        return ["codes:", *found] if found else []

    def _coded(self, target: str) -> str:
        """Return the column of `target` looked up in a list of its own; empty where it holds no codes."""
        column = self._columns[self._chosen[target].column] if target in self._chosen else None
        if column is None or not column.is_code or any(looks_like_data(value) for value in column.values):
            return ""
        self._lists[target] = column
        return f'code("{_LISTS[target][0]}", {self._name(target)})'

    # the case ---------------------------------------------------------------------------------------------------------

    def case(self) -> list[str]:
        lines = [self._line("source_case_no") or self._key()]
        lines += [self._line(name, _trimmed if name in _TEXTS else None) for name in _CASE]
        if "case/region_code" not in self._chosen:
            lines.append("  region_code: \"'321200'\"  # 0.10: no column says the region: set yours")
        for name in ("case_type", "channel"):
            looked_up = self._coded(f"case/{name}")
            if looked_up:
                lines.append(f"  {name}: {_scalar(looked_up)}{self._said(f'case/{name}')}")
        if "person/name" in self._chosen:
            lines.append(self._person())
        return [line for line in lines if line]

    def _key(self) -> str:
        keys = [column for column in self._columns.values() if column.is_key] or list(self._columns.values())
        self.used.add(keys[0].name)
        said = "0.30: no name is known for it; every row has its own value"
        return f"  source_case_no: {_scalar(self._expression(keys[0].name))}  # {said}"

    def _person(self) -> str:
        parts = [self._name("person/name")]
        more = [word for word in ("id", "phone", "id_type") if f"person/{word}" in self._chosen]
        parts += [f"{word}={self._name(f'person/{word}')}" for word in more]
        kind = self._coded("person/kind")
        parts += [f"kind={kind}"] if kind else []
        return f"  applicant: {_scalar('person(' + ', '.join(parts) + ')')}{self._said('person/name')}"

    # the events -------------------------------------------------------------------------------------------------------

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
        occurred = _scalar(self._time_of(name))
        return [f"  - {{type: case.received, occurred_at: {occurred}}}  # 0.10: the first column that may be a time"]

    def _event(self, target: str, kind: str) -> list[str]:
        lines = [f"  - type: {kind}{self._said(target)}", f"    when: {_scalar(self._name(target))}"]
        if kind.startswith(("stage.", "special.")):
            lines.append(f"    occurrence: {self._occurrence()}")
        lines.append(f"    occurred_at: {_scalar(self._time(target))}{self._said(target)}")
        bears = "accepted" if "accepted" in self._chosen else "received"
        if target == bears and "promised" in self._chosen:
            lines.append(f"    promised_due_at: {_scalar(self._time('promised'))}{self._said('promised')}")
        if "recorded" in self._chosen:
            lines.append(f"    recorded_at: {_scalar(self._time('recorded'))}{self._said('recorded')}")
        if "version" in self._chosen:
            lines.append(f"    version: {_scalar(self._version())}{self._said('version')}")
            lines.append("    on_change: revise")
        return lines + self._details(target)

    def _details(self, target: str) -> list[str]:
        lines = []
        if target in ("stage_at", "stage_begins"):
            said = self._said("stage") if "stage" in self._chosen else _NOT_KNOWN
            stage = self._name("stage") if "stage" in self._chosen else "\"'stage'\""
            lines += [f"    stage_code: {stage}{said}", f"    stage_name: {stage}{said}"]
            lines += self._operator()
        if target in ("special_begins", "special_ends"):
            lines.append(self._special())
        if target == ("closed" if "closed" in self._chosen else "decided"):
            lines += self._result()
        return lines

    def _operator(self) -> list[str]:
        lines = []
        if "operator" in self._chosen:
            lines.append(f"    operator: {{staff_code: {_scalar(self._name('operator'))}}}{self._said('operator')}")
        if "opinion" in self._chosen:
            lines.append(f"    opinion: {_scalar(self._name('opinion'))}{self._said('opinion')}")
        return lines

    def _special(self) -> str:
        parts = ["kind: \"'other'\""]
        for field, target in (("type_name", "special_name"), ("basis", "special_reason")):
            if target in self._chosen:
                parts.append(f"{field}: {_scalar(self._name(target))}")
        said = "0.10: its kind by its name: hearing, testing, inspection, expert_review, …"
        return f"    special: {{{', '.join(parts)}}}  # {said}"

    def _result(self) -> list[str]:
        looked_up = self._coded("result")
        if not looked_up:
            return []
        parts = [f"code: {_scalar(looked_up)}"]
        if "certificate_no" in self._chosen:
            parts.append(f"certificate_no: {_scalar(self._name('certificate_no'))}")
        return [f"    result: {{{', '.join(parts)}}}{self._said('result')}"]

    def _occurrence(self) -> str:
        if "row" in self._chosen:
            return f"{_scalar(self._name('row'))}{self._said('row')}"
        return "{composite: [occurred_at]}  # 0.10: no column numbers them"

    # names and times --------------------------------------------------------------------------------------------------

    def _version(self) -> str:
        column = self._columns[self._chosen["version"].column]
        form = column.time_format()
        return self._time("version") if form else self._name("version")

    def _time(self, target: str) -> str:
        return self._time_of(self._chosen[target].column)

    def _time_of(self, column: str) -> str:
        self.used.add(column)
        form = self._columns[column].time_format()
        expression = self._expression(column)
        return f"time({expression}, '{form}')" if form else f"time({expression})"

    def _name(self, target: str) -> str:
        column = self._chosen[target].column
        self.used.add(column)
        return self._expression(column)

    def _expression(self, column: str) -> str:
        path = self._columns[column].path
        if len(path) == 1:
            return _expression(path[0])
        alias = _alias(path)
        steps = "[" + ", ".join(_quoted(step) for step in path) + "]"
        self._aliases[alias] = steps
        return alias

    def _line(self, key: str, make: Callable[[str], str] | None = None) -> str:
        target = f"case/{key}"
        if target not in self._chosen:
            return ""
        name = self._name(target)
        return f"  {key}: {_scalar(make(name) if make else name)}{self._said(target)}"

    def _said(self, target: str) -> str:
        proposal = self._chosen[target]
        return f"  # {proposal.confidence:.2f}: {proposal.reason}"


_CASE: Final = (
    *("matter_code", "base_code", "business_item_code", "matter_version", "matter_name"),
    *("title", "region_code", "handling_office"),
)
_TEXTS: Final = frozenset({"matter_name", "title", "handling_office"})
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


def _trimmed(name: str) -> str:
    return f"trim({name})"


def _expression(column: str) -> str:
    """Return a column as an expression: its bare name, or field("…") where that would mean something else."""
    is_plain = column.isidentifier() and unicodedata.normalize("NFKC", column) == column
    if is_plain and column not in FUNCTIONS and not keyword.iskeyword(column):
        return column
    return f'field("{column}")'


def _alias(path: tuple[str, ...]) -> str:
    """Return a name for a nested column that no column, function or word of the language has."""
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", "_".join(path)))
    return f"at_{plain}"[:100]


def _entries(entries: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in entries.items())


def _scalar(expression: str) -> str:
    """Return an expression as a YAML scalar that nothing in it can break."""
    if re.fullmatch(r"[\w.()\u3400-\u9fff]+", expression) and expression.lower() not in _YAML_WORDS:
        return expression
    return "'" + expression.replace("'", "''") + "'"


_YAML_WORDS: Final = frozenset(["no", "yes", "on", "off", "null", "true", "false", "n", "y"])


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _id(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-.")[:60] or "source"
