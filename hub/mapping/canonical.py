"""Takes records that are case events already (schemas/case-event.v1): names them, fills in what only the hub knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.mapping.compiled import MappedEvent
from hub.mapping.document import EMPTY
from hub.mapping.values import as_text, refuse
from hub.model import ids
from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.mapping.declaration import Declaration
    from hub.mapping.document import Node

FORMAT: Final = "canonical"
"""What `connect: {format: …}` says where a department sends case events, and its mapping has nothing to map."""

_OWNED: Final = ("connection_id", "mapping_version", "provenance", "original")
"""What the hub says of an event, and nobody else."""

ANY: Final = "any"
"""What `case: {numbering: …}` says where a connection speaks of cases that others number, and names each by its id."""

LINES: Final = (("def map_record(tree):", ""), (" return canonical(as_record(tree))", "event"))
"""The text of such a mapping's function, each line with the path that a refusal is charged to."""


def is_canonical(root: Node) -> bool:
    """Tell whether a mapping file's department sends case events."""
    return root.entries.get("connect", EMPTY).entries.get("format", EMPTY).text == FORMAT


class Canonical:
    """Names the case events of one connection. Their shape is checked by whoever takes them in."""

    def __init__(self, declaration: Declaration) -> None:
        """Take events of `declaration`'s connection, for the departments that it may speak for."""
        self._declaration = declaration
        self._repeats = frozenset(name for name, row in code_list("event_types").rows.items() if row.get("repeats"))

    def events(self, tree: Mapping[str, Any]) -> Sequence[MappedEvent]:
        """Return the one event that a record is; raise Refused where it cannot be named."""
        owned = [name for name in _OWNED if name in tree]
        if owned:
            refuse("owned", f"{owned[0]} is the hub's to say", None, "leave it out")
        case, kind = self._case(tree.get("case")), as_text(tree.get("type")) or ""
        key = as_text(tree.get("source_event_key")) or case["source_case_no"]
        occurrence = as_text(tree.get("occurrence")) or ""
        if kind in self._repeats and not occurrence:
            refuse("missing", f"{kind} can repeat within a case", None, "say which by occurrence: its id at the source")
        declared = {
            "source_version": 0,
            "on_change": "conflict",
            **tree,
            "connection_id": self._declaration.connection,
            "mapping_version": self._declaration.version,
            "source_event_key": key,
            "occurrence": occurrence,
            "case": case,
        }
        if declared["on_change"] == "revise" and not declared["source_version"]:
            refuse("missing", "revise needs a source_version", None, "send a number that grows with every change")
        event_id = ids.event_id(self._declaration.connection, key, kind, occurrence)
        return [MappedEvent(event_id=event_id, data=declared)]

    def _case(self, case: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever was sent
        if not isinstance(case, dict):
            return refuse("missing", "an event has a case", None, "send case: {source_case_no, region_code, …}")
        number = as_text(case.get("source_case_no")) or as_text(case.get("case_no"))
        if number is None:
            return refuse("missing", "a case has a number", None, "send case/source_case_no")
        named = self._named(case, number)
        return {
            "case_no": number,
            "family": "application",
            "disclosure": {"class": "intranet"},
            **case,
            "source_case_no": number,
            "case_id": named,
            "department_id": self._department(case.get("department_id")),
        }

    def _named(self, case: Mapping[str, Any], number: str) -> str:
        """Return the id of a case: what its number gives, or where others number it what is said."""
        if self._declaration.numbering == ANY:
            said = as_text(case.get("case_id"))
            return said or refuse("missing", "others number the case", None, "send case/case_id")
        named = ids.case_id(self._declaration.numbering, number)
        if case.get("case_id", named) != named:
            return refuse("owned", "case_id is the hub's to say", None, "leave it out")
        return named

    def _department(self, given: Any) -> str:  # noqa: ANN401 - whatever was sent
        own = self._declaration.departments
        if given is None and len(own) == 1:
            return next(iter(own))
        if given not in own:
            refuse("foreign-department", "this connection may not speak for that department", str(given or ""),
                   "send case/department_id, one of those under department.allow")  # fmt: skip
        return str(given)
