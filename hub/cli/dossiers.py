"""`sunlight alert dossier`: an alert's dossier 卷宗 for third parties, and its verification without a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from hub.cli import common
from hub.cli.following import found
from hub.dossier_check import check
from hub.errors import Fault, Misconfigured


def dossier(
    alert: Annotated[str, typer.Argument(help="The alert's id, or its first characters.")] = "",
    *,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it: FILE.zip.")] = None,
    chain: Annotated[
        bool,
        typer.Option("--chain", help="With every link to the heads; these name other cases' ids."),
    ] = False,
    verify: Annotated[Path | None, typer.Option("--verify", help="Verify this dossier; needs no hub.")] = None,
    key: Annotated[str, typer.Option("--key", help="With --verify: the public key that must have signed.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Export all of an alert in one file: papers, derivation, evidence, history, appeal, ledger entries, signed.

    Or verify one. Exit code 0: sound; 1: something in it is not as it was exported; 2: it could not be done.

    Example: sunlight alert dossier 3f9a1c20 --out 卷宗.zip; sunlight alert dossier --verify 卷宗.zip
    """
    if verify is not None:
        _verify(verify, key, as_json=as_json)
    if not alert or out is None:
        hint = "sunlight alert dossier ALERT --out FILE.zip, or --verify FILE.zip"
        raise Misconfigured(Fault(code="dossier.which", problem="name an alert and --out, or --verify", hint=hint))
    hub = common.hub(settings)
    body = hub.dossier(found(hub, alert), with_chains=chain)
    out.write_bytes(body)
    made = check(body)
    told = {"file": str(out), "bytes": len(body), "parts": made.parts, "public_key": made.public_key}
    if as_json:
        common.print_json(told)
    else:
        common.OUT.print(f"{made.parts} parts in {out}, signed by {made.public_key}", soft_wrap=True, highlight=False)


def _verify(path: Path, key: str, *, as_json: bool) -> None:
    """Say what a verification found, and end."""
    try:
        found_in = check(path.read_bytes(), key)
    except OSError as unreadable:
        problem = unreadable.strerror or str(unreadable)
        raise Misconfigured(Fault(code="dossier.file", problem=problem, file=str(path))) from unreadable
    if as_json:
        common.print_json(
            {
                "sound": found_in.sound,
                "alert_id": found_in.alert_id,
                "public_key": found_in.public_key,
                "parts": found_in.parts,
                "entries": found_in.entries,
                "chains": list(found_in.chains),
                "findings": list(found_in.findings),
            }
        )
    else:
        _say(found_in.findings, f"{found_in.parts} parts, {found_in.entries} ledger entries, signed by "
             f"{found_in.public_key}" + ("" if key else " (no --key was given to compare it with)"))  # fmt: skip
    raise typer.Exit(0 if found_in.sound else 1)


def _say(findings: object, told: str) -> None:
    common.OUT.print(Text(told), soft_wrap=True)
    for each in findings if isinstance(findings, (list, tuple)) else ():
        common.OUT.print(Text(each, style="red"), soft_wrap=True)
    common.OUT.print("sound" if not findings else "not as it was exported")
