"""Rows of ``ops/convolution.py`` and ``ops/pooling.py``."""

import numpy as np

from gpugrad.ops.spatial import Layout, layout_of

from .row import PRIMITIVES, Row, bad, call, distinct, whole

ones = np.ones

# ---- by loops over places, from the definition ----


def _padded(x, layout, value=0):
    return np.pad(x, ((0, 0), (0, 0), *layout.padding), constant_values=value)


def _places(size, kernel, layout):
    """For each place its row and column among the places, and the padded rows and columns that it meets."""
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, layout.dilation, strict=True)]
    down, across = [
        range(0, n + sum(p) - r + 1, s)
        for n, p, r, s in zip(size, layout.padding, reach, layout.stride, strict=True)
    ]
    for i, top in enumerate(down):
        for j, left in enumerate(across):
            rows = slice(top, top + reach[0], layout.dilation[0])
            yield i, j, rows, slice(left, left + reach[1], layout.dilation[1])


def _correlated(x, w, layout):
    """Also of more than one group, as a kernel that is zero between the groups."""
    wide, padded = _across_groups(w, layout.groups), _padded(x, layout)
    places = list(_places(x.shape[2:], w.shape[2:], layout))
    y = np.zeros((len(x), len(w), places[-1][0] + 1, places[-1][1] + 1), np.result_type(x, w))
    for i, j, rows, columns in places:
        y[:, :, i, j] = np.einsum("ncij,ocij->no", padded[:, :, rows, columns], wide)
    return y


def _across_groups(w, groups):
    outputs, channels, *kernel = w.shape
    wide = np.zeros((groups, outputs // groups, groups, channels, *kernel), w.dtype)
    for g in range(groups):
        wide[g, :, g] = w.reshape(groups, outputs // groups, channels, *kernel)[g]
    return wide.reshape(outputs, groups * channels, *kernel)


def _conv2d(x, w, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    x, single = (x[None], True) if x.ndim == 3 else (x, False)
    y = _correlated(x, w, layout_of(w.shape[2:], stride, padding, dilation, groups, of="reference"))
    y = y if bias is None else y + bias[:, None, None]
    return y[0] if single else y


def _images(y, w, *, size, layout):
    """Every element of ``y`` spread as the kernel."""
    wide = _across_groups(w, layout.groups)
    x = np.zeros((len(y), wide.shape[1], *size), np.result_type(y, w))
    padded = _padded(x, layout)
    for i, j, rows, columns in _places(size, w.shape[2:], layout):
        padded[:, :, rows, columns] += np.einsum("no,ocij->ncij", y[:, :, i, j], wide)
    (top, _), (left, _) = layout.padding
    return padded[:, :, top : top + size[0], left : left + size[1]]


def _kernels(x, y, *, kernel, layout):
    padded = _padded(x, layout)
    wide = np.zeros((y.shape[1], x.shape[1], *kernel), np.result_type(x, y))
    for i, j, rows, columns in _places(x.shape[2:], kernel, layout):
        wide += np.einsum("no,ncij->ocij", y[:, :, i, j], padded[:, :, rows, columns])
    outputs, channels = y.shape[1] // layout.groups, x.shape[1] // layout.groups
    parts = wide.reshape(layout.groups, outputs, layout.groups, channels, *kernel)
    return np.concatenate([parts[g, :, g] for g in range(layout.groups)])


def _transposed(x, w, bias=None, *, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    layout = layout_of(w.shape[2:], stride, padding, dilation, groups, of="reference")
    more = np.broadcast_to(output_padding, 2)
    size = [
        (n - 1) * s + d * (k - 1) + 1 - sum(p) + m
        for n, s, d, k, p, m in zip(
            x.shape[2:], layout.stride, layout.dilation, w.shape[2:], layout.padding, more, strict=True
        )
    ]
    behind = [(0, int(m) // s) for m, s in zip(more, layout.stride, strict=True)]
    y = _images(np.pad(x, ((0, 0), (0, 0), *behind)), w, size=size, layout=layout)
    return y if bias is None else y + bias[:, None, None]


# ---- windows ----


def _pooled(x, kernel, stride, padding, value, join):
    kernel = tuple(np.broadcast_to(kernel, 2).tolist())
    layout = layout_of(kernel, kernel if stride is None else stride, padding, of="reference")
    flat = x.reshape(-1, 1, *x.shape[-2:])
    padded = _padded(flat, layout, value)
    windows = {
        (i, j): padded[..., rows, columns] for i, j, rows, columns in _places(x.shape[-2:], kernel, layout)
    }
    down, across = max(windows)
    y = np.stack([join(w, (-2, -1)) for w in windows.values()], -1)
    return y.reshape(*x.shape[:-2], down + 1, across + 1)


def _max_pool2d(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, stride, padding, -np.inf, np.max)


def _avg_pool2d(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, stride, padding, 0, np.mean)


def _shares(x, kernel, layout):
    """(windows, elements): how much of a window's gradient each element gets."""
    number = np.pad(
        np.arange(x.size // len(x)).reshape(1, 1, *x.shape[-2:]),
        ((0, 0), (0, 0), *layout.padding),
        constant_values=-1,
    )[0, 0]
    flat = x.reshape(len(x), -1)
    rows = []
    for _, _, down, across in _places(x.shape[-2:], kernel, layout):
        met = [k for k in number[down, across].ravel() if k >= 0]
        best = flat[:, met] == flat[:, met].max(1, keepdims=True)
        row = np.zeros(flat.shape)
        row[:, met] = best / best.sum(1, keepdims=True)
        rows.append(row)
    return np.stack(rows, 1)


def _pool_grad(g, x, *, kernel, layout):
    shares = _shares(x.reshape(-1, *x.shape[-2:]), kernel, layout)
    return np.einsum("nw,nwe->ne", g.reshape(len(shares), -1), shares).reshape(x.shape)


def _pool_pick(t, x, *, kernel, layout):
    shares = _shares(x.reshape(-1, *x.shape[-2:]), kernel, layout)
    places = list(_places(x.shape[-2:], kernel, layout))
    shape = (*x.shape[:-2], places[-1][0] + 1, places[-1][1] + 1)
    return np.einsum("ne,nwe->nw", t.reshape(len(shares), -1), shares).reshape(shape)


def _spread(g, *, size, kernel, layout):
    g4 = g.reshape(-1, 1, *g.shape[-2:])
    image = _images(g4, np.full((1, 1, *kernel), 1 / np.prod(kernel)), size=size, layout=layout)
    return image.reshape(*g.shape[:-2], *size)


def _given_the_largest(f):
    """A primitive of ``x`` and its largest elements as a function of ``x`` alone."""
    pool = PRIMITIVES["_max_pool2d"]
    return lambda g, x, **windows: f(g, x, pool(x, **windows), **windows)


def _layout(stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1):
    return Layout(stride, padding, dilation, groups)


_STRIDED = _layout((2, 3), ((1, 0), (2, 1)))
_DILATED = _layout((1, 2), ((2, 2), (0, 0)), (2, 1), 2)

ROWS = (
    Row(
        "conv2d",
        _conv2d,
        (
            call((2, 2, 5, 4), (3, 2, 3, 2)),
            call((2, 1, 4, 4), (2, 1, 3, 3), padding=1),
            call((1, 2, 6, 7), (2, 2, 3, 3), stride=2),  # leaves a row over
            call((1, 1, 7, 8), (1, 1, 2, 2), stride=(3, 2), padding=(0, 1)),
            call((1, 1, 3, 3), (1, 1, 3, 2), padding=3),  # more than half of the kernel
            call((1, 2, 6, 5), (1, 2, 2, 3), dilation=(3, 2), padding=1),
            call((1, 4, 4, 4), (6, 2, 2, 2), groups=2),
            call((2, 3, 4, 4), (3, 1, 3, 3), groups=3, padding=1),  # each channel by itself
            call((2, 3, 2, 2), (4, 3, 1, 1)),
            call((2, 2, 3, 3), (2, 2, 3, 3)),  # as large as the image
            call((1, 1, 5, 4), (1, 1, 2, 4), padding="same"),
            call((1, 1, 6, 6), (1, 1, 2, 2), stride=2, padding="valid"),  # no window meets another
            call((2, 5, 5), (3, 2, 2, 2)),  # one image
            call((2, 2, 3, 3), (3, 2, 2, 2), (3,)),  # with a bias
            call((0, 2, 4, 4), (3, 2, 3, 3)),
            call((2, 0, 4, 4), (3, 0, 3, 3)),
        ),
        dtypes="fc",
        condition=8,
        errors=(
            bad(
                ValueError,
                r"\(2, 3, 5, 5\) have 3 channels, kernels \(4, 2, 3, 3\) with groups=1 take 2",
                ones((2, 3, 5, 5)),
                ones((4, 2, 3, 3)),
            ),
            bad(
                ValueError,
                r"reaches over \(5, 3\) does not fit on images of size \(4, 4\)",
                ones((1, 1, 4, 4)),
                ones((1, 1, 3, 3)),
                dilation=(2, 1),
            ),
            bad(ValueError, r"expects images \(n, channels, h, w\)", ones((4, 4)), ones((1, 1, 3, 3))),
            bad(ValueError, "last two are not empty", ones((1, 1, 4, 4)), ones((1, 1, 0, 3))),
            bad(
                ValueError,
                "groups has to be a number that divides 3",
                ones((1, 2, 4, 4)),
                ones((3, 1, 2, 2)),
                groups=2,
            ),
            bad(
                ValueError,
                "stride has to be a number or a pair of numbers of at least 1, got 0",
                ones((1, 1, 4, 4)),
                ones((1, 1, 2, 2)),
                stride=0,
            ),
            bad(
                ValueError,
                r"padding has to be a number or a pair .*, got \(1, 2, 3\)",
                ones((1, 1, 4, 4)),
                ones((1, 1, 2, 2)),
                padding=(1, 2, 3),
            ),
            bad(
                TypeError,
                "dilation has to be a whole number or a pair",
                ones((1, 1, 4, 4)),
                ones((1, 1, 2, 2)),
                dilation=1.5,
            ),
            bad(ValueError, '"same" or "valid", got', ones((1, 1, 4, 4)), ones((1, 1, 2, 2)), padding="full"),
            bad(
                ValueError,
                "takes stride 1, got 2",
                ones((1, 1, 4, 4)),
                ones((1, 1, 2, 2)),
                padding="same",
                stride=2,
            ),
            bad(
                ValueError,
                r"bias has to have the shape \(3,\), got \(2,\)",
                ones((1, 2, 4, 4)),
                ones((3, 2, 2, 2)),
                ones(2),
            ),
        ),
    ),
    Row(
        "_conv2d_images",
        _images,
        (
            call((2, 3, 3, 2), (3, 2, 2, 3), size=(4, 4), layout=_layout()),
            call((1, 2, 3, 3), (2, 1, 3, 3), size=(6, 7), layout=_STRIDED),
            call((1, 2, 6, 2), (2, 2, 2, 2), size=(4, 4), layout=_DILATED),
            call((0, 2, 2, 2), (2, 1, 2, 2), size=(3, 3), layout=_layout()),
        ),
        dtypes="fc",
        condition=8,
    ),
    Row(
        "_conv2d_kernels",
        _kernels,
        (
            call((2, 2, 4, 4), (2, 3, 3, 2), kernel=(2, 3), layout=_layout()),
            call((1, 1, 6, 7), (1, 2, 3, 3), kernel=(3, 3), layout=_STRIDED),
            call((1, 4, 4, 4), (1, 2, 6, 2), kernel=(2, 2), layout=_DILATED),
            call((0, 1, 3, 3), (0, 2, 2, 2), kernel=(2, 2), layout=_layout()),
        ),
        dtypes="fc",
        condition=16,
    ),
    Row(
        "conv_transpose2d",
        _transposed,
        (
            call((2, 2, 3, 2), (2, 3, 2, 3)),
            call((1, 2, 3, 3), (2, 1, 3, 3), stride=2, padding=1, output_padding=1),
            call((1, 4, 2, 3), (4, 1, 2, 2), (2,), stride=(3, 1), groups=2),
            call((1, 1, 3, 3), (1, 1, 2, 2), dilation=3, padding=1, output_padding=2),  # more than a stride
        ),
        dtypes="fc",
        condition=8,
        errors=(
            bad(
                ValueError,
                r"have 2 channels, kernels \(3, 2, 2, 2\) take 3",
                ones((1, 2, 3, 3)),
                ones((3, 2, 2, 2)),
            ),
            bad(
                ValueError,
                r"output_padding \(2, 2\) has to be less than stride",
                ones((1, 1, 3, 3)),
                ones((1, 1, 2, 2)),
                stride=2,
                output_padding=2,
            ),
            bad(
                ValueError, r"would have the size \(0, 0\)", ones((1, 1, 2, 2)), ones((1, 1, 1, 1)), padding=1
            ),
            bad(
                TypeError,
                "padding has to be a whole number",
                ones((1, 1, 2, 2)),
                ones((1, 1, 1, 1)),
                padding="same",
            ),
        ),
    ),
    Row(
        "max_pool2d",
        _max_pool2d,
        (
            call((2, 1, 4, 6), kernel_size=2),
            call((1, 2, 5, 7), kernel_size=(2, 3)),
            call((1, 1, 5, 5), kernel_size=3, stride=1, padding=1),
            call((1, 1, 7, 6), kernel_size=(3, 2), stride=2, padding=(1, 1)),
            call((1, 1, 5, 8), kernel_size=2, stride=3),
            call((4, 4), kernel_size=4),
            call((2, 3, 3), kernel_size=1),
            call((0, 1, 4, 4), kernel_size=2),
        ),
        distinct,
        exact=True,
        errors=(
            bad(ValueError, r"reaches over \(3, 3\) does not fit", ones((1, 1, 2, 2)), kernel_size=3),
            bad(
                ValueError,
                r"padding \(2, 2\) has to be at most half",
                ones((1, 1, 5, 5)),
                kernel_size=3,
                padding=2,
            ),
            bad(ValueError, r"expects images \(..., h, w\), got shape \(3,\)", ones(3), kernel_size=1),
            bad(TypeError, "complex numbers have no order", ones((2, 2)) * 1j, kernel_size=2),
        ),
    ),
    Row(
        "_max_pool2d_grad",
        _pool_grad,
        (
            call((1, 1, 2, 3), (1, 1, 4, 6), kernel=(2, 2), layout=_layout((2, 2))),
            call((2, 5, 3), (2, 5, 5), kernel=(3, 3), layout=_layout((1, 2), ((1, 1), (1, 1)))),
        ),
        (distinct, whole(-2, 3)),
        condition=4,
        f=_given_the_largest(PRIMITIVES["_max_pool2d_grad"]),
    ),
    Row(
        "_max_pool2d_pick",
        _pool_pick,
        (
            call((1, 1, 4, 6), (1, 1, 4, 6), kernel=(2, 2), layout=_layout((2, 2))),
            call((2, 5, 5), (2, 5, 5), kernel=(3, 3), layout=_layout((1, 2), ((1, 1), (1, 1)))),
        ),
        (distinct, whole(-2, 3)),
        condition=4,
        f=_given_the_largest(PRIMITIVES["_max_pool2d_pick"]),
    ),
    Row(
        "avg_pool2d",
        _avg_pool2d,
        (
            call((2, 1, 4, 6), kernel_size=2),
            call((1, 1, 5, 5), kernel_size=3, stride=1, padding=1),
            call((1, 1, 7, 6), kernel_size=(3, 2), stride=2, padding=(1, 1)),
            call((5, 8), kernel_size=2, stride=3),
            call((0, 1, 4, 4), kernel_size=2),
        ),
        dtypes="fc",
        condition=4,
        errors=(bad(ValueError, "avg_pool2d: a kernel that reaches", ones((1, 1, 2, 2)), kernel_size=3),),
    ),
    Row(
        "_avg_pool2d_spread",
        _spread,
        (
            call((1, 1, 2, 3), size=(4, 6), kernel=(2, 2), layout=_layout((2, 2))),
            call((2, 4, 3), size=(7, 6), kernel=(3, 2), layout=_layout((2, 2), ((1, 1), (0, 0)))),
        ),
        dtypes="fc",
        condition=4,
    ),
)
