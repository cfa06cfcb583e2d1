"""`sunlight conformance practise`: a reference department keys a script in, for whoever learns how it goes."""

from __future__ import annotations

import csv
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from conformance.declaration import beside, load_declaration
from conformance.reference.played import Faults, reference
from conformance.reference.playing import Stage, department_of
from conformance.script import script_for
from hub.cli import common
from hub.cli.session_room import SessionName, sandbox_hub, session_of
from hub.errors import Fault, Misconfigured
from hub.sandbox import find

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from conformance.sessions import Session

REFERENCE: Final = "taizhou.market.licences"
"""The connection whose department can be played: it hands over files, which need no server."""

ENTERED: Final = "录入时间"
"""Its column of when an act was entered."""


def practise(
    session: SessionName,
    *,
    inbox: Annotated[
        Path, typer.Option("--inbox", help="The folder that its mapping reads.", exists=True, file_okay=False)
    ],
    settings: common.SettingsFile = None,
) -> None:
    """Let the reference department, a made-up market regulator, key a session's script in, and write its files.

    Its staff did so over the working days before today; run the session again afterwards. For practice, in the sandbox:
    docs/onboarding.md shows the whole of it.

    Example: sunlight conformance practise taizhou.market.licences --inbox inbox
    """
    found, _, _ = session_of(settings, session)
    if found.header.connection != REFERENCE:
        problem, hint = f"{found.header.connection} is no reference department", f"practise on {REFERENCE}"
        raise Misconfigured(Fault(code="practice.unknown", problem=problem, file=found.header.session, hint=hint))
    with tempfile.TemporaryDirectory() as folder:
        files = _played(found, Path(folder), settings)
        for file in files:
            shutil.copy2(file, inbox / file.name)
    typer.echo(f"{common.counted(len(files), 'file')} in {inbox}: run the session again", err=True)


def _played(session: Session, folder: Path, settings: Path | None) -> list[Path]:
    """Play the script over the working days up to yesterday; return the files that came of it."""
    sandbox = sandbox_hub(settings)
    calendar, now = sandbox.calendar(), sandbox.clock.now().astimezone(sandbox.settings.zone)
    claims = load_declaration(beside(find(sandbox.settings.mappings.folder, REFERENCE))).document["claims"]
    script = script_for(tuple(claims))
    days = max(act.day for case in script.values() for act in case.acts)
    stage = Stage(
        session=session.header.session,
        first_day=calendar.back_workdays(now.date() - timedelta(days=1), days),
        calendar=calendar,
        department=department_of(session.header.department),
    )
    reference("market", folder, stage, script, Faults()).advance(now)
    files = sorted((folder / "market").glob("*.csv"))
    _just_entered(files, now)
    return files


def _just_entered(files: Sequence[Path], now: datetime) -> None:
    """Let the last act have been entered this minute: a clock shows in what is read soon after its entry (TIM-02)."""
    lines = {file: file.read_bytes().decode("gb18030").splitlines(keepends=True) for file in files}
    column = next(iter(lines.values()))[0].rstrip().split(",").index(ENTERED)
    _, file, number, was = max(
        (row[column], file, number, row[column])
        for file, text in lines.items()
        for number, row in enumerate(csv.reader(text))
        if number
    )
    before, _, after = lines[file][number].rpartition(was)
    lines[file][number] = f"{before}{now:%Y%m%d%H%M%S}{after}"
    file.write_bytes("".join(lines[file]).encode("gb18030"))
