"""Changes of a department's catalogue document, part by part: found, checked against what stands, and carried out.

A part is the department itself, one person of its staff register, or one version of one matter. Each names by a digest
what it was written against, so that two changes proposed side by side never undo each other.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson

from hub.errors import Rejection
from hub.model import ids
from hub.model.shapes import shape
from hub.model.terms import Touched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.model.terms import CatalogueChange

Part = dict[str, Any]
"""`kind` (department, staff or matter), `key`, `before` (a digest; empty: there was none), `after` (None: removed)."""

_Key = tuple[str, str]


def differences(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Sequence[Part]:
    """Return what makes `new` of `old`, both documents (schemas/catalogue.v1) of one department."""
    before, after = parts_of(old), parts_of(new)
    return [
        _part(key, before.get(key), after.get(key))
        for key in dict.fromkeys((*after, *before))
        if before.get(key) != after.get(key)
    ]


def put(old: Mapping[str, Any] | None, matters: Sequence[Mapping[str, Any]]) -> Sequence[Part]:
    """Return what brings versions of matters into a document and leaves everything else in it alone."""
    before = parts_of(old)
    wanted = {("matter", _matter_key(row)): dict(row) for row in matters}
    return [_part(key, before.get(key), row) for key, row in wanted.items() if before.get(key) != row]


def parts_of(document: Mapping[str, Any] | None) -> dict[_Key, Any]:
    """Take a document apart, in its order."""
    if document is None:
        return {}
    about = dict(document["department"])
    staff = about.pop("staff", ())
    found: dict[_Key, Any] = {("department", ""): about}
    for row in staff:
        found.setdefault(("staff", row["staff_code"]), []).append(row)
    for row in document.get("matters", ()):
        found["matter", _matter_key(row)] = row
    return found


def twice(document: Mapping[str, Any]) -> Sequence[str]:
    """Name the versions of matters that stand twice in a document, of which only one could be meant."""
    keys = [_matter_key(row) for row in document.get("matters", ())]
    return sorted({key.replace("|", " version ") for key in keys if keys.count(key) > 1})


def amended(old: Mapping[str, Any] | None, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the document with `parts` carried out."""
    held = parts_of(old)
    for part in parts:
        key = (part["kind"], part["key"])
        if part["after"] is None:
            held.pop(key, None)
        else:
            held[key] = part["after"]
    about = dict(held.pop(("department", ""), {}))
    staff = [row for (kind, _), rows in held.items() if kind == "staff" for row in rows]
    matters = [row for (kind, _), row in held.items() if kind == "matter"]
    document: dict[str, Any] = {"department": {**about, **({"staff": staff} if staff else {})}}
    return {**document, **({"matters": matters} if matters else {})}


def change_id(department_id: str, parts: Sequence[Mapping[str, Any]]) -> str:
    """Identify a change by what it does to what: proposed twice it is one."""
    return ids.change_id(department_id, _digest(list(parts)))


def obstacle(old: Mapping[str, Any] | None, parts: Sequence[Mapping[str, Any]]) -> Rejection | None:
    """Say why `parts` cannot be carried out on `old`; None where they can."""
    if not parts:
        return _no("nothing", "it changes nothing", "compare with `sunlight catalogue show`")
    held = parts_of(old)
    for part in parts:
        if _digest_or_none(held.get((part["kind"], part["key"]))) != part["before"]:
            problem = f"{named(part)} has changed since this was written"
            return _no("stale", problem, "look at it again, and propose the change anew")
    problems = shape("catalogue.v1").problems(amended(old, parts))
    if problems:
        return _no("shape", f"{problems[0].path}: {problems[0].problem}", "see schemas/catalogue.v1.json")
    return None


def valid_from(parts: Sequence[Mapping[str, Any]]) -> str:
    """Return the earliest day on which something of a change holds; empty where it says none."""
    return min((row["valid_from"] for row in _rows(parts, "matter") if "valid_from" in row), default="")


def touched(
    department_id: str,
    old: Mapping[str, Any] | None,
    parts: Sequence[Mapping[str, Any]],
    start_of: Callable[[date], datetime],
) -> list[Touched]:
    """Return which cases a change may concern: of each matter those from the day on which what differs holds.

    `start_of` begins a local day. A version that is corrected or taken away concerns every case since it began; staff
    only what is still open.
    """
    held, found = parts_of(old), []
    for part in parts:
        if part["kind"] != "matter":
            found.append(Touched(department_id=department_id, matters=None))
            continue
        rows = [row for row in (held.get(("matter", part["key"])), part["after"]) if row is not None]
        since = min(date.fromisoformat(row["valid_from"]) for row in rows)
        code = part["key"].rpartition("|")[0]
        found.append(Touched(department_id=department_id, matters=frozenset({code}), since=start_of(since)))
    return list(dict.fromkeys(found))


def matters_in(change: CatalogueChange) -> Sequence[str]:
    """Return the codes of the matters that a change concerns."""
    return sorted({part["key"].rpartition("|")[0] for part in change.parts if part["kind"] == "matter"})


def named(part: Mapping[str, Any]) -> str:
    """Name a part for people."""
    if part["kind"] == "department":
        return "the department's own entry 部门信息"
    if part["kind"] == "staff":
        return f"staff 人员 {part['key']}"
    code, _, version = part["key"].rpartition("|")
    return f"matter 事项 {code} version {version}"


def told(part: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """Tell one part with each field that differs, before and after; `old` is the document that it changes."""
    before, after = parts_of(old).get((part["kind"], part["key"])), part["after"]
    what = "added" if before is None else "removed" if after is None else "changed"
    return {"what": what, "part": named(part), "fields": [*_fields(before, after)]}


def _fields(before: Any, after: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever a part holds
    one, other = (each if isinstance(each, dict) else {"rows": each} if each else {} for each in (before, after))
    for name in dict.fromkeys((*one, *other)):
        if one.get(name) != other.get(name):
            yield {"field": name, "before": one.get(name), "after": other.get(name)}


def _rows(parts: Sequence[Mapping[str, Any]], kind: str) -> Iterator[Mapping[str, Any]]:
    return (part["after"] for part in parts if part["kind"] == kind and part["after"] is not None)


def _part(key: _Key, before: Any, after: Any) -> Part:  # noqa: ANN401 - whatever a part holds
    return {"kind": key[0], "key": key[1], "before": _digest_or_none(before), "after": after}


def _matter_key(row: Mapping[str, Any]) -> str:
    return f"{row['matter_code']}|{row['version']}"


def _digest_or_none(value: Any) -> str:  # noqa: ANN401 - whatever a part holds
    return "" if value is None else _digest(value)


def _digest(value: Any) -> str:  # noqa: ANN401 - whatever a part holds
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _no(code: str, problem: str, hint: str) -> Rejection:
    return Rejection(stage="supervise", code=f"catalogue.{code}", problem=problem, hint=hint)
