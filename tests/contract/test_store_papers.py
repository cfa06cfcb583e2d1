"""What every store holds of papers: found by id and by alert, one number each, files kept by digest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from hub.model.values import PaperRow
from hub.store.papers import SqlPaperShelf
from tests.support.stores import DATABASES, NOW, StorePlace, empty_place, held, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


def a_paper(name: str = "p1", number: int = 1, alert: str = "a1", instrument: str = "notice") -> PaperRow:
    return PaperRow(
        paper_id=name,
        instrument=instrument,
        year=2026,
        number=number,
        alert_id=alert,
        issued_at=NOW,
        content={"no": f"监告〔2026〕{number}号", "order": {"n": 1}},
    )


def test_papers_come_back_by_id_and_by_alert_and_the_last_number_is_known(place: StorePlace) -> None:
    store = place.open()
    epoch = held(store)
    papers = [a_paper(), a_paper("p2", 2), a_paper("p3", 1, "a2", "order")]
    with store.unit(0, epoch=epoch) as unit:
        assert unit.last_paper("notice", 2026) == 0
        written(unit, papers=papers)
    with store.unit(0, epoch=epoch) as unit:
        assert unit.papers({"a1"}) == papers[:2]
        assert unit.papers({"p3", "never seen"}) == papers[2:]
        assert unit.papers(set()) == []
        assert (unit.last_paper("notice", 2026), unit.last_paper("notice", 2027)) == (2, 0)


def test_a_number_is_given_once_whatever_the_code_believes(place: StorePlace) -> None:
    store = place.open()
    with pytest.raises(sa.exc.IntegrityError), store.unit(0, epoch=held(store)) as unit:
        written(unit, papers=[a_paper(), a_paper("p2", 1)])


def test_a_paper_is_undrawn_until_its_files_are_named_and_files_stay_as_first_kept(place: StorePlace) -> None:
    store, shelf = place.open(), SqlPaperShelf(place.url)
    epoch = held(store)
    with store.unit(0, epoch=epoch) as unit:
        written(unit, papers=[a_paper(), a_paper("p2", 2)])
    assert [paper.paper_id for paper in shelf.undrawn(5)] == ["p1", "p2"]
    drawn = replace(a_paper(), docx_digest="d", pdf_digest="e")
    shelf.keep({"d": ("docx", b"first"), "e": ("pdf", b"\x00pdf")})
    shelf.keep({"d": ("docx", b"second")})
    with store.unit(0, epoch=epoch) as unit:
        written(unit, papers=[drawn])
    assert [paper.paper_id for paper in shelf.undrawn(5)] == ["p2"]
    queries = place.queries()
    assert queries.paper("p1") == drawn
    assert (queries.paper("p9"), queries.paper_file("z")) == (None, None)
    assert (queries.paper_file("d"), queries.paper_file("e")) == (b"first", b"\x00pdf")
    assert [paper.paper_id for paper in queries.papers("a1")] == ["p1", "p2"]
    shelf.close()
