"""Cases that say everything the schema lets them say, each text a canary that names its case and its field."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any, Final

from pypdf import PdfReader

from hub.model.codes import code_list
from hub.model.shapes import load_schema
from hub.views import VIEWS, may_see
from hub.views.fields import GROUPS, listed
from hub.views.redaction import SHIELD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.spine import Read

SCHEMA: Final = load_schema("case-event.v1")
CASES: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "pub": ("public", {}),
    "int": ("intranet", {}),
    "res": ("restricted", {}),
    "sec": ("secret", {}),
    "rep": ("restricted", {"disclosure": {"class": "public"}, "family": "complaint",
                           "complaint": {"kind": "report", "track": "report"}}),
    "shy": ("intranet", {"disclosure": {"class": "intranet"}, "family": "complaint",
                         "complaint": {"kind": "complaint", "track": "hotline", "confidential": True}}),
}  # fmt: skip
"""The planted cases: the class that holds, and what their events say of it."""

_SET: Final = frozenset({
    "data.type", "data.connection_id", "data.source_event_key", "data.occurrence", "data.new_case_no",
    "data.correction_of", "data.case.case_id", "data.case.parent_case_id", "data.case.region_code",
    "data.case.department_id", "data.case.family", "data.provenance.read_id", "data.provenance.record_digest",
    "data.case.procedure",
})  # fmt: skip
"""Fields that are not texts of the case, or would make another case of it."""

_TOKEN: Final = re.compile(r"zq([a-z]{3})q([0-9]{3})qz")


def _fields(node: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "$ref" in node:
        node = {
            **SCHEMA["$defs"][node["$ref"].removeprefix("#/$defs/")],
            **{k: v for k, v in node.items() if k != "$ref"},
        }
    if node.get("type") == "array":
        yield from _fields(node["items"], f"{path}.[]")
    elif node.get("type") == "object":
        for name, each in node.get("properties", {}).items():
            yield from _fields(each, f"{path}.{name}")
        if isinstance(node.get("additionalProperties"), dict):
            yield f"{path}.*", node["additionalProperties"]
    else:
        yield path, node


_ALL: Final = dict(_fields(SCHEMA["$defs"]["data"], "data"))
PLANTED: Final = tuple(
    path
    for path, node in sorted(_ALL.items())
    if path not in _SET
    and node.get("type") == "string"
    and not {"enum", "pattern", "format", "x-codes", "const", "anyOf"} & node.keys()
)
"""Every free text of a case event."""


def token(case: str, path: str) -> str:
    """Return the canary of a field of a planted case."""
    return f"zq{case}q{PLANTED.index(path):03d}qz"


def planted(case: str, read: Read, event_type: str = "case.received") -> dict[str, Any]:
    """Return an event of a planted case with a canary in every free text."""
    class_, about = CASES[case]
    document: dict[str, Any] = read.document(
        event_type, "2026-03-02T09:00:00+08:00", case_no=token(case, "data.case.case_no")
    )
    data = document["data"]
    for path, node in _ALL.items():
        if path not in _SET and ".disclosure.class" not in path:
            _put(data, path.split(".")[1:], token(case, path) if path in PLANTED else _value(node))
    data["case"]["disclosure"]["class"] = class_
    data["original"] = {"occurred_at": token(case, "data.original.*")}
    for name, value in about.items():
        data["case"][name] = {**data["case"].get(name, {}), **value} if isinstance(value, dict) else value
    if data["case"]["family"] != "complaint":
        del data["case"]["complaint"]
    return document


def _put(place: Any, way: list[str], value: Any) -> None:
    *before, last = way
    for name, following in zip(before, way[1:], strict=True):
        if name == "[]":
            place = place[0]
        else:
            place = place.setdefault(
                name, [{}] if following == "[]" and following != last else [] if following == "[]" else {}
            )
    if last == "[]":
        place.append(value)
    else:
        place["note" if last == "*" else last] = value


def _value(node: Mapping[str, Any]) -> Any:
    if "x-codes" in node:
        return min(code_list(node["x-codes"]).rows)
    if "enum" in node:
        return node["enum"][0]
    if "anyOf" in node:
        return "2026-03-20"
    if node["type"] == "string":
        return _FORMATS.get(node.get("format", "")) or _matching(node)
    return max(1, node.get("minimum", 1)) if node["type"] == "integer" else False


_FORMATS: Final = {
    "uuid": "11111111-1111-4111-8111-111111111111",
    "org-id": "11321200014000028L",
    "region": "321281",
    "date-time": "2026-03-02T09:00:00+08:00",
    "uri": "https://example.org/a",
}


def _matching(node: Mapping[str, Any]) -> str:
    tries = ("a" * 64, "1", "1.00", "taizhou.housing.permits", "text/plain", "https://example.org/a", "a")
    return next((each for each in tries if re.search(node.get("pattern", ""), each)), "a")


def leaks(body: bytes, view: str) -> set[tuple[str, str]]:
    """Return (case, field) of every canary in `body` that `view` may not see; `nothing` sees none."""
    text = b"\n".join(unpacked(body)).decode("utf-8", "replace")
    found = {(case, PLANTED[int(number)]) for case, number in _TOKEN.findall(text)}
    return {(case, path) for case, path in found if not allowed(view, case, path)}


COMPLAINTS: Final = ("rep", "shy")
"""The planted cases that are complaints, the first a report of the very department that reported it."""

_HANDLING: Final = ("data.case.case_no", "data.case.source_case_no", "data.case.title", "data.case.matter_name",
                    "data.case.complaint.", "data.handling.")  # fmt: skip
_UNTOLD: Final = ("data.case.complaint.contact_sealed", "data.handling.approved_by")


def _is_for_handler(path: str) -> bool:
    """Tell whether whoever handles a complaint, and said all this, sees it: its complainant stays unknown."""
    return path.startswith(_HANDLING) and path not in _UNTOLD


def allowed(view: str, case: str, path: str) -> bool:
    """Tell whether a view, or somebody at the complaint desk, may see a field of a planted case.

    `own` is a department that reads its own closed cases, `centre` who acts for complaint centres, `handler` the
    department that handles a complaint: none of them a report of its own.
    """
    if view == "own":
        return case != "rep" and allowed("restricted", case, path)
    if view == "centre":
        return case in COMPLAINTS and allowed("restricted", case, path)
    if view == "handler":
        return case == "shy" and _is_for_handler(path)
    if view not in VIEWS or not may_see(view, CASES[case][0]):
        return False
    hidden = SHIELD if case == "shy" and view == "intranet" else ()
    return path in {each for each, _ in listed(GROUPS["case"], view)} and not f"{path}.".startswith(
        tuple(f"{each}." for each in hidden)
    )


def unpacked(body: bytes) -> Iterator[bytes]:
    """Yield what a body says: itself, what a workbook or a document holds, the text of a PDF's streams."""
    yield body
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            for name in packed.namelist():
                yield from unpacked(packed.read(name))
    if body[:4] == b"%PDF":
        yield "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).encode()
