"""Images as columns, a block at a time: what turns a convolution into matrix products.

A column holds what the kernel meets at one place of the image (im2col). The columns of all places take
kh * kw times the memory of the images, so they are made for some images, or for some rows of one, and used up
before the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .spatial import Field, Pair

WORKSPACE = {True: 1 << 21, False: 1 << 28}
"""Bytes of columns made at a time, by whether that is on the host, where they should stay in a cache."""

FEW_PLACES = 256
"""With fewer places in an image, all images of a block share one product; on CUDA they always do.

On the host their elements for one place then lie side by side, and shifted additions run over long pieces of
memory: for 64 images of 14 × 14 and kernels of 3 × 3 the gradient of the images takes 1.5 ms, with a product
for each 2.1. For 28 × 28 it would take longer (NumPy 2.4.6, AMD EPYC).
"""

_IMAGES_AT = {True: -1, False: -3}
"""Which axis of a shared product is that of the images, behind or before rows and columns; as WORKSPACE."""


# ---- blocks ----


def blocks(xp: Any, images: int, field: Field, bytes_a_place: int) -> Iterator[tuple[slice, slice]]:
    """Slices of images, and of rows of places, whose columns fit the workspace; one row at the least."""
    rows, columns = field.places
    limit = WORKSPACE[xp is np]
    bytes_a_row = max(columns * bytes_a_place, 1)
    together = max(limit // (bytes_a_row * rows), 1)
    strip = min(max(limit // bytes_a_row, 1), rows)
    for first in range(0, images, together):
        for top in range(0, rows, strip):
            yield slice(first, min(first + together, images)), slice(top, min(top + strip, rows))


def _images_at(xp: Any, places: int) -> int | None:
    """The axis of the images in the product that they share; ``None`` if each has its own."""
    return _IMAGES_AT[xp is np] if xp is not np or places < FEW_PLACES else None


def _moved(shape: tuple[int, ...], axis: int) -> list[int]:
    """``shape`` with its first axis at ``axis``."""
    n, *rest = shape
    rest.insert(len(shape) + axis, n)
    return rest


def packed(xp: Any, x: Any, groups: int) -> Any:
    """(images, channels ..., rows, columns) as (products, groups, channels of a group ..., places)."""
    n, places = x.shape[0], x.shape[-2] * x.shape[-1]
    axis = _images_at(xp, places)
    if axis is None:
        return x.reshape(n, groups, -1, places)
    return xp.moveaxis(x, 0, axis).reshape(1, groups, -1, n * places)


def unpacked(xp: Any, y: Any, shape: tuple[int, ...]) -> Any:
    """The images of this shape, of which ``packed`` made ``y``."""
    axis = _images_at(xp, shape[-2] * shape[-1])
    return y.reshape(shape) if axis is None else xp.moveaxis(y.reshape(_moved(shape, axis)), axis, 0)


# ---- windows ----


class _Strip(NamedTuple):
    """Padded rows of images, met by the kernel at some rows of places; slices are of what is no padding."""

    shape: Pair
    read: slice
    down: slice
    across: slice
    places: int

    def zeros(self, xp: Any, x: Any, dtype: Any) -> Any:
        """Strips for the images ``x``, in the order in memory that columns have."""
        shape, axis = (*x.shape[:2], *self.shape), _images_at(xp, self.places)
        if axis is None:
            return xp.zeros(shape, dtype)
        return xp.moveaxis(xp.zeros(_moved(shape, axis), dtype), axis, 0)


def _strip(field: Field, rows: slice) -> _Strip:
    (above, _), (before, after) = field.layout.padding
    first = rows.start * field.layout.stride[0] - above
    height = (rows.stop - rows.start - 1) * field.layout.stride[0] + field.reach[0]
    low = min(max(first, 0), field.size[0])
    high = max(min(first + height, field.size[0]), low)
    width = field.size[1]
    return _Strip(
        (height, before + width + after),
        slice(low, high),
        slice(low - first, high - first),
        slice(before, before + width),
        (rows.stop - rows.start) * field.places[1],
    )


def _windows(xp: Any, x: Any, field: Field, rows: slice) -> Any:
    """A view (images, channels, kh, kw, rows, columns) of a padded strip."""
    image, channel, down, across = x.strides
    (sh, sw), _, (dh, dw), _ = field.layout
    return xp.lib.stride_tricks.as_strided(
        x,
        (*x.shape[:2], *field.kernel, rows.stop - rows.start, field.places[1]),
        (image, channel, down * dh, across * dw, down * sh, across * sw),
    )


def columns(xp: Any, x: Any, field: Field, rows: slice, dtype: Any) -> Any:
    """What the kernel meets at these rows of places: (images, channels, kh, kw, rows, columns)."""
    strip = _strip(field, rows)
    if any(map(any, field.layout.padding)):
        padded = strip.zeros(xp, x, dtype)
        padded[:, :, strip.down, strip.across] = x[:, :, strip.read]
    else:
        padded = x[:, :, strip.read].astype(dtype, copy=False)
    return _windows(xp, padded, field, rows)


def add_columns(xp: Any, x: Any, cols: Any, field: Field, rows: slice) -> None:
    """Add to images what ``columns`` would have read of them, each element to the place that it came from."""
    strip = _strip(field, rows)
    padded = strip.zeros(xp, x, x.dtype)
    windows = _windows(xp, padded, field, rows)
    if field.overlaps:
        for i in range(field.kernel[0]):
            for j in range(field.kernel[1]):
                met = windows[:, :, i, j]
                xp.add(met, cols[:, :, i, j], out=met)
    else:
        windows[...] = cols
    part = x[:, :, strip.read]
    xp.add(part, padded[:, :, strip.down, strip.across], out=part)
