"""Redacts a document of the feed for one view: the one place that decides what a subscriber of that view reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.views.classes import class_of, is_shielded, may_see
from hub.views.fields import GROUPS, VIEWS, Group, listed
from hub.views.masking import masked
from hub.views.trees import Tree, kept, tree_of

if TYPE_CHECKING:
    from collections.abc import Mapping

SHIELD: Final = ("data.case.applicant", "data.case.agent", "data.case.title", "data.case.complaint.related_case_no")
"""What the intranet does not see of a complaint whose complainant stays unknown (Petition Regulation art. 30): the
applicant of the case that they complain about is they themselves, nearly always."""

_SCHEMAS: Final = {"public": "urn:sunlight:schema:public-case-event:1"}
"""Shapes of views that are not the shape of the document itself."""


def redacted(document: Mapping[str, Any], view: str) -> dict[str, Any] | None:
    """Return a case event or an alert as `view` may see it; None where the view may not see it at all.

    An alert is of its case's class, and never public; one that is about no case is of the intranet's.
    """
    kind = "alert" if "alert_id" in document["data"] else "case"
    if not may_see(view, class_of_document(document)):
        return None
    shielded = view == "intranet" and is_shielded(document["data"].get("case") or {})
    found = kept(document, (_SHIELDED if shielded else _TREES)[kind, view])
    if kind == "case":
        found["data"] = _with_class(found["data"], class_of_document(document))
    schema = _SCHEMAS.get(view, document.get("dataschema"))
    return {**found, "dataschema": schema} if schema else found


def _with_class(data: dict[str, Any], class_: str) -> dict[str, Any]:
    """Say of a case the class that holds, whatever its source said: who forwards what is open goes by that word."""
    case = data.get("case", {})
    return (
        {**data, "case": {**case, "disclosure": {**case["disclosure"], "class": class_}}}
        if "disclosure" in case
        else data
    )


def title_of(case: Mapping[str, Any]) -> str:
    """Return a case's title as lists show it to whoever may see the case: of the open classes masked, or not at all."""
    title, is_open = str(case.get("title", "")), may_see("intranet", class_of(case))
    if is_open:
        return "" if is_shielded(case) else masked(title)
    return title


def alert_shown(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an alert as pages and answers show it to whoever may see it: its texts masked."""
    shown: dict[str, Any] = kept({"data": data}, _TREES["alert", "intranet"])["data"]
    return shown


def certificate_shown(document: Mapping[str, Any], view: str) -> dict[str, Any] | None:
    """Return what happened to a certificate as `view` may see it; None where it may not: it is the intranet's."""
    return kept(document, _TREES["certificate", view]) if may_see(view, "intranet") else None


def class_of_document(document: Mapping[str, Any]) -> str:
    """Return the class of a case event or an alert."""
    case = document["data"].get("case")
    if "alert_id" not in document["data"]:
        return class_of(case or {})
    class_ = class_of(case) if case else "intranet"
    return "intranet" if class_ == "public" else class_


def _tree(groups: tuple[Group, ...], view: str, without: tuple[str, ...] = ()) -> Tree:
    hidden = tuple(f"{path}." for path in without)
    return tree_of(
        (path, masked if group.shown == "masked" and view != "restricted" else None)
        for path, group in listed(groups, view)
        if not f"{path}.".startswith(hidden)
    )


_TREES: Final = {(kind, view): _tree(groups, view) for kind, groups in GROUPS.items() for view in VIEWS}
_SHIELDED: Final = {(kind, "intranet"): _tree(groups, "intranet", SHIELD) for kind, groups in GROUPS.items()}
