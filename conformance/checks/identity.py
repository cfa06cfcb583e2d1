"""Identity: only valid keys, nobody speaks for others, no secret in evidence."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from conformance.checks.common import wrong
from conformance.door import Door
from conformance.finding import Finding, passed
from conformance.hiding import secrets_in

if TYPE_CHECKING:
    from conformance.lab import Lab

FOREIGN: Final = "11321281014100010P"
"""A department of the county that no connection of the city speaks for."""

CANARY: Final = (
    b'POST / HTTP/1.1\r\nAuthorization: Bearer slk_canary_0123456789abcdef\r\n\r\n{"password": "canary-0123"}'
)
BODY: Final = b'{"data": [{"internal_no": "x"}]}'


def only_valid_keys(lab: Lab) -> Finding:
    """IDA-01: an unknown, expired, revoked, foreign or unentitled key opens nothing."""
    stand, elsewhere = lab.stand(), lab.stand()
    with contextlib.closing(Door(stand, lab.parts)) as door, contextlib.closing(Door(elsewhere, lab.parts)) as other:
        expired, revoked, good = door.key(lasts=timedelta(minutes=1)), door.key(), door.key()
        stand.hub.identities.revoke(revoked.identity.key_id, stand.hub.clock.now())
        stand.hub.clock.move_to(stand.hub.clock.now() + timedelta(hours=1))  # type: ignore[attr-defined]  # moved by hand
        tokens = {
            "unknown": "slk_0123456789ab_" + "x" * 43,
            "expired": expired.token,
            "revoked": revoked.token,
            "of another environment": other.key().token,
            "of another connection": door.key("somebody.else").token,
            "without the right": door.key(scope="quarantine:read").token,
        }
        headers = {"Content-Type": "application/json"}
        found = {name: door.post(BODY, headers, token)[0] for name, token in tokens.items()}
        accepted = door.post(BODY, headers, good.token)[0]
    lab.keep("RAW", "answers.json", {**found, "valid": accepted})
    for name, status in found.items():
        if status not in {401, 403}:
            return wrong("hub", f"凭证（{name}）被接受", f"a key ({name}) is let in", expected="401 or 403", got=status)
    if accepted in {401, 403}:
        return wrong("hub", "有效凭证被拒", "a valid key is refused", expected="let in", got=accepted)
    return passed("六种无效凭证均被拒", "six kinds of invalid keys are refused")


def nobody_speaks_for_others(lab: Lab) -> Finding:
    """IDA-02: an event of a department that the connection may not speak for is refused, with its reason."""
    stand = lab.stand()
    telling = lab.telling(stand)
    now = stand.hub.clock.now()
    own = telling.event("case.received", now, "own")
    foreign = telling.event("case.received", now, "foreign", case={"department_id": FOREIGN})
    stand.tell(own, foreign, telling.report())
    refused = [row["code"] for row in stand.quarantine()]
    lab.keep("QUA", "refused.json", refused)
    if "foreign" in stand.cases() or refused != ["authorise.department"]:
        return wrong(
            "hub",
            "替他部门申报未被拒",
            "speaking for another department was not refused",
            expected="authorise.department",
            got=refused or "accepted",
            pointer="/data/case/department_id",
        )
    return passed("替他部门申报被拒", "speaking for another department is refused")


def no_secrets_in_evidence(lab: Lab) -> Finding:
    """IDA-06: a planted secret is taken out as it is kept, and no evidence that the session rests on holds any.

    Sealed pieces are opened for it. One that cannot be read keeps this from being shown.
    """
    lab.keep("LOG", "canary.txt", CANARY, "text/plain")
    leaking = {}
    for name in sorted({*lab.evidence(), *(item.sha256 for item in lab.kept)}):
        leaks = secrets_in(lab.store.read(name), lab.secrets)
        if leaks:
            leaking[name] = [f"{leak.kind} at {leak.offset}" for leak in leaks]
    if leaking:
        name, told = next(iter(leaking.items()))
        return wrong(
            "hub", "证据中有秘密", "a secret stands in the evidence", expected="none", got=told[0], pointer=name
        )
    return passed("证据中没有秘密", "no evidence holds a secret")
