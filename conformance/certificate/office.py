"""The issuing office: who may issue, suspend, reinstate and revoke certificates, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from conformance.certificate import issue, signing
from conformance.certificate.people import RULES, check_people, refused
from conformance.certificate.status import FINAL, Standing, status_list
from hub.model import ids
from hub.model.certified import HOLDING, NO_LOOKS, CertificateChange, CertificateRow, Moved
from hub.model.documents import act_document
from hub.supervision.persons import same_person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo

    from conformance.certificate.issue import Approval, Shown
    from conformance.criteria.machine import RollUp
    from hub.errors import Misconfigured
    from hub.model.certified import Looks
    from hub.signer import Signer

CHANGE: Final = "hub-conformance-change"


class Keeping(Protocol):
    """Where certificates are kept (hub/store/certification.py)."""

    def next_number(self, year: int) -> str:
        """Return the number of the next certificate of a year."""

    def issue(self, new: CertificateRow, changes: Sequence[CertificateChange], *, ended: Moved | None = None) -> bool:
        """Keep a new certificate and the end of the one it supersedes; False where somebody was faster."""

    def move(self, moved: Moved, change: CertificateChange, looks: Looks = NO_LOOKS) -> bool:
        """Keep a certificate's new state with what was observed by it; False where somebody was faster."""

    def certificate(self, certificate_id: str) -> CertificateRow | None:
        """Return one certificate."""

    def certificates(self, connection_id: str = "") -> Sequence[CertificateRow]:
        """Return every certificate, the newest first."""

    def changes(self, certificate_id: str) -> Sequence[CertificateChange]:
        """Return what happened to a certificate, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """In whose name certificates are issued, and where their status stands."""

    org: str
    status_url: str
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """The department's document (schemas/catalogue.v1, `department`)."""

    document: Mapping[str, Any]

    @property
    def region_code(self) -> str:
        """Return where it is."""
        return str(self.document.get("region_code", ""))


class Office:
    """Issues certificates and moves them. State is whose key it signs with, and where it keeps."""

    def __init__(self, keeping: Keeping, signer: Signer, bureau: Bureau, now: Callable[[], datetime]) -> None:
        """Sign with `signer` in the name of `bureau`."""
        self._keeping, self._signer, self._bureau, self._now = keeping, signer, bureau, now

    def certify(
        self,
        shown: Shown,
        people: Sequence[Approval],
        department: Department,
        *,
        conditions: Sequence[Mapping[str, str]] = (),
        schema_obsoleted_on: date | None = None,
    ) -> CertificateRow:
        """Issue a certificate of what was shown; it supersedes its connection's last; Misconfigured if it may not."""
        held = self._held(shown.connection, shown.environment)
        if held and held.state == "suspended" and not held.criterion:
            hint = "reinstate it first: what people suspended, people reinstate"
            raise refused("certificate.suspended", f"{held.certificate_id} was suspended by hand", hint)
        if revoked := self._revoked_on(shown):
            hint = "run the tests anew: sunlight conformance run --new"
            raise refused("certificate.revoked", f"{revoked}, which rested on that session, was revoked", hint)
        duty = "renew" if held else "certify"
        check_people(duty, people)
        issue.governed(department.document, shown.levels)
        terms = replace(self._terms(held), schema_obsoleted_on=schema_obsoleted_on, conditions=conditions)
        return self._issue(shown, people, department, held, terms)

    def reissue(
        self, held: CertificateRow, shown: Shown, department: Department, *, why: str, schema_obsoleted_on: date | None
    ) -> CertificateRow:
        """Issue a certificate again by the rule of §3.10: what changed was shown again, and nobody has to look.

        It stands on the approvals and conditions of the one it supersedes, and holds no longer. Misconfigured if it may
        not: what people suspended, people reinstate, and a rule certifies no more than people did.
        """
        is_by_hand = held.state == "suspended" and not held.criterion
        if held.state in FINAL or is_by_hand or tuple(shown.levels) != tuple(held.levels):
            raise refused("certificate.state", f"{held.certificate_id} is not issued again by a rule", "renew it")
        document = signing.document_in(held.signed)
        rule = issue.Approval(by=RULES, role="rule", at=self._now(), reason=why)
        terms = replace(
            self._terms(held),
            schema_obsoleted_on=schema_obsoleted_on,
            conditions=document["conditions"],
            at_most=held.not_after.astimezone(self._bureau.zone).date(),
        )
        return self._issue(shown, [rule, *_approvals_in(document)], department, held, terms)

    def _terms(self, held: CertificateRow | None) -> issue.Terms:
        return issue.Terms(
            number=self._keeping.next_number(self._now().astimezone(self._bureau.zone).year),
            org=self._bureau.org,
            status_url=self._bureau.status_url,
            zone=self._bureau.zone,
            supersedes=held.certificate_id if held else "",
        )

    def _issue(
        self,
        shown: Shown,
        approvals: Sequence[Approval],
        department: Department,
        held: CertificateRow | None,
        terms: issue.Terms,
    ) -> CertificateRow:
        now = self._now()
        document = issue.write(shown, approvals, terms, now=now, kid=signing.key_id(self._signer))
        row = _row_of(document, issue.signed(document, self._signer), department, now)
        changes = [self._change("renewed" if held else "issued", row, approvals, now)]
        ended = _superseded(held, row) if held else None
        if ended is not None:
            changes.append(self._change("superseded", ended.now, approvals, now))
        if not self._keeping.issue(row, changes, ended=ended):
            raise _overtaken(shown.connection)
        return row

    def _revoked_on(self, shown: Shown) -> str:
        """Return the certificate of a connection that rested on the same session and was revoked; empty: none."""
        for row in self._keeping.certificates(shown.connection):
            if row.state == "revoked" and row.environment == shown.environment:
                rested = signing.document_in(row.signed)["evidence"]
                if set(rested["runs"]) & set(shown.runs) or rested["bundle_sha256"] == shown.bundle_sha256:
                    return row.certificate_id
        return ""

    def _held(self, connection: str, environment: str) -> CertificateRow | None:
        """Return what a new certificate supersedes: one of the same environment, neither revoked nor expired."""
        own = (row for row in self._keeping.certificates(connection) if row.environment == environment)
        return next((row for row in own if row.state not in FINAL), None)

    def suspend(self, number: str, people: Sequence[Approval], levels: Sequence[str] = ()) -> CertificateRow:
        """Suspend a certificate, or some of its levels, until somebody reinstates it."""
        check_people("suspend", people)
        row = self._standing(number, HOLDING, "suspend")
        lost = [level for level in row.levels if level >= min(levels or row.levels)]
        return self._move(row, "suspended", people, state="suspended", suspended=tuple(lost))

    def reinstate(
        self, number: str, people: Sequence[Approval], vouched: Callable[[CertificateRow], Looks]
    ) -> CertificateRow:
        """Lift a suspension; the reviewer is not whoever suspended it.

        `vouched` says what the supervisor's word lets be observed: suspended criteria begin their probation with it.
        """
        check_people("reinstate", people)
        row = self._standing(number, {"suspended"}, "reinstate")
        reviewer = next(each.by for each in people if each.role == "reviewer")
        if same_person(reviewer, self._last_by(number)):
            raise refused("certificate.reviewer", f"{reviewer} suspended it", "let somebody else review it")
        state = "conditional" if row.conditions_due else "active"
        return self._move(row, "reinstated", people, vouched(row), state=state)

    def revoke(self, number: str, people: Sequence[Approval]) -> CertificateRow:
        """Revoke a certificate for good."""
        check_people("revoke", people)
        row = self._standing(number, {*HOLDING, "suspended"}, "revoke")
        return self._move(row, "revoked", people, state="revoked", suspended=tuple(row.levels))

    def follow(self, row: CertificateRow, rolled: RollUp, today: date) -> CertificateRow | None:
        """Let a certificate stand as its criteria do; None where it does, or somebody was faster: the next look tells.

        What a person did, a person undoes. A criterion of a level that it does not certify takes nothing away from it.
        """
        if row.state in FINAL:
            return None
        if row.state == "suspended" and not row.criterion:
            return self._widened(row, rolled)
        if rolled.state == "suspended" and rolled.level > row.level:
            rolled = replace(rolled, state="active", criteria=())
        state, reason = self._due(row, rolled, today)
        lost = tuple(level for level in row.levels if rolled.level and level >= rolled.level)
        lost = lost or tuple(row.levels)
        suspended = lost if state in ("suspended", "expired") else ()
        criterion = rolled.criteria[0] if rolled.criteria and state == rolled.state else ""
        if (state, suspended) == (row.state, tuple(row.suspended)):
            return None
        told = {"suspended": "suspended", "in_grace": "warned", "expired": "expired"}.get(state, "reinstated")
        rule = issue.Approval(by=RULES, role="rule", at=self._now(), reason=reason)
        return self._try(row, told, [rule], state=state, suspended=suspended, criterion=criterion)

    def _widened(self, row: CertificateRow, rolled: RollUp) -> CertificateRow | None:
        """Take more levels away from what people suspended, where a criterion does; never give one back."""
        lost = {level for level in row.levels if rolled.state == "suspended" and level >= rolled.level}
        if lost <= set(row.suspended):
            return None
        rule = issue.Approval(by=RULES, role="rule", at=self._now(), reason=", ".join(rolled.criteria))
        return self._try(row, "suspended", [rule], state="suspended", suspended=tuple(sorted({*row.suspended, *lost})))

    @staticmethod
    def _due(row: CertificateRow, rolled: RollUp, today: date) -> tuple[str, str]:
        """Return the state that is due, and why; a condition that was not met in time ends a certificate."""
        if row.conditions_due and today > row.conditions_due:
            return "expired", f"a condition was due on {row.conditions_due}"
        if rolled.state == "active":
            return ("conditional" if row.conditions_due else "active"), "all criteria are met"
        return rolled.state, f"criteria {', '.join(rolled.criteria)}"

    def _standing(self, number: str, states: set[Any] | frozenset[Any], duty: str) -> CertificateRow:
        row = self._keeping.certificate(number)
        if row is None:
            raise refused(
                "certificate.unknown", f"there is no certificate {number}", "see `sunlight conformance certificates`"
            )
        if row.state not in states:
            raise refused("certificate.state", f"{number} is {row.state}: it cannot be {duty}d", "issue a new one")
        return row

    def _last_by(self, number: str) -> str:
        changes = [orjson.loads(each.body)["data"] for each in self.history(number)]
        return next(
            (each["by"] for each in reversed(changes) if each["state"] == "suspended" and each["by"] != RULES), ""
        )

    def history(self, number: str) -> Sequence[CertificateChange]:
        """Return what happened to a certificate, in order."""
        return self._keeping.changes(number)

    def notice(self, row: CertificateRow, criterion: str, said: str) -> CertificateChange:
        """Write what is to be told of a criterion while the certificate stands as it does."""
        now = self._now()
        rule = issue.Approval(by=f"{RULES} {criterion}", role="rule", at=now, reason=said)
        return self._change("notice", replace(row, criterion=criterion), [rule], now)

    def entered(
        self, what: str, done_to: str, connection: str, said: Mapping[str, str], person: issue.Approval
    ) -> CertificateChange:
        """Write what somebody did about a connection's tests as an act for the ledger, signed by the issuer.

        It is the department's and the bureau's own affair: it stands in the ledger, and on no feed.
        """
        at = self._now().astimezone(self._bureau.zone).isoformat()
        line = {"what": what, "at": at, "connection": connection, **said, "by": [person.as_dict(self._bureau.zone)]}
        jws = signing.sign_compact(line, typ=CHANGE, signer=self._signer)
        told = {"connection_id": connection, "note": person.reason, "jws": jws}
        subject = ids.certificate_name(done_to)
        document = act_document(f"conformance.{what}", subject=subject, by=person.by, at=at, said=told)
        return CertificateChange(
            change_id=document["id"],
            certificate_id="",
            connection_id=connection,
            at=self._now(),
            what=what,
            body=orjson.dumps(document),
        )

    def _move(
        self, row: CertificateRow, what: str, people: Sequence[Approval], looks: Looks = NO_LOOKS, **changes: Any
    ) -> CertificateRow:
        moved = self._try(row, what, people, looks, **changes)
        if moved is None:
            raise _overtaken(row.certificate_id)
        return moved

    def _try(
        self, row: CertificateRow, what: str, people: Sequence[Approval], looks: Looks = NO_LOOKS, **changes: Any
    ) -> CertificateRow | None:
        """Move a certificate; None where somebody was faster."""
        now = self._now()
        fresh = {"criterion": "", "suspended": (), "reason": people[0].reason, "since": now}
        moved = replace(row, **{**fresh, **changes})
        is_kept = self._keeping.move(Moved(was=row, now=moved), self._change(what, moved, people, now), looks)
        return moved if is_kept else None

    def _change(self, what: str, row: CertificateRow, people: Sequence[Approval], now: datetime) -> CertificateChange:
        """Write what happened as an act for the ledger, with the issuer's signature in it."""
        at = now.astimezone(self._bureau.zone).isoformat()
        line = {**standing_of(row).as_dict(), "what": what, "at": at, "connection": row.connection_id}
        line["by"] = [each.as_dict(self._bureau.zone) for each in people]
        said = {
            "certificate_id": row.certificate_id,
            "connection_id": row.connection_id,
            "department_id": row.department_id,
            "region_code": row.region_code,
            "state": row.state,
            "criterion": row.criterion,
            "levels": ",".join(row.suspended or row.levels),
            "note": people[0].reason,
            "second": people[1].by if len(people) > 1 else "",
            "jws": signing.sign_compact(line, typ=CHANGE, signer=self._signer),
        }
        named = {name: value for name, value in said.items() if value}
        subject = ids.certificate_name(row.certificate_id)
        document = act_document(f"certificate.{what}", subject=subject, by=people[0].by, at=at, said=named)
        return CertificateChange(
            change_id=document["id"],
            certificate_id=row.certificate_id,
            connection_id=row.connection_id,
            at=now,
            what=what,
            body=orjson.dumps(document),
        )

    def status(self) -> bytes:
        """Write and sign the list of how every certificate stands now."""
        now = self._now()
        standings = [standing_of(row, now) for row in self._keeping.certificates()]
        return status_list(standings, org=self._bureau.org, now=now.astimezone(self._bureau.zone), signer=self._signer)


def standing_of(row: CertificateRow, now: datetime | None = None) -> Standing:
    """Return how a certificate stands; one whose time is over has expired, whoever has noticed."""
    is_over = now is not None and row.state not in FINAL and now >= row.not_after
    return Standing(
        certificate=row.certificate_id,
        digest=row.sha256,
        state="expired" if is_over else row.state,  # type: ignore[arg-type]  # the table holds it to the states
        since=row.not_after if is_over else row.since,
        reason=row.reason,
        criterion=row.criterion,
        levels=row.suspended,
    )


def _approvals_in(document: Mapping[str, Any]) -> list[Approval]:
    """Return the people who approved a certificate, or the one that it was issued again for."""
    people = [each for each in document["approvals"] if each["role"] != "rule"]
    return [issue.Approval(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in people]


def _superseded(held: CertificateRow, by: CertificateRow) -> Moved:
    return Moved(
        was=held,
        now=replace(held, state="superseded", since=by.issued_at, reason=by.certificate_id, criterion="", suspended=()),
    )


def _overtaken(what: str) -> Misconfigured:
    return refused("certificate.moved", f"{what}: somebody else was at it at the same time", "look again")


def _row_of(document: Mapping[str, Any], signed: bytes, department: Department, now: datetime) -> CertificateRow:
    dues = [date.fromisoformat(each["due"]) for each in document["conditions"]]
    return CertificateRow(
        certificate_id=document["id"],
        connection_id=document["subject"]["connection"],
        department_id=document["subject"]["department"],
        region_code=department.region_code,
        sha256=signing.digest(document),
        levels=tuple(document["scope"]["levels"]),
        flows=tuple(document["scope"]["flows"]),
        fingerprint=document["bindings"]["mapping"]["sha256"],
        issued_at=now,
        not_after=datetime.fromisoformat(document["validity"]["not_after"]),
        state="conditional" if dues else "active",
        since=now,
        reason=document["approvals"][0]["reason"],
        criterion="",
        suspended=(),
        conditions_due=min(dues, default=None),
        signed=signed,
        environment=document["subject"]["environment"],
    )
