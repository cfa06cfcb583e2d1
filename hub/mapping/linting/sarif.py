"""Writes faults as SARIF 2.1.0, which editors and CI services read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.mapping.linting.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.errors import Fault

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
"""Where the format is published."""


def sarif_of(faults: Sequence[Fault]) -> dict[str, Any]:
    """Return one SARIF log of one run."""
    rules = [
        {"id": code, "shortDescription": {"text": _about(code)}} for code in sorted({each.code for each in faults})
    ]
    driver = {"name": "sunlight mapping lint", "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_result(each) for each in faults]}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _about(code: str) -> str:
    rule = RULES.get(code.removeprefix("map."))
    return rule.about if rule else code


def _result(fault: Fault) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": fault.file.replace("\\", "/")}}
    if fault.line:
        place["region"] = {"startLine": fault.line, **({"startColumn": fault.column} if fault.column else {})}
    properties = {"sourcePath": fault.source_path, "targetPath": fault.target_path, "value": fault.value}
    return {
        "ruleId": fault.code,
        "level": fault.severity,
        "message": {"text": f"{fault.problem}. {fault.hint}".rstrip(". ") + "."},
        "locations": [{"physicalLocation": place}],
        "properties": {name: text for name, text in properties.items() if text},
    }
