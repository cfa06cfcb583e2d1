"""Draws a matter's flow 流程图 from its data: stages in layers from top to bottom, arrows in channels between them.

Layers are longest paths from the beginning, arrows back left out (Sugiyama, Tagawa, Toda: Methods for Visual
Understanding of Hierarchical System Structures, 1981), each put in the order of what leads to it, once: flows are
nearly chains. An arrow between neighbouring layers runs in the channel between them; every other runs beside the
boxes, forward ones on the left, those back on the right. No line runs through a box.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BOX: Final = 208
"""Width of a box, in units of the drawing."""

LINE: Final = 20
"""Height of a line of text."""

PAD: Final = 10
"""Between a box's edge and its text."""

BETWEEN: Final = 28
"""Between two boxes of a layer."""

TRACK: Final = 12
"""Between two lines that run side by side."""

NAME_WIDTH: Final = 12.0
"""Chinese characters that a line of a name holds; others count half."""

NAME_LINES: Final = 3
"""Lines of a name that are drawn; the whole of it stands in the list below the drawing."""

Path = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One stage as drawn. `x` and `y` are its upper left corner; `note` says who, `limit` how long."""

    code: str
    number: int
    x: int
    y: int
    height: int
    name: tuple[str, ...]
    note: str
    limit: Mapping[str, Any] | None
    mandatory: bool
    width: int = BOX


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """One transition as drawn: corners of a line that ends at the top of its target."""

    start: str
    end: str
    path: Path
    back: bool

    @property
    def points(self) -> str:
        """Return the corners as SVG writes them."""
        return " ".join(f"{x},{y}" for x, y in self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A flow as drawn."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class _Edge:
    start: str
    end: str
    back: bool


def draw(flow: Mapping[str, Any]) -> Drawing:
    """Draw a flow (schemas/catalogue.v1); without transitions its stages follow one another as they are listed."""
    stages = {stage["code"]: stage for stage in flow["stages"]}
    edges = _edges(list(stages), flow.get("transitions") or ())
    layers = _layers(list(stages), edges)
    return _Plan(stages, edges, layers).drawing()


def wrapped(text: str, *, width: float = NAME_WIDTH, most: int = NAME_LINES) -> tuple[str, ...]:
    """Break a text into lines of a width, counted in Chinese characters; what is too long ends in an ellipsis."""
    lines, line, used = [], "", 0.0
    for char in " ".join(text.split()):
        size = _size(char)
        if used + size > width:
            lines.append(line.strip())
            line, used = "", 0.0
        line, used = line + char, used + size
    lines.append(line.strip())
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    return tuple(lines)


def _size(char: str) -> float:
    return 1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.55


def _edges(codes: Sequence[str], transitions: Iterable[Mapping[str, Any]]) -> Sequence[_Edge]:
    """Return the arrows, each once; an arrow that leads back to where a walk came from is marked so."""
    pairs = dict.fromkeys((each["from"], each["to"]) for each in transitions)
    pairs = {(start, end): None for start, end in pairs if start in codes and end in codes}
    if not pairs:
        pairs = dict.fromkeys(pairwise(codes))
    after: dict[str, list[str]] = defaultdict(list)
    for start, end in pairs:
        after[start].append(end)
    back = _backward(codes, after)
    return [_Edge(start, end, (start, end) in back) for start, end in pairs]


def _backward(codes: Sequence[str], after: Mapping[str, Sequence[str]]) -> frozenset[tuple[str, str]]:
    """Return the arrows that close a loop, walking in depth from each stage in the order of the list."""
    done: set[str] = set()
    found: set[tuple[str, str]] = set()
    for first in codes:
        open_, walk = [first], [iter(after.get(first, ()))]
        while walk and first not in done:
            step = next(walk[-1], None)
            if step is None:
                done.add(open_.pop())
                walk.pop()
            elif step in open_:
                found.add((open_[-1], step))
            elif step not in done:
                open_.append(step)
                walk.append(iter(after.get(step, ())))
    return frozenset(found)


def _layers(codes: Sequence[str], edges: Sequence[_Edge]) -> Sequence[Sequence[str]]:
    """Return the stages of each layer: a stage stands below all that lead forward to it."""
    depth = dict.fromkeys(codes, 0)
    forward = [edge for edge in edges if not edge.back]
    for _ in codes:
        moved = False
        for edge in forward:
            if depth[edge.end] <= depth[edge.start]:
                depth[edge.end], moved = depth[edge.start] + 1, True
        if not moved:
            break
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for code in codes:
        layers[depth[code]].append(code)
    return _untangled([layer for layer in layers if layer], forward)


def _untangled(layers: Sequence[list[str]], forward: Sequence[_Edge]) -> Sequence[Sequence[str]]:
    """Put each layer in the order of what leads to it, so that few arrows cross."""
    place: dict[str, float] = {}
    for layer in layers:
        before = {code: [place[edge.start] for edge in forward if edge.end == code and edge.start in place]
                  for code in layer}  # fmt: skip
        layer.sort(key=lambda code: sum(before[code]) / len(before[code]) if before[code] else 0.0)
        place |= {code: index - len(layer) / 2 for index, code in enumerate(layer)}
    return layers


class _Plan:
    """Measures one drawing: which lines run in which channel, then where everything stands."""

    def __init__(
        self, stages: Mapping[str, Mapping[str, Any]], edges: Sequence[_Edge], layers: Sequence[Sequence[str]]
    ) -> None:
        self._stages, self._edges, self._layers = stages, edges, layers
        self._layer = {code: index for index, layer in enumerate(layers) for code in layer}
        self._texts = {code: _texts(stage) for code, stage in stages.items()}
        self._lanes = {True: self._laid(back=True), False: self._laid(back=False)}
        self._tracks = self._channels()
        self._inner = max((len(layer) * (BOX + BETWEEN) - BETWEEN for layer in layers), default=0)
        self._left = (max(self._lanes[False].values(), default=-1) + 1) * TRACK + TRACK
        self._boxes = self._placed()

    def drawing(self) -> Drawing:
        """Return the drawing."""
        right = (max(self._lanes[True].values(), default=-1) + 1) * TRACK + TRACK
        height = self._top(len(self._layers)) + self._gap(len(self._layers))
        arrows = tuple(self._arrow(edge) for edge in self._edges)
        width = self._left + self._inner + right
        return Drawing(width=width, height=height, boxes=tuple(self._boxes.values()), arrows=arrows)

    # which lines run where --------------------------------------------------------------------------------------------

    def _is_near(self, edge: _Edge) -> bool:
        return self._layer[edge.end] == self._layer[edge.start] + 1 and not edge.back

    def _laid(self, *, back: bool) -> Mapping[_Edge, int]:
        """Give each line that runs beside the boxes the first lane that is free over its length."""
        taken: list[list[tuple[int, int]]] = []
        found: dict[_Edge, int] = {}
        far = [edge for edge in self._edges if edge.back == back and not self._is_near(edge)]
        for edge in sorted(far, key=self._span):
            low, high = self._span(edge)
            lane = next((n for n, spans in enumerate(taken) if all(high < a or b < low for a, b in spans)), len(taken))
            if lane == len(taken):
                taken.append([])
            taken[lane].append((low, high))
            found[edge] = lane
        return found

    def _span(self, edge: _Edge) -> tuple[int, int]:
        """Return the channels between which a line runs; channel n is above layer n."""
        ends = (self._layer[edge.start] + 1, self._layer[edge.end])
        return min(ends), max(ends)

    def _channels(self) -> Mapping[int, Mapping[tuple[str, object], int]]:
        """Number the lines of each channel; arrows to the next layer from one box share a line."""
        tracks: dict[int, dict[tuple[str, object], int]] = defaultdict(dict)
        for edge in self._edges:
            out = self._layer[edge.start] + 1
            keys = [(out, ("near", edge.start))] if self._is_near(edge) else [
                (out, ("out", edge)), (self._layer[edge.end], ("in", edge)),
            ]  # fmt: skip
            for channel, key in keys:
                tracks[channel].setdefault(key, len(tracks[channel]))
        return tracks

    # where everything stands ------------------------------------------------------------------------------------------

    def _gap(self, channel: int) -> int:
        lines = len(self._tracks.get(channel, ()))
        inner = 0 < channel < len(self._layers)
        return (lines + 1) * TRACK + (TRACK if lines or inner else 0)

    def _top(self, layer: int) -> int:
        """Return where the channel above a layer begins."""
        return sum(self._gap(n) + self._height(n) for n in range(layer))

    def _height(self, layer: int) -> int:
        return max(_height(*self._texts[code]) for code in self._layers[layer])

    def _placed(self) -> Mapping[str, Box]:
        numbers = {code: number for number, code in enumerate(self._stages, start=1)}
        found = {}
        for index, layer in enumerate(self._layers):
            width = len(layer) * (BOX + BETWEEN) - BETWEEN
            x, y = self._left + (self._inner - width) // 2, self._top(index) + self._gap(index)
            for place, code in enumerate(layer):
                stage, (name, note) = self._stages[code], self._texts[code]
                found[code] = Box(
                    code=code, number=numbers[code], x=x + place * (BOX + BETWEEN), y=y, height=self._height(index),
                    name=name, note=note, limit=stage.get("limit"), mandatory=bool(stage.get("mandatory")),
                )  # fmt: skip
        return {code: found[code] for code in self._stages}

    def _line(self, channel: int, key: tuple[str, object]) -> int:
        return self._top(channel) + (self._tracks[channel][key] + 1) * TRACK

    def _arrow(self, edge: _Edge) -> Arrow:
        start, end, shift = self._boxes[edge.start], self._boxes[edge.end], 0
        out, into = self._layer[edge.start] + 1, self._layer[edge.end]
        if not self._is_near(edge):
            shift = BOX // 4 if edge.back else -(BOX // 4)
        x1, x2, bottom = start.x + BOX // 2 + shift, end.x + BOX // 2 + shift, start.y + start.height
        if self._is_near(edge):
            y = self._line(out, ("near", edge.start))
            path: Path = ((x1, bottom), (x1, y), (x2, y), (x2, end.y))
            return Arrow(start=edge.start, end=edge.end, path=path, back=False)
        lane = self._lanes[edge.back][edge]
        x = self._left + self._inner + (lane + 1) * TRACK if edge.back else self._left - (lane + 1) * TRACK
        y1, y2 = self._line(out, ("out", edge)), self._line(into, ("in", edge))
        path = ((x1, bottom), (x1, y1), (x, y1), (x, y2), (x2, y2), (x2, end.y))
        return Arrow(start=edge.start, end=edge.end, path=path, back=edge.back)


def _texts(stage: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    who = " · ".join(part for part in (stage.get("office", ""), stage.get("post", "")) if part)
    return wrapped(stage["name"]), wrapped(who, width=NAME_WIDTH * 1.3, most=1)[0]


def _height(name: Sequence[str], note: str) -> int:
    return 2 * PAD + (len(name) + 1 + bool(note)) * LINE
