"""The report's own words, in Chinese and in English, from words.toml."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.statistics.naming import Language


def say(language: Language, name: str, **values: object) -> str:
    """Return one of the words, filled in."""
    return _words()[name][language].format(**values)


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
