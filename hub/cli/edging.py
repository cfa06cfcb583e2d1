"""`sunlight edge`: connectors in a department's own network, which reach out to the centre's broker alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from connectors.push import KIND as PUSH
from hub import settings as settings_
from hub import wiring
from hub.cli import common, operate
from hub.errors import Fault, Misconfigured
from hub.vault import PRIVATE

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from hub.mapping import CompiledMapping
    from hub.roles import Task
    from hub.wiring import Hub

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""Where a broker may be reached without TLS."""


def edge(
    files: Annotated[
        list[Path], typer.Argument(help="Mapping files of the sources here.", exists=True, dir_okay=False)
    ],
    *,
    settings: common.SettingsFile = None,
) -> None:
    """Read sources in a department's network, and publish what they say to the centre's broker over TLS.

    It opens one connection, outward, to SUNLIGHT_BUS_URL (amqps://…), as the account that the mappings name. Positions,
    spools and what was seen of the sources stay in its data folder, which needs the centre's keys/vault.pub. The centre
    registers the same mappings: sunlight connection promote.

    Example: sunlight edge housing/permits.yaml
    """
    hub = wiring.build(settings_.load(settings), is_edge=True)
    mappings = {file: wiring.load_mapping(file) for file in files}
    faults = list(_faults(hub, list(mappings.values())))
    if faults:
        raise Misconfigured(*faults)
    _ = hub.vault
    operate.run_tasks(hub, lambda stop, _begin: _tasks(hub, mappings, stop))


def _tasks(hub: Hub, mappings: dict[Path, CompiledMapping], stop: threading.Event) -> Sequence[Task]:
    hub.troubles.keep_only({mapping.declaration.connection for mapping in mappings.values()})
    return [operate.reading(hub, mapping, file, stop) for file, mapping in mappings.items()]


def _faults(hub: Hub, mappings: Sequence[CompiledMapping]) -> Iterator[Fault]:
    """Yield what is not as an edge must be."""
    url = urlsplit(hub.settings.bus_url)
    if url.scheme != "amqps" and not (url.scheme == "amqp" and url.hostname in LOOPBACK):
        hint = "set SUNLIGHT_BUS_URL to amqps://ACCOUNT:PASSWORD@HOST:5671/VHOST"
        yield Fault(code="edge.bus", problem="an edge reaches the centre's broker over TLS alone", hint=hint)
    if (hub.settings.data_dir / "keys" / PRIVATE).exists():
        hint = "remove it: here refused records are sealed; they are opened at the centre"
        yield Fault(code="edge.key", problem="the vault's private key is here", file=PRIVATE, hint=hint)
    account = wiring.bus_user(hub.settings.bus_url)
    for each in mappings:
        declared = each.declaration
        if declared.kind == PUSH:
            problem = "its department sends: nothing is read"
            yield Fault(code="edge.push", problem=problem, file=declared.connection, hint="leave it to the gateway")
        elif declared.user != account:
            problem = f"its messages come from the account {declared.user}, this edge logs in as {account}"
            hint = f"write user: {account} into the mapping, here and at the centre, or use its account"
            yield Fault(code="edge.user", problem=problem, file=declared.connection, hint=hint)
