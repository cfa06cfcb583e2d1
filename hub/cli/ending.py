"""Ends every command of `sunlight conformance` with the exit codes that scripts go by (specification, 3.3)."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING, Any, Final

import typer
from typer._click.exceptions import UsageError
from typer.core import TyperGroup

from conformance.verdicts import USAGE
from hub.cli.session_room import told

if TYPE_CHECKING:
    from collections.abc import Iterator

CODES: Final = """Exit codes, of every command in this group: 0 certifiable, or done; 1 something fails; 2 incomplete:
something waits, or could not be shown; 3 the harness is broken, or a server is away; 4 usage: what was typed, or a file
of yours, is to be mended; 5 unknown: there is no such session, or it cannot be told."""


class Ending(TyperGroup):
    """A group whose commands end with 4 for what was typed wrongly, and for all else that the caller can mend."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:  # noqa: ANN401 - typer's own context
        """Read the group's own arguments."""
        with _ending():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own context
        """Find the command, read its arguments, and run it."""
        with _ending():
            return super().invoke(ctx)


@contextlib.contextmanager
def _ending() -> Iterator[None]:
    try:
        with told():
            yield
    except UsageError as wrong:
        wrong.exit_code = USAGE
        raise
    except OSError as refused:
        if refused.errno == errno.EPIPE:
            raise
        typer.echo(f"system: {refused.filename or ''}: {refused.strerror or refused}", err=True)
        raise typer.Exit(USAGE) from refused
