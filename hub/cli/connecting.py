"""`sunlight connection`: how each connection is; a new one, tried in the sandbox first, then taken live."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from rich.table import Table
from rich.text import Text

from conformance.declaration import agreeing, beside, load_declaration
from connectors.push import KIND as PUSH
from hub import wiring
from hub.cli import common, operate
from hub.cli.keys import until
from hub.errors import Fault, HubError, Misconfigured
from hub.identity import issue
from hub.importing import registration
from hub.mapping.examples import examples_of, run_examples
from hub.pulse import lag_s, state_of
from hub.reader import reader_lease
from hub.registry import register
from hub.sandbox import Trial, find, placed, sandbox_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.mapping import CompiledMapping
    from hub.wiring import Hub

app = typer.Typer(help="See how connections are, try new ones in the sandbox, and take them live.")

SCOPE: Final = "records:write"
"""What the key of a connection that sends opens."""

_COLOURS: Final = {"alive": "green", "reading": "green", "quiet": "yellow", "resting": "cyan", "never": "dim"}


@app.command("list")
def list_(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Show how each connection is: read or not, since when, how far behind.

    alive and reading: all is well. quiet: it is read, and has said nothing for longer than its mapping's `quiet`. dead:
    nobody reads it. away, misconfigured: it cannot be read, and why. resting: outside its `hours`. never: not yet read.

    Example: sunlight connection list --json
    """
    hub = common.hub(settings)
    rows = [_row(hub, mapping) for mapping in operate.mappings_of(hub)]
    if as_json:
        common.print_json(rows)
        return
    table = Table()
    for heading in ("connection", "kind", "state", "last read", "last news", "behind", "problem"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"state", "last read"})
    for row in rows:
        behind = "" if row["lag_s"] is None else f"{row['lag_s'] / 60:,.0f} min"
        state = Text(row["state"], style=_COLOURS.get(row["state"], "bold red"))
        said = (row["read_at"][:16], row["said_at"][:16], behind, row["problem"])
        table.add_row(Text(row["connection"]), row["kind"], state, *map(Text, said))
    common.OUT.print(table)


def _row(hub: Hub, mapping: CompiledMapping) -> dict[str, Any]:
    declared, now = mapping.declaration, hub.clock.now()
    trouble = next((each for each in hub.troubles.all() if each.connection == declared.connection), None)
    pulse = hub.pulses.of(declared.connection)
    said = asdict(pulse)
    return {
        "connection": declared.connection,
        "kind": declared.kind,
        "state": "sent" if declared.kind == PUSH else state_of(pulse, trouble, now),
        **{name: said[name] for name in ("beat_at", "read_at", "said_at", "records", "watermark")},
        "lag_s": lag_s(pulse, now),
        "problem": trouble.problem if trouble else "",
    }


@app.command()
def add(
    file: Annotated[
        Path, typer.Argument(help="The mapping file, beside its department.yaml.", exists=True, dir_okay=False)
    ],
    *,
    records: Annotated[int, typer.Option("--records", min=1, help="Records that the trial reads.")] = 1000,
    expires: Annotated[str, typer.Option(help="How long the key of one that sends lasts.")] = "90d",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Put a new connection into the sandbox and try it there: its examples, its source, its whole way to the ledger.

    The sandbox has a store, a bus and keys of its own. The source is read, and told of nothing. A department that sends
    gets a key for the sandbox's gateway: sunlight --sandbox serve.

    Where it is declared for certification (conformance/permits.yml beside it), the declaration is checked too. Where
    the source cannot be read, `sunlight --sandbox doctor CONNECTION` tells step by step how far one gets.

    Example: sunlight connection add mappings/taizhou-press/permits.yaml
    """
    hub = common.hub_under(sandbox_of(common.hub(settings).settings))
    mapping = wiring.load_mapping(file)
    _check_examples(file)
    is_declared = _check_declaration(file, mapping)
    department = file.absolute().parent / "department.yaml"
    if not department.is_file():
        hint = "write who the department is, and its matters: see mappings/*/department.yaml"
        raise Misconfigured(
            Fault(code="sandbox.department", problem="it is not there", file=str(department), hint=hint)
        )
    catalogue = wiring.load_catalogue(department)
    operate.prepare(hub)
    copy = placed(file, hub.settings.mappings.folder)
    hub.register([mapping], [])
    hub.store.load_catalogue([catalogue])
    name = mapping.declaration.connection
    said: dict[str, Any] = {"connection": name, "sandbox": str(copy)}
    if mapping.declaration.kind == PUSH:
        said["token"] = _key(hub, name, expires)
    else:
        with _pointing_to_doctor(name):
            said |= _tried(hub, mapping, records)
    _trial_of(hub, name).write_bytes(orjson.dumps(said if "mapped" in said else {}))
    hub.close()
    if as_json:
        common.print_json(said)
        return
    _tell(said, "" if is_declared else str(beside(file)))


@contextlib.contextmanager
def _pointing_to_doctor(connection: str) -> Iterator[None]:
    """Say, where a source cannot be read, what tells how far one gets."""
    try:
        yield
    except HubError:
        typer.echo(f"step by step, how far one gets: sunlight --sandbox doctor {connection}", err=True)
        raise


def _check_declaration(file: Path, mapping: CompiledMapping) -> bool:
    """Tell whether a connection has been declared; Misconfigured where that is not as it must be."""
    path = beside(file)
    if not path.is_file():
        return False
    agreeing(load_declaration(path), mapping.declaration, str(path))
    return True


def _check_examples(file: Path) -> None:
    faults = run_examples(file) if examples_of(file).is_file() else []
    if faults:
        raise Misconfigured(*faults)


def _tried(hub: Hub, mapping: CompiledMapping, most: int) -> dict[str, Any]:
    """Read some of a source through the sandbox's whole line; return what became of it."""
    bus = hub.bus()
    line, source = hub.line(bus), Trial(hub.source(mapping), most)
    try:
        line.hold()
        with bus.lease(reader_lease(mapping.declaration.connection)), common.progress() as bar:
            task = bar.add_task(f"try {mapping.declaration.connection}", total=None, unit=" records")
            totals = hub.intake(mapping, bus).run_once(
                source, backfill=True, progress=lambda count: bar.update(task, completed=count)
            )
            line.settle(expected=totals.messages(len(line.partitions)))
    finally:
        source.close()
        line.release()
        bus.close()
    return {name: getattr(totals, name) for name in ("read", "mapped", "empty", "quarantined", "events")}


def _tell(said: Mapping[str, Any], undeclared: str) -> None:
    name = said["connection"]
    if "token" in said:
        typer.echo(said["token"])
        lines = [
            f"{name} is in the sandbox. The token above is shown this once: hand it to the department.",
            "The sandbox's gateway: sunlight --sandbox serve",
        ]
    else:
        counts = f"{said['mapped']:,} mapped, {said['empty']:,} empty, {said['quarantined']:,} quarantined"
        lines = [f"{name} is in the sandbox: {common.counted(said['read'], 'record')} read, {counts}"]
        if said["quarantined"]:
            lines.append(f"why: sunlight --sandbox quarantine list --connection {name}")
    lines.append(f"look at its surroundings next: sunlight --sandbox doctor {name}")
    lines.append(
        f"to certify it write {undeclared} (docs/onboarding.md), and add it again"
        if undeclared
        else f"certify it: sunlight conformance plan {name}"
    )
    lines.append(f"take it live: sunlight connection promote {name}")
    for line in lines:
        typer.echo(line, err=True)


@app.command()
def promote(
    connection: Annotated[str, typer.Argument(help="The connection's id.")],
    *,
    despite: Annotated[
        bool, typer.Option("--despite-refusals", help="Though records were refused in the trial.")
    ] = False,
    expires: Annotated[str, typer.Option(help="How long the key of one that sends lasts.")] = "1y",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Take a connection live that was tried in the sandbox: its files go to the mappings folder; it is registered.

    Refused while the sandbox has mapped none of its records, or refused some.

    Example: sunlight connection promote taizhou.press.permits
    """
    hub = common.hub(settings)
    sandbox = common.hub_under(sandbox_of(hub.settings))
    tried = find(sandbox.settings.mappings.folder, connection)
    with contextlib.closing(sandbox):
        counts = orjson.loads(_trial_of(sandbox, connection).read_bytes())
        _check_trial(counts or sandbox.queries.accounting().get(connection, {}), connection, despite=despite)
    file = placed(tried, hub.settings.mappings.folder)
    mapping = wiring.load_mapping(file)
    operate.prepare(hub)
    register(hub.store, [registration(mapping.declaration, mapping.fingerprint)])
    hub.bring([wiring.load_catalogue(file.parent / "department.yaml")])
    token = _key(hub, connection, expires) if mapping.declaration.kind == PUSH else ""
    hub.close()
    if as_json:
        common.print_json({"connection": connection, "file": str(file), **({"token": token} if token else {})})
        return
    if token:
        typer.echo(token)
        typer.echo("The token above is shown this once: hand it to the department.", err=True)
    cue = "restart `sunlight serve` or the gateway" if token else "it is read within seconds where intake runs"
    typer.echo(f"{connection} is live: {file}; {cue}.", err=True)


def _trial_of(hub: Hub, connection: str) -> Path:
    """Return where the last trial of a connection is noted: what it came to, or nothing where it is to send."""
    return hub.settings.data_dir / f"trial-{connection}.json"


def _check_trial(counts: Mapping[str, Any], connection: str, *, despite: bool) -> None:
    mapped, refused = counts.get("mapped", 0), counts.get("quarantined", 0)
    if not mapped:
        problem, hint = (
            "the sandbox has mapped none of its records",
            "sunlight connection add FILE; of one that sends: let it send to `sunlight --sandbox serve`",
        )
    elif refused and not despite:
        problem = f"the sandbox refused {refused:,} of its records"
        hint = f"sunlight --sandbox quarantine list --connection {connection}; or --despite-refusals"
    else:
        return
    raise Misconfigured(Fault(code="sandbox.trial", problem=problem, file=connection, hint=hint))


def _key(hub: Hub, connection: str, expires: str) -> str:
    """Issue a key in the name of a connection that sends; return its token."""
    now = hub.clock.now()
    issued = issue(connection, kind="connection", scopes=[SCOPE], now=now, expires_at=until(expires, now))
    hub.identities.add(issued)
    return issued.token
