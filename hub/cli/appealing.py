"""`sunlight conformance waive | attest | confirm | pending | dispute | disputes | decide`: what people say of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from conformance import statements
from conformance.disputes import queue
from conformance.real import sessions_of
from hub.cli import common
from hub.cli.disputing import disputing
from hub.cli.session_room import SessionName, check_planned, live_hub, prepared, sandbox_hub, session_of, told
from hub.cli.stating import stating
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from conformance.disputes import Dispute
    from hub.cli.stating import Stating


def waive(
    session: SessionName,
    test: Annotated[str, typer.Argument(help="The test to be certified without.")],
    *,
    by: Annotated[str, typer.Option(help="Who asks for leave.")],
    why: Annotated[str, typer.Option(help="For what reason.")],
    until: Annotated[str, typer.Option(help="The last day on which it holds: 2026-12-31.")],
    settings: common.SettingsFile = None,
) -> None:
    """Ask to be certified without one test, until a day; it holds once somebody else confirms it (confirm).

    Never for a test of the core (★), of identity or of confidentiality; for two of a level at most, and half a year.
    The certificate ends with the first of its waivers.

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
        _stating(settings).waive(found, test, by=by, why=why, until=day)


def _stating(settings: Path | None) -> Stating:
    return stating(sandbox_hub(settings).settings, prepared(live_hub(settings)))


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
    """Let a test that cannot be observed stand on a signed statement, for half a year at most, once it is confirmed.

    Only where the test offers that (mode ATTEST); somebody else confirms it (confirm).

    Example: sunlight conformance attest 20260302-7f3a OUT-01 --by 见证人李强 --statement protocol.pdf
    """
    with told():
        found, _, _ = session_of(settings, session)
        check_planned(found, test)
        _stating(settings).state(found, test, by=by, statement=statement)


def confirm(
    session: SessionName,
    test: Annotated[str, typer.Argument(help="The test of which a statement or a waiver waits.")],
    *,
    by: Annotated[str, typer.Option(help="Who confirms it: never who stated it, or asked for it.")],
    why: Annotated[str, typer.Option(help="For what reason.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it instead.")] = False,
    settings: common.SettingsFile = None,
) -> None:
    """Confirm, or refuse, a statement or a waiver as the second person. Both people stand in the ledger.

    Example: sunlight conformance confirm 20260302-7f3a OUT-01 --by 赵六 --why 演练记录属实
    """
    with told():
        found, _, _ = session_of(settings, session)
        check_planned(found, test)
        _stating(settings).answer(found, test, by=by, why=why, agrees=not refuse)


def pending(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List the statements and waivers that wait for a second person.

    Example: sunlight conformance pending --json
    """
    with told():
        waiting = statements.pending(sessions_of(sandbox_hub(settings).settings).all())
        rows = [asdict(each) for each in waiting]
    if as_json:
        common.print_json(rows)
        return
    table = Table("session", "connection 连接", "test", "what", "by 提出人", "why 理由", "until")
    for row in rows:
        table.add_row(*(Text(row[name]) for name in ("session", "connection", "test", "what", "by", "why", "until")))
    common.OUT.print(table)


def add_to(app: typer.Typer) -> None:
    """Add what people say for and against verdicts to `sunlight conformance`."""
    for command in (waive, attest, confirm, pending, dispute, disputes, decide):
        app.command(command.__name__)(command)
