"""`sunlight conformance certify | renew | suspend | reinstate | revoke | print`: certificates, by people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from conformance.certificate import printing, signing
from conformance.certificate.grounds import shown_in
from conformance.certificate.issue import Approval
from conformance.certificate.people import DUTIES
from conformance.certificate.record import summary_in
from conformance.certificate.status import FINAL
from conformance.certificate.verify import TYP as CERTIFICATE
from conformance.model import Verdict
from conformance.real import sessions_of
from conformance.sessions import RECORD
from conformance.suite import load_suite
from conformance.verdicts import EXIT_CODES, UNKNOWN, exit_code
from hub.cli import common
from hub.cli.bureau import department_of, issuer, office, tell
from hub.errors import Fault, Misconfigured
from hub.sandbox import sandbox_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.model import Summary
    from hub.model.certified import CertificateRow
    from hub.wiring import Hub

_Number = Annotated[str, typer.Argument(help="The certificate's number: HCC-2026-000001.")]
_By = Annotated[str, typer.Option("--by", help="Who does it, by name.")]
_Second = Annotated[str, typer.Option("--second", help="The other person, by name, where an act needs two.")]
_Reason = Annotated[str, typer.Option("--reason", help="Why, in words; it goes into the ledger.")]


def _people(hub: Hub, duty: str, by: str, second: str, reason: str) -> list[Approval]:
    """Return those who act in their roles, in the order of the duty."""
    named = [name for name in (by, second) if name]
    roles, now = DUTIES[duty], hub.clock.now()
    return [
        Approval(by=name, role=roles[n] if n < len(roles) else "", at=now, reason=reason)
        for n, name in enumerate(named)
    ]


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
    environment: Annotated[
        str, typer.Option(help="Where it holds: production, or sandbox, which opens nothing live.")
    ] = "production",
    out: Annotated[Path | None, typer.Option(help="Write the certificate's file here too.")] = None,
    settings: common.SettingsFile = None,
) -> None:
    """Issue a certificate on what a test session showed: a business (--by) and a technical officer (--second).

    It supersedes the certificate that the connection has. What stands against it is said, all of it; exit code 1:
    something fails; 2: it is incomplete; 4: people, conditions or the department's document; 5: no such session.

    Example: sunlight conformance certify 2026-06-01-a --by 张三 --second 李四 --reason 查验属实
    """
    hub = common.hub(settings)
    summary = summary_of(hub, session)
    shown = replace(shown_in(summary, level), environment=environment)
    if shown.obstacles:
        _refused_for(shown.obstacles, summary)
    rows = [row for row in hub.certification.certificates(shown.connection) if row.environment == environment]
    held = [row for row in rows if row.state not in FINAL]
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
    certify(session, by=by, second=second, reason=reason, environment=row.environment, settings=settings)


def session_folder(hub: Hub, session: str) -> Path:
    """Return the folder of a session: its connection's last, its name among those beside the sandbox, a path to one."""
    settings = hub.settings if common.IN_SANDBOX.get() else sandbox_of(hub.settings)
    sessions, given = sessions_of(settings), Path(session)
    if last := sessions.last(session):
        return last.folder
    own = sessions.folder / given.name
    return given if given.is_dir() and not (given.name == session and own.is_dir()) else own


def summary_of(hub: Hub, session: str) -> Summary:
    """Return what a session came to, by the suite and the day of the hub; end with 5 where there is none."""
    folder = session_folder(hub, session)
    if not (folder / RECORD).is_file():
        typer.echo(f"unknown: no session {session}; sunlight conformance list", err=True)
        raise typer.Exit(UNKNOWN)
    return summary_in(folder, load_suite(), hub.calendar().day_of(hub.clock.now()))


def _refused_for(obstacles: Sequence[str], summary: Summary) -> NoReturn:
    """Say all that stands against a certificate, and end as `show` does: 1 where something fails, 2 where it lacks."""
    where, hint = f"connection {summary.header.connection}", "see `sunlight conformance show SESSION`"
    for problem in obstacles:
        typer.echo(str(Fault(code="certify.session", problem=problem, file=where, hint=hint)), err=True)
    raise typer.Exit(exit_code(summary) or EXIT_CODES[Verdict.SKIP])


def conditioned(text: str) -> dict[str, str]:
    """Read one condition; Misconfigured where it lacks a part."""
    parts = [part.strip() for part in text.split("|")]
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - id, text, day
        hint = "write --condition 'K-1 | weekly key sets until the interface is offered | 2026-09-01'"
        raise Misconfigured(Fault(code="certify.condition", problem=f"{text!r} has no three parts", hint=hint))
    try:
        date.fromisoformat(parts[2])
    except ValueError as wrong:
        hint = "write the day as 2026-09-01"
        raise Misconfigured(Fault(code="certify.condition", problem=f"{parts[2]!r} is no day", hint=hint)) from wrong
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

    people = _people(hub, "reinstate", by, second, reason)
    _done(hub, office(hub).reinstate(number, people, lambda row: keeper(hub).vouched(row, by)))


def reviewed(
    connection: Annotated[str, typer.Argument(help="The connection's id.")],
    criterion: Annotated[str, typer.Argument(help="The criterion that asks for a review: K1 to K13.")],
    *,
    by: _By,
    reason: _Reason,
    settings: common.SettingsFile = None,
) -> None:
    """Say that somebody has looked at what a criterion asked to be reviewed, and what came of it.

    It asks anew where it fails anew. Whether to revoke is an act of its own.

    Example: sunlight conformance reviewed taizhou.housing.permits K1 --by 王五 --reason 已约谈，暂不撤销
    """
    from hub.cli.certifying_role import keeper  # noqa: PLC0415 - it needs this module's office

    hub = common.hub(settings)
    _check_said(by, reason)
    row = hub.certification.latest().get(connection)
    looks = keeper(hub).reviewed(row, criterion, by) if row else None
    if looks is None:
        hint = f"see: sunlight connection status {connection}"
        problem = f"{criterion} of {connection} asks for no review"
        raise Misconfigured(Fault(code="certificate.review", problem=problem, hint=hint))
    person = Approval(by=by, role="reviewer", at=hub.clock.now(), reason=reason)
    change = office(hub).entered("reviewed", f"{connection}/{criterion}", connection, {"criterion": criterion}, person)
    if not hub.certification.observe(looks, [change]):
        raise Misconfigured(Fault(code="certificate.moved", problem="it was looked at meanwhile", hint="try again"))
    tell(hub)
    common.OUT.print(f"{connection} {criterion} reviewed", highlight=False)


def _check_said(by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        hint = "say both: --by NAME --reason TEXT"
        raise Misconfigured(Fault(code="certificate.reason", problem="it has a name and a reason", hint=hint))


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


def add_to(app: typer.Typer, names: Sequence[str] = ()) -> None:
    """Add the commands about certificates to `sunlight conformance`."""
    commands: dict[str, Callable[..., None]] = {
        "certify": certify,
        "renew": renew,
        "print": print_,
        "suspend": suspend,
        "reinstate": reinstate,
        "reviewed": reviewed,
        "revoke": revoke,
    }
    for name in names or commands:
        app.command(name)(commands[name])
