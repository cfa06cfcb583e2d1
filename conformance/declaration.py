"""Reads what a department declares of one connection (ICS, 申报): which tests are its own follows from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from conformance.lines import read_as
from conformance.model import Signature
from connectors.options import encoding_of
from hub.errors import Fault, Misconfigured
from hub.model.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hub.mapping import Declaration

FOLDER: Final = "conformance"
"""Folder beside a mapping file in which its declaration stands, under the mapping's own name."""

ENCODINGS: Final = ("utf-8", "gb18030")
"""What a declaration may say of its source's bytes."""

_SMALL, _MEDIUM = 1_000, 20_000
"""Cases a day up to which a connection is small (V-S) and of medium size (V-M)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A department's declaration of one connection; `document` has the shape of schemas/conformance-ics.v1."""

    document: Mapping[str, Any]

    @property
    def connection(self) -> str:
        """Return the connection it is of."""
        return str(self.document["connection"])

    @property
    def sha256(self) -> str:
        """Return the digest of what it says, by which a certificate names it."""
        return hashlib.sha256(orjson.dumps(self.document, option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def names(self) -> Mapping[str, Any]:
        """Return what applicability expressions may name."""
        return {name: self.document[name] for name in ("transport", "encoding", "flows", "families", "claims")} | {
            "confidentiality": self.document["confidentiality"]
        }

    @property
    def complaint_files(self) -> Mapping[str, str]:
        """Return the mapping files of complaints, answers and orders, by their part; empty where it declares none."""
        return dict(self.document.get("complaints", {}))

    @property
    def profiles(self) -> Sequence[str]:
        """Return the profiles that a certificate prints."""
        said, daily = self.document, self.document["volume"]["daily"]
        transport = {"soap": "SOAP", "rest": "REST", "files": "FILE", "database": "DB", "push": "REST"}
        encoding = {"utf-8": "UTF8", "gb18030": "GB18030"}
        families = {"application": "APPROVAL", "complaint": "COMPLAINT"}
        flows = sorted({families.get(family, "ENFORCE") for family in said["families"]})
        size = "S" if daily <= _SMALL else "M" if daily <= _MEDIUM else "L"
        return (
            f"T-{transport[said['transport']]}",
            f"E-{encoding[said['encoding']]}",
            *(f"D-{flow}" for flow in flows),
            "P-PUBLIC-ONLY" if said["confidentiality"] == "public_only" else "P-MIXED",
            f"V-{size}",
        )

    @property
    def signatures(self) -> Sequence[Signature]:
        """Return who signed it."""
        return tuple(read_as(Signature, each) for each in self.document["signed"])


_HINTS: Final[Mapping[str, str]] = {
    "required": "add it; docs/onboarding.md shows a whole declaration",
    "additionalProperties": "take it out, or mend its spelling; schemas/conformance-ics.v1.json has every name",
    "enum": "write one of these",
    "format": "a day is written as 2026-03-02, an organisation with its unified social credit code of 18 characters",
    "type": "write it as docs/onboarding.md does; what is all digits stands in quotes",
}
"""What to do about a fault of a declaration, by the rule of its shape that it breaks."""


def beside(mapping: Path) -> Path:
    """Return where the declaration of a mapping file's connection stands: a .yml, for every .yaml is a mapping."""
    return mapping.parent / FOLDER / f"{mapping.stem}.yml"


def load_declaration(path: Path) -> Declared:
    """Read a declaration; Misconfigured with every fault of it."""
    try:
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        hint = "write it: docs/onboarding.md shows one"
        raise Misconfigured(Fault(code="ics.missing", problem="no declaration", file=str(path), hint=hint)) from missing
    except (YAMLError, UnicodeDecodeError) as broken:
        hint = "it is YAML in UTF-8: mend that line, then run it again"
        raise Misconfigured(
            Fault(code="ics.syntax", problem=" ".join(str(broken).split()), file=str(path), hint=hint)
        ) from broken
    return declared(document, str(path))


def agreeing(declared: Declared, mapping: Declaration, file: str) -> Declared:
    """Return a declaration that is of a mapping's connection; Misconfigured with all in which the two differ."""
    said = declared.document
    faults = [
        Fault(code="ics.differs", problem=problem, file=file, target_path=f"/{name}", hint=hint)
        for name, is_so, problem, hint in (
            (
                "connection",
                said["connection"] == mapping.connection,
                f"{said['connection']!r} is not the mapping's connection",
                f"write {mapping.connection}",
            ),
            (
                "department",
                said["department"] in mapping.departments,
                f"the mapping does not speak for {said['department']!r}",
                f"write one of: {', '.join(sorted(mapping.departments))}",
            ),
            (
                "transport",
                said["transport"] == mapping.kind,
                f"{said['transport']!r} is not how the mapping connects",
                f"write {mapping.kind}",
            ),
            (
                "encoding",
                _reads_as(mapping, said["encoding"]),
                f"{said['encoding']!r} is not how the mapping reads",
                f"write {encoding_of(mapping)}",
            ),
        )
        if not is_so
    ]
    if faults:
        raise Misconfigured(*faults)
    return declared


def _reads_as(mapping: Declaration, encoding: str) -> bool:
    """Tell whether a mapping that names one of the encodings of declarations reads by the declared one."""
    own = encoding_of(mapping) if "encoding" in mapping.read else ""
    return own not in ENCODINGS or own == encoding


def declared(document: Any, file: str = "") -> Declared:
    """Return a declaration that has its shape; Misconfigured with every fault."""
    problems = shape("conformance-ics.v1").problems(document)
    faults = [
        Fault(
            code=f"ics.{problem.rule.lower()}",
            problem=problem.quoting,
            file=file,
            target_path=problem.path,
            hint=_HINTS.get(problem.rule, "docs/onboarding.md shows a whole declaration"),
        )
        for problem in problems
    ]
    if faults:
        raise Misconfigured(*faults)
    return Declared(document=document)
