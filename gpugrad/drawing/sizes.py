"""How much room a box and its texts take, in pixels."""

from __future__ import annotations

from typing import NamedTuple

from .boxes import INPUT, OPERATION, OUTPUT, Box

NAME, NOTE, NUMBER = 15.0, 10.0, 12.0
"""Font sizes: of labels, of the parameters under them, and of values and gradients."""
LINE = 1.2  # distance of lines, in font sizes
RADIUS = 18.0
SMALL = 12.0  # labels that fill a circle
BETWEEN = 16.0  # boxes of one column

_WIDTHS = {
    0.3: "'IJijl",
    0.35: " ,./:;\\|·",
    0.4: "()-[]ft",
    0.5: '!r²³"*_`‖',
    0.55: "?csz∂",
    0.6: "FLkvxy",
    0.75: "ABCKRVXZNU∇",
    0.85: "&DGHOQΠ#+<=>^w~×−÷≤≥≠",
    1.0: "%@Wm…M",
}
_EM = {c: width for width, characters in _WIDTHS.items() for c in characters}
"""Widths of DejaVu Sans, rounded up: it is the widest of the fonts that the drawing asks for."""


class Size(NamedTuple):
    """``width`` of the box, ``wire``: length of the wire that carries its texts, ``ports``: height over which
    wires come in, ``up`` and ``down``: what it needs above and below its middle."""

    width: float
    wire: float
    ports: float
    up: float
    down: float


def text_width(text: str, size: float) -> float:
    """Width of ``text``, rather too wide than too narrow."""
    return size * sum(_EM.get(c, 0.65) for c in text)


def is_round(box: Box) -> bool:
    """Whether a circle holds the label."""
    return (
        box.kind == OPERATION
        and not box.note
        and len(box.operands) <= 3
        and text_width(box.label, SMALL) <= 2 * RADIUS - 6
    )


def label_size(box: Box) -> float:
    """Font size of the label."""
    return SMALL if is_round(box) and text_width(box.label, NAME) > 2 * RADIUS - 10 else NAME


def height_of(box: Box) -> float:
    """Height of the frame or, without one, of the name."""
    if box.kind != OPERATION:
        return NAME * LINE
    return max(2 * RADIUS + (NOTE * LINE - 3 if box.note else 0.0), 9.0 * len(box.operands))


def size_of(box: Box) -> Size:
    """Room for ``box``."""
    height = height_of(box)
    if is_round(box):
        width = 2 * RADIUS
    else:
        padding = 18.0 if box.kind == OPERATION else 6.0
        width = padding + max(text_width(box.label, NAME), text_width(box.note, NOTE))
    wire = 0.0 if box.kind == OUTPUT else 26.0
    if box.value or box.gradient:
        wire = max(wire, 12.0 + max(text_width(line, NUMBER) for line in box.value + box.gradient))
    up = max(height / 2, 5.0 + NUMBER * LINE * len(box.value))
    down = max(height / 2, 5.0 + NUMBER * LINE * len(box.gradient))
    if box.kind == INPUT:
        up, down = max(up, 12.0), max(down, 12.0)
    ports = 0.0 if box.kind == OUTPUT else 1.2 * RADIUS if is_round(box) else 0.8 * height
    return Size(width, wire, ports, up, down)
