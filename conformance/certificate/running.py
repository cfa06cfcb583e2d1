"""Names what is running for a connection, as far as it can be told here, in the words of a certificate's bindings."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import connectors
from hub.mapping import fingerprint
from hub.resources import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.mapping import CompiledMapping

CASE_SCHEMA: Final = "case-event.v1"


def measured(mapping: CompiledMapping, file: Path, *, zone: str) -> dict[str, Any]:
    """Return the bindings of a mapping, and of the schema, code lists and connector beside it, as they are here."""
    named = fingerprint(file, zone=zone)
    sources = sorted(Path(connectors.__file__).parent.rglob("*.py"))
    return {
        "case_schema": {"version": CASE_SCHEMA, "sha256": _digest(SCHEMAS / f"{CASE_SCHEMA}.json")},
        "code_lists": {"sha256": _digest(*sorted((SCHEMAS / "codes").rglob("*.*")))},
        "mapping": {
            "version": mapping.declaration.version,
            "sha256": mapping.fingerprint,
            "parts": dict(named.parts),
        },
        "connector": {
            "kind": mapping.declaration.kind,
            "version": version("sunlight-hub"),
            "artifact_sha256": _digest(*sources),
        },
    }


def beside(certified: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is running as far as it is known; of the rest (declaration, suite) what was certified."""
    return {**certified, **known}


def _digest(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
