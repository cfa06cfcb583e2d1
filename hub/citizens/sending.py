"""Hands what citizens send to the intake: answered only when the broker has it, sent twice it is one."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from hub.citizens import complaint
from hub.citizens.tracking import number_for, secret_for
from hub.errors import HubError
from hub.model.values import Record
from hub.pushing import Push, body_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, tzinfo

    from hub.citizens.complaint import Said
    from hub.pushing import PushDesk

LOG: Final = logging.getLogger(__name__)

COMPLAINT: Final = "complaint"
CASE: Final = "case"
"""Of what a secret is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A complaint that the broker holds: the number and the secret by which it is seen again."""

    number: str
    secret: str


class NotTaken(HubError):
    """The portal's mapping refuses what the site has made: the two are not of one mind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Sends records of one connection. Threads may share it."""

    desk: PushDesk
    connection: str
    key: bytes
    seal: Callable[[bytes], bytes]
    now: Callable[[], datetime]
    zone: tzinfo
    city: str
    """Its code: where a complaint is that says no region."""
    numbering: str
    """Within what the numbers of complaints are unique."""
    first: Callable[[str, str], str]
    """Return the time under which something was first sent; the time given where it never was."""

    def register(self, said: Said, nonce: str) -> Registered:
        """Send a complaint that was written in the form `nonce`; return once the broker holds it.

        Form and text together name it: sent again, however late, it is the same complaint; with another text it is
        another one.
        """
        digest = hashlib.sha256(f"{nonce}\n{said!r}".encode()).hexdigest()
        number = number_for(self.key, digest)
        row = complaint.record(said, number=number, at=self.first(number, self._at()), seal=self.seal)
        self._send(f"{number} registered", digest, row)
        return Registered(number=number, secret=secret_for(self.key, COMPLAINT, number))

    def withdraw(self, case: Mapping[str, Any], reason: str) -> None:
        """Send that a complainant wants no more of a complaint that the hub knows."""
        self._move(case, "withdrawn", {"reason": reason})

    def rate(self, case: Mapping[str, Any], score: str, reason: str, *, real_name: bool) -> None:
        """Send how satisfied somebody is (1 very .. 5 not at all, GB/T 39046 A.8); a later one takes its place."""
        self._move(case, "rated", {"score": score, "reason": reason, "real": real_name})

    def rate_case(self, about: Mapping[str, Any], score: str, reason: str, *, real_name: bool) -> None:
        """Send how satisfied an applicant is with how a case was handled, as a case event: others number the case."""
        now = int(self.now().timestamp())
        said = {"score_code": score, "channel": "portal", "text": reason, "real_name": real_name}
        event = {
            "type": "case.evaluated",
            "source_event_key": about["case_id"],
            "occurrence": "portal",
            "source_version": now,
            "on_change": "revise",
            "occurred_at": self._at(),
            "evaluation": {name: value for name, value in said.items() if value != ""},
            "case": dict(about),
        }
        self._send(f"{about['case_id']} rated {now}", body_digest(orjson.dumps(said)), event)

    def _move(self, case: Mapping[str, Any], move: str, more: Mapping[str, Any]) -> None:
        """Send a later move; what says the same within a second is one, what says otherwise later takes its place."""
        version = int(self.now().timestamp())
        row = {**_of(case), "move": move, "at": self._at(), "version": version, **more}
        self._send(f"{case['case_no']} {move} {version}", body_digest(orjson.dumps(more)), row)

    def _send(self, name: str, digest: str, row: Mapping[str, Any]) -> None:
        """Send one record under a name: the same name and digest are the same messages, whenever they are sent."""
        row = {name_: value for name_, value in row.items() if value != ""}
        record = Record(place=self.connection, raw=orjson.dumps(row), tree=row)
        taken = self.desk.take(Push(connection=self.connection, key=name, body_digest=digest, records=[record]))
        if taken.totals is None:
            why = taken.refusals[0]
            problem = why.code if why else "refused"
            LOG.error("portal record refused", extra={"path": why.path if why else "", "problem": problem})
            raise NotTaken(f"the portal's mapping refuses the record: {problem}", place=self.connection)

    def _at(self) -> str:
        return self.now().astimezone(self.zone).isoformat(timespec="seconds")


def _of(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a later move says of its case: what the hub knows already, and nothing else."""
    return {"no": case["case_no"], "region": case["region_code"], "disclosure": case["disclosure"]}
