"""Issues certificates again by the rule of §3.10, once what changed was shown again: nobody has to look."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conformance.bindings import as_document, filled
from conformance.certificate.grounds import shown_in
from conformance.certificate.recertify import BY_ITSELF, changes
from conformance.criteria.gather import bindings_in
from conformance.suite import load_suite
from hub.cli import bureau, certifying_role
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from conformance.certificate.issue import Shown
    from conformance.sessions import Session
    from hub.model.certified import CertificateRow
    from hub.wiring import Hub

LOG: Final = logging.getLogger(__name__)


def reissued(hub: Hub, session: Session) -> CertificateRow | None:
    """Issue the certificate of a session's connection again, if the rule allows it; None where it does not.

    It does where nothing changed but what REPLAY shows again (a patch of the schema, code lists, the mapping), the
    session shows all that is certified with what runs now, and no person has suspended it.
    """
    row = hub.certification.latest().get(session.header.connection)
    if row is None:
        return None
    try:
        new = _issued_again(hub, session, row)
    except Misconfigured as refused:
        LOG.warning("certificate not issued again", extra={"certificate": row.certificate_id, "why": str(refused)})
        return None
    if new is not None:
        bureau.tell(hub)
        LOG.info("certificate issued again", extra={"certificate": new.certificate_id, "instead": row.certificate_id})
    return new


def _issued_again(hub: Hub, session: Session, row: CertificateRow) -> CertificateRow | None:
    shown = _shown_again(hub, session, row)
    if shown is None:
        return None
    why = f"{_what(row, session)} changed, and was shown again: {session.header.session}"
    ends = hub.settings.conformance.schema_obsoleted.get(str(shown.bindings["case_schema"]["version"]))
    department = bureau.department_of(hub, row.department_id)
    return bureau.office(hub).reissue(row, shown, department, why=why, schema_obsoleted_on=ends)


def _shown_again(hub: Hub, session: Session, row: CertificateRow) -> Shown | None:
    """Return what a session shows of a certificate whose bindings changed; None where that is not enough."""
    tested, bound = as_document(session.header.bindings), bindings_in(row.signed)
    kinds = {change.kind for change in changes(bound, tested)} - {"suite"}
    is_ours = kinds and kinds <= BY_ITSELF and session.header.started_at > row.issued_at
    if not is_ours or changes(tested, filled(tested, certifying_role.bindings_of(hub, row.connection_id))):
        return None
    today = hub.calendar().day_of(hub.clock.now())
    shown = replace(shown_in(session.summary(load_suite(), today), row.level), environment=row.environment)
    return None if shown.obstacles or tuple(shown.levels) != tuple(row.levels) else shown


def _what(row: CertificateRow, session: Session) -> str:
    found = changes(bindings_in(row.signed), as_document(session.header.bindings))
    return ", ".join(" ".join([each.kind, *sorted(each.parts)]) for each in found)
