"""Builders of small mappings: a test states only the sections it is about."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from hub import mapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = """\
connection: test.one
department: "11321200014000028L"
kind: files
"""
CASE = """\
case:
  source_case_no: no
  region_code: "'321200'"
"""
EVENTS = """\
events:
  - {type: case.received, occurred_at: time(at)}
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a mapping file from the sections given, the rest being the plainest."""

    def write(extra: str = "", *, head: str = HEAD, case: str = CASE, events: str = EVENTS) -> Path:
        path = tmp_path / "mapping.yaml"
        parts = (textwrap.dedent(part) for part in (head, extra, case, events))
        path.write_text("".join(parts), encoding="utf-8")
        return path

    return write


@pytest.fixture
def compiled(written: Callable[..., Path]) -> Callable[..., mapping.CompiledMapping]:
    """Return a function that loads a mapping built from the sections given."""

    def load(*args: str, **sections: str) -> mapping.CompiledMapping:
        return mapping.load(written(*args, **sections), environment={mapping.TOKEN_KEY: "the key of tests, no secret"})

    return load


@pytest.fixture
def linted(written: Callable[..., Path]) -> Callable[..., list[Any]]:
    """Return a function that lints a mapping built from the sections given."""

    def lint(*args: str, **sections: str) -> list[Any]:
        return mapping.lint(written(*args, **sections))

    return lint


@pytest.fixture
def value_of(compiled: Callable[..., mapping.CompiledMapping]) -> Callable[..., Any]:
    """Return a function that evaluates one expression over one record, as the text attribute `x` of the case."""

    def value(expression: str, extra: str = "", **record: object) -> str | None:
        quoted = expression.replace("'", "''")
        case = f"{CASE}  attributes: {{x: '{quoted}'}}\n"
        loaded = compiled(extra, case=case)
        (event,) = loaded.map_record({"no": "1", "at": "2026-01-05", **record})
        return event.data["case"].get("attributes", {}).get("x")

    return value
