"""Kernels laid on images: the numbers as users write them, and the sizes that come of them."""

from __future__ import annotations

from operator import index
from typing import Any, NamedTuple, TypeAlias

from .axes import ndim_of

Pair: TypeAlias = "tuple[int, ...]"
"""A number for rows and one for columns."""


class Layout(NamedTuple):
    """How kernels are laid on images: ``padding`` is before and after each axis."""

    stride: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair
    groups: int = 1


class Field(NamedTuple):
    """A kernel laid on an image of this size."""

    size: Pair
    kernel: Pair
    layout: Layout

    @property
    def places(self) -> Pair:
        """How many places there are along each axis; none or less if the kernel does not fit."""
        stride, padding, *_ = self.layout
        rows, columns = [
            (n + sum(p) - reach) // s + 1
            for n, p, reach, s in zip(self.size, padding, self.reach, stride, strict=True)
        ]
        return rows, columns

    @property
    def reach(self) -> Pair:
        """Rows and columns from the first element of the kernel to its last, both included."""
        (kh, kw), (dh, dw) = self.kernel, self.layout.dilation
        return dh * (kh - 1) + 1, dw * (kw - 1) + 1

    @property
    def overlaps(self) -> bool:
        """Whether two places may meet the same element."""
        across = zip(self.layout.stride, self.reach, self.places, strict=True)
        return any(step < reach and places > 1 for step, reach, places in across)


def enlarged(places: Pair, kernel: Pair, layout: Layout, more: Pair) -> Pair:
    """The size of the image on which a kernel has so many places, and ``more`` rows and columns are left."""
    reach = Field(places, kernel, layout).reach
    across = zip(places, layout.stride, reach, layout.padding, more, strict=True)
    return tuple([(n - 1) * s + r - sum(p) + m for n, s, r, p, m in across])


# ---- as users write them ----


def pair(value: Any, least: int, what: str) -> Pair:
    """A whole number for both axes, or one for each. Raises ValueError for others and below ``least``."""
    try:
        both = tuple(map(index, value)) if ndim_of(value) else (index(value),) * 2
    except TypeError:
        raise TypeError(f"{what} has to be a whole number or a pair of them, got {value!r}") from None
    if len(both) != 2 or min(both) < least:
        raise ValueError(f"{what} has to be a number or a pair of numbers of at least {least}, got {value!r}")
    return both


def layout_of(
    kernel: Pair, stride: Any, padding: Any, dilation: Any = 1, groups: int = 1, *, of: str
) -> Layout:
    """The layout of a kernel of this size; ``of`` is the function that messages are about."""
    strides, dilations = pair(stride, 1, f"{of}: stride"), pair(dilation, 1, f"{of}: dilation")
    if not isinstance(padding, str):
        rows, columns = pair(padding, 0, f"{of}: padding")
        return Layout(strides, ((rows, rows), (columns, columns)), dilations, groups)
    if padding == "valid":
        return Layout(strides, ((0, 0), (0, 0)), dilations, groups)
    if padding != "same":
        raise ValueError(f'{of}: padding has to be a number, a pair, "same" or "valid", got {padding!r}')
    if strides != (1, 1):
        raise ValueError(f'{of}: padding "same" keeps the size, which takes stride 1, got {stride}')
    rows, columns = [d * (k - 1) for k, d in zip(kernel, dilations, strict=True)]
    return Layout(
        strides, ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2)), dilations, groups
    )


def require_places(field: Field, of: str) -> None:
    """Raise ValueError if the kernel fits nowhere."""
    if min(field.places) < 1:
        raise ValueError(
            f"{of}: a kernel that reaches over {field.reach} does not fit on images of size {field.size} "
            f"with padding {field.layout.padding}; pad more, or take a smaller kernel or dilation"
        )
