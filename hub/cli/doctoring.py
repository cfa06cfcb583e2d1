"""`sunlight doctor`: tries a connection step by step, consumes nothing, and says cause and cure of what fails."""

from __future__ import annotations

import itertools
import os
import ssl
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from rich.table import Table
from rich.text import Text

from connectors import open_source, reach
from connectors.options import UNSET
from connectors.push import KIND as PUSH
from connectors.push import push_format
from hub import wiring
from hub.checkpoints import FileCheckpoints
from hub.cli import common
from hub.clock import SystemClock
from hub.errors import Fault, HubError, Misconfigured, Refused, in_words
from hub.mapping.document import EMPTY
from hub.mapping.faults import Faults
from hub.mapping.inheritance import read_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hub.mapping import CompiledMapping
    from hub.model.values import Record
    from hub.ports import Source

LOOKED_AT: Final = 200
"""Records of the dry read that are mapped."""

SKEW: Final = timedelta(seconds=60)
"""How far the source's clock may be from ours: beyond it lateness is judged wrongly."""

ENDS_SOON: Final = timedelta(days=30)
"""How long before its end a certificate is to be renewed."""

_FAILED: Final = 2
"""Exit code where a step fails."""

Verdict = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was tried: what was found, and what to do where it is not as it should be."""

    name: str
    verdict: Verdict
    found: str
    cure: str = ""


def doctor(
    connection: Annotated[str, typer.Argument(help="The connection's id, or its mapping file.")],
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Try a connection: mapping, secrets, name, port, certificate, login, clock, and a dry read that is mapped.

    Nothing is consumed: no checkpoint moves, nothing is published or acknowledged.
    Exit code 0: all is well, or merely worth a look; 2: something fails, and the first such step is the cause.

    Example: sunlight doctor taizhou.housing.permits
    """
    hub = common.hub(settings)
    steps: list[Step] = []
    for step in _Examination(hub, connection).steps():
        steps.append(step)
        if not as_json:
            common.ERR.print(Text(f"{_MARK[step.verdict]} {step.name}"))
    if as_json:
        common.print_json([{name: getattr(step, name) for name in step.__slots__} for step in steps])
    else:
        _say(steps)
    raise typer.Exit(_FAILED if any(step.verdict == "fail" for step in steps) else 0)


_MARK: Final = {"ok": "✓", "warn": "!", "fail": "✗", "skipped": "-"}
_COLOUR: Final = {"ok": "green", "warn": "yellow", "fail": "red", "skipped": "dim"}


def _say(steps: Sequence[Step]) -> None:
    table = Table()
    for heading in ("step", "", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for step in steps:
        cells = (step.name, step.verdict, step.found, step.cure)
        table.add_row(*(Text(cell) for cell in cells), style=_COLOUR[step.verdict])
    common.OUT.print(table)


class _Examination:
    """One connection being tried. A step that fails ends it: what follows would fail for the same cause."""

    def __init__(self, hub: wiring.Hub, named: str) -> None:
        self._hub, self._named = hub, named
        self._mapping: CompiledMapping | None = None

    def steps(self) -> Iterator[Step]:
        for step in self._all():
            yield step
            if step.verdict == "fail":
                return

    def _all(self) -> Iterator[Step]:
        yield self._loads()
        mapped = self._mapping
        if mapped is None:
            return
        declaration = mapped.declaration
        if declaration.kind == PUSH:
            yield _tried("declaration", lambda: f"takes {push_format(declaration).form}")
            yield Step(name="source", verdict="skipped", found="its department sends: see docs/push.md")
            return
        yield _tried("declaration", lambda: _opens(mapped))
        yield from self._network(mapped)
        source = self._hub.source(mapped)
        try:
            yield from self._probed(source)
            yield self._read(mapped, source)
        finally:
            source.close()

    def _loads(self) -> Step:
        def load() -> str:
            path = self._path()
            self._mapping = wiring.load_mapping(path)
            return str(path)

        return _tried("mapping", load)

    def _path(self) -> Path:
        """Return the mapping file of the connection that was named."""
        if Path(self._named).is_file():
            return Path(self._named)
        files = [
            path
            for folder in wiring.department_folders(self._hub.settings.mappings.folder)
            for path in wiring.mapping_files(folder)
        ]
        known = {name: path for path in files if (name := _connection_in(path))}
        if self._named in known:
            return known[self._named]
        hint = "name its mapping file; of one that is only in the sandbox: sunlight --sandbox doctor"
        hint = f"known: {', '.join(sorted(known))}; or {hint}" if known else hint
        problem = f"no mapping of {self._hub.settings.mappings.folder} declares {self._named!r}"
        raise Misconfigured(Fault(code="doctor.unknown", problem=problem, hint=hint))

    def _network(self, mapped: CompiledMapping) -> Iterator[Step]:
        address = reach.address_of(mapped.declaration, os.environ)
        if address is None:
            yield Step(name="name", verdict="skipped", found="the source is on this machine")
            return
        place = f"{address.host}:{address.port}"
        cure = "write the host's name as its department gave it; ask for an entry in the name service, or in /etc/hosts"
        yield _tried("name", lambda: f"{address.host} is {', '.join(reach.resolved(address))}", cure=cure)
        cure = f"ask for the way to {place} to be opened in the firewalls between, and whether the service runs"
        yield _tried("port", lambda: _connects(address, place), cure=cure)
        if address.has_tls:
            yield _shaken(address)

    def _probed(self, source: Source) -> Iterator[Step]:
        found: dict[str, str] = {}

        def probe() -> str:
            found.update(source.probe())
            return "; ".join(f"{name}: {value}" for name, value in found.items())

        yield _tried("login and contract", probe)
        if found.get("clock"):
            yield _clock(found["clock"])

    def _read(self, mapped: CompiledMapping, source: Source) -> Step:
        checkpoints = FileCheckpoints(self._hub.settings.data_dir / "checkpoints")
        outcomes: Counter[str] = Counter()

        def read() -> str:
            checkpoint = checkpoints.load(mapped.declaration.connection)
            records = itertools.chain.from_iterable(portion.records for portion in source.read(checkpoint))
            for record in itertools.islice(records, LOOKED_AT):
                outcomes[_outcome(mapped, record)] += 1
            return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common(6)) or "nothing new"

        step = _tried("dry read", read)
        refused = [outcome for outcome in outcomes if outcome not in ("mapped", "without events")]
        if step.verdict == "ok" and refused:
            cure = "sunlight mapping explain shows what would have to change in a record"
            return Step(name=step.name, verdict="warn", found=step.found, cure=cure)
        return step


def _connection_in(path: Path) -> str:
    """Return the connection that a mapping file declares, whatever else is wrong with it; empty where it says none."""
    return read_mapping(path, Faults(str(path))).entries.get("connection", EMPTY).text


def _opens(mapped: CompiledMapping) -> str:
    open_source(mapped.declaration, os.environ).close()
    return f"kind {mapped.declaration.kind}"


def _connects(address: reach.Address, place: str) -> str:
    reach.connected(address)
    return f"{place} takes connections"


def _shaken(address: reach.Address) -> Step:
    cure = "name the authority's PEM file under verify, or the host by the name in its certificate"
    found: list[reach.Certificate] = []

    def shake() -> str:
        found.append(reach.shaken(address))
        return f"{found[0].version}, {found[0].subject} by {found[0].issuer}, until {found[0].ends_at:%Y-%m-%d}"

    step = _tried("certificate", shake, cure=cure)
    if found and found[0].ends_at - SystemClock().now() < ENDS_SOON:
        return Step(name="certificate", verdict="warn", found=step.found, cure="have it renewed before it ends")
    return step


def _clock(text: str) -> Step:
    """Compare the source's clock with ours."""
    try:
        skew = datetime.fromisoformat(text) - SystemClock().now()
    except (ValueError, TypeError):
        return Step(name="clock", verdict="skipped", found=f"the source shows no clock ({text})")
    found = f"the source's clock is {abs(skew.total_seconds()):.0f} s {'ahead' if skew > timedelta() else 'behind'}"
    if abs(skew) <= SKEW:
        return Step(name="clock", verdict="ok", found=found)
    return Step(name="clock", verdict="warn", found=found, cure="have both machines follow one time service (NTP)")


def _outcome(mapped: CompiledMapping, record: Record) -> str:
    if record.refused is not None:
        return f"refused: {record.refused.code}"
    try:
        return "mapped" if mapped.map_record(record.tree) else "without events"
    except Refused as refused:
        return f"refused: {refused.rejection.code} at {refused.rejection.path}"


def _tried(name: str, act: Callable[[], str], *, cure: str = "") -> Step:
    """Try one step; what it raises is told with its cure."""
    try:
        return Step(name=name, verdict="ok", found=act())
    except Misconfigured as wrong:
        unset = all(fault.code == UNSET for fault in wrong.faults)
        hints = "; ".join(dict.fromkeys(fault.hint for fault in wrong.faults if fault.hint))
        said = "; ".join(_problem(fault) for fault in wrong.faults)
        return Step(name="secrets" if unset else name, verdict="fail", found=said, cure=hints)
    except HubError as away:
        return Step(name=name, verdict="fail", found=away.problem, cure=away.hint)
    except ssl.SSLCertVerificationError as unknown:
        return Step(name=name, verdict="fail", found=unknown.verify_message, cure=cure)
    except (OSError, KeyError) as unreached:
        return Step(name=name, verdict="fail", found=in_words(unreached), cure=cure)


def _problem(fault: Any) -> str:  # noqa: ANN401 - a Fault
    where = ":".join(str(part) for part in (fault.file, fault.line) if part)
    return f"{where}: {fault.target_path + ' ' if fault.target_path else ''}{fault.problem}"
