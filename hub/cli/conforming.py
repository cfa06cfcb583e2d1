"""`sunlight conformance`: which tests are a connection's own, running them, and what came of them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from conformance import reports
from conformance.bindings import bindings_of
from conformance.carrying import carried
from conformance.declaration import beside, load_declaration
from conformance.lines import document_of
from conformance.model import Level, Lifecycle, Result, Summary, Verdict, Waiver, Words
from conformance.real import Connected, evidence_of, sessions_of
from conformance.runner import Runner, new_header, session_name
from conformance.script import script_for
from conformance.sessions import BUNDLE, Session
from conformance.suite import Suite, load_suite, why_it_applies
from conformance.verdicts import UNKNOWN, USAGE, exit_code, standing_of
from hub import wiring
from hub.cli import common, operate
from hub.cli.gatewaying import parts_of
from hub.clock import SystemClock
from hub.errors import Fault, HubError, Misconfigured
from hub.sandbox import find, sandbox_of
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from gateway.reading import Parts, Pushed

app = typer.Typer(
    help="Certify connections 接入认证: their tests in the sandbox, their certificates, who verifies them."
)

HARNESS: Final = 3
_COLOURS: Final = {"pass": "green", "warn": "yellow", "fail": "bold red", "error": "bold magenta", "attested": "cyan"}

Connection = Annotated[str, typer.Argument(help="The connection's id; it must be in the sandbox (connection add).")]
SessionName = Annotated[str, typer.Argument(help="The session's name, or a connection's id for its last session.")]
Target = Annotated[Level, typer.Option("--level", help="The level that is aimed at.")]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """End with 4 for what the caller can mend, and with 3 where the harness itself cannot run."""
    try:
        yield
    except Misconfigured as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(USAGE) from wrong
    except HubError as problem:
        typer.echo(f"{problem.code}: {problem}", err=True)
        raise typer.Exit(HARNESS) from problem


def _sandbox(settings: Path | None) -> wiring.Hub:
    """Return the sandbox, whether or not --sandbox was said."""
    hub = common.hub(settings)
    return hub if common.IN_SANDBOX.get() else common.hub_under(sandbox_of(hub.settings))


@app.command()
def plan(
    connection: Connection,
    *,
    level: Target = "C3",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List the tests that are a connection's own, and why; and those that are not.

    Example: sunlight conformance plan taizhou.press.permits --level C2
    """
    with _told():
        file = find(_sandbox(settings).settings.mappings.folder, connection)
        declared, suite = load_declaration(beside(file)), load_suite()
        planned = suite.plan(declared, level)
    if as_json:
        common.print_json(
            {
                "connection": connection,
                "profiles": list(declared.profiles),
                "tests": [
                    {
                        "test": case.id,
                        "level": case.level,
                        "severity": case.severity,
                        "subject": case.subject,
                        "title": vars_of(case.title),
                        "why": vars_of(why_it_applies(case)),
                        "modes": list(case.modes),
                        "wait_days": case.wait_days,
                    }
                    for case in planned.tests
                ],
                "omitted": [{"test": each.test, "why": vars_of(each.why)} for each in planned.omitted],
                "not_tested": [{"test": each.test, "why": vars_of(each.why)} for each in planned.not_tested],
            }
        )
        return
    table = Table("test", "level", "whose", "what", "why", "how", title=f"{connection} {' '.join(declared.profiles)}")
    for case in planned.tests:
        table.add_row(
            case.id,
            case.level,
            case.subject,
            f"{case.title.zh}\n{case.title.en}",
            why_it_applies(case).en,
            " ".join(case.modes),
        )
    common.OUT.print(table)
    others = f"{len(planned.omitted)} do not apply, {len(planned.not_tested)} cannot be run yet (--json)"
    typer.echo(f"{len(planned.tests)} tests; {others}", err=True)


def vars_of(words: Words) -> dict[str, str]:
    """Return words as JSON."""
    return {"zh": words.zh, "en": words.en}


@app.command()
def script(
    session: SessionName,
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List the scripted cases of a session: what staff key in, on which of its working days, under which marker.

    The marker stands in the case's number or in its title.

    Example: sunlight conformance script taizhou.press.permits
    """
    with _told():
        found, _, _ = _session(settings, session)
        file = find(_sandbox(settings).settings.mappings.folder, found.header.connection)
        claims = tuple(load_declaration(beside(file)).document["claims"])
    calendar, first = _sandbox(settings).calendar(), found.header.started_at.astimezone(HUB_ZONE).date()
    rows: list[dict[str, Any]] = [
        {
            "marker": case.case_no(found.header.session),
            "shows": vars_of(case.shows),
            "title_holds": case.title,
            "acts": [
                {"type": act.type, "on": calendar.add_workdays(first, act.day)[0].isoformat(), "result": act.result}
                for act in case.acts
            ],
        }
        for case in script_for(claims).values()
    ]
    if as_json:
        common.print_json(rows)
        return
    table = Table("marker", "shows", "what to key in, and when")
    for row in rows:
        acts = "\n".join(f"{act['on']} {act['type']} {act['result']}".rstrip() for act in row["acts"])
        table.add_row(row["marker"], f"{row['shows']['zh']} {row['title_holds']}\n{row['shows']['en']}", acts)
    common.OUT.print(table)


@app.command()
def run(  # noqa: PLR0913 - one parameter an option
    connection: Connection,
    *,
    level: Target = "C2",
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Run this test again; may be given more than once.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Begin a new session though one is there.")] = False,
    data: Annotated[Path | None, typer.Option(help="An export of the source, in its stead.", exists=True)] = None,
    counts: Annotated[
        Path | None, typer.Option(help="The department's own counts: JSON, 'matter|state|day': n.", exists=True)
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="The department's own case numbers, one a line.", exists=True)
    ] = None,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Run a connection's tests, or go on where its last session waits. A session lasts as long as it needs to.

    After a change of the mapping a new session runs only the tests that the change touches; --new runs all of them.

    Exit code 0: certifiable; 1: something fails; 2: incomplete; 3: the harness is broken; 4: usage; 5: unknown.

    Example: sunlight conformance run taizhou.press.permits --level C2
    """
    with _told(), contextlib.ExitStack() as stack:
        session, summary = _run(
            stack, connection, level, only or [], new=new, settings=settings, files=(data, counts, keys)
        )
    _show(session, summary, as_json=as_json)
    raise typer.Exit(exit_code(summary))


def _run(
    stack: contextlib.ExitStack,
    connection: str,
    level: Level,
    only: list[str],
    *,
    new: bool,
    settings: Path | None,
    files: tuple[Path | None, Path | None, Path | None],
) -> tuple[Session, Summary]:
    sandbox, suite = _sandbox(settings), load_suite()
    unknown = [name for name in only if name not in suite.tests]
    if unknown:
        raise Misconfigured(
            Fault(
                code="conformance.test", problem=f"no such test: {', '.join(unknown)}", hint="sunlight conformance plan"
            )
        )
    connected = _connected(sandbox, connection, settings, files)
    stack.callback(sandbox.close)
    stack.callback(connected.live.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    sessions, clock = sessions_of(sandbox.settings), sandbox.clock
    last = None if new else sessions.last(connection)
    name = last.header.session if last else session_name(clock.now())
    lab = connected.lab(name, clock, folder, lambda given, moment: wiring.build(given, clock=moment), _parts)
    stack.callback(lab.stands.close)
    stack.callback(lab.pilot.bus.close)
    stack.callback(lab.pilot.line.release)
    zone = sandbox.settings.zone.key
    bindings = bindings_of(connected.mapping, connected.mapping_file, lab.declared, suite, zone=zone)
    if last is None or last.header.bindings != bindings or last.header.target != level:
        name = session_name(clock.now()) if last else name
        lab = replace(lab, session=name)
        header = new_header(lab.declared, suite, level, bindings=bindings, session=name, now=clock.now())
        sessions.begin(header)
        for result in carried(last, header, suite) if last else ():
            sessions.add(name, result)
    connected.read_into(lab.pilot)
    runner = Runner(sessions=sessions, suite=suite, lab=lab, clock=clock, calendar=lab.calendar)
    with common.progress() as bar:
        task = bar.add_task(f"{connection} {name}", total=None, unit=" tests")
        session = runner.run(name, only=only, told=lambda _: bar.update(task, advance=1))
    if session.footer is not None:
        _bundle(sandbox, session, suite)
    today = clock.now().astimezone(sandbox.settings.zone).date()
    return session, session.summary(suite, today)


def _parts(hub: wiring.Hub, pushed: Mapping[str, Pushed]) -> Parts:
    """Hand the gateway of a test stand what it needs."""
    return parts_of(hub, hub.queries, pushing=pushed)


def _connected(
    sandbox: wiring.Hub, connection: str, settings: Path | None, files: tuple[Path | None, Path | None, Path | None]
) -> Connected:
    file = find(sandbox.settings.mappings.folder, connection)
    mapping = wiring.load_mapping(file)
    catalogue = wiring.load_catalogue(file.parent / "department.yaml")
    operate.prepare(sandbox)
    sandbox.register([mapping], [catalogue])
    token = common.IN_SANDBOX.set(False)
    try:
        live = common.hub(settings)
    finally:
        common.IN_SANDBOX.reset(token)
    operate.prepare(live)
    data, counts, keys = files
    return Connected(
        sandbox=sandbox,
        live=live,
        mapping=mapping,
        mapping_file=file,
        catalogues=[catalogue],
        environment=os.environ,
        data=data,
        counts=counts,
        keys=keys,
    )


def _session(settings: Path | None, name: str) -> tuple[Session, Summary, Suite]:
    """Return a session by its name, or the last of a connection; end with 5 where there is none."""
    sandbox, suite = _sandbox(settings), load_suite()
    sessions = sessions_of(sandbox.settings)
    found = sessions.last(name) or (sessions.get(name) if (sessions.folder / name).is_dir() else None)
    if found is None:
        typer.echo(f"unknown: no session {name}; sunlight conformance list", err=True)
        raise typer.Exit(UNKNOWN)
    today = SystemClock().now().astimezone(sandbox.settings.zone).date()
    return found, found.summary(suite, today), suite


@app.command()
def show(session: SessionName, *, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Show how a session stands: its levels, what is in the way, every result. Exit codes as of `run`.

    Example: sunlight conformance show taizhou.press.permits
    """
    with _told():
        found, summary, _ = _session(settings, session)
    _show(found, summary, as_json=as_json)
    raise typer.Exit(exit_code(summary))


def _show(session: Session, summary: Summary, *, as_json: bool) -> None:
    if as_json:
        common.print_json(document_of(summary, HUB_ZONE))
        return
    suite = load_suite()
    table = Table(
        "test",
        "level",
        "verdict",
        "whose",
        "what was found",
        title=f"{session.header.connection} {session.header.session}",
    )
    for name in session.header.planned:
        result = session.result(name)
        standing = str(standing_of(result))
        table.add_row(
            name,
            suite.tests[name].level,
            Text(standing, style=_COLOURS.get(standing, "yellow")),
            str(result.blames or "") if result else "",
            Text(_said(result)),
        )
    common.OUT.print(table)
    for tally in summary.levels:
        reached = "reached 达到" if tally.is_reached else "not reached 未达到"
        typer.echo(f"{tally.level}: {reached}; {tally.executed} of {tally.planned} executed", err=True)
    for obstacle in summary.obstacles[:10]:
        typer.echo(f"  {obstacle.zh} / {obstacle.en}", err=True)


def _said(result: Result | None) -> str:
    if result is None:
        return ""
    said = f"{result.reason.zh}\n{result.reason.en}"
    if result.lifecycle is Lifecycle.WAITING and result.until:
        said += f"\nuntil {result.until.date().isoformat()}"
    if result.verdict is Verdict.FAIL:
        said += (
            f"\nexpected {result.expected}\ngot {result.got}\nat {result.pointer}\nfix: {result.fix.zh} {result.fix.en}"
        )
    return said


@app.command("list")
def list_(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List every session, the oldest first.

    Example: sunlight conformance list --json
    """
    with _told():
        sandbox, suite = _sandbox(settings), load_suite()
        today = SystemClock().now().astimezone(sandbox.settings.zone).date()
        found = [session.summary(suite, today) for session in sessions_of(sandbox.settings).all()]
    rows = [
        {
            "session": each.header.session,
            "connection": each.header.connection,
            "target": each.header.target,
            "lifecycle": each.lifecycle.value,
            "standing": each.standing,
            "reached": each.reached or "",
            "certifiable": each.is_certifiable,
        }
        for each in found
    ]
    if as_json:
        common.print_json(rows)
        return
    table = Table("session", "connection", "target", "lifecycle", "standing", "reached")
    for row in rows:
        table.add_row(
            *(str(row[name]) for name in ("session", "connection", "target", "lifecycle", "standing", "reached"))
        )
    common.OUT.print(table)


@app.command()
def report(
    session: SessionName,
    *,
    html: Annotated[Path | None, typer.Option(help="Write the page to sign, in both languages.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the coverage of requirements.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Write the evidence bundle, a zip.")] = None,
    settings: common.SettingsFile = None,
) -> None:
    """Render a session's record. The record itself, results.ndjson, is in the bundle.

    Example: sunlight conformance report taizhou.press.permits --html report.html --bundle evidence.zip
    """
    with _told():
        found, summary, suite = _session(settings, session)
        if html:
            html.write_text(reports.html(summary, suite), encoding="utf-8")
        if junit:
            junit.write_bytes(reports.junit(found, summary, suite))
        if csv:
            csv.write_text(reports.requirements_csv(summary, suite), encoding="utf-8")
        packed = _bundle(_sandbox(settings), found, suite)
        if bundle:
            bundle.write_bytes(packed)


def _bundle(sandbox: wiring.Hub, session: Session, suite: Suite) -> bytes:
    """Write a session's evidence bundle beside its record; return its bytes."""
    today = SystemClock().now().astimezone(HUB_ZONE).date()
    packed = reports.bundle(session, session.summary(suite, today), suite, evidence_of(sandbox.settings))
    (session.folder / BUNDLE).write_bytes(packed)
    return packed


@app.command()
def waive(
    session: SessionName,
    test: Annotated[str, typer.Argument(help="The test to be certified without.")],
    *,
    by: Annotated[str, typer.Option(help="Who gives leave.")],
    why: Annotated[str, typer.Option(help="For what reason.")],
    until: Annotated[str, typer.Option(help="The last day on which it holds: 2026-12-31.")],
    settings: common.SettingsFile = None,
) -> None:
    """Give leave to be certified without one test, until a day.

    Example: sunlight conformance waive 20260302-7f3a TRN-D03 --by 张伟 --why 改造中 --until 2026-12-31
    """
    with _told():
        found, _, _ = _session(settings, session)
        _check_planned(found, test)
        try:
            day = date.fromisoformat(until)
        except ValueError as wrong:
            raise Misconfigured(
                Fault(code="conformance.day", problem=f"{until!r} is no day", hint="2026-12-31")
            ) from wrong
        _add(settings, found, Waiver(test=test, by=by, why=why, until=day))


def _check_planned(session: Session, test: str) -> None:
    if test not in session.header.planned:
        hint = "sunlight conformance show"
        raise Misconfigured(
            Fault(
                code="conformance.test", problem=f"{test} is not planned in it", file=session.header.session, hint=hint
            )
        )


def _add(settings: Path | None, session: Session, line: Waiver | Result) -> None:
    sessions_of(_sandbox(settings).settings).add(session.header.session, line)


@app.command()
def dispute(
    session: SessionName,
    test: Annotated[str, typer.Argument(help="The test whose verdict is disputed.")],
    *,
    by: Annotated[str, typer.Option(help="Who disputes it.")],
    settings: common.SettingsFile = None,
) -> None:
    """Dispute a verdict: it goes to review, and holds the certificate back until somebody runs or attests it.

    Example: sunlight conformance dispute 20260302-7f3a ENC-01 --by 王芳
    """
    with _told():
        found, _, _ = _session(settings, session)
        before = _held(found, test)
        disputed = replace(
            before,
            attempt=before.attempt + 1,
            lifecycle=Lifecycle.REVIEW,
            verdict=None,
            blames=None,
            started_at=SystemClock().now(),
            ended_at=None,
            disputed_by=by,
        )
        _add(settings, found, disputed)


@app.command()
def attest(
    session: SessionName,
    test: Annotated[str, typer.Argument(help="The test that a statement stands for.")],
    *,
    by: Annotated[str, typer.Option(help="Who states it, and answers for it.")],
    statement: Annotated[Path, typer.Option(help="The signed statement.", exists=True, dir_okay=False)],
    settings: common.SettingsFile = None,
) -> None:
    """Let a test that cannot be observed stand on a signed statement, for half a year at most.

    Example: sunlight conformance attest 20260302-7f3a OUT-01 --by 见证人李强 --statement protocol.pdf
    """
    with _told():
        found, _, suite = _session(settings, session)
        _check_planned(found, test)
        case, before, now = suite.tests[test], found.result(test), SystemClock().now()
        store = evidence_of(_sandbox(settings).settings)
        item = store.keep("ATT", statement.name, statement.read_bytes(), "application/octet-stream")
        _add(
            settings,
            found,
            Result(
                test=test,
                attempt=before.attempt + 1 if before else 1,
                level=case.level,
                severity=case.severity,
                subject=case.subject,
                mode="ATTEST",
                lifecycle=Lifecycle.DONE,
                verdict=Verdict.ATTESTED,
                started_at=now,
                ended_at=now,
                reason=Words(zh=f"{by}声明", en=f"stated by {by}"),
                evidence=(item,),
                attested_by=by,
            ),
        )


def _held(session: Session, test: str) -> Result:
    _check_planned(session, test)
    found = session.result(test)
    if found is None:
        raise Misconfigured(
            Fault(code="conformance.test", problem=f"{test} has not run yet", file=session.header.session)
        )
    return found
