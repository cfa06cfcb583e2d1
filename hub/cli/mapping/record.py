"""`sunlight mapping record`: a refused record becomes an example, with nobody in it."""

from __future__ import annotations

import contextlib
import getpass
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from ruamel.yaml import YAML

from connectors import reopen_record
from hub.cli import common
from hub.cli.quarantine import item_of
from hub.errors import Fault, Misconfigured
from hub.mapping import TOKEN_KEY, tried
from hub.mapping.examples import ENVIRONMENT, examples_of
from hub.mapping.explain import personal_columns
from hub.mapping.recording import redacted
from hub.quarantine import open_bytes
from hub.refused import PLACE as MESSAGE_PLACE

if TYPE_CHECKING:
    from hub.mapping.recording import Recorded
    from hub.wiring import Hub

_OWN: Final = frozenset({"event_id", "connection_id", "mapping_version"})
"""What every event of a connection has, and no example is about."""


def record(
    rejection: Annotated[str, typer.Argument(help="Id of an entry in quarantine, or its first characters.")],
    mapping: Annotated[Path, typer.Argument(help="The mapping file.", exists=True, dir_okay=False)],
    *,
    name: Annotated[str, typer.Option("--name", help="What the example is about.")] = "a recorded record",
    append: Annotated[bool, typer.Option("--append", help="Add it to the examples beside the mapping.")] = False,
    settings: common.SettingsFile = None,
) -> None:
    """Print a refused record as an example, or add it to those beside its mapping: redacted, mapped as it was.

    Its bytes are unsealed for that, which the ledger remembers. Of records that were taken in the hub keeps no bytes,
    only their digest: an example of those comes from the department.

    Example: sunlight mapping record 5b1e77 mappings/taizhou-housing/permits.yaml --append
    """
    hub = common.hub(settings)
    environment = os.environ if os.environ.get(TOKEN_KEY) else ENVIRONMENT
    loaded = tried(mapping, environment=environment)
    tree = _tree(hub, rejection, loaded.declaration)
    found = redacted(loaded, tree, personal_columns(mapping, environment))
    if found.personal:
        raise Misconfigured(_still_personal(found, mapping))
    if not found.is_as_it_was:
        common.ERR.print("note: without the person in it the mapping makes something else of it; see what it expects")
    text = _written(name, found)
    if append:
        with examples_of(mapping).open("a", encoding="utf-8") as file:
            file.write(text)
        common.ERR.print(f"added to {examples_of(mapping)}; kept as they were: {', '.join(found.kept) or 'nothing'}")
    else:
        typer.echo(text, nl=False)


def _tree(hub: Hub, rejection: str, declaration: Any) -> Any:  # noqa: ANN401 - any declaration; any record
    item = item_of(hub, rejection)
    if item["place"].startswith(MESSAGE_PLACE) or item["stage"] == "decode":
        problem, hint = "it is no record that a mapping met", "record one that was refused while it was mapped"
        raise Misconfigured(Fault(code="mapping.no-record", problem=problem, file=item["rejection_id"], hint=hint))
    with contextlib.closing(hub.bus()) as bus:
        how: dict[str, Any] = {"rejection_id": item["rejection_id"], "vault": hub.vault, "bus": bus}
        raw = open_bytes(item["sealed"], by=getpass.getuser(), now=hub.clock.now(), **how)
    return reopen_record(declaration, raw, item["place"]).tree


def _written(name: str, found: Recorded) -> str:
    example: dict[str, Any] = {"name": name, "record": found.record}
    if isinstance(found.outcome, dict):
        example["refused"] = found.outcome
    else:
        example["expect"] = [{key: value for key, value in each.items() if key not in _OWN} for each in found.outcome]
    yaml, text = YAML(), io.StringIO()
    yaml.default_flow_style, yaml.allow_unicode = False, True
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump([example], text)
    return text.getvalue()


def _still_personal(found: Recorded, mapping: Path) -> Fault:
    return Fault(
        code="mapping.personal",
        problem=f"the example would keep what looks like a person's: {', '.join(found.personal)}",
        file=str(mapping),
        hint="mask these columns in the mapping (person(), mask_…), or write the example by hand",
    )
