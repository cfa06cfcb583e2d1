"""Carries over into a new session what a change leaves shown: only what the change touches runs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.bindings import as_document
from conformance.certificate.recertify import changes, rerun
from conformance.model import Lifecycle, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.model import Header, Result
    from conformance.sessions import Session
    from conformance.suite import Suite

SHOWN: Final = frozenset({Verdict.PASS, Verdict.WARN, Verdict.ATTESTED})


def carried(last: Session, header: Header, suite: Suite) -> Sequence[Result]:
    """Return the results of a connection's last session that hold for a new one, with their days and evidence.

    What a comparison, a re-evaluation or a certificate of its own would have to decide is shown anew as a whole:
    another connector, suite, declaration or major schema carries nothing over.
    """
    levels = {name: suite.tests[name].level for name in header.planned}
    found = changes(as_document(last.header.bindings), as_document(header.bindings))
    follows = [rerun(change, levels) for change in found]
    if not found or any(each.how not in ("", "REPLAY") or each.needs_new or each.is_pending for each in follows):
        return ()
    again = frozenset[str]().union(*(each.tests for each in follows))
    held = (last.result(name) for name in header.planned if name not in again)
    return [each for each in held if each and each.lifecycle is Lifecycle.DONE and each.verdict in SHOWN]
