"""Failures that a department has to mend say where, and how; values stand in them as people write them."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from conformance import checks
from conformance.certificate.signing import pinned_in
from conformance.checks.common import shown, wrong
from conformance.kit import unpack
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS = ("'hub'", "'connector'")
"""Whose failures a department reads and cannot mend."""


def failures() -> Iterator[tuple[str, ast.Call]]:
    """Every failure that a check can come to, with where it stands."""
    from pathlib import Path  # noqa: PLC0415 - at run time only here

    for path in sorted(Path(checks.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "wrong":
                yield f"{path.name}:{node.lineno}", node


def test_every_failure_of_a_department_says_where_and_how_it_is_mended() -> None:
    found = list(failures())
    lacking = [
        (place, name)
        for place, call in found
        for name in ("pointer", "fix")
        if ast.unparse(call.args[0]) not in OURS and name not in {each.arg for each in call.keywords}
    ]
    assert len(found) > 100, "the checks are found at all"
    assert lacking == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["case.received", "case.accepted"], "case.received, case.accepted"),
        ([], "nothing"),
        (None, "nothing"),
        ({"b", "a"}, "a, b"),
        (datetime(2026, 3, 2, 9, tzinfo=UTC), "2026-03-02T09:00:00+00:00"),
        ([date(2026, 3, 2)], "2026-03-02"),
        ({"handler": "", "planned": None}, '{"handler":"","planned":null}'),
        ([{"type": "case.received", "at": date(2026, 3, 2)}], '[{"type":"case.received","at":"2026-03-02"}]'),
        (KeyError("keys"), "keys is missing"),
        (7, "7"),
    ],
)
def test_a_value_stands_in_a_failure_as_people_write_it(value: object, said: str) -> None:
    assert shown(value) == said
    assert wrong("hub", "坏", "bad", expected=value, got=value).got == said


def test_a_key_set_and_a_kit_that_are_none_are_told_in_a_sentence(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jwks"
    keys.write_text("{}", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"it holds no keys: keys is missing .name a key set"):
        pinned_in(keys)
    with pytest.raises(Misconfigured, match="it is no kit: File is not a zip file"):
        unpack(b"PK", tmp_path / "kit")
