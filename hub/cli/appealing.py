"""`sunlight conformance waive | attest | dispute | disputes | decide`: what people say against, or for, a verdict."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from conformance.disputes import queue
from conformance.model import Lifecycle, Result, Verdict, Waiver, Words
from conformance.real import evidence_of, sessions_of
from hub.cli import common
from hub.cli.disputing import disputing
from hub.cli.session_room import SessionName, added, check_planned, live_hub, prepared, sandbox_hub, session_of, told
from hub.clock import SystemClock
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from conformance.disputes import Dispute
    from conformance.suite import Suite, SuiteTest


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
    with told():
        found, _, _ = session_of(settings, session)
        check_planned(found, test)
        try:
            day = date.fromisoformat(until)
        except ValueError as wrong:
            raise Misconfigured(
                Fault(code="conformance.day", problem=f"{until!r} is no day", hint="2026-12-31")
            ) from wrong
        added(settings, found, Waiver(test=test, by=by, why=why, until=day))


def dispute(
    session: SessionName,
    test: Annotated[str, typer.Argument(help="The test whose verdict is disputed.")],
    *,
    by: Annotated[str, typer.Option(help="Who disputes it.")],
    why: Annotated[str, typer.Option(help="What is wrong with it.")],
    settings: common.SettingsFile = None,
) -> None:
    """Dispute a verdict: it goes into the queue, and holds the certificate back until somebody else decides it.

    Running the test again ends the dispute too.

    Example: sunlight conformance dispute 20260302-7f3a ENC-01 --by 王芳 --why 该字段按约定不含扩展字
    """
    with told():
        found, _, _ = session_of(settings, session)
        check_planned(found, test)
        disputing(sandbox_hub(settings).settings, prepared(live_hub(settings))).raise_(found, test, by=by, why=why)


def disputes(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List the disputes 异议 that nobody has decided, the oldest first.

    Example: sunlight conformance disputes --json
    """
    with told():
        rows = [vars_of(each) for each in queue(sessions_of(sandbox_hub(settings).settings).all())]
    if as_json:
        common.print_json(rows)
        return
    table = Table("session", "connection 连接", "test", "verdict", "by 提出人", "why 理由", "since")
    for row in rows:
        names = ("session", "connection", "test", "verdict", "by", "why", "since")
        table.add_row(*(Text(str(row[name])) for name in names))
    common.OUT.print(table)


def vars_of(each: Dispute) -> dict[str, str]:
    """Return a dispute as JSON."""
    return {**asdict(each), "since": each.since.isoformat()}


def decide(
    session: SessionName,
    test: Annotated[str, typer.Argument(help="The test whose verdict is disputed.")],
    *,
    by: Annotated[str, typer.Option(help="Who decides: the reviewer, never who raised it.")],
    why: Annotated[str, typer.Option(help="For what reason.")],
    stands: Annotated[
        bool, typer.Option("--stands/--lift", help="The verdict stands, or the reviewer's word stands for the test.")
    ],
    settings: common.SettingsFile = None,
) -> None:
    """Decide a dispute, as its second reviewer. --lift lets the test count as attested, for half a year at most.

    Example: sunlight conformance decide 20260302-7f3a ENC-01 --by 赵六 --why 样本核对无误 --lift
    """
    with told():
        found, _, _ = session_of(settings, session)
        check_planned(found, test)
        disputing(sandbox_hub(settings).settings, prepared(live_hub(settings))).decide(
            found, test, by=by, why=why, stands=stands
        )


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
    with told():
        found, _, suite = session_of(settings, session)
        check_planned(found, test)
        case, before, now = _tested(suite, test), found.result(test), SystemClock().now()
        _check_open(test, before)
        store = evidence_of(sandbox_hub(settings).settings)
        item = store.keep("ATT", statement.name, statement.read_bytes(), "application/octet-stream")
        added(
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


def _tested(suite: Suite, test: str) -> SuiteTest:
    """Return a test of the suite in force; Misconfigured where it was retired since the session began."""
    if test not in suite.tests:
        problem, hint = f"{test} is not tested any more", "begin a new session: sunlight conformance run --new"
        raise Misconfigured(Fault(code="conformance.attest", problem=problem, file=test, hint=hint))
    return suite.tests[test]


def _check_open(test: str, before: Result | None) -> None:
    """Refuse a statement in the stead of what was seen to fail: that is disputed, and somebody else decides."""
    if before is not None and before.verdict in (Verdict.FAIL, Verdict.ERROR):
        hint = f"mend it and run it again, or `sunlight conformance dispute SESSION {test}`"
        problem = f"it was seen to {before.verdict}: no statement stands against that"
        raise Misconfigured(Fault(code="conformance.attest", problem=problem, file=test, hint=hint))


def add_to(app: typer.Typer) -> None:
    """Add what people say for and against verdicts to `sunlight conformance`."""
    for command in (waive, attest, dispute, disputes, decide):
        app.command(command.__name__)(command)
