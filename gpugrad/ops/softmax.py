"""softmax, log_softmax and the cross-entropy of logits; on CUDA a block kernel each way."""

from __future__ import annotations

from ..backend import rowwise
from ..backend.arrays import floating
from ..backend.kernels import fused
from ..core import by_hand, primitive
from .axes import ndim_of, one_axis
from .nondiff import ones_like
from .reduction import sum
from .shape import expand_dims
from .transcendental import exp


def _wide(x):
    """Half types are computed in float32, integers in the float type that NumPy gives them."""
    dtype = floating(x.dtype)
    return x.astype("float32" if dtype.itemsize == 2 else dtype, copy=False)


def _like(y, x):
    return y.astype(floating(x.dtype), copy=False)


def _total(x, axis):
    return sum(x, axis, keepdims=True)


# ---- softmax: its Jacobian is symmetric, so one formula serves both directions ----


@primitive
@fused("softmax.cuh", launch=rowwise.softmax)
def _softmax(xp, x, *, axis):
    wide = _wide(x)
    e = xp.exp(wide - xp.max(wide, axis=axis, keepdims=True, initial=-xp.inf))
    return _like(e / xp.sum(e, axis=axis, keepdims=True), x)


@primitive
@fused("softmax.cuh", launch=rowwise.softmax_grad)
def softmax_grad(xp, g, y, *, axis):
    """``y * (g - sum(g * y))`` over ``axis``, where ``y = softmax(x)``."""
    g_, y_ = _wide(g), _wide(y)
    return _like(y_ * (g_ - xp.sum(g_ * y_, axis=axis, keepdims=True)), g)


by_hand(
    _softmax,
    vjp=(lambda g, y, *, axis: softmax_grad(g, y, axis=axis),),
    jvp=(lambda t, y, *, axis: softmax_grad(t, y, axis=axis),),
)
by_hand(
    softmax_grad,
    vjp=(
        lambda c, y, *, axis: softmax_grad(c, y, axis=axis),
        lambda c, g, y, *, axis: c * (g - _total(g * y, axis)) - g * _total(c * y, axis),
    ),
    jvp=(
        lambda t, y, *, axis: softmax_grad(t, y, axis=axis),
        lambda t, g, y, *, axis: t * (g - _total(g * y, axis)) - y * _total(g * t, axis),
    ),
)


def softmax(x, axis=-1):
    """``exp(x) / sum(exp(x))`` over ``axis``. All ``-inf`` gives NaN."""
    return _softmax(x, axis=one_axis(axis, ndim_of(x), "softmax"))


# ---- log_softmax ----


@primitive
@fused("softmax.cuh", launch=rowwise.log_softmax)
def _log_softmax(xp, x, *, axis):
    if not x.size:  # no sum to take the logarithm of
        return xp.array(x)
    wide = _wide(x)
    shifted = wide - xp.max(wide, axis=axis, keepdims=True, initial=-xp.inf)
    return _like(shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True)), x)


@primitive
@fused("softmax.cuh", launch=rowwise.log_softmax_grad)
def log_softmax_grad(xp, g, y, *, axis):
    """``g - exp(y) * sum(g)`` over ``axis``, where ``y = log_softmax(x)``."""
    g_ = _wide(g)
    return _like(g_ - xp.exp(_wide(y)) * xp.sum(g_, axis=axis, keepdims=True), g)


by_hand(
    _log_softmax,
    vjp=(lambda g, y, *, axis: log_softmax_grad(g, y, axis=axis),),
    jvp=(lambda t, y, *, axis: t - _total(exp(y) * t, axis),),
)
by_hand(
    log_softmax_grad,
    vjp=(
        lambda c, y, *, axis: c - _total(exp(y) * c, axis),
        lambda c, g, y, *, axis: -c * exp(y) * _total(g, axis),
    ),
    jvp=(
        lambda t, y, *, axis: log_softmax_grad(t, y, axis=axis),
        lambda t, g, y, *, axis: -t * exp(y) * _total(g, axis),
    ),
)


def log_softmax(x, axis=-1):
    """``log(softmax(x))`` over ``axis``, exact for tiny probabilities. All ``-inf`` gives NaN."""
    return _log_softmax(x, axis=one_axis(axis, ndim_of(x), "log_softmax"))


# ---- cross-entropy of rows of logits with whole-number labels ----


@primitive
@fused("cross_entropy.cuh", launch=rowwise.cross_entropy)
def cross_entropy(xp, logits, labels):
    """``-log(softmax(logits)[label])`` by row: (n, classes) and (n,) give (n,). A wrong label gives NaN."""
    wide = _wide(logits)
    top = xp.max(wide, axis=1, initial=-xp.inf)
    total = xp.log(xp.sum(xp.exp(wide - top[:, None]), axis=1)) + top
    return _like(total - _picked(xp, wide, labels), logits)


def _picked(xp, rows, labels):
    valid = (labels >= 0) & (labels < rows.shape[1])
    chosen = xp.take_along_axis(rows, xp.where(valid, labels, 0)[:, None], 1)[:, 0]
    return xp.where(valid, chosen, xp.nan)


@primitive
@fused("cross_entropy.cuh", launch=rowwise.cross_entropy_grad)
def cross_entropy_grad(xp, g, logits, labels):
    """``(softmax(logits) - onehot(label)) * g`` of each row; NaN for a wrong label."""
    wide = _wide(logits)
    e = xp.exp(wide - xp.max(wide, axis=1, keepdims=True, initial=-xp.inf))
    e /= xp.sum(e, axis=1, keepdims=True)
    valid = (labels >= 0) & (labels < e.shape[1])
    e[xp.arange(len(e)), xp.where(valid, labels, 0)] -= 1
    return _like(e * xp.where(valid, _wide(g), xp.nan)[:, None], logits)


def _slopes(logits, labels):
    return cross_entropy_grad(ones_like(logits[:, 0]), logits, labels)


def _curved(t, g, logits):
    return softmax_grad(t * expand_dims(g, 1), softmax(logits), axis=1)


by_hand(
    cross_entropy,
    vjp=(lambda g, logits, labels: cross_entropy_grad(g, logits, labels), None),
    jvp=(lambda t, logits, labels: sum(t * _slopes(logits, labels), 1), None),
)
by_hand(
    cross_entropy_grad,
    vjp=(
        lambda c, logits, labels: sum(c * _slopes(logits, labels), 1),
        lambda c, g, logits: _curved(c, g, logits),
        None,
    ),
    jvp=(
        lambda t, logits, labels: cross_entropy_grad(t, logits, labels),
        lambda t, g, logits: _curved(t, g, logits),
        None,
    ),
)
