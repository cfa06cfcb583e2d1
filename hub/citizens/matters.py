"""Decides what the public sees of the power catalogue 职权目录: published entries of class public, by a whitelist."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Row = dict[str, Any]

PUBLIC: Final = "public"

_PLAIN: Final = (
    "matter_code",
    "version",
    "name",
    "power_type",
    "level",
    "body_nature",
    "case_type",
    "valid_from",
    "valid_to",
    "conditions",
    "charged",
    "published_at",
    "published_url",
)
"""Fields that are told as they are; all that is in no whitelist stays inside, whatever is added (default deny)."""

_LIMITS: Final = ("acceptance_limit", "promised_limit", "statutory_limit", "delivery_limit")

_PARTS: Final[Mapping[str, Sequence[str]]] = {
    "legal_basis": ("title", "article"),
    "materials": ("name", "required", "copies", "deferrable"),
    "fee_items": ("code", "name", "standard", "min", "max", "basis"),
    "discretion_table": (
        "violation_code", "circumstance", "tier", "tier_name", "min", "max", "unit", "basis", "factors",
    ),
}  # fmt: skip
"""Lists of an entry, and what is told of each of their items."""

_STAGE: Final = ("code", "name", "post", "office", "limit", "mandatory")
"""What is told of a stage: not who may not do it, nor where corruption is feared."""

_DEPARTMENT: Final = ("department_id", "name", "short_name", "region_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version of one matter that is public: `told` is all that anybody may know of it."""

    department_id: str
    matter_code: str
    told: Row
    found_by: str
    """Its words, folded, among which a search looks."""

    def holds(self, day: str) -> bool:
        """Tell whether this version holds on a day, YYYY-MM-DD."""
        return bool(self.told["valid_from"] <= day < self.told.get("valid_to", "9999"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody looks for; empty: anything. `region` is the beginning of a code."""

    text: str = ""
    department: str = ""
    power_type: str = ""
    region: str = ""
    status: str = ""


def entries(documents: Iterable[Mapping[str, Any]], today: str) -> Sequence[Entry]:
    """Return every version of every matter that is public and published by `today`, departments and codes in order."""
    found = [
        _entry(document["department"], row)
        for document in documents
        for row in document.get("matters", ())
        if is_public(row, today)
    ]
    return sorted(found, key=lambda each: (each.department_id, each.matter_code, each.told["valid_from"]))


def is_public(row: Mapping[str, Any], today: str) -> bool:
    """Tell whether an entry is for everybody: it says so itself, and the day of its publication has come."""
    return bool(row.get("disclosure", {}).get("class") == PUBLIC and row.get("published_at", "9999") <= today)


def departments(documents: Iterable[Mapping[str, Any]]) -> Sequence[Row]:
    """Return every department as the public knows it, by region and id."""
    found = [_chosen(document["department"], _DEPARTMENT) for document in documents]
    return sorted(found, key=lambda each: (each["region_code"], each["department_id"]))


def search(known: Iterable[Entry], asked: Asked, day: str) -> Sequence[Entry]:
    """Return the versions that hold on a day and are looked for, those whose name has all the words first."""
    words = folded(asked.text).split()
    fitting = (each for each in known if each.holds(day) and _fits(each, asked))
    found = [each for each in fitting if all(word in each.found_by for word in words)]
    return sorted(found, key=lambda each: not all(word in folded(each.told["name"]) for word in words))


def version(known: Iterable[Entry], department_id: str, matter_code: str, day: str) -> Entry | None:
    """Return the version of a department's matter that holds on a day: of two the later; None where there is none."""
    held = [each for each in versions(known, department_id, matter_code) if each.holds(day)]
    return held[-1] if held else None


def versions(known: Iterable[Entry], department_id: str, matter_code: str) -> Sequence[Entry]:
    """Return the versions of a department's matter, the earliest first."""
    return [each for each in known if (each.department_id, each.matter_code) == (department_id, matter_code)]


def folded(text: str) -> str:
    """Return a text as it is compared: full width as half, compatible characters as their own, letters as small."""
    return unicodedata.normalize("NFKC", text).casefold()


def _fits(entry: Entry, asked: Asked) -> bool:
    told = entry.told
    return (
        asked.department in ("", entry.department_id)
        and asked.power_type in ("", told["power_type"])
        and asked.status in ("", told["status"])
        and any(region.startswith(asked.region) for region in told["regions"])
    )


def _entry(department: Mapping[str, Any], row: Mapping[str, Any]) -> Entry:
    told = _told(department, row)
    said = [
        told["matter_code"], told["name"], told["department"]["name"], told.get("conditions", ""),
        *(each.get("title", "") for each in told.get("legal_basis", ())),
        *(each["name"] for each in told.get("materials", ())),
    ]  # fmt: skip
    found_by = folded("\n".join(said))
    return Entry(
        department_id=department["department_id"], matter_code=row["matter_code"], told=told, found_by=found_by
    )


def _told(department: Mapping[str, Any], row: Mapping[str, Any]) -> Row:
    told = _chosen(row, _PLAIN)
    told |= {name: _limit(row[name]) for name in _LIMITS if name in row}
    told |= {name: [_chosen(each, fields) for each in row[name]] for name, fields in _PARTS.items() if row.get(name)}
    for name in ("special_procedures_allowed", "joint_departments", "delegates"):
        if row.get(name):
            told[name] = list(row[name])
    if row.get("flow", {}).get("stages"):
        told["flow"] = _flow(row["flow"])
    told["status"] = row.get("status", "active")
    told["department"] = _chosen(department, _DEPARTMENT)
    told["regions"] = list(row.get("regions") or [department["region_code"]])
    return told


def _flow(flow: Mapping[str, Any]) -> Row:
    stages = [_chosen(each, _STAGE) for each in flow["stages"]]
    for stage in stages:
        if "limit" in stage:
            stage["limit"] = _limit(stage["limit"])
    transitions = [_chosen(each, ("from", "to")) for each in flow.get("transitions", ())]
    return {"stages": stages, "transitions": transitions}


def _limit(limit: Mapping[str, Any]) -> Row:
    return _chosen(limit, ("n", "unit", "note"))


def _chosen(row: Mapping[str, Any], names: Iterable[str]) -> Row:
    return {name: row[name] for name in names if name in row}
