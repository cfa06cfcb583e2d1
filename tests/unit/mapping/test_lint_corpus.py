"""Faults seeded into the shipped mappings are found before they run, where they stand."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from ruamel.yaml import YAML

from hub import mapping
from hub.mapping.examples import examples_of
from tests.support.seeded_faults import SHIPPED, Seeded, seeded

if TYPE_CHECKING:
    from pathlib import Path

    from hub.errors import Fault

CORPUS: Final = tuple(seeded())
LEAST: Final = 200
SHARE: Final = 0.95


def records_of(path: Path) -> list[Any]:
    """Return the records of a mapping's examples: what its source sends."""
    examples = YAML(typ="safe", pure=True).load(examples_of(path).read_text(encoding="utf-8"))
    return [example["record"] for example in examples]


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    """Return a contract for each shipped mapping: the JSON Schema of exactly the columns it reads."""
    folder = tmp_path_factory.mktemp("contracts")
    return {path: contract_of(path, folder / f"{path.stem}.json") for path in SHIPPED}


def contract_of(path: Path, file: Path) -> Path:
    loaded = mapping.load(path, environment={mapping.TOKEN_KEY: "the key of tests, no secret"})
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {}}
    for record in (*records_of(path), dict.fromkeys(loaded.columns)):
        merge(schema, record)
    for steps in loaded.declaration.names.values():
        node = schema
        for step in steps:
            node = node.setdefault("properties", {}).setdefault(step, {})
    file.write_bytes(orjson.dumps(schema))
    return file


def merge(node: dict[str, Any], value: Any) -> None:
    for child in value if isinstance(value, list) else [value]:
        if isinstance(child, dict):
            for name, inner in child.items():
                merge(node.setdefault("properties", {}).setdefault(str(name), {}), inner)


def found_by_lint(fault: Seeded, contract: Path, folder: Path) -> list[Fault]:
    path = folder / fault.path.name
    path.write_text(fault.text, encoding="utf-8")
    return mapping.lint_all(path, contract)


def fails_its_examples(fault: Seeded, folder: Path) -> bool:
    """Tell whether the mapping, run, does not do what its examples say."""
    path = folder / fault.path.name
    path.write_text(fault.text, encoding="utf-8")
    examples_of(path).write_bytes(examples_of(fault.path).read_bytes())
    return bool(mapping.run_examples(path))


def table_of(seen: Counter[str], caught: Counter[str]) -> str:
    rows = [*((kind, caught[kind], seen[kind]) for kind in seen), ("all", caught.total(), seen.total())]
    return "\n".join(f"{kind:24} {found:4} of {there:4}" for kind, found, there in rows)


def test_nothing_is_found_where_nothing_was_seeded(contracts: dict[Path, Path]) -> None:
    assert {str(fault) for path in SHIPPED for fault in mapping.lint_all(path, contracts[path])} == set()


def test_seeded_faults_are_found_where_they_stand(contracts: dict[Path, Path], tmp_path: Path) -> None:
    seen, caught, missed = Counter[str](), Counter[str](), []
    for fault in CORPUS:
        lines = {each.line for each in found_by_lint(fault, contracts[fault.path], tmp_path)}
        seen[fault.kind] += 1
        if any(fault.line <= line <= fault.until for line in lines):
            caught[fault.kind] += 1
        else:
            missed.append((fault, lines))
    print(  # noqa: T201 - the table is what -s is asked for
        table_of(seen, caught), *(f"missed: {each.kind}, {each.path.stem}:{each.line}" for each, _ in missed), sep="\n"
    )
    assert seen.total() >= LEAST
    assert caught.total() >= SHARE * seen.total(), missed[:5]
    assert [each.kind for each, _ in missed if not fails_its_examples(each, tmp_path)] == []
