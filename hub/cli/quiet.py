"""Keeps log lines out of a progress bar: they go to a file while it runs."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Let warnings and worse go to a file: tests provoke many of them, and none is anybody's to mend."""
    root = logging.getLogger()
    terminals = [each for each in root.handlers if type(each) is logging.StreamHandler]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        before = [(each, each.stream, each.level) for each in terminals]
        for each in terminals:
            each.setStream(file)
            each.setLevel(logging.WARNING)
        try:
            yield
        finally:
            for each, stream, level in before:
                each.setStream(stream)
                each.setLevel(level)
