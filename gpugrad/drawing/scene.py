"""A layout as shapes with colours, which the writers put into a file."""

from __future__ import annotations

from typing import Any, NamedTuple

from .boxes import CONSTANT, OPERATION, OUTPUT, Box
from .layers import Item
from .places import Layout, placed
from .sizes import LINE, NOTE, NUMBER, RADIUS, height_of, is_round, label_size, size_of

VALUE, GRADIENT = "#1a7f37", "#c9252d"
INK, WIRE, FAINT, FILL = "#1f2328", "#57606a", "#6e7781", "#f3f7fc"
MARGIN = 14.0


class Point(NamedTuple):
    x: float
    y: float


class Curve(NamedTuple):
    """A wire: a start, then points to go straight to or, three at a time, Bézier curves."""

    start: Point
    parts: list[tuple[Point, ...]]


class Tip(NamedTuple):
    """The head of an arrow that points right."""

    at: Point


class Circle(NamedTuple):
    centre: Point
    radius: float


class Frame(NamedTuple):
    corner: Point
    width: float
    height: float


class Text(NamedTuple):
    """``at``: left end, middle or right end of the base line, by ``anchor``."""

    at: Point
    text: str
    size: float
    colour: str
    anchor: str = "start"
    role: str = ""


class Group(NamedTuple):
    """What belongs to one box."""

    box: Box
    shapes: list[Circle | Frame | Text]


class Scene(NamedTuple):
    width: float
    height: float
    wires: list[Curve | Tip]
    groups: list[Group]


def scene(boxes: list[Box]) -> Scene:
    """A picture of ``boxes``, laid out here."""
    layout = placed(boxes)
    wires: list[Curve | Tip] = []
    groups: list[Group] = []
    width, height = layout.spans[-1][1], 0.0
    for layer, (left, right) in zip(layout.layers, layout.spans, strict=True):
        for item in layer:
            wires += _incoming(layout, item)
            y = layout.y[item]
            height = max(height, y + layout.size(item).down)
            if item.box is None:
                wires.append(Curve(Point(left, y), [(Point(right, y),)]))
                continue
            box = boxes[item.box]
            groups.append(Group(box, _shapes(box, layout.x[item], y)))
            if box.kind != OUTPUT:
                wires.append(Curve(Point(layout.x[item] + size_of(box).width, y), [(Point(right, y),)]))
    moved = [_moved(wire) for wire in wires]
    return Scene(
        width + 2 * MARGIN,
        height + 2 * MARGIN,
        moved,
        [Group(g.box, [_moved(shape) for shape in g.shapes]) for g in groups],
    )


def _incoming(layout: Layout, item: Item) -> list[Curve | Tip]:
    wires: list[Curve | Tip] = []
    for source, port in item.left:
        begin = Point(layout.spans[source.layer][1], layout.y[source])
        bent = Point(layout.spans[item.layer][0], layout.port(item, port))
        half = (bent.x - begin.x) / 2
        parts: list[tuple[Point, ...]] = [
            (Point(begin.x + half, begin.y), Point(bent.x - half, bent.y), bent)
        ]
        if item.box is not None:
            box = layout.boxes[item.box]
            end = Point(layout.x[item] + _inset(box, bent.y - layout.y[item]), bent.y)
            parts.append((end,))
            if box.kind == OPERATION:
                wires.append(Tip(end))
        wires.append(Curve(begin, parts))
    return wires


def _inset(box: Box, dy: float) -> float:
    """How far right of its left edge the outline of a box is, ``dy`` off the middle."""
    return RADIUS - (RADIUS**2 - dy**2) ** 0.5 if is_round(box) else 0.0


def _shapes(box: Box, left: float, y: float) -> list[Circle | Frame | Text]:
    width = size_of(box).width
    middle = Point(left + width / 2, y)
    shapes: list[Circle | Frame | Text] = []
    if is_round(box):
        shapes.append(Circle(middle, RADIUS))
    elif box.kind == OPERATION:
        shapes.append(Frame(Point(left, y - height_of(box) / 2), width, height_of(box)))
    colour = FAINT if box.kind == CONSTANT else INK
    size = label_size(box)
    drop = 0.36 * size - (5.0 if box.note else 0.0)
    shapes.append(Text(Point(middle.x, y + drop), box.label, size, colour, "middle", box.kind))
    if box.note:
        at = Point(middle.x, y + drop + NOTE * LINE + 1)
        shapes.append(Text(at, box.note, NOTE, FAINT, "middle", "note"))
    x = left + width + 6.0
    for i, line in enumerate(reversed(box.value)):
        shapes.append(Text(Point(x, y - 5.0 - i * NUMBER * LINE), line, NUMBER, VALUE, role="value"))
    for i, line in enumerate(box.gradient):
        at = Point(x, y + 3.0 + NUMBER * (0.8 + i * LINE))
        shapes.append(Text(at, line, NUMBER, GRADIENT, role="gradient"))
    return shapes


def _moved(x: Any) -> Any:
    """A shape away from the corner of the page, by the margin."""
    if isinstance(x, Point):
        return Point(x.x + MARGIN, x.y + MARGIN)
    if isinstance(x, Curve):
        return Curve(_moved(x.start), [tuple(map(_moved, part)) for part in x.parts])
    first, *rest = x
    return type(x)(_moved(first), *rest)
