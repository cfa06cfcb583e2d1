"""A drawn flow: every stage and arrow is there, boxes stand apart, no line runs through a box, loops lead back."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.citizens.flowchart import Box, Drawing, draw, wrapped
from tests.support.citizens import FLOW


def a_flow(count: int, *pairs: tuple[int, int], name: str = "环节") -> dict[str, Any]:
    stages = [{"code": str(n), "name": f"{name}{n}"} for n in range(count)]
    return {"stages": stages, "transitions": [{"from": str(a), "to": str(b)} for a, b in pairs]}


def crossed(drawing: Drawing) -> list[tuple[str, str, str]]:
    """Return the lines that run through a box, or out of the drawing."""
    found = []
    for arrow in drawing.arrows:
        for (x1, y1), (x2, y2) in pairwise(arrow.path):
            assert x1 == x2 or y1 == y2, "lines are upright or level"
            left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
            assert left >= 0
            assert top >= 0
            assert right <= drawing.width
            assert bottom <= drawing.height
            found += [
                (arrow.start, arrow.end, box.code)
                for box in drawing.boxes
                if left < box.x + box.width and right > box.x and top < box.y + box.height and bottom > box.y
            ]
    return found


def overlapping(drawing: Drawing) -> list[tuple[str, str]]:
    def apart(a: Box, b: Box) -> bool:
        beside = a.x + a.width <= b.x or b.x + b.width <= a.x
        return beside or a.y + a.height <= b.y or b.y + b.height <= a.y

    return [(a.code, b.code) for a, b in combinations(drawing.boxes, 2) if not apart(a, b)]


def joined(drawing: Drawing) -> bool:
    """Tell whether every arrow begins under its box and ends on top of its box."""
    boxes = {box.code: box for box in drawing.boxes}
    for arrow in drawing.arrows:
        (x1, y1), (x2, y2) = arrow.path[0], arrow.path[-1]
        start, end = boxes[arrow.start], boxes[arrow.end]
        if not (start.x < x1 < start.x + start.width and y1 == start.y + start.height):
            return False
        if not (end.x < x2 < end.x + end.width and y2 == end.y):
            return False
    return True


def test_branches_stand_side_by_side_and_what_leads_back_is_marked() -> None:
    drawing = draw(FLOW)
    boxes = {box.code: box for box in drawing.boxes}
    assert boxes["20"].y == boxes["30"].y
    assert boxes["10"].y < boxes["20"].y < boxes["40"].y
    assert [(arrow.start, arrow.end) for arrow in drawing.arrows if arrow.back] == [("40", "20")]
    assert len(drawing.arrows) == 5
    assert crossed(drawing) == []
    assert joined(drawing)
    assert (boxes["10"].note, boxes["10"].limit, boxes["20"].mandatory) == (
        "行政审批处 · 窗口", {"n": 1, "unit": "working_day"}, True,
    )  # fmt: skip


def test_without_transitions_stages_follow_one_another() -> None:
    drawing = draw(a_flow(3))
    assert [(arrow.start, arrow.end) for arrow in drawing.arrows] == [("0", "1"), ("1", "2")]
    assert len({box.x for box in drawing.boxes}) == 1


def test_forty_stages_are_drawn_one_under_another() -> None:
    drawing = draw(a_flow(40))
    assert [box.number for box in drawing.boxes] == list(range(1, 41))
    assert overlapping(drawing) == []
    assert drawing.width < 400


def test_a_single_stage_a_loop_upon_itself_and_unknown_stages_are_no_trouble() -> None:
    assert draw(a_flow(1)).arrows == ()
    alone = draw(a_flow(1, (0, 0), (0, 7), (7, 0)))
    assert [arrow.back for arrow in alone.arrows] == [True]
    assert crossed(alone) == []
    assert draw({"stages": []}).boxes == ()


def test_long_names_are_broken_into_lines_and_cut_in_the_end() -> None:
    assert wrapped("受理") == ("受理",)
    assert wrapped("依法应当先经下级行政机关审查") == ("依法应当先经下级行政机关", "审查")
    assert wrapped("环" * 60)[-1] == "环" * 11 + "…"
    assert len(wrapped("Environmental impact assessment by experts")) == 2
    tall, short = draw({"stages": [{"code": "a", "name": "环" * 30}, {"code": "b", "name": "环"}]}).boxes
    assert tall.height > short.height


pairs = st.integers(1, 12).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=24))
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(pairs)
def test_whatever_leads_where_no_line_runs_through_a_box_and_no_stage_is_lost(flow: Any) -> None:
    count, given_ = flow
    drawing = draw(a_flow(count, *given_))
    assert sorted(box.code for box in drawing.boxes) == sorted(str(n) for n in range(count))
    assert overlapping(drawing) == []
    assert crossed(drawing) == []
    assert joined(drawing)
    if given_:
        assert {(arrow.start, arrow.end) for arrow in drawing.arrows} == {(str(a), str(b)) for a, b in given_}
    assert all(arrow.back or arrow.path[0][1] < arrow.path[-1][1] for arrow in drawing.arrows)
