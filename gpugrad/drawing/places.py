"""Where on the page the items of the columns stand, in pixels.

Heights: each item wants to be where its wires are straight. One column after the other is solved exactly: the
places nearest to the wanted ones that keep order and distances are a monotone regression, found by pooling.
Columns are as wide as their widest box with its texts; wires bend only in the gaps between columns, so none
of them runs through a box or a text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .boxes import CONSTANT, INPUT, OPERATION, OUTPUT, Box
from .layers import Item, layered
from .sizes import BETWEEN, Size, size_of

_ROUNDS = 8
_STRAIGHT = 8.0  # how much more a wire between two points wants to be straight
_POINT = Size(0.0, 0.0, 0.0, 3.0, 3.0)


@dataclass
class Layout:
    """Columns of items; ``spans`` has left and right of each, ``x`` left ends and ``y`` middles of items."""

    boxes: list[Box]
    sizes: list[Size]
    layers: list[list[Item]]
    spans: list[tuple[float, float]] = field(default_factory=list)
    x: dict[Item, float] = field(default_factory=dict)
    y: dict[Item, float] = field(default_factory=dict)

    def size(self, item: Item) -> Size:
        """Measures of a box; those of a point are nothing."""
        return _POINT if item.box is None else self.sizes[item.box]

    def port(self, item: Item, port: float) -> float:
        """Height at which a wire enters ``item``."""
        return self.y[item] + port * self.size(item).ports


def placed(boxes: list[Box]) -> Layout:
    """A layout of ``boxes``."""
    layout = Layout(boxes, [size_of(box) for box in boxes], layered(boxes))
    _set_heights(layout)
    _set_columns(layout)
    return layout


def _set_heights(layout: Layout) -> None:
    for layer in layout.layers:
        height = 0.0
        for item in layer:
            layout.y[item] = height + layout.size(item).up
            height = layout.y[item] + layout.size(item).down + BETWEEN
        for item in layer:
            layout.y[item] -= height / 2
    for _ in range(_ROUNDS):
        for layer in layout.layers[-2::-1]:
            _settle(layout, layer, lambda item: _straight(layout, item, "right"))
        for layer in layout.layers[1:]:
            _settle(layout, layer, lambda item: _straight(layout, item, "left"))
    for layer in layout.layers:
        _settle(layout, layer, lambda item: _near(layout, item))
    _close_gaps(layout)


def _close_gaps(layout: Layout) -> None:
    """Move everything up to the top of the page, and parts that hang together by no wire to each other."""
    tops = {item: y - layout.size(item).up for item, y in layout.y.items()}
    shift, bottom = -min(tops.values(), default=0.0), -BETWEEN
    for item in sorted(tops, key=lambda item: tops[item]):
        shift -= max(tops[item] + shift - bottom - BETWEEN, 0.0)
        layout.y[item] += shift
        bottom = max(bottom, layout.y[item] + layout.size(item).down)


def _settle(layout: Layout, layer: list[Item], wish: Callable[[Item], tuple[float, float]]) -> None:
    """Move a column to the places nearest to those that ``wish`` tells, with how much they matter."""
    shift = 0.0
    pools: list[list[float]] = []  # [sum of weight * wanted, weight, number of items]
    shifts: list[float] = []
    above: Item | None = None
    for item in layer:
        if above is not None:
            shift += layout.size(above).down + layout.size(item).up + BETWEEN * _share(above, item)
        above = item
        shifts.append(shift)
        wanted, weight = wish(item)
        pools.append([weight * (wanted - shift), weight, 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] > pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    places = [total / weight for total, weight, count in pools for _ in range(int(count))]
    for item, place, shift in zip(layer, places, shifts, strict=True):
        layout.y[item] = place + shift


def _share(above: Item, below: Item) -> float:
    """Two wires may run closer together than boxes."""
    return 1.0 if above.box is not None and below.box is not None else 0.6


def _straight(layout: Layout, item: Item, ends: str) -> tuple[float, float]:
    """Where the wires to the left or to the right of ``item`` are straight, and how much that matters."""
    total = weight = 0.0
    for other, port in getattr(item, ends):
        w = _STRAIGHT if item.box is None and other.box is None else 1.0
        if ends == "left":
            total += w * (layout.y[other] - port * layout.size(item).ports)
        else:
            total += w * layout.port(other, port)
        weight += w
    return (total / weight, weight) if weight else (layout.y[item], 0.1)


def _near(layout: Layout, item: Item) -> tuple[float, float]:
    """What has operands stays; what has none comes near to what it feeds."""
    return (layout.y[item], 1e3) if item.left else _straight(layout, item, "right")


def _set_columns(layout: Layout) -> None:
    """Operations stand in the left part of their column, names beside their wires at the right."""
    right = 0.0
    for k, layer in enumerate(layout.layers):
        left = right + (_gap(layout, layout.layers[k - 1]) if k else 0.0)
        operations = [layout.size(i) for i in layer if _kind(layout, i) == OPERATION]
        names = [layout.size(i) for i in layer if _kind(layout, i) in (INPUT, CONSTANT)]
        node = max((size.width for size in operations), default=0.0)
        name_wire = max((size.wire for size in names), default=0.0)
        widths = [node + size.wire for size in operations] + [size.width + name_wire for size in names]
        widths += [layout.size(i).width for i in layer if _kind(layout, i) == OUTPUT]
        right = left + max(widths, default=0.0)
        layout.spans.append((left, right))
        for item in layer:
            width = layout.size(item).width
            if _kind(layout, item) == OPERATION:
                layout.x[item] = left + (node - width) / 2
            elif _kind(layout, item) in (INPUT, CONSTANT):
                layout.x[item] = right - name_wire - width
            else:
                layout.x[item] = left


def _kind(layout: Layout, item: Item) -> str:
    return "" if item.box is None else layout.boxes[item.box].kind


def _gap(layout: Layout, layer: list[Item]) -> float:
    """Room for the bends of the wires that leave ``layer``, more where they are steep."""
    rises = (abs(layout.port(other, port) - layout.y[item]) for item in layer for other, port in item.right)
    return min(18.0 + 0.22 * max(rises, default=0.0), 90.0)
