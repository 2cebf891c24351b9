"""A scene as an SVG file."""

from __future__ import annotations

from html import escape

from .scene import FILL, INK, WIRE, Circle, Curve, Frame, Group, Point, Scene, Text, Tip

_FONT = "'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif"


def svg(scene: Scene, title: str) -> str:
    """The text of the file. Every box is a group with its kind as its class and a tooltip."""
    width, height = _n(scene.width), _n(scene.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONT}">',
        f"<title>{escape(title, quote=False)}</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<g class="wires" fill="none" stroke="{WIRE}" stroke-width="1.3">',
        *map(_wire, scene.wires),
        "</g>",
        *map(_group, scene.groups),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _n(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def _at(p: Point) -> str:
    return f"{_n(p.x)},{_n(p.y)}"


def _wire(wire: Curve | Tip) -> str:
    if isinstance(wire, Tip):
        x, y = wire.at
        ends = f"{_at(Point(x - 7, y - 3.2))} {_at(wire.at)} {_at(Point(x - 7, y + 3.2))}"
        return f'<polygon points="{ends}" fill="{WIRE}" stroke="none"/>'
    path = f"M{_at(wire.start)}"
    for part in wire.parts:
        path += f" {'C' if len(part) == 3 else 'L'}{' '.join(map(_at, part))}"
    return f'<path d="{path}"/>'


def _group(group: Group) -> str:
    box = group.box
    shapes = "".join(map(_shape, group.shapes))
    tooltip = f"<title>{escape(box.tooltip, quote=False)}</title>" if box.tooltip else ""
    return f'<g class="{box.kind}">{tooltip}{shapes}</g>'


def _shape(shape: Circle | Frame | Text) -> str:
    look = f'fill="{FILL}" stroke="{INK}" stroke-width="1.3"'
    if isinstance(shape, Circle):
        return f'<circle cx="{_n(shape.centre.x)}" cy="{_n(shape.centre.y)}" r="{_n(shape.radius)}" {look}/>'
    if isinstance(shape, Frame):
        return (
            f'<rect x="{_n(shape.corner.x)}" y="{_n(shape.corner.y)}" width="{_n(shape.width)}" '
            f'height="{_n(shape.height)}" rx="9" {look}/>'
        )
    return (
        f'<text class="{shape.role}" x="{_n(shape.at.x)}" y="{_n(shape.at.y)}" font-size="{_n(shape.size)}" '
        f'fill="{shape.colour}" text-anchor="{shape.anchor}">{escape(shape.text, quote=False)}</text>'
    )
