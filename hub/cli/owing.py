"""`sunlight conformance owed`: which connections owe a run, because what runs is not what was certified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from conformance.bindings import filled
from conformance.certificate.recertify import changes, rerun
from conformance.certificate.status import FINAL
from conformance.criteria.gather import bindings_in
from hub.cli import certifying_role, common

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.model.certified import CertificateRow
    from hub.wiring import Hub


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
            found += _owed_by(hub, row, registered[name].fingerprint)
    return found


def _owed_by(hub: Hub, row: CertificateRow, fingerprint: str) -> Sequence[dict[str, Any]]:
    bound, path = bindings_in(row.signed), certifying_role.mapping_of(hub, row.connection_id)
    if path is None:
        return [_line(row, "mapping", note="its mapping is not here")] if fingerprint != row.fingerprint else []
    running = filled(bound, certifying_role.bindings_of(hub, row.connection_id))
    levels = _certified_levels(row, certifying_role.own_levels(path))
    lines = []
    for change in changes(bound, running):
        if change.kind != "suite":
            follows = rerun(change, levels)
            lines.append(_line(row, change.kind, sorted(change.parts), sorted(follows.tests), follows.how))
    return lines


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
