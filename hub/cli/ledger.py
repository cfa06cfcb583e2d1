"""`sunlight ledger`: check that nobody has touched the ledger, and export its heads to prove it later."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.signer import Signer
from hub.store import ledger

app = typer.Typer(help="Check the ledger's hash chains, and seal their heads outside the database.")


@app.command()
def verify(
    head: Annotated[Path | None, typer.Option(help="A seal exported earlier: finds a truncated tail too.")] = None,
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Recompute every hash; name partition and position of whatever was changed, deleted, swapped or cut off.

    Exit code 0: sound; 1: tampered with; 2: it could not be verified.

    Example: sunlight ledger verify --head /mnt/usb/2026-11-23.seal.json
    """
    hub = common.hub(settings)
    sealed = _read(head) if head else None
    key = hub.settings.data_dir / "keys" / "ledger.key"
    own = Signer.at(key).public_key if key.exists() else ""
    report = ledger.verify(hub.settings.store_url, sealed=sealed, public_key=own)
    if as_json:
        common.print_json(report.as_dict())
    else:
        common.OUT.print(str(report))
    raise typer.Exit(0 if report.sound else 1)


@app.command()
def seal(
    out: Annotated[Path, typer.Option(help="Where to write the seal; keep it outside the database.")],
    *,
    settings: common.SettingsFile = None,
) -> None:
    """Export the heads of all chains, signed, so that a later `ledger verify --head` finds even a truncated tail.

    Example: sunlight ledger seal --out /mnt/usb/2026-11-23.seal.json
    """
    hub = common.hub(settings)
    signer = Signer.at(hub.settings.data_dir / "keys" / "ledger.key")
    sealed = ledger.seal(hub.settings.store_url, signer=signer, now=hub.clock.now())
    out.write_bytes(orjson.dumps(sealed, option=orjson.OPT_INDENT_2))
    common.OUT.print(f"sealed {len(sealed['heads'])} chains into {out}")


def _read(head: Path) -> dict[str, Any]:
    """Read a seal; Misconfigured where the file is none."""
    try:
        sealed = orjson.loads(head.read_bytes())
    except (OSError, orjson.JSONDecodeError) as unreadable:
        raise Misconfigured(_no_seal(head, str(unreadable))) from unreadable
    if not isinstance(sealed, dict):
        raise Misconfigured(_no_seal(head, "it is no JSON object"))
    return sealed


def _no_seal(head: Path, problem: str) -> Fault:
    return Fault(code="ledger.seal", problem=problem, file=str(head), hint="name a file made by `sunlight ledger seal`")
