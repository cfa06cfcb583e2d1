"""What the commands share: the hub they act on, their output, their progress bar."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from hub import settings as settings_
from hub import wiring
from hub.clock import SystemClock
from hub.sandbox import sandbox_of
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from hub.ports import Clock
    from hub.settings import Settings

OUT: Final = Console()
ERR: Final = Console(stderr=True)

IN_SANDBOX: Final[ContextVar[bool]] = ContextVar("in_sandbox", default=False)
"""Whether the command acts on the sandbox."""

_AT_END: Final[ContextVar[ExitStack | None]] = ContextVar("at_end", default=None)
"""What gives up the hubs that the command has opened."""

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="Settings file. Default: ./settings.toml, else the one shipped.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


def hub(settings: Path | None = None, *, clock: Clock | None = None) -> wiring.Hub:
    """Return the hub under the operator's settings, or its sandbox: `sunlight --sandbox …`."""
    found = settings_.load(settings)
    return hub_under(sandbox_of(found) if IN_SANDBOX.get() else found, clock=clock)


def hub_under(settings: Settings, *, clock: Clock | None = None) -> wiring.Hub:
    """Return the hub under given settings; it gives up its connections when the command ends."""
    found = wiring.build(settings, clock=clock)
    if (at_end := _AT_END.get()) is not None:
        at_end.callback(found.close)
    return found


@contextmanager
def giving_up() -> Iterator[None]:
    """Give up, at the end of the command, the connections of every hub that it opened."""
    with ExitStack() as stack:
        _AT_END.set(stack)
        try:
            yield
        finally:
            _AT_END.set(None)


def today() -> date:
    """Return the local day, in the hub's zone."""
    return SystemClock().now().astimezone(HUB_ZONE).date()


def counted(number: int, thing: str) -> str:
    """Say how many things there are: `1 file`, `2 files`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    """Print one JSON document on standard output."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def progress() -> Progress:
    """Return a progress bar on standard error, so that output stays clean."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}{task.fields[unit]}"),
        TimeElapsedColumn(),
        console=ERR,
    )
