"""Convolution 3x3, pooling 2x2 and relu by hand, on images of shape (batch, height, width, channels).

Nine slices side by side make the convolution a product of matrices; four strided slices make the pooling a
maximum. Both are quicker in NumPy than its windows and reshapes.
"""

from __future__ import annotations

from itertools import product
from typing import Any

_CORNERS = [(slice(None), slice(i, None, 2), slice(j, None, 2)) for i, j in product(range(2), repeat=2)]


def block(xp: Any, x: Any, w: Any, b: Any) -> tuple[Any, Any]:
    """``max_pool2d(relu(conv2d(x, w, b, padding=1)), 2)``, and what its gradient needs; w is (out, in, 3, 3).

    relu comes last: that is the same, for a quarter of the numbers.
    """
    batch, height, width, channels = x.shape
    padded = xp.zeros((batch, height + 2, width + 2, channels), x.dtype)
    padded[:, 1:-1, 1:-1] = x
    columns = xp.empty((batch, height, width, 9, channels), x.dtype)
    for k, (i, j) in enumerate(product(range(3), repeat=2)):
        columns[..., k, :] = padded[:, i : i + height, j : j + width]
    columns = columns.reshape(-1, 9 * channels)
    y = (columns @ _matrix(w)).reshape(batch, height, width, -1)
    y += b
    a, c, d, e = (y[corner] for corner in _CORNERS)
    top = xp.maximum(xp.maximum(a, c), xp.maximum(d, e))
    return xp.maximum(top, 0), (columns, y, top)


def block_grad(xp: Any, g: Any, w: Any, h: Any, kept: Any, below: bool = True) -> tuple[Any, Any, Any]:
    """The gradients of x, w and b; of x only if it is asked for."""
    columns, y, top = kept
    batch, height, width, channels = y.shape
    g = g * (h > 0)
    gb = g.sum((0, 1, 2))
    gy = xp.empty_like(y)
    for corner in _CORNERS:
        xp.multiply(g, y[corner] == top, out=gy[corner])
    gy = gy.reshape(-1, channels)
    gw = (columns.T @ gy).reshape(3, 3, -1, channels).transpose(3, 2, 0, 1)
    if not below:
        return None, gw, gb
    gcolumns = (gy @ _matrix(w).T).reshape(batch, height, width, 9, -1)
    gx = xp.zeros((batch, height + 2, width + 2, gcolumns.shape[-1]), y.dtype)
    for k, (i, j) in enumerate(product(range(3), repeat=2)):
        gx[:, i : i + height, j : j + width] += gcolumns[..., k, :]
    return gx[:, 1:-1, 1:-1], gw, gb


def _matrix(w: Any) -> Any:
    """The kernels as a matrix with a column for each output channel."""
    return w.transpose(2, 3, 1, 0).reshape(-1, len(w))
