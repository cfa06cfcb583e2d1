"""`sunlight conformance ship`: pulls a source in a department's network, and signs its bytes for the hub to test on."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Final

import typer

from conformance import shipping
from conformance.certificate import signing
from connectors.push import KIND as PUSH
from hub import settings as settings_
from hub import wiring
from hub.cli import common
from hub.cli.session_room import told
from hub.errors import Fault, Misconfigured
from hub.signer import Signer

KEY: Final = "edge.key"


def ship(
    file: Annotated[Path, typer.Argument(help="The mapping file of the source here.", exists=True, dir_okay=False)],
    *,
    out: Annotated[Path, typer.Option("--out", help="Write the shipment there.")],
    keys: Annotated[Path, typer.Option("--keys", help="Write the edge's public key there (JWKS), to be pinned.")],
    settings: common.SettingsFile = None,
) -> None:
    """Pull everything that a source holds, where only an edge reaches it, and sign the exact bytes of its records.

    The source is told of nothing. Bring the file out by any outbound way; at the hub `sunlight conformance run
    CONNECTION --shipped FILE --edge-keys KEYS` holds the tests on it. Hand the key over by another way.

    Example: sunlight conformance ship housing/permits.yaml --out permits.zip --keys edge.jwks
    """
    with told():
        hub = wiring.build(settings_.load(settings), is_edge=True)
        mapping = wiring.load_mapping(file)
        if mapping.declaration.kind == PUSH:
            problem, hint = "its department sends: nothing is pulled", "let it send to the sandbox"
            raise Misconfigured(Fault(code="edge.push", problem=problem, file=str(file), hint=hint))
        signer = Signer.at(hub.settings.data_dir / "keys" / KEY)
        with contextlib.closing(hub.source(mapping)) as source:
            records = [record for portion in source.read(None) for record in portion.records]
        connection = mapping.declaration.connection
        out.write_bytes(shipping.pack(connection, records, taken_at=hub.clock.now(), signer=signer))
        keys.write_bytes(signing.jwks(signing.public_key(signer)))
    common.ERR.print(f"{out}: {len(records):,} records of {connection}", soft_wrap=True)
