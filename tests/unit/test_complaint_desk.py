"""Every move that people make of a complaint is a record that the desk's mapping reads, and is in force."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from hub import mapping
from hub.complaint_desk import DESK, FORMS, NUMBERING, Actor, Form, Wrong, forms_for, record_of
from hub.model import ids
from hub.model.codes import code_list
from hub.resources import MAPPINGS
from hub.supervision.families.complaint import COMPLAINT
from hub.supervision.families.holding import ASSISTING, CENTRE
from tests.support.complaints import BEGAN, OTHER_CENTRE, TO_SIGNED, life, told, verdict

LOADED: Final = mapping.load(MAPPINGS / "city-complaints" / "desk.yaml", environment={})
CITY, HOUSING, MARKET = "11321200014005005D", "11321200014000028L", "113212000140010128"
STATES: Final = {
    "accepted": "registered", "not_accepted": "registered", "transferred": "registered", "linked": "registered",
    "withdrawn": "registered", "dispatched": "accepted", "archived": "closed",
}  # fmt: skip
PATHS: Final = {
    "registered": "registered",
    "accepted": "registered accepted",
    "dispatched": "registered accepted dispatched",
    "asked": f"{TO_SIGNED} extension_requested",
    "signed": TO_SIGNED,
    "returned": "registered accepted dispatched returned",
    "replied": f"{TO_SIGNED} replied",
    "closed": f"{TO_SIGNED} replied followed_up closed",
}
WHERE: Final = {
    **STATES, "redispatched": "returned", "arbitrated": "returned", "assist_asked": "signed", "extended": "asked",
    "extension_refused": "asked", "followed_up": "replied", "reworked": "replied", "closed": "replied",
    "signed": "dispatched", "started": "signed", "returned": "dispatched", "extension_requested": "signed",
    "replied": "signed", "assisted": "signed",
}  # fmt: skip
SAID: Final = {
    "text": "办法第九条", "lines": "理由", "department": MARKET, "centre": "mayor", "days": "5", "yes": "true",
    "outcome": "partly", "mark": "2", "number": "2026-0009",
}  # fmt: skip


def at_the_desk(names: str) -> Any:
    """Return a complaint of the city's centre, numbered by it, housing in the lead and the market assisting."""
    swap = {life("registered")[0].department_id: CITY}
    facts = []
    for fact in life(names):
        handling = dict(fact.detail.get("handling", {}))
        if "department_id" in handling:
            handling["department_id"] = MARKET if fact.type == "complaint.assist_asked" else HOUSING
        about = {**fact.attributes, "department_id": CITY, "case_id": ids.case_id(NUMBERING, "2026-0001")}
        detail = {**fact.detail, **({"handling": handling} if handling else {})}
        facts.append(replace(fact, department_id=swap[fact.department_id], attributes=about, detail=detail))
    return verdict(facts).case


def actor_for(form: Form) -> Actor:
    if form.role == CENTRE:
        return Actor(name="王五", is_centre=True)
    return Actor(name="李四", department_id=MARKET if form.role == ASSISTING else HOUSING)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.move)
def test_every_form_becomes_the_event_that_it_says(form: Form) -> None:
    case, actor = at_the_desk(PATHS[WHERE[form.move]]), actor_for(form)
    assert form in forms_for(case, actor)
    said = {field.name: SAID[field.kind] for field in form.fields}
    record = record_of(case, actor, form.move, said, move_id="m1", at=BEGAN)
    assert not isinstance(record, Wrong), record
    (event,) = LOADED.map_record(record)
    data = event.data
    assert (data["type"], data["connection_id"]) == (f"complaint.{form.move}", DESK)
    assert data["case"]["case_id"] == case.case_id
    assert data["case"]["department_id"] == (CITY if form.role == CENTRE else actor.department_id)
    handling = data["handling"]
    assert handling["staff_code"] == actor.name
    for name in said.keys() & {"reason", "basis", "reply", "outcome", "centre_id"}:
        assert handling[name] == said[name]
    assert "days" not in said or handling["limit"] == {"n": 5, "unit": "working_day"}
    assert bool(data["occurrence"]) is bool(code_list("event_types").rows[data["type"]]["repeats"])


@pytest.mark.parametrize("form", [each for each in FORMS if each.fields], ids=lambda form: form.move)
def test_what_a_move_must_say_is_asked_for_by_name(form: Form) -> None:
    case = at_the_desk(PATHS[WHERE[form.move]])
    for field in form.fields:
        said = {each.name: SAID[each.kind] for each in form.fields if each is not field}
        answer = record_of(case, actor_for(form), form.move, said, move_id="m1", at=BEGAN)
        assert isinstance(answer, Wrong) is field.is_needed
        if isinstance(answer, Wrong):
            assert field.name in answer.problem


def test_every_move_of_the_machine_but_the_registration_is_made_here() -> None:
    assert {f"complaint.{form.move}" for form in FORMS} == set(COMPLAINT) - {"complaint.registered"}


def test_an_extension_is_not_approved_by_who_asked_for_it() -> None:
    case = at_the_desk(PATHS["asked"])
    asker = Actor(name="H1", is_centre=True)
    answer = record_of(case, asker, "extended", {"days": "3"}, move_id="m1", at=BEGAN)
    assert isinstance(answer, Wrong)
    assert answer.code == "complaint.forbidden"


def test_a_complaint_that_is_numbered_elsewhere_is_not_moved_here() -> None:
    case = verdict(life("registered")).case
    assert not forms_for(case, Actor(name="王五", is_centre=True))
    answer = record_of(case, Actor(name="王五", is_centre=True), "accepted", {}, move_id="m1", at=BEGAN)
    assert isinstance(answer, Wrong)
    assert answer.code == "complaint.elsewhere"


def test_staff_of_another_centre_have_no_part_in_it() -> None:
    case = at_the_desk("registered")
    assert not Actor(name="王五", department_id=OTHER_CENTRE, is_centre=True).roles(case)
    passed = verdict([*life("registered"), told("transferred", 1, department_id=OTHER_CENTRE)]).case
    assert Actor(name="王五", department_id=OTHER_CENTRE, is_centre=True).roles(passed) == {CENTRE}


def test_whoever_runs_the_centre_that_a_complaint_is_passed_to_is_its_centre_then() -> None:
    case, said = at_the_desk("registered"), {"centre_id": "mayor", "reason": "属市长信箱"}
    staff = Actor(name="王五", is_centre=True)
    record = record_of(case, staff, "transferred", said, move_id="m1", at=BEGAN, passed_to=MARKET)
    assert not isinstance(record, Wrong)
    assert record["handling"]["department_id"] == MARKET
