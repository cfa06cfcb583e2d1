"""A dispute is decided by somebody else than who raised it, whatever key they hold and however the name is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.disputes import decided, raised
from conformance.model import Verdict
from conformance.sessions import Session
from hub.errors import Misconfigured
from tests.support.certifying import STARTED, a_header, a_result

if TYPE_CHECKING:
    from pathlib import Path


def disputed(folder: Path, by: str) -> Session:
    failed = a_result("ENC-01", Verdict.FAIL)
    session = Session(folder=folder, header=a_header(), results=[failed], waivers=[], footer=None, raw=b"")
    line = raised(session, "ENC-01", by=by, why="按约定", now=STARTED)
    return Session(folder=folder, header=a_header(), results=[failed, line], waivers=[], footer=None, raw=b"")


@pytest.mark.parametrize("by", ["王芳", "王芳 (b2)", " 王 芳", "王\u200b芳", "\u200b", ""])
def test_nobody_decides_a_dispute_of_their_own(tmp_path: Path, by: str) -> None:
    with pytest.raises(Misconfigured):
        decided(disputed(tmp_path, "王芳 (a1)"), "ENC-01", by=by, why="无误", stands=False, now=STARTED)


def test_somebody_else_decides_it(tmp_path: Path) -> None:
    line = decided(disputed(tmp_path, "王芳 (a1)"), "ENC-01", by="赵六 (a1)", why="无误", stands=False, now=STARTED)
    assert (line.verdict, line.decided_by) == (Verdict.ATTESTED, "赵六 (a1)")


@pytest.mark.parametrize("by", ["", " ", "\u200b"])
def test_a_dispute_has_a_name(tmp_path: Path, by: str) -> None:
    with pytest.raises(Misconfigured, match="name"):
        disputed(tmp_path, by)
