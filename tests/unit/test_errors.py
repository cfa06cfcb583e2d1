"""What libraries raise is told in sentences, never as they spell it."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from hub.errors import in_words


def raised(act: object) -> BaseException:
    assert callable(act)
    with pytest.raises((KeyError, TypeError, AttributeError, OSError, ValueError, InvalidOperation)) as found:
        act()
    return found.value


def empty_zip() -> zipfile.ZipFile:
    held = io.BytesIO()
    zipfile.ZipFile(held, "w").close()
    return zipfile.ZipFile(held)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: {}["keys"], "keys is missing"),
        (lambda: empty_zip().read("claimed.ndjson"), "There is no item named 'claimed.ndjson' in the archive"),
        (lambda: None.get(""), "it is not built as it should be"),  # type: ignore[attr-defined]
        (lambda: Path("/nowhere/x").read_bytes(), "No such file or directory"),
        (lambda: Decimal("x"), "it is no number that can be reckoned with"),
        (lambda: int("x"), "invalid literal for int() with base 10: 'x'"),
    ],
)
def test_an_exception_is_told_in_words(act: object, said: str) -> None:
    assert in_words(raised(act)) == said


def test_an_exception_that_says_nothing_is_told_by_its_name() -> None:
    assert in_words(EOFError()) == "EOFError"
