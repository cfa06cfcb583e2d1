"""Faults that have to do with files: of who says what they are, of who fetches them, of who hands them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from conformance.reference.mutation import Mutant, Setting
from conformance.reference.played import Faults
from hub.attachments.collector import Collector

if TYPE_CHECKING:
    from collections.abc import Sequence


def _rounded(files: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say sizes in whole thousands, as a page for people does."""
    return [{**each, "bytes": round(each["bytes"], -3) + 1000} for each in files]


def _elsewhere(file: str) -> str:
    return file.replace("/files/", "/documents/").replace("${OFFICE_FILES_URL}", "${OFFICE_FILES_URL}documents/")


MUTANTS: Final = (
    Mutant(
        name="rounds_sizes",
        blames="department",
        at="office",
        about="sizes of files are said in thousands",
        setting=Setting(faults=Faults(files=_rounded)),
    ),
    Mutant(
        name="fetches_from_elsewhere",
        blames="connector",
        at="office",
        about="the mapping declares another place of files",
        setting=Setting(mapping=_elsewhere),
    ),
    Mutant(
        name="believes_digests",
        blames="hub",
        at="office",
        about="fetched files are kept as they come",
        patch=lambda: patch.object(Collector, "_verify", lambda *_: None),
    ),
    Mutant(
        name="gives_files_up_at_once",
        blames="hub",
        at="office",
        about="a lost file is not tried again",
        patch=lambda: patch("hub.attachments.collector.AGAIN_AFTER", ()),
    ),
    Mutant(
        name="keeps_whatever_comes",
        blames="hub",
        at="office",
        about="no file is looked into",
        patch=lambda: patch("hub.attachments.collector.refused", lambda *_: None),
    ),
    Mutant(
        name="hands_files_to_anybody",
        blames="hub",
        at="office",
        about="files are handed out whatever the class of their case",
        patch=lambda: patch("gateway.api.visible", lambda _: frozenset({"public", "intranet", "restricted", "secret"})),
    ),
)
