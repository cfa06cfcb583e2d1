"""The mappings that are shipped do what their examples and the documentation say, and map the real log."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING, Any, Final

import pytest
from lxml import etree

from hub import mapping
from hub.mapping.examples import examples_of
from hub.model.digest import content_digest
from hub.resources import MAPPINGS, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

LOGS: Final = ROOT.parent / "shared" / "data" / "eventlogs"
XES: Final = "{http://www.xes-standard.org/}"
SHIPPED: Final = sorted(
    path
    for path in MAPPINGS.rglob("*.yaml")
    if not path.name.endswith(".examples.yaml") and path.name != "department.yaml"
    if "format: canonical" not in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_mapping_passes_its_examples(path: Path) -> None:
    assert [str(fault) for fault in mapping.run_examples(path)] == []
    refusals = [line for line in examples_of(path).read_text(encoding="utf-8").splitlines() if "refused:" in line]
    assert refusals, "examples hold a record that must be refused"


def test_an_example_that_does_not_hold_is_a_fault(written: Callable[..., Path]) -> None:
    path = written()
    examples_of(path).write_text(
        "- {record: {no: 1, at: 2026-01-05}, expect: [{type: case.received, case: {case_no: '2'}}]}\n"
        "- {record: {no: 1, at: 2026-01-05}, expect: []}\n"
        "- {record: {no: 1}, refused: {code: map.bad-time}}\n"
        "- {record: {no: 1, at: 2026-01-05}, refused: {code: map.missing}}\n"
        "- {expect: []}\n"
        "- {record: {no: 1}, refused: {code: map.missing, path: case.received/occurred_at}}\n",
        encoding="utf-8",
    )
    assert [fault.line for fault in mapping.run_examples(path)] == [1, 2, 3, 4, 5]


def traces() -> Iterable[Mapping[str, Any]]:
    with gzip.open(LOGS / "receipt.xes.gz") as log:
        for trace in etree.parse(log).getroot().iter(f"{XES}trace"):
            yield tree_of(trace)


def tree_of(element: etree._Element) -> dict[str, Any]:
    tree: dict[str, Any] = {"events": [tree_of(child) for child in element if child.tag == f"{XES}event"]}
    return tree | {child.attrib["key"]: child.attrib["value"] for child in element if "key" in child.attrib}


def rows() -> Iterable[Mapping[str, Any]]:
    with gzip.open(LOGS / "receipt.csv.gz", "rt", encoding="utf-8") as log:
        yield from csv.DictReader(log)


def contents(name: str, records: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    loaded = mapping.load(MAPPINGS / "samples" / name, environment={})
    return {(event.event_id, content_digest(event.data)) for record in records for event in loaded.map_record(record)}


@pytest.mark.skipif(not LOGS.is_dir(), reason=f"the public event logs are not at {LOGS}")
def test_both_forms_of_the_receipt_log_say_the_same() -> None:
    from_traces = contents("receipt.yaml", traces())
    assert len(from_traces) == len({event_id for event_id, _ in from_traces}) == 12_774
    assert contents("receipt-csv.yaml", rows()) == from_traces
