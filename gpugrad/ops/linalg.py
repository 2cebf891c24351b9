"""Products of vectors, matrices and stacks of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..backend import gemm
from ..core import Tensor, by_hand, multilinear, primitive
from .arithmetic import absolute, multiply
from .axes import ndim_of, shape_of, some_axes
from .casting import astype
from .complex import conj
from .nondiff import not_equal
from .reduction import euclidean_norm, max, min, sum
from .shape import _reshape, _sum_to, broadcast_to, ravel, reshape, transpose

# ---- the three products of matrices, or of stacks of them: each one's transposes are the other two ----


@primitive
def _matmul(xp, a, b):
    return gemm.matmul(a, b)


@primitive
def matmul_right_transposed(xp, a, b):
    """``a @ b.mT``, where both are matrices or stacks of them."""
    return gemm.matmul(a, b.T if b.ndim == 2 else b.swapaxes(-1, -2))


@primitive
def matmul_left_transposed(xp, a, b):
    """``a.mT @ b``, likewise."""
    return gemm.matmul(a.T if a.ndim == 2 else a.swapaxes(-1, -2), b)


def _one_product(a, b):
    """Stacks of different depth are broadcast, and the transposes have to be summed; matrices are not."""
    return a.ndim == 2 and b.ndim == 2


multilinear(
    _matmul,
    matmul_right_transposed,
    lambda g, a: matmul_left_transposed(a, g),
    exact=_one_product,
)
multilinear(
    matmul_right_transposed,
    _matmul,
    lambda g, a: matmul_left_transposed(g, a),
    exact=_one_product,
)
multilinear(
    matmul_left_transposed,
    lambda g, b: matmul_right_transposed(b, g),
    lambda g, a: _matmul(a, g),
    exact=_one_product,
)


def matmul(a, b):
    """Matrix product over the last axis of ``a`` and the last but one of ``b``; stacks of matrices broadcast.

    A vector counts as one row on the left and as one column on the right. Raises ValueError for numbers and
    for lengths that differ. float16 and bfloat16 are accumulated in float32.
    """
    if type(a) is Tensor and type(b) is Tensor:  # straight on with what is most common
        x, z = a.data, b.data
        if x.ndim == 2 == z.ndim and x.shape[1] == z.shape[0]:
            return _matmul(a, b)
    m, n = ndim_of(a), ndim_of(b)
    if not m or not n:
        raise ValueError("matmul: operands need at least one dimension; use * for numbers")
    if shape_of(a)[-1] != shape_of(b)[-1 if n == 1 else -2]:
        raise ValueError(
            f"matmul: shapes {shape_of(a)} and {shape_of(b)} do not fit: the last axis of the first and "
            f"the {'only' if n == 1 else 'last but one'} axis of the second have to be equally long"
        )
    if m > 1 and n > 1:
        return _matmul(a, b) if m == 2 or n > 2 else _rows_times(a, b)
    product = _matmul(reshape(a, (1, -1)) if m == 1 else a, reshape(b, (-1, 1)) if n == 1 else b)
    shape = product.shape
    return reshape(product, (*shape[:-2], *shape[-2 + (m == 1) : -1], *(shape[-1:] if n > 1 else ())))


def _rows_times(a, b):
    """A stack of matrices times one: as one product, also in the rules, which would have to sum a stack."""
    shape = shape_of(a)
    rows = _reshape(a, shape=(math.prod(shape[:-1]), shape[-1]))
    return _reshape(_matmul(rows, b), shape=(*shape[:-1], shape_of(b)[1]))


# ---- a matrix product and a bias, which is added in place ----


@primitive
def _affine(xp, x, weight, bias):
    y = gemm.matmul(x, weight)
    if y.dtype is not bias.dtype:
        return y + bias
    y += bias
    return y


by_hand(
    _affine,
    vjp=(
        lambda g, weight: matmul_right_transposed(g, weight),
        lambda g, x: matmul_left_transposed(x, g),
        lambda g: _sum_to(g, shape=g.shape[-1:]),
    ),
    jvp=(
        lambda t, weight: _matmul(t, weight),
        lambda t, x: _matmul(x, t),
        lambda t, x: broadcast_to(t, (x.shape[0], t.shape[0])),  # of x, which is kept anyway
    ),
    exact=lambda x, weight, bias: x.dtype is weight.dtype is bias.dtype,
)


def affine(x, weight, bias=None):
    """``x @ weight + bias``: (..., inputs), (inputs, outputs) and (outputs,) give (..., outputs).

    Raises ValueError for other shapes.
    """
    if bias is None:
        return matmul(x, weight)
    if type(x) is Tensor and type(weight) is Tensor and type(bias) is Tensor:  # straight on, as in matmul
        rows, inner = x.data, weight.data.shape
        if rows.ndim == len(inner) == 2 and rows.shape[1] == inner[0] and bias.data.shape == inner[1:]:
            return _affine(x, weight, bias)
    shape, inner, outer = shape_of(x), shape_of(weight), shape_of(bias)
    if not shape or len(inner) != 2 or shape[-1:] != inner[:1] or outer != inner[1:]:
        raise ValueError(
            "affine expected shapes (..., inputs), (inputs, outputs) and (outputs,), got "
            f"{shape}, {inner} and {outer}"
        )
    if len(shape) == 2:
        return _affine(x, weight, bias)
    rows = _reshape(x, shape=(math.prod(shape[:-1]), shape[-1]))
    return _reshape(_affine(rows, weight, bias), shape=(*shape[:-1], *outer))


# ---- what matmul is the heart of ----


def tensordot(a, b, axes: int | Sequence = 2):
    """Sum of products over ``axes``: so many last axes of ``a`` and first of ``b``, or a pair of lists."""
    if isinstance(axes, Sequence):
        of_a, of_b = axes
        over_a = some_axes(of_a, ndim_of(a), "tensordot")
        over_b = some_axes(of_b, ndim_of(b), "tensordot")
    else:
        over_a = some_axes(range(-axes, 0), ndim_of(a), "tensordot")
        over_b = some_axes(range(axes), ndim_of(b), "tensordot")
    lengths = [[shape_of(x)[k] for k in over] for x, over in ((a, over_a), (b, over_b))]
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"tensordot: axes {over_a} of shape {shape_of(a)} and axes {over_b} of shape {shape_of(b)} "
            "have to be equally long"
        )
    free_a = [k for k in range(ndim_of(a)) if k not in over_a]
    free_b = [k for k in range(ndim_of(b)) if k not in over_b]
    shape = [shape_of(a)[k] for k in free_a] + [shape_of(b)[k] for k in free_b]
    n = math.prod(lengths[0])
    rows = math.prod(shape[: len(free_a)])
    columns = math.prod(shape[len(free_a) :])
    left = reshape(transpose(a, (*free_a, *over_a)), (rows, n))
    right = reshape(transpose(b, (*over_b, *free_b)), (n, columns))
    return reshape(_matmul(left, right), shape)


def dot(a, b):
    """NumPy's ``dot``: product with a number, matrix product, or sum over the last and last but one axes."""
    m, n = ndim_of(a), ndim_of(b)
    if not m or not n:
        return multiply(a, b)
    return matmul(a, b) if n <= 2 else tensordot(a, b, ((m - 1,), (n - 2,)))


def inner(a, b):
    """Sum of products over the last axes."""
    m, n = ndim_of(a), ndim_of(b)
    return multiply(a, b) if not m or not n else tensordot(a, b, ((m - 1,), (n - 1,)))


def outer(a, b):
    """Every product of an element of ``a`` with one of ``b``; both are flattened."""
    return multiply(reshape(a, (-1, 1)), reshape(b, (1, -1)))


def vdot(a, b):
    """``sum(conj(a) * b)`` of the flattened operands."""
    return matmul(ravel(conj(a)), ravel(b))


# ---- norms without a factorisation ----


def norm(x, ord=None, axis=None, keepdims=False):
    """Norm of vectors (one ``axis``) or matrices (two), NumPy's ``linalg.norm``; gradient 0 at 0.

    ord: for vectors any number, inf or -inf, default 2; for matrices ``"fro"`` (default), 1, -1, inf, -inf.
    Without ``axis``, ``ord=None`` is the 2-norm of all elements. Raises ValueError for another ``ord``.
    """
    if axis is None and ord is None:
        return euclidean_norm(x, None, keepdims)
    axes = some_axes(axis, ndim_of(x), "norm")
    if len(axes) == 1:
        return _vector_norm(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ValueError(f"norm: ord={ord!r} takes one axis or two, got {len(axes)}")


def _vector_norm(x, p, axes, keepdims):
    if p == 2:
        return euclidean_norm(x, axes, keepdims)
    size = _sizes(x)
    if p in (math.inf, -math.inf):
        return (max if p > 0 else min)(size, axes, keepdims)
    if p == 0:
        return sum(astype(not_equal(size, 0), size.dtype), axes, keepdims)
    if p == 1:
        return sum(size, axes, keepdims)
    if isinstance(p, (int, float)):
        return sum(size**p, axes, keepdims) ** (1 / p)
    raise ValueError(f"norm: ord={p!r} is for matrices; a vector takes a number, inf or -inf")


def _sizes(x):
    """``|x|``, floats for integers."""
    sizes = absolute(x)
    return astype(sizes, float) if sizes.dtype.kind in "biu" else sizes


def _matrix_norm(x, p, axes, keepdims):
    if p in (None, "fro"):
        return euclidean_norm(x, axes, keepdims)
    if p not in (1, -1, math.inf, -math.inf):
        raise ValueError(f"norm: ord={p!r} of a matrix is not here; it takes 'fro', 1, -1, inf, -inf")
    rows, columns = axes
    summed, kept = (rows, columns) if p in (1, -1) else (columns, rows)
    y = (max if p > 0 else min)(sum(_sizes(x), summed, keepdims=True), kept, keepdims=True)
    return y if keepdims else reshape(y, [n for k, n in enumerate(y.shape) if k not in axes])
