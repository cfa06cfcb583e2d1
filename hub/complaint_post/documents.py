"""Makes the documents of schemas/complaint-order.v1 and complaint-status.v1, of what their receiver may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.complaint_post.standing import named
from hub.model import ids
from hub.supervision.instants import written
from hub.views import for_centre, for_handler

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from hub.complaint_post.addressing import Address
    from hub.complaint_post.standing import Standing
    from hub.supervision.caselog import Fact

ORDER: Final = "complaint-order"
STATUS: Final = "complaint-status"

_ABOUT: Final = ("channel", "kind", "category", "track", "duplicate_of")
_HANDLING: Final = ("reason", "basis", "limit", "outcome")
_FOLLOW_UP: Final = ("reached", "solved", "satisfaction")
_FOR_LEAD: Final = "complaint.assisted"
"""The move whose answer is for the department that handles the complaint."""

_COMPLAINT: Final = ("content", "respondent_department", "respondent_person", "related_case_no")
_KNOWN: Final = ("anonymous", "real_name", "confidential", "contact_sealed")
_PERSON: Final = ("name_masked", "phone_masked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One thing to be told: which move, to whom, of the complaint as it stands, and where on the feed."""

    address: Address
    fact: Fact
    standing: Standing
    in_force: bool
    due: datetime | None
    zone: tzinfo
    sequence: int
    part: int


def order(letter: Letter) -> dict[str, Any] | None:
    """Return the order for one department; None where it must not be sent to it."""
    held, receiver = letter.standing.case.holding, letter.address.receiver
    seen = for_handler(
        _event(letter), receiver, takes_reports=held is not None and held.takes_reports(receiver)
    )  # fmt: skip
    if seen is None:
        return None
    case = seen["data"]["case"]
    said = {
        "department_id": letter.address.receiver,
        "role": letter.address.role,
        "centre_id": next(iter(letter.standing.centres()), None),
        "designated": letter.standing.is_designated(),
        "title": case.get("title"),
        "matter_code": case.get("matter_code"),
        "matter_name": case.get("matter_name"),
        "reply": named(letter.fact, "reply") or None if letter.fact.type == _FOR_LEAD else None,
        **_complaint(case),
    }
    return _document(ORDER, letter, seen["data"], said)


def status(letter: Letter) -> dict[str, Any] | None:
    """Return the status for one centre; None where it must not be told."""
    centre = letter.address.receiver
    seen = for_centre(_event(letter, centre=centre), centre)
    if seen is None:
        return None
    data = seen["data"]
    told = {name: value for name, value in _complaint(data["case"]).items() if name in _TO_CENTRE}
    said = {
        "centre_id": centre,
        "handler": letter.standing.lead() or None,
        "department_id": named(letter.fact, "department_id") or None,
        "new_centre_id": named(letter.fact, "centre_id") or None,
        "reply": data.get("handling", {}).get("reply"),
        "title": data["case"].get("title"),
        **told,
    }
    return _document(STATUS, letter, data, said)


_TO_CENTRE: Final = frozenset({"content", "respondent_department", "complainant", "attachments"})


def _event(letter: Letter, *, centre: str = "") -> dict[str, Any]:
    """Return a move as the case event that views know, of the case as it stands; `centre` takes its centre's place."""
    fact, case = letter.fact, dict(letter.standing.case.attributes)
    if centre:
        case["complaint"] = {**case.get("complaint", {}), "centre_id": centre}
    data = {"type": fact.type, "occurred_at": written(fact.occurred_at, letter.zone), **fact.detail, "case": case}
    return {"specversion": "1.0", "id": fact.event_id, "source": "/hub", "type": f"sunlight.{fact.type}.v1",
            "subject": letter.standing.case.case_id, "time": data["occurred_at"], "data": data}  # fmt: skip


def _complaint(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a receiver sees of the complaint itself, and of whoever complains."""
    about, person = case.get("complaint", {}), case.get("applicant", {})
    known = {name: about[name] for name in _KNOWN if name in about}
    known |= {name: person[name] for name in _PERSON if name in person}
    files = [each for each in case.get("attachments", ()) if "sha256" in each]
    return {
        **{name: about.get(name) for name in _COMPLAINT},
        "complainant": known or None,
        "attachments": files or None,
    }


def _document(kind: str, letter: Letter, seen: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Join what both kinds of documents say with what one of them says; what is absent is left out."""
    fact, standing, sequence = letter.fact, letter.standing, letter.sequence
    move = fact.type.removeprefix("complaint.")
    name = ids.complaint_letter_id(kind, *letter.address, fact.digest, str(sequence), str(letter.in_force))
    occurred_at = written(fact.occurred_at, letter.zone)
    data = {
        f"{kind.removeprefix('complaint-')}_id": name,
        "move": move,
        "event_id": fact.event_id,
        "occurred_at": occurred_at,
        "in_force": letter.in_force,
        "sequence": sequence,
        "part": letter.part,
        "case_id": standing.case.case_id,
        "complaint_no": standing.case.case_no,
        "region_code": standing.case.attributes["region_code"],
        "state": standing.case.state,
        "due_at": written(letter.due, letter.zone) if letter.due else None,
        "returns": standing.returns(),
        **_course(seen),
        **said,
    }
    return {
        "specversion": "1.0",
        "id": name,
        "source": "/hub",
        "type": f"sunlight.{kind}.{move}.v1",
        "subject": standing.case.case_id,
        "time": occurred_at,
        "datacontenttype": "application/json",
        "dataschema": f"urn:sunlight:schema:{kind}:1",
        "data": {each: value for each, value in data.items() if value is not None},
    }


def _course(seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a receiver sees of what is complained of, and of this move of it."""
    case, handling = seen["case"], seen.get("handling", {})
    about = case.get("complaint", {})
    follow_up = {each: handling[each] for each in _FOLLOW_UP if each in handling}
    return {
        "source_no": case.get("source_case_no"),
        "extension": seen.get("extension"),
        "follow_up": follow_up or None,
        **{each: about.get(each) for each in _ABOUT},
        **{each: handling.get(each) for each in _HANDLING},
    }
