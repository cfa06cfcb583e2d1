"""Names what verdicts hold for: schema, code lists, mapping by parts, connector, declaration, suite."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from conformance.declaration import beside, load_declaration
from conformance.model import Bindings
from conformance.program import connector_sha256
from hub.mapping import fingerprint
from hub.resources import SCHEMAS
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.declaration import Declared
    from conformance.suite import Suite
    from hub.mapping import CompiledMapping

CASE_SCHEMA: Final = "case-event.v1"


def bindings_of(
    mapping: CompiledMapping, file: Path, declared: Declared | None, suite: Suite, *, zone: str = HUB_ZONE.key
) -> Bindings:
    """Return what a session of a connection is bound to, under a hub's `zone`."""
    named = fingerprint(file, zone=zone)
    return Bindings(
        case_schema=CASE_SCHEMA,
        case_schema_sha256=_digest(SCHEMAS / f"{CASE_SCHEMA}.json"),
        code_lists_sha256=_digest(*sorted((SCHEMAS / "codes").rglob("*.*"))),
        mapping_version=mapping.declaration.version,
        mapping_sha256=mapping.fingerprint,
        mapping_parts={**named.parts, **complaint_parts(file, declared, zone=zone)},
        connector_kind=mapping.declaration.kind,
        connector_version=version("sunlight-hub"),
        connector_sha256=connector_sha256(mapping.declaration.kind),
        ics_sha256=declared.sha256 if declared else "",
        suite_version=suite.version,
        suite_sha256=suite.sha256,
    )


def complaint_parts(file: Path, declared: Declared | None, *, zone: str) -> Mapping[str, str]:
    """Return the fingerprints of the mappings of complaints that a declaration names, as far as they stand here."""
    named = declared.complaint_files if declared else {}
    paths = {part: file.parent / name for part, name in named.items()}
    return {part: fingerprint(path, zone=zone).whole for part, path in paths.items() if path.is_file()}


def running(mapping: CompiledMapping, file: Path, suite: Suite, *, zone: str) -> dict[str, Any]:
    """Return the bindings of what runs here, as certificates write them; without a declaration beside it no `ics`."""
    declared = load_declaration(beside(file)) if beside(file).is_file() else None
    document = as_document(bindings_of(mapping, file, declared, suite, zone=zone))
    return document if declared else {name: value for name, value in document.items() if name != "ics"}


def filled(certified: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is running as far as it is known; of the rest what was certified."""
    return {**certified, **known}


def as_document(bindings: Bindings) -> dict[str, Any]:
    """Return bindings as a certificate writes them (schemas/certificate.v1)."""
    flat = asdict(bindings)
    return {
        "case_schema": {"version": flat["case_schema"], "sha256": flat["case_schema_sha256"]},
        "code_lists": {"sha256": flat["code_lists_sha256"]},
        "mapping": {
            "version": flat["mapping_version"],
            "sha256": flat["mapping_sha256"],
            "parts": dict(flat["mapping_parts"]),
        },
        "connector": {
            "kind": flat["connector_kind"],
            "version": flat["connector_version"],
            "artifact_sha256": flat["connector_sha256"],
        },
        "ics": {"sha256": flat["ics_sha256"]},
        "suite": {"version": flat["suite_version"], "sha256": flat["suite_sha256"]},
    }


def _digest(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
