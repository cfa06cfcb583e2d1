"""`sunlight demo`: a generated city under supervision, some months in about a minute, and the console to look at it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import time
from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from conformance.reference import city as reference
from conformance.reference.published import published
from hub import settings as settings_
from hub import wiring
from hub.bus.rebind import is_used
from hub.citizens.sending import CASE
from hub.citizens.tracking import secret_for
from hub.cli import common, gatewaying, operate, publishing
from hub.cli.summary import show
from hub.clock import ManualClock
from hub.errors import Fault, Misconfigured
from hub.mapping import TOKEN_KEY
from hub.replay import History, Replay
from hub.resources import MAPPINGS
from hub.store.migrate import is_begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from conformance.reference.city import City
    from hub.mapping import CompiledMapping
    from hub.settings import Settings

LOOK_S: Final = 0.5
"""Seconds between two looks, after the replay, for what came over the public site."""

POLL: Final = timedelta(hours=2)
"""How often the demo's sources are polled, in replayed time: twice a working half-day."""


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End when the replay has ended, with exit code 0.")] = False,
    cases: Annotated[int, typer.Option(min=60, help="About how many cases the city has.")] = reference.CASES,
    seed: Annotated[int, typer.Option(help="Another seed, another city.")] = reference.SEED,
    settings: common.SettingsFile = None,
) -> None:
    """Show the hub at work on a generated city: several departments, two counties, planted violations.

    Everything is invented and everything runs on this machine: the departments' own systems (a front-end database,
    GB18030 files, a county platform), the hub that reads them, and a console on a loopback address.
    """
    chosen = _demo_settings(settings_.load(settings))
    with _alone(chosen.data_dir):
        _show(chosen, cases, seed, once=once)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep `folder` to ourselves: a second demo would empty it under the first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            problem, hint = f"a demo runs in {folder} already", "end it, or set SUNLIGHT_DATA_DIR to another folder"
            raise Misconfigured(Fault(code="demo.running", problem=problem, hint=hint)) from taken
        yield


def _show(chosen: Settings, cases: int, seed: int, *, once: bool) -> None:
    folder = chosen.data_dir
    shutil.rmtree(folder, ignore_errors=True)
    city = reference.City(reference.plan(seed, cases), folder / "departments")
    os.environ.update(city.environment())
    os.environ.setdefault(TOKEN_KEY, secrets.token_hex(32))
    clock = ManualClock(city.start)
    hub = wiring.build(chosen, clock=clock)
    _require_unused(chosen)
    operate.prepare(hub)
    with gatewaying.serving(hub) as url, publishing.serving(hub) as public:
        common.ERR.print(f"[bold]console 控制台[/bold]  {url}   (watch it while the months go by)")
        common.ERR.print(f"[bold]public site 公开网站[/bold]  {public}")
        _replay(hub, clock, city)
        show(hub.queries.summary())
        _show_truth(hub, city)
        _show_code(hub)
        if not once:
            _wait(hub, url, public)
    hub.close()


def _require_unused(chosen: Settings) -> None:
    """Leave a store and a bus alone that have served a hub."""
    used = [*(["the store"] if is_begun(chosen.store_url) else []), *(["the bus"] if is_used(chosen.bus_url) else [])]
    if used:
        problem, hint = (
            f"{' and '.join(used)} is in use",
            "unset SUNLIGHT_STORE_URL and SUNLIGHT_BUS_URL, or name empty ones",
        )
        raise Misconfigured(Fault(code="demo.used", problem=problem, hint=hint))


def _demo_settings(settings: Settings) -> Settings:
    """Keep the demo's data in a folder of its own, which is emptied at every start."""
    own = {
        "hub": settings.hub.model_copy(update={"data_dir": settings.hub.data_dir / "demo"}),
        "mappings": settings.mappings.model_copy(update={"folder": MAPPINGS}),
    }
    if not settings.gateway.port:
        own["public"] = settings.public.model_copy(update={"port": 0})
    return settings.model_copy(update=own)


def _replay(hub: wiring.Hub, clock: ManualClock, city: City) -> None:
    mappings = [wiring.load_mapping(path) for path in city.mappings()]
    catalogues = [published(wiring.load_catalogue(path)) for path in reference.catalogue_paths()]
    centre = MAPPINGS / "city-complaints"
    portals = [wiring.load_mapping(centre / f"{name}.yaml") for name in ("portal", "ratings")]
    hub.register([*mappings, *portals], [*catalogues, wiring.load_catalogue(centre / "department.yaml")])
    with contextlib.ExitStack() as stack:
        bus = stack.enter_context(contextlib.closing(hub.bus()))
        reads = [stack.enter_context(_reading(hub, mapping)) for mapping in mappings]
        line = hub.line(bus)
        stack.callback(line.release)
        replay = Replay(clock=clock, line=line, reads=reads, next_wake=hub.queries.next_wake, every=POLL)
        history = History(start=city.start, end=city.end, reveal=city.advance, next_after=city.next_moment)
        with _days(city) as shown:
            replay.run(history, shown)


@contextlib.contextmanager
def _reading(hub: wiring.Hub, mapping: CompiledMapping) -> Iterator[Callable[[], int]]:
    """Open one connection's source and its own bus, for as long as the replay lasts."""
    with contextlib.closing(hub.bus()) as bus, contextlib.closing(hub.source(mapping)) as source:
        intake = hub.intake(mapping, bus)
        yield lambda: intake.run_once(source).messages(len(hub.partitions))


@contextlib.contextmanager
def _days(city: City) -> Iterator[Callable[[datetime], None]]:
    """Show a bar that counts the replayed days."""
    total = (city.end - city.start).days
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[day]}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=common.ERR) as bar:
        task = bar.add_task("replay 回放", total=total, day="")

        def shown(moment: datetime) -> None:
            day = moment.astimezone(city.start.tzinfo).date()
            bar.update(task, completed=(moment - city.start).days, day=day.isoformat())

        yield shown


def _show_truth(hub: wiring.Hub, city: City) -> None:
    """Compare the alerts that were raised with the violations that were planted."""
    raised = raised_cases(hub)
    table = Table(
        "rule 规则",
        "planted 设定",
        "found 发现",
        "missed 漏报",
        "false 误报",
        title="Planted and found",
        title_justify="left",
    )
    for rule, planted in sorted(city.truth.items()):
        found = raised.get(rule, frozenset())
        table.add_row(rule, *(str(len(each)) for each in (planted, found, planted - found, found - planted)))
    dirty = Counter(city.quarantine_truth)
    refused = Counter({name: each["quarantined"] for name, each in hub.queries.accounting().items()})
    table.add_row("dirty records", *(str(each.total()) for each in (dirty, refused, dirty - refused, refused - dirty)))
    common.OUT.print(table)


def raised_cases(hub: wiring.Hub) -> dict[str, frozenset[str]]:
    """Return by rule the numbers of the cases on which an alert was ever raised."""
    found: dict[str, set[str]] = defaultdict(set)
    for alert in hub.queries.alerts(limit=1_000_000):
        found[alert["rule_id"]].add(alert["case_no"])
    return {rule: frozenset(numbers) for rule, numbers in found.items()}


def _show_code(hub: wiring.Hub) -> None:
    """Name a case that can be looked up over the public site, with its code."""
    row = next(iter(hub.queries.cases(disclosures=["public", "intranet"], limit=1)), None)
    if row is not None:
        code = secret_for(hub.citizens_key, CASE, row["case_id"])
        said = f"a case to follow over the public site 办件进度: {row['case_no']}  code 查询码: {code}"
        common.OUT.print(said, soft_wrap=True)


def _wait(hub: wiring.Hub, url: str, public: str) -> None:
    """Take in what comes over the public site, until Ctrl-C."""
    common.ERR.print(f"[bold]console 控制台[/bold]  {url}", soft_wrap=True)
    common.ERR.print(f"[bold]public site 公开网站[/bold]  {public}   Ctrl-C ends.", soft_wrap=True)
    with contextlib.suppress(KeyboardInterrupt), contextlib.closing(hub.bus()) as bus:
        line = hub.line(bus)
        with contextlib.ExitStack() as held:
            held.callback(line.release)
            line.hold()
            while True:
                line.settle()
                time.sleep(LOOK_S)
