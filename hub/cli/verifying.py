"""`sunlight conformance verify | status | issuer | certificates`: certificates, for those who read them."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from conformance.bindings import filled
from conformance.certificate import signing
from conformance.certificate.status import read_list
from conformance.certificate.verify import Asked, Verification
from conformance.certificate.verify import verify as verified
from hub.cli import common
from hub.cli.bureau import issuer, keep, last_good, office
from hub.errors import Fault, Misconfigured, Refused

if TYPE_CHECKING:
    from conformance.certificate.signing import Pinned
    from hub.model.certified import CertificateRow
    from hub.wiring import Hub


def issuer_keys(
    *,
    out: Annotated[Path | None, typer.Option(help="Where to write the key set; printed where left out.")] = None,
    settings: common.SettingsFile = None,
) -> None:
    """Give out the issuer's public key, as a key set (JWKS) for others to pin before they verify certificates.

    Example: sunlight conformance issuer --out issuer.jwks
    """
    written = signing.jwks(signing.public_key(issuer(common.hub(settings))))
    if out is None:
        typer.echo(written.decode())
    else:
        out.write_bytes(written)


def status(
    *,
    out: Annotated[Path | None, typer.Option(help="Where to write the list; printed where left out.")] = None,
    settings: common.SettingsFile = None,
) -> None:
    """Sign the status list as of now: how every certificate stands. It is stale after 15 minutes.

    Example: sunlight conformance status --out status.jws
    """
    signed = office(common.hub(settings)).status()
    if out is None:
        typer.echo(signed.decode())
    else:
        out.write_bytes(signed)


def verify(  # noqa: PLR0913 - one option for each thing it may be held against
    file: Annotated[Path, typer.Argument(help="The certificate, as it was issued.")],
    *,
    status_file: Annotated[
        Path | None, typer.Option("--status", help="The signed status list; left out: the last good one.")
    ] = None,
    against: Annotated[str, typer.Option(help="Compare with what runs for this connection.")] = "",
    flow: Annotated[str, typer.Option(help="The flow that is asked about: case.events.")] = "",
    environment: Annotated[str, typer.Option(help="The environment that is asked about.")] = "",
    keys: Annotated[Path | None, typer.Option(help="The issuer's pinned keys (JWKS); our own where left out.")] = None,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Verify a certificate offline, step by step: signature, time, status, bindings, scope.

    Exit code 0: it holds; 1: it fails; 4: the file cannot be read; 5: it cannot be told, say by a list that is stale.

    Example: sunlight conformance verify permits.jws --status status.jws --against taizhou.housing.permits
    """
    hub = common.hub(settings)
    pinned = signing.pinned_in(keys) if keys else signing.pinned(signing.public_key(issuer(hub)))
    signed, is_own = _read(file), keys is None
    asked = Asked(now=hub.clock.now(), pinned=pinned, flow=flow, environment=environment)
    certified = verified(signed, asked).certificate
    kid = "" if is_own else certified.get("issuer", {}).get("kid", "")
    listed = _read(status_file) if status_file else last_good(hub, kid)
    if status_file and listed:
        _remember(hub, listed, pinned, is_own=is_own)
    asked = replace(asked, status_list=listed)
    if against:
        bound = certified.get("bindings", {})
        asked = replace(asked, connection=against, running=filled(bound, running(hub, against)))
    found = verified(signed, asked)
    _tell_steps(found, as_json=as_json)
    raise typer.Exit(found.exit_code)


def _remember(hub: Hub, signed: bytes, pinned: Pinned, *, is_own: bool) -> None:
    """Keep a list that its issuer signed, unless a later one of the same is kept: none is rolled back."""
    for kid, key in pinned.items():
        issuer_id = "" if is_own else kid
        at, kept = _issued_at(signed, {kid: key}), _issued_at(last_good(hub, issuer_id), {kid: key})
        if at is not None and (kept is None or at > kept):
            keep(hub, signed, issuer_id)


def _issued_at(signed: bytes | None, pinned: Pinned) -> datetime | None:
    """Return when a list was issued; None where it is none of a pinned key's."""
    try:
        return datetime.fromisoformat(read_list(signed or b"", pinned)["issued_at"])
    except Refused:
        return None


def running(hub: Hub, connection: str) -> dict[str, Any]:
    """Return the bindings of what runs for a connection."""
    from hub.cli.certifying_role import bindings_of  # noqa: PLC0415 - it needs this module's office

    return bindings_of(hub, connection)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as unreadable:
        common.ERR.print(f"{path}: {unreadable.strerror or unreadable}")
        raise typer.Exit(4) from unreadable


def _tell_steps(found: Verification, *, as_json: bool) -> None:
    if as_json:
        steps = [asdict(step) for step in found.steps]
        told = {"valid": found.is_valid, "failed_at": found.failed_at, "steps": steps}
        common.print_json({**told, "certificate": found.certificate.get("id", "")})
        return
    table = Table("step 步骤", "outcome 结果", "说明", "what was found")
    for step in found.steps:
        table.add_row(step.name, step.outcome, Text(step.zh), Text(step.en))
    common.OUT.print(table)


def certificates(
    connection: Annotated[str, typer.Argument(help="Only those of this connection.")] = "",
    *,
    out: Annotated[Path | None, typer.Option(help="Write the newest one's file here.")] = None,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List certificates 证书 with how they stand, the newest first.

    Example: sunlight conformance certificates taizhou.housing.permits --out permits.jws
    """
    rows = common.hub(settings).certification.certificates(connection)
    if out is not None:
        if not rows:
            problem = f"{connection or 'nobody'} has no certificate"
            raise Misconfigured(Fault(code="certificate.unknown", problem=problem, hint="sunlight conformance certify"))
        out.write_bytes(rows[0].signed)
    if as_json:
        common.print_json([told(row) for row in rows])
        return
    table = Table("number", "connection", "levels", "state", "since", "not after", "why")
    for row in rows:
        why = f"{row.criterion} {row.reason}".strip()
        days = (f"{row.since:%Y-%m-%d}", f"{row.not_after:%Y-%m-%d}")
        table.add_row(row.certificate_id, row.connection_id, row.level, row.state, *days, Text(why))
    common.OUT.print(table)


def told(row: CertificateRow) -> dict[str, Any]:
    """Return a certificate's row for `--json`."""
    values = {name: value for name, value in asdict(row).items() if name != "signed"}
    return {**values, "conditions_due": row.conditions_due.isoformat() if row.conditions_due else None}


def add_to(app: typer.Typer) -> None:
    """Add the commands for readers of certificates to `sunlight conformance`."""
    app.command("issuer")(issuer_keys)
    app.command("status")(status)
    app.command("verify")(verify)
    app.command("certificates")(certificates)
