"""Every field of every document is in the table of views, and no view sees a field that is not its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.model.documents import act_document
from hub.model.shapes import load_schema
from hub.views import CLASSES, VIEWS, class_of, for_centre, for_handler, may_see, redacted
from hub.views.fields import GROUPS, listed
from hub.views.redaction import alert_shown, certificate_shown
from tests.support.casework import DEPARTMENT
from tests.support.spine import OTHER_DEPARTMENT, Read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMAS = {"case": "case-event.v1", "alert": "alert.v1"}
ADDED = {"sequence", "streamsequence", "dataschema"}
"""Of the envelope, what the relay and the redaction write by themselves."""


def leaves(schema: Mapping[str, Any], node: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the path of every leaf that a schema allows."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        yield from leaves(schema, schema["$defs"][name], path)
    elif node.get("type") == "array":
        yield from leaves(schema, node.get("items", {}), f"{path}.[]")
    elif node.get("type") == "object" and not path.endswith(".disclosure"):
        for name, each in node.get("properties", {}).items():
            yield from leaves(schema, each, f"{path}.{name}")
        if isinstance(node.get("additionalProperties"), dict):
            yield f"{path}.*".removeprefix(".")
    elif not path.endswith(".disclosure"):
        yield path.removeprefix(".")


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_field_of_the_shape_is_classified_and_nothing_else_is(kind: str) -> None:
    schema = load_schema(SCHEMAS[kind])
    allowed = {path for path in leaves(schema, schema) if path not in ADDED}
    table = {path for group in GROUPS[kind] for path in group.paths if ".disclosure." not in path}
    assert allowed - table == set(), "a new field is classified in hub/views/fields.py"
    assert not [path for group in GROUPS[kind] for path in group.paths if group.paths.count(path) > 1]


def filled(schema: Mapping[str, Any], node: Mapping[str, Any], path: str) -> Any:
    """Return a value for a node in which every text is its own path."""
    if "$ref" in node:
        return filled(schema, schema["$defs"][node["$ref"].removeprefix("#/$defs/")], path)
    if node.get("type") == "array":
        return [filled(schema, node.get("items", {}), f"{path}.[]")]
    if node.get("type") == "object":
        found = {name: filled(schema, each, f"{path}.{name}") for name, each in node.get("properties", {}).items()}
        return found | ({"any": f"<{path}.*>"} if isinstance(node.get("additionalProperties"), dict) else {})
    return f"<{path}>"


def full(class_: str, **about: Any) -> dict[str, Any]:
    """Return a case event that says everything the shape allows, each text being where it stands."""
    schema = load_schema(SCHEMAS["case"])
    document: dict[str, Any] = filled(schema, schema, "")
    case = document["data"]["case"]
    case["disclosure"] = {"class": class_}
    case["complaint"] |= {"confidential": False, "anonymous": False, **about}
    return document


def said(document: Any) -> set[str]:
    """Return the paths whose texts stand in a document."""
    text = orjson.dumps(document).decode()
    return {part.partition(">")[0].removeprefix(".") for part in text.split("<")[1:]}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_holds_its_fields_and_no_other(view: str) -> None:
    shown = redacted(full("public"), view)
    allowed = {path for path, _ in listed(GROUPS["case"], view)}
    assert shown is not None
    assert said(shown) - {"dataschema"} <= allowed
    schema = load_schema(SCHEMAS["case"])
    flags = {"data.case.complaint.confidential", "data.case.complaint.anonymous"}
    assert allowed & set(leaves(schema, schema)) - flags <= said(shown)


def test_each_view_holds_more_than_the_one_below() -> None:
    shown = [said(redacted(full("public"), view)) for view in VIEWS]
    assert shown[0] < shown[1] < shown[2]


@pytest.mark.parametrize("class_", [*CLASSES, "perhaps", "", None])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_sees_the_classes_up_to_its_own_and_what_says_none_is_restricted(view: str, class_: Any) -> None:
    told = redacted(full(class_), view)
    known = class_ if class_ in CLASSES else "restricted"
    assert (told is not None) == may_see(view, known)
    assert may_see(view, "secret") is False


@pytest.mark.parametrize("about", [{"kind": "report"}, {"track": "report"}])
def test_a_report_is_restricted_whatever_its_source_says(about: dict[str, str]) -> None:
    assert redacted(full("public", **about), "intranet") is None
    assert class_of(full("public", **about)["data"]["case"]) == "restricted"
    assert class_of(full("secret", **about)["data"]["case"]) == "secret"
    shown = redacted(full("public", **about), "restricted")
    assert shown is not None
    assert shown["data"]["case"]["disclosure"]["class"] == "restricted", "who forwards it goes by that word"


@pytest.mark.parametrize("wish", ["confidential", "anonymous"])
def test_the_intranet_does_not_learn_who_asked_to_stay_unknown(wish: str) -> None:
    shown = said(redacted(full("intranet", **{wish: True}), "intranet"))
    assert not [path for path in shown if "applicant" in path or "agent" in path or path.endswith(".title")]


def an_order(**about: Any) -> dict[str, Any]:
    """Return the dispatch of a complaint about the market bureau to the housing bureau."""
    complaint = {
        "centre_id": "taizhou.12345", "channel": "hotline", "kind": "complaint", "respondent_department":
        OTHER_DEPARTMENT, "respondent_person": "A7", "content": "content", "contact_sealed": "sealed", **about,
    }  # fmt: skip
    case = {
        "family": "complaint", "complaint": complaint, "disclosure": {"class": "restricted"},
        "title": "call 13812345678", "applicant": {"name_masked": "complainant", "id_token": "token"},
        "attributes": {"note": "note"},
    }  # fmt: skip
    handling = {"department_id": DEPARTMENT, "reply": "reply", "reason": "reason", "staff_code": "A1"}
    made: dict[str, Any] = Read().document(
        "complaint.dispatched", "2026-03-02T09:00:00+08:00", case=case, handling=handling, opinion="opinion"
    )
    return made


def text_of(document: Mapping[str, Any] | None) -> str:
    assert document is not None
    return orjson.dumps(document["data"]).decode()


def test_a_department_gets_an_ordinary_complaint_with_the_masked_complainant() -> None:
    told = text_of(for_handler(an_order(), OTHER_DEPARTMENT))
    assert all(each in told for each in ("complainant", "content", "A7", "sealed", "13812345678"))
    assert not any(each in told for each in ("token", "note", "opinion", "provenance"))


@pytest.mark.parametrize(
    "about", [{"kind": "report"}, {"track": "report"}, {"confidential": True}, {"anonymous": True}]
)
def test_a_department_never_learns_who_reports_or_asked_to_stay_unknown(about: dict[str, Any]) -> None:
    told = text_of(for_handler(an_order(**about), DEPARTMENT))
    assert not any(each in told for each in ("complainant", "sealed", "13812345678"))
    assert "content" in told


@pytest.mark.parametrize("about", [{"kind": "report"}, {"track": "report"}])
def test_a_report_never_reaches_the_unit_that_it_speaks_of(about: dict[str, Any]) -> None:
    assert for_handler(an_order(**about), OTHER_DEPARTMENT) is None
    unsaid = an_order(**about)
    del unsaid["data"]["case"]["complaint"]["respondent_department"]
    assert for_handler(unsaid, DEPARTMENT) is None, "whom it speaks of is not known: nobody gets it unasked"


def test_no_order_reaches_the_very_person_complained_of() -> None:
    assert for_handler(an_order(respondent_person="A1"), DEPARTMENT) is None


def test_a_department_gets_nothing_that_is_secret_or_no_complaint() -> None:
    order = an_order()
    assert for_handler({**order, "data": {**order["data"], "case": {"family": "application"}}}, DEPARTMENT) is None
    order["data"]["case"]["disclosure"] = {"class": "secret"}
    assert for_handler(order, DEPARTMENT) is None


def test_the_centre_that_took_it_in_hears_what_was_answered_and_no_other_centre_anything() -> None:
    told = text_of(for_centre(an_order(), "taizhou.12345"))
    assert "reply" in told
    assert not any(each in told for each in ("content", "complainant", "A7", "A1", "opinion"))
    assert for_centre(an_order(), "another.centre") is None


def test_the_centre_that_takes_over_gets_all_of_it() -> None:
    order = an_order()
    order["data"]["handling"]["centre_id"] = "another.centre"
    assert "content" in text_of(for_centre(order, "another.centre"))


def test_the_texts_of_an_alert_are_masked_wherever_it_is_read() -> None:
    note = {"move": "answer", "by": "x", "role": "department", "at": "t", "from": "signed", "to": "answered"}
    data = {
        "alert_id": "a",
        "state": "answered",
        "history": [{**note, "note": "联系人：张三丰 13800001234"}],
        "new": "x",
    }
    assert alert_shown(data) == {
        "alert_id": "a", "state": "answered", "history": [{**note, "note": "联系人：张** ***********"}],
    }  # fmt: skip


def test_what_happens_to_a_certificate_is_told_by_the_table_too() -> None:
    said_ = {"certificate_id": "S-1", "department_id": DEPARTMENT, "region_code": "321281", "state": "suspended",
             "criterion": "K9", "levels": "C3", "connection_id": "taizhou.housing.permits", "second": "李四 (k2)",
             "note": "投诉人：张三丰，电话13812345678", "jws": "e30.e30.e30"}  # fmt: skip
    document = act_document("certificate.suspended", subject="s", by="王五 (k1)", at="2026-03-02T09:00:00Z", said=said_)
    assert certificate_shown(document, "restricted") == document
    intranet = certificate_shown({**document, "data": {**document["data"], "new": "张三"}}, "intranet")
    assert intranet == {**document, "data": {**document["data"], "note": "投诉人：张**，电话***********"}}
    assert certificate_shown(document, "public") is None
