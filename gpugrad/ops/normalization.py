"""Layer normalisation. Rows are brought to mean 0 and variance 1; weight and bias are ordinary operations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend.arrays import floating
from ..backend.dispatch import quiet
from ..core import by_hand, primitive
from .arithmetic import add, multiply
from .axes import kept_shape, ndim_of, shape_of, some_axes
from .constants import as_float
from .reduction import mean, var
from .shape import reshape

# ---- standardize; its Jacobian (I - 1 1'/n - y y'/n) / deviation is symmetric: one rule for both directions


def _wide(x):
    x = as_float(x)
    return x.astype("float32") if x.dtype.itemsize == 2 else x


def _mean(xp, x, axis):
    return xp.sum(x, axis=axis, keepdims=True) / _count(x, axis)


def _mean_of_product(xp, a, b, axis):
    """The mean of ``a * b`` over ``axis``, in one pass where that is the last one."""
    if xp is np and axis == (a.ndim - 1,):
        return np.vecdot(a, b)[..., None] / _count(a, axis)
    return _mean(xp, a * b, axis)


def _count(x, axis):
    return math.prod([x.shape[k] for k in axis]) or 1


def _standard(xp, x, axis, eps):
    """``y``, and what ``x`` less its mean was multiplied by."""
    if not x.size:
        return x.copy(), x
    if xp is np:
        with quiet():
            d = x - _mean(np, x, axis)
            square = _mean_of_product(np, d, d, axis)
        if np.isfinite(square).all():
            scale = 1 / np.sqrt(square + eps)
            d *= scale.astype(d.dtype, copy=False)
            return d, scale
    # Squares of large numbers overflow: here every row is first divided by its largest number.
    top = xp.max(xp.abs(x), axis=axis, keepdims=True)
    top = xp.where(top > 0, top, 1)
    with quiet():
        d = x / top
        d = d - _mean(xp, d, axis)
        scale = 1 / xp.sqrt(_mean_of_product(xp, d, d, axis) + eps / top / top)
        return d * scale, scale / top


@primitive
def standardize(xp, x, *, axis, eps):
    """``(x - mean) / sqrt(variance + eps)`` over ``axis``; half types compute in float32."""
    return _standard(xp, _wide(x), axis, eps)[0].astype(floating(x.dtype), copy=False)


@primitive
def standardize_grad(xp, g, x, *, axis, eps):
    """``(g - mean(g) - y * mean(g * y)) / sqrt(variance + eps)`` where ``y`` is ``x`` standardized."""
    y, scale = _standard(xp, _wide(x), axis, eps)
    g_ = _wide(g)
    y *= _mean_of_product(xp, g_, y, axis)
    y += _mean(xp, g_, axis)
    return ((g_ - y) * scale).astype(floating(g.dtype), copy=False)


def _slope_of_grad(t, g, x, *, axis, eps):
    """The second derivative, symmetric in ``t`` and the operand that it is the gradient of."""
    y, scale = standardize(x, axis=axis, eps=eps), (var(x, axis, keepdims=True) + eps) ** -0.5
    pulled = standardize_grad(g, x, axis=axis, eps=eps)
    bent = (
        y * mean(t * pulled, axis, True)
        + pulled * mean(t * y, axis, True)
        + standardize_grad(t, x, axis=axis, eps=eps) * mean(g * y, axis, True)
    )
    return -scale * bent


def _along(t, x, *, axis, eps):
    return standardize_grad(t, x, axis=axis, eps=eps)


by_hand(standardize, vjp=(_along,), jvp=(_along,), exact=True)
by_hand(standardize_grad, vjp=(_along, _slope_of_grad), jvp=(_along, _slope_of_grad))


def layer_norm(x, weight=None, bias=None, *, axis: Any = -1, eps=1e-5):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``, mean and variance taken over ``axis``.

    axis: one axis, or several; the last ones are PyTorch's ``normalized_shape``. weight, bias: of the lengths
    of these axes (ValueError otherwise). The variance is divided by the count, not by one less. Half types
    compute in float32. A row of equal numbers gives ``bias``, and finite gradients unless ``eps`` is 0.
    """
    axes = some_axes(axis, ndim_of(x), "layer_norm")
    y = standardize(x, axis=axes, eps=eps)
    shape = shape_of(x)
    for name, f, parameter in (("weight", multiply, weight), ("bias", add, bias)):
        if parameter is None:
            continue
        lengths = tuple(shape[k] for k in sorted(axes))
        if shape_of(parameter) != lengths:
            raise ValueError(
                f"layer_norm: the {name} has shape {shape_of(parameter)}; over axes {axes} of an array of "
                f"shape {shape} it has to have shape {lengths}"
            )
        if min(axes, default=len(shape)) != len(shape) - len(axes):  # others come behind
            others = tuple(k for k in range(len(shape)) if k not in axes)
            parameter = reshape(parameter, kept_shape(shape, others))
        y = f(y, parameter)
    return y
