"""The reference page tells the truth: its examples load, its tables are complete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from connectors import open_source
from connectors.push import push_format
from hub import mapping
from hub.mapping.functions import FUNCTIONS
from hub.model.shapes import load_schema
from hub.resources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CONNECT = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
PUSH = (ROOT / "docs" / "push.md").read_text(encoding="utf-8")
SERVICES = re.findall(r"```yaml\n(.*?)```", CONNECT, re.DOTALL)
PAGE = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("connection:")]


def test_the_page_has_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_page_is_a_sound_mapping(tmp_path: Path, number: int) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLES[number], encoding="utf-8")
    assert [str(fault) for fault in mapping.lint(path)] == []


@pytest.mark.parametrize("example", SERVICES)
def test_an_example_of_a_service_is_a_sound_mapping_that_can_be_opened(tmp_path: Path, example: str) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(example, encoding="utf-8")
    assert [str(fault) for fault in mapping.lint(path)] == []
    declaration = mapping.load(path, environment={}).declaration
    open_source(declaration, {"CULTURE_TOKEN": "t", "ARCHIVE_PASSWORD": "p"}).close()


def test_the_example_of_a_department_that_sends_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    forms = []
    for example in re.findall(r"```yaml\n(.*?)```", PUSH, re.DOTALL):
        path.write_text(example, encoding="utf-8")
        assert [str(fault) for fault in mapping.lint(path)] == []
        forms.append(push_format(mapping.load(path, environment={}).declaration).form)
    assert forms == ["json", "canonical"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_on_the_page(name: str) -> None:
    assert re.search(rf"^\| `{name}\(", PAGE, re.MULTILINE)


def test_the_page_names_no_function_that_there_is_not() -> None:
    assert set(re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE)) == set(FUNCTIONS)


@pytest.mark.parametrize("key", load_schema("mapping.v1")["properties"])
def test_every_section_is_on_the_page(key: str) -> None:
    assert f"| `{key}`" in PAGE
