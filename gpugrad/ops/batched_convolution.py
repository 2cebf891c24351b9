"""Batching rules of convolution.

Images, kernels and results have the axes of images (n), groups (g), channels of a group (c) and kernels of a
group (o). Examples are put in front of the one of these that belongs to the mapped operand and the result
alone: mapped images, for one, are more images. If both operands are mapped, that is the axis of the groups.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.batched import Level
from .axes import ndim_of, shape_of
from .shape import moveaxis, reshape
from .spatial import Layout
from .tiling import pad

IMAGES, KERNELS, RESULTS = ("n", "gc"), ("go", "c"), ("n", "go")

_Axes = tuple[str, str]


def _lengths(shape: tuple[int, ...], axes: _Axes, groups: int) -> list[int]:
    """Lengths of the first two axes, with the groups apart: of n, g, c or of g, o, c and so on."""
    return [
        k
        for n, names in zip(shape, axes, strict=False)
        for k in ([groups, n // groups] if "g" in names else [n])
    ]


def _folded(x: Any, axes: _Axes, letter: str, groups: int) -> Any:
    """``x``, which has the examples in front, with them put in front of the axis ``letter``."""
    size, *rest = shape_of(x)
    lengths, at = _lengths(tuple(rest), axes, groups), "".join(axes).index(letter)
    x = moveaxis(reshape(x, (size, *lengths, *rest[2:])), 0, at)
    merged = [n * size if letter in names else n for n, names in zip(rest[:2], axes, strict=True)]
    return reshape(x, (*merged, *rest[2:]))


def _unfolded(y: Any, axes: _Axes, letter: str, groups: int, size: int) -> Any:
    """The inverse, with the ``groups`` of one example."""
    shape = [n // size if letter in names else n for n, names in zip(shape_of(y)[:2], axes, strict=True)]
    lengths, at = _lengths(tuple(shape), axes, groups), "".join(axes).index(letter)
    rest = shape_of(y)[2:]
    y = moveaxis(reshape(y, (*lengths[:at], size, *lengths[at:], *rest)), at, 0)
    return reshape(y, (size, *shape, *rest))


def _rule(a: _Axes, b: _Axes, result: _Axes) -> Callable:
    """The batching rule of a primitive that makes ``result`` of ``a`` and ``b``."""
    (of_a,) = set("".join(result)) & set("".join(a)) - set("".join(b))
    (of_b,) = set("".join(result)) & set("".join(b)) - set("".join(a))

    def batch(f: Callable, values: list, mapped: list, level: Level, *, layout: Layout, **params: Any) -> Any:
        if not level.size:  # one example of zeros says the shape
            values = [_with_zeros(v) if m else v for v, m in zip(values, mapped, strict=True)]
        size, groups = level.size or 1, layout.groups
        letter = "g" if all(mapped) else of_a if mapped[0] else of_b
        x, y = [
            _folded(v, axes, letter, groups) if m else v
            for v, axes, m in zip(values, (a, b), mapped, strict=True)
        ]
        if letter == "g":
            layout = layout._replace(groups=groups * size)
        made = _unfolded(f(x, y, layout=layout, **params), result, letter, groups, size)
        return made if level.size else made[:0]

    return batch


def _with_zeros(x: Any) -> Any:
    return pad(x, ((0, 1), *((0, 0),) * (ndim_of(x) - 1)))


results = _rule(IMAGES, KERNELS, RESULTS)
images = _rule(RESULTS, KERNELS, IMAGES)
kernels = _rule(IMAGES, RESULTS, KERNELS)
