"""A certificate is believed where every step holds, and fails at the step that should catch what was done to it."""

from __future__ import annotations

import copy
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from conformance.certificate import signing
from conformance.certificate.issue import governed, write
from conformance.certificate.status import STATES, Standing, status_list
from conformance.certificate.validity import life, months_after
from conformance.certificate.verify import Asked, different, verify
from hub.errors import Misconfigured
from tests.support.certificates import (
    APPROVALS,
    BINDINGS,
    BUREAU,
    NOW,
    PINNED,
    SHOWN,
    STRANGER,
    TERMS,
    a_certificate,
    a_list,
    as_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = a_certificate()
FILE = as_file(DOCUMENT)
LATER = NOW + timedelta(minutes=5)


def asked(**changes: Any) -> Asked:
    """A full question: fresh status, what is running, flow and environment."""
    values = {"now": LATER, "pinned": PINNED, "status_list": a_list(DOCUMENT), "running": BINDINGS,
              "flow": "case.events", "environment": "production"}  # fmt: skip
    return Asked(**{**values, **changes})


def outcomes(signed: bytes, question: Asked) -> dict[str, str]:
    return {step.name: step.outcome for step in verify(signed, question).steps}


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every leaf of a document by its path."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if not children:
        yield path
        return
    for name, child in children:
        yield from leaves(child, (*path, name))


def altered(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The document with one leaf changed, within its type."""
    changed = copy.deepcopy(document)
    node: Any = changed
    for step in path[:-1]:
        node = node[step]
    old = node[path[-1]]
    node[path[-1]] = old + 1 if isinstance(old, int) else f"{old}x" if isinstance(old, str) else ["x"]
    return changed


def with_payload(signed: bytes, payload: bytes) -> bytes:
    value = orjson.loads(signed)
    return orjson.dumps({**value, "payload": urlsafe_b64encode(payload).rstrip(b"=").decode()})


def test_an_untouched_certificate_passes_every_step() -> None:
    assert outcomes(FILE, asked()) == dict.fromkeys(("signature", "time", "status", "bindings", "scope"), "pass")
    assert verify(FILE, asked()).exit_code == 0


def test_every_kind_of_leaf_is_among_those_altered() -> None:
    assert {path[0] for path in leaves(DOCUMENT)} == set(DOCUMENT)
    assert len(list(leaves(DOCUMENT))) > 50


@pytest.mark.parametrize("path", list(leaves(DOCUMENT)), ids=lambda path: "/".join(map(str, path)))
def test_a_certificate_with_any_single_field_altered_fails_at_the_signature(path: tuple[Any, ...]) -> None:
    forged = with_payload(FILE, signing.canonical(altered(DOCUMENT, path)))
    found = verify(forged, asked())
    assert found.failed_at == "signature"
    assert found.exit_code == 1
    assert found.certificate == {}


@pytest.mark.parametrize("name", sorted(DOCUMENT))
def test_a_certificate_with_a_field_removed_fails_at_the_signature(name: str) -> None:
    forged = with_payload(FILE, signing.canonical({key: value for key, value in DOCUMENT.items() if key != name}))
    assert verify(forged, asked()).failed_at == "signature"


def test_another_key_fails_at_the_signature_also_where_it_names_itself_the_issuer() -> None:
    theirs = as_file(a_certificate(STRANGER), STRANGER)
    assert verify(theirs, asked()).failed_at == "signature"
    posing = as_file(DOCUMENT, STRANGER)
    assert verify(posing, asked()).failed_at == "signature"


def test_a_pinned_key_cannot_sign_in_the_name_of_another_pinned_key() -> None:
    both = signing.pinned(signing.public_key(BUREAU), signing.public_key(STRANGER))
    assert verify(as_file(DOCUMENT, STRANGER), asked(pinned=both)).failed_at == "signature"


def test_a_status_list_passed_off_as_a_certificate_fails_at_the_signature() -> None:
    assert verify(a_list(DOCUMENT), asked()).failed_at == "signature"


def test_a_protected_header_that_was_changed_fails_at_the_signature() -> None:
    value = orjson.loads(FILE)
    protected = orjson.loads(urlsafe_b64decode(value["signatures"][0]["protected"] + "=="))
    for change in ({"alg": "none"}, {"kid": "x"}, {"typ": "other"}):
        forged = urlsafe_b64encode(orjson.dumps({**protected, **change})).rstrip(b"=").decode()
        broken = {**value, "signatures": [{**value["signatures"][0], "protected": forged}]}
        assert verify(orjson.dumps(broken), asked()).failed_at == "signature"


def test_a_second_signature_of_another_algorithm_leaves_the_first_in_force() -> None:
    value = orjson.loads(FILE)
    sm2 = {"protected": urlsafe_b64encode(b'{"alg":"SM2"}').rstrip(b"=").decode(), "signature": "AA"}
    assert verify(orjson.dumps({**value, "signatures": [*value["signatures"], sm2]}), asked()).is_valid
    assert verify(orjson.dumps({**value, "signatures": [sm2]}), asked()).failed_at == "signature"


@pytest.mark.parametrize("junk", [b"", b"{}", b"[]", b'"x"', b'{"payload":"","signatures":[]}', b"\xff",
                                  b'{"payload":1,"signatures":[{"protected":1}]}'])  # fmt: skip
def test_what_is_no_certificate_fails_at_the_signature(junk: bytes) -> None:
    assert verify(junk, asked()).failed_at == "signature"


@pytest.mark.parametrize("changes", [{"payload": 1}, {"payload": None}, {"payload": ["x"]}, {"signature": None}])
def test_a_certificate_whose_parts_are_no_text_fails_at_the_signature(changes: dict[str, Any]) -> None:
    value = orjson.loads(FILE)
    for name, part in changes.items():
        if name == "payload":
            value[name] = part
        else:
            del value["signatures"][0][name]
    assert verify(orjson.dumps(value), asked()).failed_at == "signature"


def test_a_certificate_is_believed_however_many_others_the_list_has() -> None:
    own = Standing(certificate=DOCUMENT["id"], digest=signing.digest(DOCUMENT), state="active", since=NOW)
    others = [replace(own, certificate=f"HCC-2025-{n:06d}", digest="0" * 64) for n in range(2_000)]
    listed = status_list([*others, own], org="泰州市监察局", now=NOW, signer=BUREAU)
    assert len(listed) > 128_000
    assert verify(FILE, asked(status_list=listed)).is_valid


def test_a_certificate_is_not_valid_before_it_was_issued_nor_from_its_last_moment_on() -> None:
    ends = datetime.fromisoformat(DOCUMENT["validity"]["not_after"])
    early, last = NOW - timedelta(minutes=1), ends - timedelta(seconds=1)
    for at, expected in ((early, "fail"), (NOW, "pass"), (last, "pass"), (ends, "fail")):
        found = outcomes(FILE, asked(now=at, status_list=a_list(DOCUMENT, at=at)))
        assert found["time"] == expected
        assert found["signature"] == found["status"] == "pass"


def test_an_old_status_list_fails_at_the_status() -> None:
    old = a_list(DOCUMENT, at=LATER - timedelta(seconds=901))
    fresh = a_list(DOCUMENT, at=LATER - timedelta(seconds=900))
    found = verify(FILE, asked(status_list=old))
    assert (found.failed_at, found.exit_code, found.is_valid) == ("status", 5, False)
    assert verify(FILE, asked(status_list=fresh)).is_valid


def test_a_status_list_from_the_future_fails_at_the_status() -> None:
    assert verify(FILE, asked(status_list=a_list(DOCUMENT, at=LATER + timedelta(hours=1)))).failed_at == "status"


def test_a_missing_status_list_leaves_the_status_unknown() -> None:
    found = verify(FILE, asked(status_list=None))
    assert (found.failed_at, found.exit_code) == ("status", 5)


def test_a_status_list_of_another_key_or_altered_fails_at_the_status() -> None:
    assert verify(FILE, asked(status_list=a_list(DOCUMENT, STRANGER))).failed_at == "status"
    suspended = a_list(DOCUMENT, state="suspended")
    forged = with_payload(suspended, urlsafe_b64decode(orjson.loads(a_list(DOCUMENT))["payload"] + "=="))
    assert verify(FILE, asked(status_list=forged)).failed_at == "status"


@pytest.mark.parametrize("state", STATES)
def test_a_state_decides_the_status_step_and_no_other(state: str) -> None:
    found = outcomes(FILE, asked(status_list=a_list(DOCUMENT, state=state, reason="r", criterion="K1")))
    expected = {"active": "pass", "in_grace": "warn", "conditional": "warn"}.get(state, "fail")
    assert found == {**dict.fromkeys(found, "pass"), "status": expected}


def test_a_status_list_that_means_another_document_of_that_number_fails_at_the_status() -> None:
    assert verify(FILE, asked(status_list=a_list(DOCUMENT, digest="0" * 64))).failed_at == "status"
    assert verify(FILE, asked(status_list=a_list(DOCUMENT, certificate="HCC-2026-000124"))).failed_at == "status"


@pytest.mark.parametrize("path", list(leaves(BINDINGS)), ids=".".join)
def test_anything_else_running_fails_at_the_bindings_and_is_named(path: tuple[str, ...]) -> None:
    running = altered(BINDINGS, path)
    found = verify(FILE, asked(running=running))
    assert found.failed_at == "bindings"
    assert different(BINDINGS, running) == [".".join(path)]
    assert ".".join(path) in next(step.en for step in found.steps if step.name == "bindings")


def test_what_runs_for_another_connection_fails_at_the_bindings() -> None:
    assert verify(FILE, asked(connection=DOCUMENT["subject"]["connection"])).is_valid
    assert verify(FILE, asked(connection="another.connection")).failed_at == "bindings"


def test_of_several_pinned_issuers_none_speaks_of_another_s_certificates() -> None:
    both = signing.pinned(signing.public_key(BUREAU), signing.public_key(STRANGER))
    assert verify(FILE, asked(pinned=both)).is_valid
    assert verify(FILE, asked(pinned=both, status_list=a_list(DOCUMENT, STRANGER))).failed_at == "status"


def test_what_nobody_asks_about_is_left_out_and_said() -> None:
    found = outcomes(FILE, asked(running=None, flow="", environment=""))
    assert (found["bindings"], found["scope"]) == ("omit", "omit")


def test_a_flow_or_an_environment_outside_the_scope_fails_at_the_scope() -> None:
    assert verify(FILE, asked(flow="complaint.orders")).failed_at == "scope"
    assert verify(FILE, asked(environment="sandbox")).failed_at == "scope"


def test_a_certificate_lives_as_long_as_the_shortest_of_its_limits() -> None:
    issued, fresh = date(2026, 6, 1), {"C1": date(2026, 6, 1)}
    assert life(issued=issued, evidence=fresh, schema_obsoleted_on=None).not_after == date(2027, 6, 1)
    ending = life(issued=issued, evidence=fresh, schema_obsoleted_on=date(2026, 7, 1))
    assert (ending.not_after, ending.governed_by) == (date(2026, 9, 29), "schema")
    old = life(issued=issued, evidence={**fresh, "C2": date(2025, 9, 30), "C3": date(2026, 2, 28)},
               schema_obsoleted_on=None)  # fmt: skip
    assert (old.not_after, old.governed_by) == (date(2026, 8, 28), "evidence C3")
    said = life(issued=issued, evidence={"C1": issued, "attested": date(2026, 1, 15)}, schema_obsoleted_on=None)
    assert (said.not_after, said.governed_by) == (date(2026, 7, 15), "evidence attested")


def test_a_certificate_ends_with_the_first_waiver_it_rests_on() -> None:
    given = [
        {"test": name, "until": until, "by": "王五"} for name, until in (("A-1", "2026-09-30"), ("B-2", "2026-08-31"))
    ]
    validity = a_certificate(waivers=given)["validity"]
    assert (validity["not_after"], validity["governed_by"]) == ("2026-09-01T00:00:00+08:00", "waiver B-2")
    assert a_certificate(waivers=[])["validity"]["governed_by"] != "waiver B-2"


def test_a_month_later_is_the_same_day_or_the_month_s_last() -> None:
    assert months_after(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_after(date(2023, 8, 31), 6) == date(2024, 2, 29)
    assert months_after(date(2026, 12, 1), 12) == date(2027, 12, 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"obstacles": ["SCH-01: fail"]}, "certify.session"),
        ({"levels": ("C1", "C3")}, "certify.levels"),
        ({"levels": ()}, "certify.levels"),
        ({"oldest": {}}, "certify.evidence"),
        ({"oldest": {"C3": date(2025, 12, 1)}}, "certify.expired"),
    ],
)
def test_what_was_not_shown_is_not_certified(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        a_certificate(**changes)
    assert refused.value.faults[0].code == code


def test_a_condition_has_a_day_within_a_quarter() -> None:
    for due in ("2026-06-01", "2026-12-01"):
        terms = replace(TERMS, conditions=[{"id": "K-1", "text": "x", "due": due}])
        with pytest.raises(Misconfigured, match=r"certify\.condition"):
            write(SHOWN, APPROVALS, terms, now=datetime(2026, 6, 1, tzinfo=UTC), kid=signing.key_id(BUREAU))


def test_no_level_above_c0_is_given_to_a_department_nobody_answers_for() -> None:
    named = dict.fromkeys(("first_responsible", "leader_in_charge", "responsible_office", "liaison"), "x")
    governed(named, ("C1", "C2"))
    governed({}, ("C0",))
    for name in named:
        with pytest.raises(Misconfigured, match=name):
            governed({**named, name: " "}, ("C1",))
