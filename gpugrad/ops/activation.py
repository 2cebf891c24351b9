"""Activation functions. On CUDA each, and the gradient of each, is one fused kernel.

``NAME_grad(g, ...)`` is ``g * NAME'(x)`` and itself a primitive with rules, so that second derivatives go
through fused kernels as well.
"""

from __future__ import annotations

import math

from ..backend.kernels import fused
from ..core import elementwise, primitive, ufunc
from . import normal
from .constants import ONE, as_float, kept
from .erf import erfc
from .masking import zero_unless
from .nondiff import zeros_like
from .select import where
from .transcendental import exp, tanh

# ---- sigmoid: y' = y (1 - y) ----


def _sigmoid(xp, x):
    """Without overflow on either side: both branches use ``exp(-|x|)``."""
    if x.dtype.kind != "f":
        x = as_float(x)
    e = xp.exp(-xp.abs(x))
    return xp.maximum(e, x >= 0) / (e + ONE[e.dtype])


@primitive
@fused("activations.cuh")
def sigmoid(xp, x):
    """``1 / (1 + exp(-x))``, element by element."""
    return _sigmoid(xp, x)


@primitive
@fused("activations.cuh")
def sigmoid_grad(xp, g, y):
    """``g * sigmoid'(x)`` where ``y = sigmoid(x)``."""
    return g * (y * (ONE[y.dtype] - y))


elementwise(sigmoid, sigmoid_grad)
elementwise(sigmoid_grad, sigmoid_grad, lambda t, g, y: t * g * (1 - 2 * y))

# ---- relu: derivative 0 at 0 ----


@primitive
@fused("activations.cuh")
def relu(xp, x):
    """``max(x, 0)``, element by element; derivative 0 at 0, NaN stays NaN."""
    return xp.maximum(x, 0)


@primitive
@fused("activations.cuh")
def relu_grad(xp, g, y):
    """``g`` where ``y = relu(x)`` is positive, else 0."""
    return zero_unless(xp, y > 0, g)


elementwise(relu, relu_grad)
elementwise(relu_grad, relu_grad, lambda t: zeros_like(t))


def _below(xp, x):
    """The negative part, so that the exponential does not overflow on the positive side."""
    return xp.minimum(x, 0)


# ---- leaky_relu: the slope of the negative side at 0 ----


@primitive
@fused("activations.cuh")
def leaky_relu(xp, x, *, negative_slope=0.01):
    """``x`` for positive ``x``, else ``negative_slope * x``, element by element."""
    return kept(xp.maximum(x, 0) + _below(xp, x) * negative_slope, x)


@primitive
@fused("activations.cuh")
def leaky_relu_grad(xp, g, x, *, negative_slope):
    """``g`` where ``x > 0``, else ``negative_slope * g``."""
    above = x > 0
    return kept(zero_unless(xp, above, g) + zero_unless(xp, ~above, g * negative_slope), g)


elementwise(leaky_relu, lambda t, x, *, negative_slope: leaky_relu_grad(t, x, negative_slope=negative_slope))
elementwise(
    leaky_relu_grad,
    lambda t, x, *, negative_slope: leaky_relu_grad(t, x, negative_slope=negative_slope),
    lambda t: zeros_like(t),
)

# ---- elu and selu ----


@primitive
@fused("activations.cuh")
def elu(xp, x, *, alpha=1.0):
    """``x`` for positive ``x``, else ``alpha * (exp(x) - 1)``, element by element."""
    return kept(xp.maximum(x, 0) + xp.expm1(_below(xp, x)) * alpha, x)


def _slope(xp, x, alpha):
    """1 where ``x > 0``, else ``alpha * exp(x)``."""
    above = x > 0
    return above + ~above * (xp.exp(_below(xp, x)) * alpha)


@primitive
@fused("activations.cuh")
def elu_grad(xp, g, x, *, alpha):
    """``g * elu'(x)``: ``g`` where ``x > 0``, else ``g * alpha * exp(x)``."""
    return kept(g * _slope(xp, x, alpha), g)


elementwise(elu, lambda t, x, *, alpha: elu_grad(t, x, alpha=alpha))
elementwise(
    elu_grad,
    lambda t, x, *, alpha: elu_grad(t, x, alpha=alpha),
    lambda t, g, x, *, alpha: _negative_side(t * g * exp(-relu(-x)) * alpha, x),
)


def _negative_side(u, x):
    return relu_grad(u, -x)


_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@primitive
@fused("activations.cuh")
def selu(xp, x):
    """Scaled elu that keeps mean 0 and variance 1 (Klambauer et al., 2017), element by element."""
    return kept((xp.maximum(x, 0) + xp.expm1(_below(xp, x)) * _SELU_ALPHA) * _SELU_SCALE, x)


@primitive
@fused("activations.cuh")
def selu_grad(xp, g, x):
    """``g * selu'(x)``."""
    return kept(g * _slope(xp, x, _SELU_ALPHA) * _SELU_SCALE, g)


elementwise(selu, selu_grad)
elementwise(
    selu_grad,
    selu_grad,
    lambda t, g, x: _negative_side(t * g * exp(-relu(-x)) * (_SELU_ALPHA * _SELU_SCALE), x),
)

# ---- gelu: x times the normal distribution function, exact and by tanh (Hendrycks and Gimpel, 2016) ----

_PHI0 = 1 / math.sqrt(2 * math.pi)


def _single(x):
    """Whether ``x`` is of float32 or a half type."""
    return x.dtype.itemsize <= 4 and x.dtype.kind in "fV"


def _cdf(x):
    return erfc(x * -math.sqrt(0.5)) * 0.5


@primitive
@fused("activations.cuh")
def gelu(xp, x):
    """``x * P(Z <= x)`` for a standard normal ``Z``, element by element."""
    if _single(x):
        return normal.gelu(x.astype("float32", copy=False)).astype(x.dtype, copy=False)
    return x * _cdf(x)


@primitive
@fused("activations.cuh")
def gelu_grad(xp, g, x):
    """``g * gelu'(x)``."""
    if _single(g) and _single(x):
        y = normal.gelu_grad(g.astype("float32", copy=False), x.astype("float32", copy=False))
        return y.astype(g.dtype, copy=False)
    return g * (_cdf(x) + x * (xp.exp(x * x * -0.5) * _PHI0))


elementwise(gelu, gelu_grad)
elementwise(
    gelu_grad,
    gelu_grad,
    lambda t, g, x: t * g * _gelu_second(_limited(x, 40)),
)


def _limited(x, bound):
    """``x``, or the bound beyond which the result is 0 in float64, so that no power of ``x`` overflows."""
    return hardtanh(x, min_val=-bound, max_val=bound)


def _gelu_second(x):
    return (2 - x * x) * (exp(x * x * -0.5) * _PHI0)


_ROOT = math.sqrt(2 / math.pi)
_CUBE = 0.044715


@primitive
@fused("activations.cuh")
def gelu_tanh(xp, x):
    """gelu with its distribution function approximated by tanh, element by element."""
    return kept(x * _sigmoid(xp, _bent(xp.clip(x, -30, 30))), x)


def _bent(x):
    return x * (1 + x * x * _CUBE) * (2 * _ROOT)


@primitive
@fused("activations.cuh")
def gelu_tanh_grad(xp, g, x):
    """``g * gelu_tanh'(x)``."""
    x = xp.clip(x, -30, 30)  # the slope is 0 or 1 long before; beyond, x * x could overflow
    s = _sigmoid(xp, _bent(x))
    return kept(g * (s + x * s * (1 - s) * (1 + x * x * (3 * _CUBE)) * (2 * _ROOT)), g)


def _gelu_tanh_second(x):
    inner = tanh(x * (1 + x * x * _CUBE) * _ROOT)
    slope, bend = (1 + x * x * (3 * _CUBE)) * _ROOT, x * (6 * _CUBE * _ROOT)
    fall = (1 - inner) * (1 + inner)
    return fall * (slope + 0.5 * x * bend - x * inner * slope * slope)


elementwise(gelu_tanh, gelu_tanh_grad)
elementwise(gelu_tanh_grad, gelu_tanh_grad, lambda t, g, x: t * g * _gelu_tanh_second(_limited(x, 12)))

# ---- silu: x sigmoid(x) ----


@primitive
@fused("activations.cuh")
def silu(xp, x):
    """``x * sigmoid(x)``, also called swish, element by element."""
    return x * _sigmoid(xp, x)


@primitive
@fused("activations.cuh")
def silu_grad(xp, g, x):
    """``g * silu'(x)``."""
    s = _sigmoid(xp, x)
    return g * (s * (1 + x * (1 - s)))


elementwise(silu, silu_grad)
elementwise(
    silu_grad,
    silu_grad,
    lambda t, g, x: t * g * sigmoid_grad(2 + x * (1 - 2 * sigmoid(x)), sigmoid(x)),
)

# ---- softplus and log_sigmoid ----


def _softplus(xp, x):
    x = as_float(x)
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


@primitive
@fused("activations.cuh")
def softplus(xp, x):
    """``log(1 + exp(x))`` without overflow, element by element."""
    return _softplus(xp, x)


@primitive
@fused("activations.cuh")
def softplus_grad(xp, g, x):
    """``g * sigmoid(x)``."""
    return g * _sigmoid(xp, x)


elementwise(softplus, softplus_grad)
elementwise(softplus_grad, softplus_grad, lambda t, g, x: t * sigmoid_grad(g, sigmoid(x)))


@primitive
@fused("activations.cuh")
def log_sigmoid(xp, x):
    """``log(sigmoid(x))`` without overflow, element by element."""
    return -_softplus(xp, -as_float(x))


@primitive
@fused("activations.cuh")
def log_sigmoid_grad(xp, g, x):
    """``g * sigmoid(-x)``."""
    return g * _sigmoid(xp, -x)


elementwise(log_sigmoid, log_sigmoid_grad)
elementwise(log_sigmoid_grad, log_sigmoid_grad, lambda t, g, x: -t * sigmoid_grad(g, sigmoid(x)))

# ---- logaddexp: its slopes are sigmoids; exp(a - y) would carry the rounding error of y ----

logaddexp = ufunc("logaddexp", "``log(exp(a) + exp(b))`` without overflow, element by element.", "a", "b")
elementwise(logaddexp, lambda t, a, b: t * _share(a, b), lambda t, a, b: t * _share(b, a))


def _share(a, b):
    """``exp(a) / (exp(a) + exp(b))``, and 0 where both are -inf."""
    return sigmoid(where(a == -math.inf, -math.inf, a - b))


# ---- mish: x tanh(softplus(x)) ----


@primitive
@fused("activations.cuh")
def mish(xp, x):
    """``x * tanh(softplus(x))`` (Misra, 2019), element by element."""
    return x * xp.tanh(_softplus(xp, x))


@primitive
@fused("activations.cuh")
def mish_grad(xp, g, x):
    """``g * mish'(x)``."""
    w = xp.tanh(_softplus(xp, x))
    return g * (w + x * _sigmoid(xp, x) * ((1 - w) * (1 + w)))


def _mish_second(x):
    s, w = sigmoid(x), tanh(softplus(x))
    fall = (1 - w) * (1 + w)
    return s * fall * (2 + x * (1 - s) - 2 * x * s * w)


elementwise(mish, mish_grad)
elementwise(mish_grad, mish_grad, lambda t, g, x: t * g * _mish_second(x))

# ---- hardtanh: the gradient passes at the bounds, as in clip ----


@primitive
@fused("activations.cuh")
def hardtanh(xp, x, *, min_val=-1.0, max_val=1.0):
    """``x`` limited to ``[min_val, max_val]``, element by element."""
    return kept(xp.clip(x, min_val, max_val), x)


@primitive
@fused("activations.cuh")
def hardtanh_grad(xp, g, x, *, min_val, max_val):
    """``g`` where ``min_val <= x <= max_val``, else 0."""
    return zero_unless(xp, (x >= min_val) & (x <= max_val), g)


elementwise(hardtanh, lambda t, x, *, min_val, max_val: hardtanh_grad(t, x, min_val=min_val, max_val=max_val))
elementwise(
    hardtanh_grad,
    lambda t, x, *, min_val, max_val: hardtanh_grad(t, x, min_val=min_val, max_val=max_val),
    lambda t: zeros_like(t),
)
