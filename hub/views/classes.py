"""Decides of which class of disclosure a case is, and which views may see it at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

CLASSES: Final = ("public", "intranet", "restricted", "secret")
"""Classes of disclosure, from open to closed. A view sees the classes up to its own name; what is secret no view sees
(Law on Guarding State Secrets; Disclosure Regulation art. 14): of it a count remains."""

_VIEWS: Final = CLASSES[:3]

UNSAID: Final = "restricted"
"""Class of a document that does not say any, or says one that nobody knows: default deny."""

REPORT: Final = "restricted"
"""Least class of a report 举报, whatever its source says: the people it speaks of read the intranet too
(Petition Regulation 2022, art. 30)."""


def class_of(case: Mapping[str, Any]) -> str:
    """Return the class of a case by what an event says of it (`case` of schemas/case-event.v1)."""
    disclosure = case.get("disclosure")
    said = disclosure.get("class") if disclosure else None
    known = said if said in CLASSES else UNSAID
    return max(known, REPORT, key=CLASSES.index) if is_report(case) else str(known)


def classified(case: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known of a case with the class that holds, whatever its source says."""
    class_ = class_of(case)
    if case["disclosure"]["class"] == class_:
        return case
    return {**case, "disclosure": {**case["disclosure"], "class": class_}}


def may_see(view: str, class_: str) -> bool:
    """Tell whether a view may see anything of a case of this class."""
    return class_ in CLASSES and class_ != "secret" and CLASSES.index(class_) <= CLASSES.index(view)


def open_views(class_: str, state: str) -> tuple[str, ...]:
    """Return the views that show a case of this class and state; one entered in error is nothing for the public."""
    return tuple(view for view in _VIEWS if may_see(view, class_) and not (view == "public" and state == "voided"))


def withheld(class_: str) -> str:
    """Return the class that a case has while something in it stands against its publication (R42)."""
    return "intranet" if class_ == "public" else class_


def is_report(case: Mapping[str, Any]) -> bool:
    """Tell whether a case is a report 举报 of misconduct, by its kind or by the track that it goes."""
    about = case.get("complaint") or {}
    return "report" in (about.get("kind"), about.get("track"))


def is_shielded(case: Mapping[str, Any]) -> bool:
    """Tell whether nobody who handles a complaint may learn who complains: a report, or somebody who asked for it."""
    about = case.get("complaint") or {}
    return is_report(case) or bool(about.get("confidential")) or bool(about.get("anonymous"))
