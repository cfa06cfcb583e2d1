"""The bureau's issuing office as a hub has it: whose key it signs with, and how what happened gets into the ledger."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import orjson

from conformance.certificate.office import Bureau, Department, Office
from hub.errors import Fault, Misconfigured, Unavailable
from hub.files import make_folder_durably, write_durably
from hub.model import ids
from hub.model.values import Message
from hub.signer import Signer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from conformance.certificate.issue import Approval
    from hub.wiring import Hub

LOG: Final = logging.getLogger(__name__)

FOLDER: Final = "conformance"
LAST_GOOD: Final = "status.last-good.jws"
RESIGNED: Final = timedelta(seconds=30)
"""How old the list may be that is given out where nothing happened: far younger than what readers allow."""


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


class Listing:
    """Gives out the status list. State is the last one, for as long as nothing happened and it is young.

    Anybody may ask, and to sign the list of a province for each who does would keep the hub from its work.
    """

    def __init__(self, hub: Hub) -> None:
        """Give out the list of `hub`."""
        self._hub = hub
        self._last: tuple[object, datetime, bytes] | None = None

    def told(self) -> bytes:
        """Return the list as of now, or of a moment ago."""
        now = self._hub.clock.now()
        try:
            stamp = self._hub.certification.stamp()
        except Unavailable:
            return listed(self._hub)
        if (last := self._last) and last[0] == stamp and timedelta(0) <= now - last[1] < RESIGNED:
            return last[2]
        signed = listed(self._hub)
        self._last = stamp, now, signed
        return signed


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


def keep(hub: Hub, signed: bytes, issuer: str = "") -> None:
    """Keep a good status list for the time when no other is to be had; of another issuer, by its key's id, apart."""
    kept = _last_good(hub, issuer)
    try:
        make_folder_durably(kept.parent)
        write_durably(kept, signed, mode=0o644)
    except OSError as full:
        LOG.warning("status list not kept", extra={"file": str(kept), "problem": str(full)})


def last_good(hub: Hub, issuer: str = "") -> bytes | None:
    """Return the last good status list, of another issuer where its key's id is given; None if there never was one."""
    kept = _last_good(hub, issuer)
    return (kept.read_bytes() or None) if kept.is_file() else None


def _last_good(hub: Hub, issuer: str) -> Path:
    return hub.settings.data_dir / FOLDER / (f"{LAST_GOOD}.{issuer}" if issuer else LAST_GOOD)


def department_of(hub: Hub, department_id: str) -> Department:
    """Return a department's document from the catalogue; Misconfigured where there is none."""
    for document in hub.store.catalogue():
        if document["department"]["department_id"] == department_id:
            return Department(document=document["department"])
    hint = "load its catalogue: `sunlight migrate`"
    raise Misconfigured(Fault(code="certify.department", problem=f"department {department_id} is unknown", hint=hint))
