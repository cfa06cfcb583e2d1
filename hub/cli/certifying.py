"""`sunlight conformance certify | suspend | reinstate | revoke | verify …`: certificates, by people and for readers."""

from __future__ import annotations

import os
import threading
from contextlib import closing, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from rich.table import Table
from rich.text import Text

from conformance.bindings import filled
from conformance.certificate import printing, signing
from conformance.certificate.grounds import shown_in
from conformance.certificate.issue import Approval
from conformance.certificate.office import DUTIES, Bureau, Department, Office
from conformance.certificate.record import summary_in
from conformance.certificate.status import FINAL, read_list
from conformance.certificate.verify import TYP as CERTIFICATE
from conformance.certificate.verify import Asked, Verification
from conformance.certificate.verify import verify as verified
from conformance.real import sessions_of
from conformance.suite import load_suite
from hub.cli import common
from hub.errors import Fault, Misconfigured, Refused, Unavailable
from hub.model import ids
from hub.model.values import Message
from hub.sandbox import sandbox_of
from hub.signer import Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.model import Summary
    from hub.model.certified import CertificateRow
    from hub.wiring import Hub

_Number = Annotated[str, typer.Argument(help="The certificate's number: HCC-2026-000001.")]
_By = Annotated[str, typer.Option("--by", help="Who does it, by name.")]
_Second = Annotated[str, typer.Option("--second", help="The other person, by name, where an act needs two.")]
_Reason = Annotated[str, typer.Option("--reason", help="Why, in words; it goes into the ledger.")]

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


def _people(hub: Hub, duty: str, by: str, second: str, reason: str) -> list[Approval]:
    """Return those who act in their roles, in the order of the duty."""
    named = [name for name in (by, second) if name]
    roles, now = DUTIES[duty], hub.clock.now()
    return [
        Approval(by=name, role=roles[n] if n < len(roles) else "", at=now, reason=reason)
        for n, name in enumerate(named)
    ]


def department_of(hub: Hub, department_id: str) -> Department:
    """Return a department's document from the catalogue; Misconfigured where there is none."""
    for document in hub.store.catalogue():
        if document["department"]["department_id"] == department_id:
            return Department(document=document["department"])
    hint = "load its catalogue: `sunlight migrate`"
    raise Misconfigured(Fault(code="certify.department", problem=f"department {department_id} is unknown", hint=hint))


def certify(  # noqa: PLR0913 - one option for each thing a certificate needs said
    session: Annotated[
        str, typer.Argument(help="The session: its name, its connection for the last one, or a record's folder.")
    ],
    *,
    by: _By,
    second: _Second = "",
    reason: _Reason,
    level: Annotated[str, typer.Option(help="Up to which level; the highest reached where left out.")] = "",
    condition: Annotated[
        list[str] | None, typer.Option("--condition", help="Something still owed: 'ID | text | YYYY-MM-DD'.")
    ] = None,
    environment: Annotated[str, typer.Option(help="Where it holds: production or sandbox.")] = "production",
    out: Annotated[Path | None, typer.Option(help="Write the certificate's file here too.")] = None,
    settings: common.SettingsFile = None,
) -> None:
    """Issue a certificate on what a test session showed: a business (--by) and a technical officer (--second).

    It supersedes the certificate that the connection has. Exit code 2: what stands against it, all of it.

    Example: sunlight conformance certify 2026-06-01-a --by 张三 --second 李四 --reason 查验属实
    """
    hub = common.hub(settings)
    shown = shown_in(summary_of(hub, session), level)
    shown = replace(shown, environment=environment)
    held = [row for row in hub.certification.certificates(shown.connection) if row.state not in FINAL]
    row = office(hub).certify(
        shown,
        _people(hub, "renew" if held else "certify", by, second, reason),
        department_of(hub, shown.department),
        conditions=[conditioned(text) for text in condition or ()],
        schema_obsoleted_on=hub.settings.conformance.schema_obsoleted.get(shown.bindings["case_schema"]["version"]),
    )
    if out is not None:
        out.write_bytes(row.signed)
    _done(hub, row)


def renew(
    number: _Number,
    session: Annotated[str, typer.Argument(help="The session whose results it is renewed on.")],
    *,
    by: _By,
    second: _Second = "",
    reason: _Reason,
    settings: common.SettingsFile = None,
) -> None:
    """Issue a new certificate in place of one that holds, on a new session of the same connection.

    Example: sunlight conformance renew HCC-2026-000001 2027-05-01-a --by 张三 --second 李四 --reason 到期更新
    """
    hub = common.hub(settings)
    row = hub.certification.certificate(number)
    found = summary_of(hub, session)
    if row is None or row.state in FINAL or row.connection_id != found.header.connection:
        problem = f"{number} is no certificate of {found.header.connection} that can be renewed"
        raise Misconfigured(Fault(code="certificate.unknown", problem=problem, hint="sunlight conformance certify"))
    certify(session, by=by, second=second, reason=reason, settings=settings)


def session_folder(hub: Hub, session: str) -> Path:
    """Return the folder of a session: a path to one; its name, or its connection's, among those beside the sandbox."""
    given = Path(session)
    if given.is_dir():
        return given
    settings = hub.settings if common.IN_SANDBOX.get() else sandbox_of(hub.settings)
    sessions = sessions_of(settings)
    last = sessions.last(session)
    return last.folder if last else sessions.folder / given.name


def summary_of(hub: Hub, session: str) -> Summary:
    """Return what a session came to, by the suite and the day of the hub."""
    return summary_in(session_folder(hub, session), load_suite(), hub.calendar().day_of(hub.clock.now()))


def conditioned(text: str) -> dict[str, str]:
    """Read one condition; Misconfigured where it lacks a part."""
    parts = [part.strip() for part in text.split("|")]
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - id, text, day
        hint = "write --condition 'K-1 | weekly key sets until the interface is offered | 2026-09-01'"
        raise Misconfigured(Fault(code="certify.condition", problem=f"{text!r} has no three parts", hint=hint))
    return dict(zip(("id", "text", "due"), parts, strict=True))


def print_(
    number: _Number,
    out: Annotated[Path, typer.Option(help="Where to write it: a name that ends in .pdf or .html.")],
    *,
    settings: common.SettingsFile = None,
) -> None:
    """Print a certificate for people, in both languages, with a QR code of its number and digest.

    Example: sunlight conformance print HCC-2026-000001 --out permits.pdf
    """
    hub = common.hub(settings)
    row = hub.certification.certificate(number)
    if row is None or out.suffix not in (".pdf", ".html"):
        problem = f"there is no certificate {number}" if row is None else f"{out.name} ends in neither .pdf nor .html"
        raise Misconfigured(Fault(code="certificate.print", problem=problem, hint="sunlight conformance certificates"))
    document = signing.read(row.signed, typ=CERTIFICATE, pinned=signing.pinned(signing.public_key(issuer(hub))))
    name = str(department_of(hub, row.department_id).document.get("name", ""))
    if out.suffix == ".pdf":
        out.write_bytes(printing.as_pdf(document, name))
    else:
        out.write_text(printing.as_html(document, name), encoding="utf-8")


def suspend(
    number: _Number,
    *,
    by: _By,
    reason: _Reason,
    level: Annotated[str, typer.Option(help="The lowest level to take away; all where left out.")] = "",
    settings: common.SettingsFile = None,
) -> None:
    """Suspend a certificate, or its levels from one upward, until it is reinstated. Its data is supervised as before.

    Example: sunlight conformance suspend HCC-2026-000001 --by 王五 --reason 现场核查
    """
    hub = common.hub(settings)
    levels = [level] if level else ()
    _done(hub, office(hub).suspend(number, _people(hub, "suspend", by, "", reason), levels))


def reinstate(
    number: _Number, *, by: _By, second: _Second = "", reason: _Reason, settings: common.SettingsFile = None
) -> None:
    """Lift a suspension: a supervisor (--by) and a reviewer (--second), who is not whoever suspended it.

    Criteria that were suspended begin their probation.

    Example: sunlight conformance reinstate HCC-2026-000001 --by 王五 --second 赵六 --reason 复核通过
    """
    hub = common.hub(settings)
    from hub.cli.certifying_role import keeper  # noqa: PLC0415 - it needs this module's office

    row = office(hub).reinstate(number, _people(hub, "reinstate", by, second, reason))
    keeper(hub).vouch(row, by)
    _done(hub, row)


def revoke(
    number: _Number, *, by: _By, second: _Second = "", reason: _Reason, settings: common.SettingsFile = None
) -> None:
    """Revoke a certificate for good: a supervisor (--by) and a reviewer (--second).

    Example: sunlight conformance revoke HCC-2026-000001 --by 王五 --second 赵六 --reason 伪造证据
    """
    hub = common.hub(settings)
    _done(hub, office(hub).revoke(number, _people(hub, "revoke", by, second, reason)))


def _done(hub: Hub, row: CertificateRow) -> None:
    tell(hub)
    lost = f" ({', '.join(row.suspended)})" if row.suspended else ""
    common.OUT.print(f"{row.certificate_id} {row.state}{lost}", highlight=False)


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
    asked = Asked(
        now=hub.clock.now(),
        pinned=pinned,
        status_list=_read(status_file) if status_file else last_good(hub),
        flow=flow,
        environment=environment,
    )
    signed = _read(file)
    if against:
        certified = verified(signed, asked).certificate.get("bindings", {})
        asked = replace(asked, running=filled(certified, running(hub, against)))
    if status_file and asked.status_list:
        with suppress(Refused):
            read_list(asked.status_list, pinned)
            keep(hub, asked.status_list)
    found = verified(signed, asked)
    _tell_steps(found, as_json=as_json)
    raise typer.Exit(found.exit_code)


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


def add_to(app: typer.Typer, names: Sequence[str] = ()) -> None:
    """Add the commands about certificates to `sunlight conformance`."""
    commands: dict[str, Callable[..., None]] = {
        "certify": certify,
        "renew": renew,
        "print": print_,
        "suspend": suspend,
        "reinstate": reinstate,
        "revoke": revoke,
        "issuer": issuer_keys,
        "status": status,
        "verify": verify,
        "certificates": certificates,
    }
    for name in names or commands:
        app.command(name)(commands[name])
