"""Who may say what: nobody speaks for another, no name is taken on trust, and a refused message is charged rightly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.admission import Admission
from hub.errors import Refused, Rejection
from hub.model import ids
from hub.model.documents import act_document
from hub.model.values import Message
from hub.refused import RefusedMessage, charged_to, message_name, parked_name
from tests.support.casework import CONNECTION, DEPARTMENT
from tests.support.spine import OTHER, OTHER_DEPARTMENT, Read, a_connection, delivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.model.values import Delivery

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = "2026-03-02T09:00:00+08:00"
TRUSTED = "hub"
KNOWN = {CONNECTION: a_connection(), OTHER: a_connection(OTHER)}


def a_gate(**changes: Any) -> Admission:
    return replace(Admission(connections=KNOWN, trusted=TRUSTED, partition=0, partitions=1), **changes)


def refusal(message: Message, *, user: str = CONNECTION, gate: Admission | None = None) -> Rejection:
    """Return why `message` is refused."""
    with pytest.raises(Refused) as refused:
        admit(gate or a_gate(), delivered(message, user=user))
    return refused.value.rejection


def admit(gate: Admission, delivery: Delivery) -> object:
    """Admit a message by its kind, as supervision does."""
    if delivery.kind == "event":
        return gate.event(delivery)
    if delivery.kind == "report":
        return gate.report(delivery)
    return gate.act(delivery, NOW) if delivery.kind == "act" else gate.rejection(delivery, NOW)


def changed(message: Message, change: Callable[[Any], Any]) -> Message:
    """Return `message` with its document changed."""
    document = orjson.loads(message.body)
    change(document)
    return replace(message, body=orjson.dumps(document))


def an_act(**data: Any) -> Message:
    document = act_document("quarantine.opened", subject=ids.foreign_read_id("x"), by="clerk", at=NOW.isoformat())
    document["data"] |= data
    return Message(exchange="intake", key="0", kind="act", message_id=document["id"], body=orjson.dumps(document))


@pytest.mark.parametrize("user", [CONNECTION, TRUSTED])
def test_an_event_enters_in_the_name_of_its_own_account_or_of_the_hub(user: str) -> None:
    message = Read().event("case.received", DAY)
    admitted = a_gate().event(delivered(message, user=user))
    assert (admitted.connection_id, admitted.event_id) == (CONNECTION, orjson.loads(message.body)["id"])


@pytest.mark.parametrize("user", [OTHER, "", "nobody", "TAIZHOU.housing.permits"])
@pytest.mark.parametrize("kind", ["event", "report", "rejection"])
def test_no_other_account_speaks_for_a_connection(user: str, kind: str) -> None:
    read = Read()
    message = {
        "event": lambda: read.event("case.received", DAY),
        "report": read.report,
        "rejection": read.rejection,
    }[kind]()
    assert refusal(message, user=user).code == "authorise.speaker"


def test_only_the_hubs_own_account_acts_for_people() -> None:
    assert a_gate().act(delivered(an_act(), user=TRUSTED), NOW).act == "quarantine.opened"
    assert refusal(an_act()).code == "authorise.act"


def test_an_unregistered_connection_is_refused_even_from_the_hub() -> None:
    message = Read(connection="nobody.knows", department=DEPARTMENT).event("case.received", DAY)
    assert refusal(message, user=TRUSTED).code == "authorise.connection"


def test_a_connection_does_not_speak_for_a_department_outside_its_list() -> None:
    message = Read(department=OTHER_DEPARTMENT).event("case.received", DAY)
    why = refusal(message)
    assert (why.code, why.path) == ("authorise.department", "/data/case/department_id")
    assert refusal(message, user=TRUSTED).code == "authorise.department"
    both = a_connection(departments=frozenset({DEPARTMENT, OTHER_DEPARTMENT}))
    assert a_gate(connections={CONNECTION: both}).event(delivered(message, user=CONNECTION))


FORGERIES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "the id of another event": ("authorise.event-id", lambda d: d.update(id=ids.event_id(CONNECTION, "2", "case.x"))),
    "another connection's event id": (
        "authorise.event-id",
        lambda d: d.update(id=ids.event_id(OTHER, d["data"]["source_event_key"], d["data"]["type"])),
    ),
    "another type under the same id": ("authorise.event-id", lambda d: d["data"].update(type="case.closed")),
    "another occurrence under the same id": ("authorise.event-id", lambda d: d["data"].update(occurrence="2")),
    "the subject of another case": ("authorise.subject", lambda d: d.update(subject=ids.case_id(CONNECTION, "9"))),
    "another connection in the envelope": ("authorise.envelope", lambda d: d.update(source=f"/connections/{OTHER}")),
    "another type in the envelope": ("authorise.envelope", lambda d: d.update(type="sunlight.case.closed.v1")),
    "a field nobody knows": ("validate.additionalproperties", lambda d: d["data"].update(nickname="x")),
    "a character no database holds": ("validate.null", lambda d: d["data"]["case"].update(title="a\x00b")),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_event_is_refused(forgery: str) -> None:
    code, change = FORGERIES[forgery]
    message = changed(Read().event("case.received", DAY), change)
    assert refusal(message).code == code


def test_a_message_that_came_by_another_cases_bucket_is_refused() -> None:
    message = Read().event("case.received", DAY)
    home = ids.partition_of(int(message.key), 4)
    assert a_gate(partition=home, partitions=4).event(delivered(message, user=CONNECTION))
    strange = a_gate(partition=(home + 1) % 4, partitions=4)
    assert refusal(message, gate=strange).code == "authorise.partition"


@pytest.mark.parametrize("kind", ["report", "rejection"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.update(id=ids.foreign_read_id("other")), "authorise.paper-id"),
        (lambda d: d.update(subject=OTHER), "authorise.envelope"),
        (lambda d: d.update(source=f"/connections/{OTHER}"), "authorise.envelope"),
    ],
)
def test_a_paper_does_not_carry_anothers_name(kind: str, change: Callable[[Any], Any], code: str) -> None:
    message = Read().report() if kind == "report" else Read().rejection()
    assert refusal(changed(message, change)).code == code


def test_a_report_whose_records_do_not_add_up_is_refused() -> None:
    counts = {"read": 2, "mapped": 1, "empty": 0, "quarantined": 0}
    assert refusal(Read().report(records=counts)).code == "validate.records"


def test_sealed_bytes_that_are_no_base64_are_refused() -> None:
    message = changed(Read().rejection(), lambda d: d["data"].update(sealed="no base64!"))
    assert refusal(message).code == "validate.base64"


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("event", b"", "validate.json"),
        ("event", b"\xff{}", "validate.json"),
        ("event", b"[]", "validate.type"),
        ("report", b"{}", "validate.required"),
        ("alert", b"{}", "validate.kind"),
        ("", b"{}", "validate.kind"),
    ],
)
def test_a_message_without_a_known_shape_is_refused(kind: Any, body: bytes, code: str) -> None:
    message = Message(exchange="intake", key="0", kind=kind, message_id="x", body=body)
    assert refusal(message).code == code


@given(st.text(max_size=300))
def test_every_message_id_can_be_accounted_for(message_id: str) -> None:
    name = message_name(message_id)
    assert 0 <= name.portion < 2**31
    assert 0 <= name.ordinal < 2**31
    assert "\x00" not in name.read_id


READ = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    "foreign",
    ["", "x", READ, f"{READ}:1", f"{READ}:1:", f"{READ}:1:2:3", f"{READ}:-1:2", f"{READ}:1:" + "9" * 30, f"{READ}:١:٢"],
)
def test_a_message_id_of_another_form_names_a_read_of_its_own(foreign: str) -> None:
    name = message_name(foreign)
    assert (name.read_id, name.portion, name.ordinal) == (ids.foreign_read_id(foreign), 0, 0)
    assert message_name(f"{READ}:1:2").read_id == READ


def charged(message: Message, user: str, **connections: Any) -> str:
    return charged_to(delivered(message, user=user), connections or KNOWN, TRUSTED)


def test_a_refused_message_is_charged_to_who_sent_it_never_to_whom_it_names() -> None:
    message = Read().event("case.received", DAY)
    assert charged(message, CONNECTION) == CONNECTION
    assert charged(message, TRUSTED) == CONNECTION
    assert charged(message, OTHER) == OTHER
    assert charged(message, "unknown") == ""
    assert charged(Read(connection="new").event("case.received", DAY), "new") == "new"
    assert charged(replace(message, body=b"{"), OTHER) == OTHER
    assert charged(replace(message, body=b'{"data": {"connection_id": "a\\u0000"}}'), "unknown") == "a␀"


def test_an_account_of_several_connections_is_charged_for_the_one_it_names() -> None:
    shared = {name: a_connection(name, user="platform") for name in ("a", "b", "c")}
    message = Read(connection="b").event("case.received", DAY)
    assert charged(message, "platform", **shared) == "b"
    assert charged(replace(message, body=b"{"), "platform", **shared) == "a"


def test_a_parked_message_is_known_again_and_confused_with_no_other() -> None:
    message = Read().event("case.received", DAY)
    first = parked_name(delivered(message))
    assert parked_name(delivered(message, redelivered=True, tag=9)) == first
    assert parked_name(delivered(message, user="another")) != first
    assert parked_name(replace(delivered(message), queue="sunlight.intake.1")) != first
    assert parked_name(delivered(replace(message, body=b"{}"))) != first
    assert parked_name(delivered(replace(message, message_id=""))) != first


def test_what_is_kept_of_a_refused_message_can_be_stored() -> None:
    why = Rejection(stage="validate", code="validate.json", problem="bad \x00", hint="", path="/a\x00")
    delivery = delivered(Message(exchange="intake", key="0", kind="event", message_id="a\x00b", body=b"\x00\xff"))
    row = RefusedMessage(delivery=delivery, rejection=why).row(CONNECTION, NOW, lambda raw: raw)
    assert "\x00" not in row.path + row.problem + row.place
    assert (row.sealed, row.size_bytes) == (b"\x00\xff", 2)
