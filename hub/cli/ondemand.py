"""Loads a command's module when the command is typed: none waits for the libraries of the others."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Mapping


class OnDemand(TyperGroup):
    """A group of commands that are named, with where each is found, and loaded one by one."""

    places: ClassVar[Mapping[str, str]] = {}
    """Each command, and its function or its own group: `module:name`."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's own context
        """Name every command, in the order of the table."""
        return list(self.places)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - typer's own context and command
        """Return a command, loaded now; None where there is none of this name."""
        return loaded(cmd_name, self.places[cmd_name]) if cmd_name in self.places else None


@cache
def loaded(name: str, place: str) -> Any:  # noqa: ANN401 - typer's own command
    """Return the command `name` that stands at `module:name` as a function or a group."""
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        group = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)
