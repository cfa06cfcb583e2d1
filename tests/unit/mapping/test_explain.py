"""An explanation holds every value of an event, its rule and its line, and no person in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from hub import mapping
from hub.mapping.examples import ENVIRONMENT, outcome_of, read_examples
from hub.mapping.explain import explain
from hub.resources import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hub.mapping.explain import Leaf

SHIPPED: Final = sorted(
    path for path in MAPPINGS.rglob("*.yaml") if ".examples." not in path.name and path.name != "department.yaml"
)
PERSON: Final = """\
case:
  source_case_no: no
  region_code: "'321200'"
  applicant: person(trim(who), id=card, phone=tel)
"""


def rebuilt(leaves: Sequence[Leaf]) -> Any:
    document: dict[Any, Any] = {}
    for leaf in leaves:
        at = document
        for key in leaf.keys[:-1]:
            at = at.setdefault(key, {})
        at[leaf.keys[-1]] = leaf.value
    return listed(document)


def listed(node: Any) -> Any:
    if not isinstance(node, dict) or not node:
        return node
    inner = {key: listed(value) for key, value in node.items()}
    return list(inner.values()) if all(isinstance(key, int) for key in inner) else inner


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_explanation_of_a_shipped_example_gives_its_events_again(path: Path) -> None:
    loaded = mapping.tried(path, environment=ENVIRONMENT)
    for example in read_examples(path)[0]:
        found = explain(path, example.record, environment=ENVIRONMENT)
        if example.is_refused:
            assert found.refusal is not None
            assert found.refusal.line > 0
            continue
        assert [rebuilt(leaves) for leaves in found.events] == outcome_of(loaded, example.record)
        plain = [leaf for leaves in found.events for leaf in leaves if leaf.sources]
        assert all(leaf.line > 0 and leaf.steps for leaf in plain)


def test_a_value_is_traced_through_its_let_to_the_column(written: Callable[..., Path]) -> None:
    path = written("let: {began: time(at)}\n", events="events: [{type: case.received, occurred_at: began}]\n")
    (leaves,) = explain(path, {"no": "1", "at": "2026-01-05 10:00"}, environment={}).events
    (leaf,) = [leaf for leaf in leaves if leaf.keys == ("occurred_at",)]
    assert (leaf.rule, leaf.sources) == ("began", ["at"])
    steps = {(step.expression, step.value) for step in leaf.steps}
    assert steps == {("at", "2026-01-05 10:00")} | {
        (rule, "2026-01-05T10:00:00+08:00") for rule in ("time(at)", "began")
    }


def test_no_person_is_shown_in_clear(written: Callable[..., Path]) -> None:
    path = written(case=PERSON)
    record = {"no": "1", "at": "2026-01-05", "who": " 马喆芳 ", "card": "321200189311010014", "tel": "13800004419"}
    said = str(explain(path, record, environment=ENVIRONMENT))
    assert not [value for value in ("喆", "189311010014", "00004419") if value in said]


def test_a_refusal_names_the_rule_and_what_would_have_to_change(written: Callable[..., Path]) -> None:
    why = explain(written(), {"no": "1", "at": "11 October"}, environment={}).refusal
    assert why is not None
    assert (why.code, why.path, why.rule) == ("map.bad-time", "case.received/occurred_at", "time(at)")
    assert (why.line, why.sources) == (8, ["at"])
    assert why.hint
