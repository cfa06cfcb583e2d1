"""`sunlight conformance owed`: which connections owe a run, because what runs is not what was certified."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from conformance.bindings import filled
from conformance.certificate.recertify import MAX_AGE_DAYS, Change, changes, rerun
from conformance.certificate.signing import document_in
from conformance.certificate.status import FINAL
from conformance.criteria.gather import bindings_in
from conformance.real import sessions_of
from conformance.suite import load_suite
from hub.cli import certifying_role, common
from hub.errors import Misconfigured
from hub.sandbox import sandbox_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.model.certified import CertificateRow
    from hub.wiring import Hub


AGEING_DAYS: Final = 60
"""How long before evidence is too old it is owed anew: with the first notice that the certificate will end."""


def owed(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List the runs that are owed: what changed since a connection was certified, and the tests that follow from it.

    Example: sunlight conformance owed --json
    """
    rows = owing(common.hub(settings))
    if as_json:
        common.print_json(rows)
        return
    table = Table("connection 连接", "certificate", "what changed 变更", "how", "tests to run again 待重测")
    for row in rows:
        what = " ".join([row["change"], *row["parts"]])
        table.add_row(row["connection"], row["certificate"], what, row["how"], " ".join(row["tests"]))
    common.OUT.print(table)


def owing(hub: Hub) -> Sequence[dict[str, Any]]:
    """Return what is owed, a line a change. A newer suite alone owes nothing: what was shown stands until it ends."""
    registered = hub.store.connections()
    found: list[dict[str, Any]] = []
    for name, row in sorted(hub.certification.latest().items()):
        if row.state not in FINAL and name in registered:
            found += [*_owed_by(hub, row, registered[name].fingerprint), *_ageing(hub, row)]
    return found


def _owed_by(hub: Hub, row: CertificateRow, fingerprint: str) -> Sequence[dict[str, Any]]:
    bound, path = bindings_in(row.signed), certifying_role.mapping_of(hub, row.connection_id)
    if path is None:
        return [_line(row, "mapping", note="its mapping is not here")] if fingerprint != row.fingerprint else []
    try:
        running = filled(bound, certifying_role.bindings_of(hub, row.connection_id))
    except Misconfigured as unreadable:
        return [_line(row, "unreadable", note=str(unreadable))]
    levels = _certified_levels(row, certifying_role.own_levels(path))
    lines = []
    for change in changes(bound, running):
        if change.kind != "suite":
            follows = rerun(change, levels)
            lines.append(_line(row, change.kind, sorted(change.parts), sorted(follows.tests), follows.how))
    return lines


def _ageing(hub: Hub, row: CertificateRow) -> Sequence[dict[str, Any]]:
    """Return what is to be shown again because its evidence will soon be too old: twelve months, six from C3 on."""
    days = {level: (hub.calendar().day_of(hub.clock.now()) - day).days for level, day in _shown_on(hub, row).items()}
    ageing = {level: age for level, age in days.items() if level in MAX_AGE_DAYS}
    old = sorted(level for level, age in ageing.items() if age + AGEING_DAYS > MAX_AGE_DAYS[level])
    if not old:
        return []
    change = Change(kind="age", evidence=tuple((level, MAX_AGE_DAYS[level] + 1) for level in old))
    path = certifying_role.mapping_of(hub, row.connection_id)
    levels = _certified_levels(row, certifying_role.own_levels(path)) if path else {}
    follows = rerun(change, levels)
    return [_line(row, change.kind, old, sorted(follows.tests), follows.how)]


def _shown_on(hub: Hub, row: CertificateRow) -> Mapping[str, date]:
    """Return the day of the oldest evidence of each certified level, by the sessions that the certificate rests on.

    Where they are not here, that of the certificate's oldest evidence stands for its lowest level.
    """
    evidence = document_in(row.signed)["evidence"]
    sessions, found = sessions_of(sandbox_of(hub.settings)), dict[str, date]()
    for name in evidence["runs"]:
        if (sessions.folder / name).is_dir():
            summary = sessions.get(name).summary(load_suite(), hub.calendar().day_of(hub.clock.now()))
            for tally in summary.levels:
                if tally.oldest_evidence is not None and tally.level in row.levels:
                    found[tally.level] = min(found.get(tally.level, tally.oldest_evidence), tally.oldest_evidence)
    return found or {min(row.levels): date.fromisoformat(evidence["oldest"])}


def _certified_levels(row: CertificateRow, levels: Mapping[str, str]) -> Mapping[str, str]:
    return {test: level for test, level in levels.items() if level <= row.level}


def _line(
    row: CertificateRow,
    change: str,
    parts: Sequence[str] = (),
    tests: Sequence[str] = (),
    how: str = "",
    note: str = "",
) -> dict[str, Any]:
    return {
        "connection": row.connection_id,
        "certificate": row.certificate_id,
        "change": change,
        "parts": list(parts),
        "how": how or note,
        "tests": list(tests),
    }
