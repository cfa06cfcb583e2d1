"""The bureau's issuing office as a hub has it: whose key it signs with, and how what happened gets into the ledger."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Final

import orjson

from conformance.certificate.office import Bureau, Department, Office
from hub.errors import Fault, Misconfigured, Unavailable
from hub.model import ids
from hub.model.values import Message
from hub.signer import Signer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.certificate.issue import Approval
    from hub.wiring import Hub

FOLDER: Final = "conformance"
LAST_GOOD: Final = "status.last-good.jws"


def office(hub: Hub) -> Office:
    """Return the issuing office of a hub; its key is made in the data folder at the first start."""
    section = hub.settings.conformance
    bureau = Bureau(org=section.org, status_url=section.status_url, zone=hub.settings.zone)
    return Office(hub.certification, issuer(hub), bureau, hub.clock.now)


def issuer(hub: Hub) -> Signer:
    """Return who signs certificates and their status."""
    return Signer.at(hub.settings.data_dir / "keys" / "issuer.key")


def tell(hub: Hub) -> int:
    """Send on its way to the ledger what happened to certificates and is not told yet; return how much that was."""
    untold = hub.certification.untold()
    if untold:
        with closing(hub.bus()) as bus:
            bus.publish([_message(each.change_id, each.body) for each in untold])
        hub.certification.told([each.change_id for each in untold], hub.clock.now())
    return len(untold)


def enter(hub: Hub, what: str, done_to: str, connection: str, said: Mapping[str, str], person: Approval) -> None:
    """Take to the ledger what somebody did about a connection's tests, signed by the issuing office."""
    note(hub, what, done_to, connection, said, person)
    tell(hub)


def note(hub: Hub, what: str, done_to: str, connection: str, said: Mapping[str, str], person: Approval) -> None:
    """Write down, durably, what is to go to the ledger: `tell` sends it on its way, now or when the bus is back."""
    hub.certification.note([office(hub).entered(what, done_to, connection, said, person)])


def _message(change_id: str, body: bytes) -> Message:
    key = str(ids.home_of(orjson.loads(body)["subject"]))
    return Message(exchange="intake", key=key, kind="act", message_id=change_id, body=body)


def listed(hub: Hub) -> bytes:
    """Return the status list as of now; while the store is away the last good one, whose time says how old it is."""
    try:
        signed = office(hub).status()
    except Unavailable:
        if (kept := last_good(hub)) is None:
            raise
        return kept
    keep(hub, signed)
    return signed


def keep(hub: Hub, signed: bytes) -> None:
    """Keep a good status list for the time when no other is to be had."""
    kept = hub.settings.data_dir / FOLDER / LAST_GOOD
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_name(f"{LAST_GOOD}.{os.getpid()}.{threading.get_ident()}")
    fresh.write_bytes(signed)
    fresh.replace(kept)


def last_good(hub: Hub) -> bytes | None:
    """Return the last good status list; None if there never was one."""
    kept = hub.settings.data_dir / FOLDER / LAST_GOOD
    return kept.read_bytes() if kept.is_file() else None


def department_of(hub: Hub, department_id: str) -> Department:
    """Return a department's document from the catalogue; Misconfigured where there is none."""
    for document in hub.store.catalogue():
        if document["department"]["department_id"] == department_id:
            return Department(document=document["department"])
    hint = "load its catalogue: `sunlight migrate`"
    raise Misconfigured(Fault(code="certify.department", problem=f"department {department_id} is unknown", hint=hint))
