"""Finds a face with Chinese characters for PDF: one installed here is embedded, else readers bring their own."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

LOG: Final = logging.getLogger(__name__)

FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")

FACES: Final = (
    "simfang.ttf",
    "FangSong*.ttf",
    "NotoSerifSC*.ttf",
    "NotoSansSC*.ttf",
    "SourceHan*.ttf",
    "simsun.tt*",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "DroidSansFallback*.ttf",
)
"""Files that hold Chinese characters as TrueType outlines, the one that official documents use first. Faces with
PostScript outlines (Noto CJK as Debian packs it) cannot be embedded by reportlab, and are passed over."""

READERS_OWN: Final = "STSong-Light"
"""A face that PDF readers bring themselves (Adobe-GB1), where none here can be embedded."""

EMBEDDED: Final = "sunlight-report-cjk"


@lru_cache(maxsize=4)
def face(chosen: str = "") -> str:
    """Register a face with Chinese characters and return its name; `chosen` is a file, looked at before all others."""
    paths = [Path(chosen)] if chosen else []
    for path in [*paths, *_installed()]:
        try:
            name = EMBEDDED if not chosen else f"{EMBEDDED}-{path.stem}"
            pdfmetrics.registerFont(TTFont(name, str(path)))
        except (TTFError, OSError) as unfit:
            LOG.info("face passed over", extra={"file": str(path), "problem": str(unfit)})
        else:
            return name
    pdfmetrics.registerFont(UnicodeCIDFont(READERS_OWN))
    return READERS_OWN


def _installed() -> list[Path]:
    return [path for name in FACES for folder in FOLDERS if folder.is_dir() for path in sorted(folder.rglob(name))]
