"""The published shape of mapping files tells editors the truth, and both validators read it alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jsonschema
import jsonschema_rs
import orjson
import pytest

from hub import mapping
from hub.errors import Misconfigured, Refused
from hub.mapping.document import read_document
from hub.mapping.examples import examples_of
from hub.mapping.faults import Faults
from hub.mapping.targets import case_fields, event_fields
from hub.model.codes import code_list
from hub.model.shapes import Shape, load_schema
from hub.resources import MAPPINGS, SCHEMAS
from tests.support.seeded_faults import SHIPPED, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RAW: Final[dict[str, Any]] = orjson.loads((SCHEMAS / "mapping.v1.json").read_bytes())
OUTBOUND: Final[dict[str, Any]] = orjson.loads((SCHEMAS / "outbound-mapping.v1.json").read_bytes())
ENVIRONMENT: Final = {mapping.TOKEN_KEY: "the key of tests, no secret"}
SHAPED: Final = frozenset({
    "misspelt event type", "misspelt target", "misspelt section", "bad kind", "bad connection id", "version of nought",
    "bad delay", "misspelt change", "no department", "no kind",
})  # fmt: skip
"""Kinds of seeded faults that an editor can see by the shape alone."""


def plain(path: Path) -> Any:
    return read_document(path, Faults(str(path))).plain()


def both(document: Any) -> tuple[bool, bool]:
    """Return the verdicts of the fast and of the talkative validator, by the schema as it is published."""
    published = OUTBOUND if "direction" in document else RAW
    fast = jsonschema_rs.validator_for(published).is_valid(document)
    return fast, jsonschema.Draft202012Validator(published).is_valid(document)


BASES: Final = sorted(path for path in (MAPPINGS / "bases").glob("*.yaml") if ".examples." not in path.name)


OUT: Final = sorted(path for path in MAPPINGS.glob("*/*.out.yaml"))


@pytest.mark.parametrize("path", [*SHIPPED, *BASES, *OUT], ids=lambda path: path.stem)
def test_a_shipped_mapping_has_the_published_shape(path: Path) -> None:
    assert both(plain(path)) == (True, True)


def test_the_schema_is_sound() -> None:
    jsonschema.Draft202012Validator.check_schema(RAW)


def test_the_schema_knows_every_field_and_event_type() -> None:
    case, event = RAW["properties"]["case"]["properties"], RAW["properties"]["events"]["items"]["properties"]
    assert set(case) - {"key", "numbering"} == set(case_fields())
    assert set(event) - {"type", "when", "each", "key", "occurrence", "version", "on_change"} == set(event_fields())
    assert set(event["type"]["enum"]) == set(code_list("event_types").rows)


def test_the_shape_refuses_what_an_editor_can_see(tmp_path: Path) -> None:
    path, kinds = tmp_path / "mapping.yaml", set()
    for fault in seeded():
        path.write_text(fault.text, encoding="utf-8")
        fast, slow = both(plain(path))
        assert fast is slow, (fault.kind, fault.path.stem, fault.line)
        if fault.kind in SHAPED:
            assert not fast, (fault.kind, fault.path.stem, fault.line)
            kinds.add(fault.kind)
    assert kinds == SHAPED


def mapped() -> Iterator[dict[str, Any]]:
    """Yield every event that the examples of the shipped mappings make."""
    for path in SHIPPED:
        loaded = mapping.load(path, environment=ENVIRONMENT)
        for example in plain(examples_of(path)):
            try:
                events = loaded.map_record(example["record"])
            except Refused:
                continue
            yield from (event.data for event in events)


def test_both_validators_give_one_verdict_on_every_event_of_the_examples() -> None:
    schema = load_schema("case-event.v1")
    data = schema["$defs"]["data"]
    lacking = [name for name in data["required"] if name != "provenance"]
    whole = Shape({**data, "required": lacking, "$defs": schema["$defs"]})
    wrong: tuple[Any, ...] = (None, 7)
    count = 0
    for event in mapped():
        count += 1
        assert whole.holds(event), whole.problems(event)
        for spoilt in (event, *({**event, name: value} for name in data["properties"] for value in wrong)):
            assert whole.holds(spoilt) == (not whole.problems(spoilt)), spoilt
    assert count >= 20


def test_a_mapping_that_the_shape_refuses_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    for fault in seeded():
        if fault.kind in SHAPED:
            path.write_text(fault.text, encoding="utf-8")
            with pytest.raises(Misconfigured):
                mapping.load(path, environment=ENVIRONMENT)


@pytest.mark.parametrize("written_type", ["7", "[case.received]", "", "{a: b}"])
def test_an_event_type_is_one_word(written: Any, written_type: str) -> None:
    path = written(events=f"events:\n  - type: {written_type}\n    occurred_at: at\n")
    assert "map.bad-shape" in {fault.code for fault in mapping.lint(path) if fault.line in {8, 9}}
