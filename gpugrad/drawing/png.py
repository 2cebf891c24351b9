"""A scene as a PNG file, drawn by matplotlib."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Any

from .scene import FILL, INK, WIRE, Circle, Curve, Frame, Scene, Text, Tip

_DPI, _SCALE = 72, 2  # one pixel of the scene is a point, drawn twice as large
_LARGEST = 2**16 - 1  # pixels a side that matplotlib draws


def is_available() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def png(scene: Scene) -> bytes:
    """The content of the file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(scene.width / _DPI, scene.height / _DPI), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    for wire in scene.wires:
        axes.add_patch(_wire(wire)).set_snap(False)  # else straight pieces stand beside bent ones
    for group in scene.groups:
        for shape in group.shapes:
            if isinstance(shape, Text):
                _write(axes, shape)
            else:
                axes.add_patch(_frame(shape))
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_DPI * min(_SCALE, _LARGEST / max(scene.width, scene.height)))
    return content.getvalue()


def _wire(wire: Curve | Tip) -> Any:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    if isinstance(wire, Tip):
        x, y = wire.at
        return Polygon([(x - 7, y - 3.2), (x, y), (x - 7, y + 3.2)], facecolor=WIRE, edgecolor="none")
    points, codes = [wire.start], [Path.MOVETO]
    for part in wire.parts:
        points += part
        codes += [Path.CURVE4] * 3 if len(part) == 3 else [Path.LINETO]
    return PathPatch(Path(points, codes), fill=False, edgecolor=WIRE, linewidth=1.3)


def _frame(shape: Circle | Frame) -> Any:
    from matplotlib import patches

    look: dict[str, Any] = {"facecolor": FILL, "edgecolor": INK, "linewidth": 1.3}
    if isinstance(shape, Circle):
        return patches.Circle(shape.centre, shape.radius, **look)
    return patches.FancyBboxPatch(
        shape.corner, shape.width, shape.height, boxstyle="round,pad=0,rounding_size=9", **look
    )


def _write(axes: Any, text: Text) -> None:
    side = {"start": "left", "middle": "center", "end": "right"}[text.anchor]
    axes.text(
        *text.at, text.text, fontsize=text.size, color=text.colour, ha=side, va="baseline", parse_math=False,
        family="DejaVu Sans",
    )  # fmt: skip
