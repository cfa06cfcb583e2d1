"""Names what verdicts hold for: schema, code lists, mapping by parts, connector, declaration, suite."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import connectors
from conformance.model import Bindings
from hub.mapping import fingerprint
from hub.resources import SCHEMAS

if TYPE_CHECKING:
    from conformance.declaration import Declared
    from conformance.suite import Suite
    from hub.mapping import CompiledMapping

CASE_SCHEMA: Final = "case-event.v1"


def bindings_of(mapping: CompiledMapping, file: Path, declared: Declared, suite: Suite) -> Bindings:
    """Return what a session of a connection is bound to."""
    named = fingerprint(file)
    return Bindings(
        case_schema=CASE_SCHEMA,
        case_schema_sha256=_digest(SCHEMAS / f"{CASE_SCHEMA}.json"),
        code_lists_sha256=_digest(*sorted((SCHEMAS / "codes").rglob("*.*"))),
        mapping_version=mapping.declaration.version,
        mapping_sha256=mapping.fingerprint,
        mapping_parts=dict(named.parts),
        connector_kind=mapping.declaration.kind,
        connector_version=version("sunlight-hub"),
        connector_sha256=_digest(*sorted(Path(connectors.__file__).parent.rglob("*.py"))),
        ics_sha256=declared.sha256,
        suite_version=suite.version,
        suite_sha256=suite.sha256,
    )


def _digest(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
