"""A file is kept when it is what it calls itself and does no harm, and blocked otherwise, with a code that says why."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from hub.attachments.safety import EICAR, holds, refused, refused_unseen
from tests.support.attached import HARMFUL, SOUND, an_attachment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("what", HARMFUL)
def test_what_does_harm_is_blocked(what: str, tmp_path: Path) -> None:
    media_type, content, code = HARMFUL[what]
    path = tmp_path / "file"
    path.write_bytes(content)
    objection = refused(path, media_type)
    assert objection is not None
    assert objection.code == code


@pytest.mark.parametrize("what", SOUND)
def test_what_people_send_is_kept(what: str, tmp_path: Path) -> None:
    media_type, content = SOUND[what]
    path = tmp_path / "file"
    path.write_bytes(content)
    assert refused(path, media_type) is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"media_type": "text/html"}, "attachment.kind"),
        ({"media_type": "image/svg+xml"}, "attachment.kind"),
        ({"name": "发票.pdf.EXE"}, "attachment.active"),
        ({"name": "报表.xlsm "}, "attachment.active"),
        ({"size_bytes": 1001}, "attachment.size"),
    ],
)
def test_what_is_said_of_a_file_is_judged_before_it_is_fetched(said: dict[str, object], code: str) -> None:
    objection = refused_unseen(an_attachment(**said), 1000)
    assert objection is not None
    assert objection.code == code


def test_a_mark_is_found_across_the_edge_of_two_chunks() -> None:
    for before in range((1 << 16) - len(EICAR) - 1, (1 << 16) + 2):
        assert holds(io.BytesIO(b"x" * before + EICAR + b"y"), EICAR)
    assert not holds(io.BytesIO(b"x" * (1 << 17) + EICAR[:-1]), EICAR)
