"""Convolution of images in two dimensions, as products of the kernels with blocks of columns.

Its three primitives are about images ``x`` (n, channels, h, w), kernels ``w`` (outputs, channels / groups,
kh, kw) and results ``y`` (n, outputs, rows, columns): each takes two of them and gives the third, linear in
both. So they are each other's transposes, and derivatives of any order are made of these three.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import gemm
from ..core import multilinear, primitive
from .axes import ndim_of, shape_of
from .patches import add_columns, blocks, columns, packed, unpacked
from .shape import reshape
from .spatial import Field, enlarged, layout_of, pair, require_places
from .tiling import pad


def _dtypes(xp: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Of the result, of the factors and of sums: the half types have no product on the host, and no sums."""
    dtype = gemm.result_dtype(a, b)
    sums = np.dtype("float32") if dtype.itemsize == 2 and dtype.kind in "fV" else dtype
    return dtype, sums if xp is np else dtype, sums


def _matrices(w: Any, groups: int, dtype: Any) -> Any:
    """Kernels as (groups, outputs of a group, channels of a group * kh * kw)."""
    outputs, channels, kh, kw = w.shape
    return w.reshape(groups, outputs // groups, channels * kh * kw).astype(dtype, copy=False)


def _bytes_a_place(w_shape: tuple[int, ...], groups: int, dtype: Any) -> int:
    _, channels, kh, kw = w_shape
    return groups * channels * kh * kw * dtype.itemsize


# ---- the three products ----


@primitive
def _conv2d(xp, x, w, *, layout):
    dtype, factors, _ = _dtypes(xp, x, w)
    field, groups = Field(x.shape[2:], w.shape[2:], layout), layout.groups
    matrices = _matrices(w, groups, factors)
    y = xp.empty((x.shape[0], w.shape[0], *field.places), dtype)
    for images, rows in blocks(xp, x.shape[0], field, _bytes_a_place(w.shape, groups, factors)):
        cols = packed(xp, columns(xp, x[images], field, rows, factors), groups)
        part = y[images, :, rows]
        part[...] = unpacked(xp, gemm.matmul(matrices, cols), part.shape)
    return y


@primitive
def _conv2d_images(xp, y, w, *, size, layout):
    """Images of this size: each element of ``y`` spread as the kernel that made it, and all of them added."""
    dtype, factors, sums = _dtypes(xp, y, w)
    field, groups = Field(size, w.shape[2:], layout), layout.groups
    matrices = _matrices(w, groups, factors).swapaxes(1, 2)
    x = xp.zeros((y.shape[0], w.shape[1] * groups, *size), sums)
    for images, rows in blocks(xp, y.shape[0], field, _bytes_a_place(w.shape, groups, factors)):
        part = y[images, :, rows].astype(factors, copy=False)
        cols = gemm.matmul(matrices, packed(xp, part, groups))
        shape = (part.shape[0], x.shape[1], *field.kernel, *part.shape[2:])
        add_columns(xp, x[images], unpacked(xp, cols, shape), field, rows)
    return x.astype(dtype, copy=False)


@primitive
def _conv2d_kernels(xp, x, y, *, kernel, layout):
    """Kernels of this size: for each of their elements the sum of what it met times what came of it."""
    dtype, factors, sums = _dtypes(xp, x, y)
    field, groups = Field(x.shape[2:], kernel, layout), layout.groups
    shape = (y.shape[1], x.shape[1] // groups, *kernel)
    total = xp.zeros((groups, shape[1] * kernel[0] * kernel[1], shape[0] // groups), sums)
    for images, rows in blocks(xp, x.shape[0], field, _bytes_a_place(shape, groups, factors)):
        cols = packed(xp, columns(xp, x[images], field, rows, factors), groups)
        part = packed(xp, y[images, :, rows].astype(factors, copy=False), groups)
        total += gemm.matmul(cols, part.swapaxes(2, 3)).sum(0, dtype=sums)
    return total.swapaxes(1, 2).reshape(shape).astype(dtype, copy=False)


multilinear(
    _conv2d,
    lambda g, w, x_shape, *, layout: _conv2d_images(g, w, size=x_shape[2:], layout=layout),
    lambda g, x, w_shape, *, layout: _conv2d_kernels(x, g, kernel=w_shape[2:], layout=layout),
)
multilinear(
    _conv2d_images,
    lambda g, w, *, layout: _conv2d(g, w, layout=layout),
    lambda g, y, w_shape, *, layout: _conv2d_kernels(g, y, kernel=w_shape[2:], layout=layout),
)
multilinear(
    _conv2d_kernels,
    lambda g, y, x_shape, *, layout: _conv2d_images(y, g, size=x_shape[2:], layout=layout),
    lambda g, x, *, layout: _conv2d(x, g, layout=layout),
)


# ---- as users call them ----


def conv2d(x, w, bias=None, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups=1):
    """Cross-correlation of images ``x`` (n, channels, h, w) with ``w`` (outputs, channels / groups, kh, kw).

    bias: one number for each output. stride, padding, dilation: a number, or a pair for rows and columns;
    padding also ``"valid"`` for none, or ``"same"`` for as much as keeps the size, the odd one behind.
    groups: the channels in so many parts, each with kernels of its own.

    The result is (n, outputs, rows, columns); one image (channels, h, w) gives (outputs, rows, columns).
    float16 and bfloat16 are summed in float32. Raises ValueError for shapes that do not fit, and for a kernel
    larger than the padded image.
    """
    images = _images(x, w, "conv2d")
    outputs, channels, *kernel = shape_of(w)
    _, given, *size = shape_of(images)
    groups = _parts(groups, outputs, "conv2d")
    if given != channels * groups:
        raise ValueError(
            f"conv2d: images {shape_of(x)} have {given} channels, kernels {shape_of(w)} with groups={groups} "
            f"take {channels * groups}; they have to be equal"
        )
    layout = layout_of(tuple(kernel), stride, padding, dilation, groups, of="conv2d")
    require_places(Field(tuple(size), tuple(kernel), layout), "conv2d")
    y = _with_bias(_conv2d(images, w, layout=layout), bias, outputs, "conv2d")
    return y if ndim_of(x) == 4 else y[0]


def conv_transpose2d(
    x,
    w,
    bias=None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups=1,
    dilation: Any = 1,
):
    """The transpose of :func:`conv2d`: ``x`` (n, channels, h, w), ``w`` (channels, outputs / groups, kh, kw).

    Each element of ``x`` adds the kernel times itself to a result of (h - 1) * stride + reach - 2 * padding +
    output_padding rows, where a kernel reaches over dilation * (kh - 1) + 1; so stride enlarges, and padding
    takes away. output_padding: rows and columns more at the end, fewer than stride or dilation. All else is
    as in ``conv2d``.
    """
    of = "conv_transpose2d"
    images = _images(x, w, of)
    channels, outputs, *kernel = shape_of(w)
    _, given, *size = shape_of(images)
    groups = _parts(groups, channels, of)
    if given != channels:
        raise ValueError(
            f"{of}: images {shape_of(x)} have {given} channels, kernels {shape_of(w)} take {channels}; they "
            "have to be equal"
        )
    pads, more = pair(padding, 0, f"{of}: padding"), pair(output_padding, 0, f"{of}: output_padding")
    layout = layout_of(tuple(kernel), stride, pads, dilation, groups, of=of)
    if any(m >= max(s, d) for m, s, d in zip(more, layout.stride, layout.dilation, strict=True)):
        raise ValueError(
            f"{of}: output_padding {more} has to be less than stride {layout.stride} or dilation "
            f"{layout.dilation}"
        )
    whole = enlarged(tuple(size), tuple(kernel), layout, more)
    if min(*whole, *size) < 1:
        raise ValueError(
            f"{of}: nothing is left of images {shape_of(x)} with kernels {shape_of(w)}, stride "
            f"{layout.stride} and padding {pads}: the result would have the size {whole}"
        )
    # A stride or more of output_padding has room for more elements, all of them 0.
    behind = [(0, m // s) for m, s in zip(more, layout.stride, strict=True)]
    if any(n for _, n in behind):
        images = pad(images, ((0, 0), (0, 0), *behind))
    y = _with_bias(_conv2d_images(images, w, size=whole, layout=layout), bias, outputs * groups, of)
    return y if ndim_of(x) == 4 else y[0]


def _images(x: Any, w: Any, of: str) -> Any:
    """``x`` with the axis of the images. Raises ValueError if it or ``w`` has another number of axes."""
    if ndim_of(x) not in (3, 4) or ndim_of(w) != 4 or min(shape_of(w)[2:]) < 1:
        raise ValueError(
            f"{of} expects images (n, channels, h, w) or (channels, h, w), and kernels of four axes, of "
            f"which the last two are not empty; got shapes {shape_of(x)} and {shape_of(w)}"
        )
    return x if ndim_of(x) == 4 else reshape(x, (1, *shape_of(x)))


def _parts(groups: Any, kernels: int, of: str) -> int:
    if type(groups) is not int or groups < 1 or kernels % groups:
        raise ValueError(
            f"{of}: groups has to be a number that divides {kernels}, of the kernels, got {groups!r}"
        )
    return groups


def _with_bias(y: Any, bias: Any, outputs: int, of: str) -> Any:
    if bias is None:
        return y
    if shape_of(bias) != (outputs,):
        raise ValueError(f"{of}: the bias has to have the shape ({outputs},), got {shape_of(bias)}")
    return y + reshape(bias, (outputs, 1, 1))
