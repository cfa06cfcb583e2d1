"""`sunlight conformance`: which tests are a connection's own, and what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from conformance import reports
from conformance.declaration import beside, load_declaration
from conformance.lines import document_of
from conformance.model import Lifecycle, Result, Summary, Verdict, Words
from conformance.real import bundled, sessions_of
from conformance.script import script_for
from conformance.suite import load_suite, why_it_applies
from conformance.verdicts import exit_code, standing_of
from hub.cli import common
from hub.cli.ending import CODES, Ending
from hub.cli.session_room import Connection, SessionName, Target, sandbox_hub, session_of, told
from hub.clock import SystemClock
from hub.sandbox import find
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from conformance.sessions import Session

app = typer.Typer(
    cls=Ending,
    help=f"Certify connections 接入认证: their tests in the sandbox, their certificates, who verifies them.\n\n{CODES}",
)

_COLOURS: Final = {"pass": "green", "warn": "yellow", "fail": "bold red", "error": "bold magenta", "attested": "cyan"}


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
    with told():
        file = find(sandbox_hub(settings).settings.mappings.folder, connection)
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
    table = Table("test", "level", "whose", "what, why, how", title=f"{connection} {' '.join(declared.profiles)}")
    for case in planned.tests:
        table.add_row(
            case.id,
            case.level,
            case.subject,
            Text(f"{case.title.zh}\n{case.title.en}\n{why_it_applies(case).en}; {' '.join(case.modes)}"),
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
    with told():
        found, _, _ = session_of(settings, session)
        file = find(sandbox_hub(settings).settings.mappings.folder, found.header.connection)
        claims = tuple(load_declaration(beside(file)).document["claims"])
    calendar, first = sandbox_hub(settings).calendar(), found.header.started_at.astimezone(HUB_ZONE).date()
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
def show(session: SessionName, *, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Show how a session stands: its levels, what is in the way, every result. Exit codes as of `run`.

    Example: sunlight conformance show taizhou.press.permits
    """
    with told():
        found, summary, _ = session_of(settings, session)
    show_session(found, summary, as_json=as_json)
    raise typer.Exit(exit_code(summary))


def show_session(session: Session, summary: Summary, *, as_json: bool, obstacles: int = 10) -> None:
    """Print how a session stands, with so many of what is in the way."""
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
            suite.case(name, result).level,
            Text(standing, style=_COLOURS.get(standing, "yellow")),
            str(result.blames or "") if result else "",
            Text(_said(result)),
        )
    common.OUT.print(table)
    for tally in summary.levels:
        reached = "reached 达到" if tally.is_reached else "not reached 未达到"
        typer.echo(f"{tally.level}: {reached}; {tally.executed} of {tally.planned} executed", err=True)
    for obstacle in summary.obstacles[:obstacles]:
        typer.echo(f"  {obstacle.zh} / {obstacle.en}", err=True)


def _said(result: Result | None) -> str:
    if result is None:
        return ""
    said = f"{result.reason.zh}\n{result.reason.en}"
    if result.lifecycle is Lifecycle.WAITING and result.last_day:
        said += f"\nuntil {result.last_day.isoformat()}"
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
    with told():
        sandbox, suite = sandbox_hub(settings), load_suite()
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
    with told():
        found, summary, suite = session_of(settings, session)
        if html:
            html.write_text(reports.html(summary, suite), encoding="utf-8")
        if junit:
            junit.write_bytes(reports.junit(found, summary, suite))
        if csv:
            csv.write_text(reports.requirements_csv(summary, suite), encoding="utf-8")
        sandbox = sandbox_hub(settings).settings
        packed = bundled(sandbox, found, suite, SystemClock().now().astimezone(sandbox.zone).date())
        if bundle:
            bundle.write_bytes(packed)
