"""Gradients of activations by hand: ``NAME_grad(xp, g, x)``, or of ``y = NAME(xp, x)`` where that is less.

For numbers of moderate size: nothing here minds an overflow.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np


def sigmoid(xp: Any, x: Any) -> Any:
    return 1 / (1 + xp.exp(-x))


def sigmoid_grad(xp: Any, g: Any, y: Any) -> Any:
    return g * (y * (1 - y))


def relu(xp: Any, x: Any) -> Any:
    return xp.maximum(x, 0)


def relu_grad(xp: Any, g: Any, y: Any) -> Any:
    return g * (y > 0)


def tanh(xp: Any, x: Any) -> Any:
    return xp.tanh(x)


def tanh_grad(xp: Any, g: Any, y: Any) -> Any:
    return g * (1 - y * y)


def normal_cdf(xp: Any, x: Any) -> Any:
    """The normal distribution function, for which ``gelu(x) = x * normal_cdf(x)``."""
    if xp is np:
        from scipy.special import erf
    else:
        from cupyx.scipy.special import erf
    return 0.5 * (1 + erf(x * sqrt(0.5)))


def gelu_grad(xp: Any, g: Any, x: Any) -> Any:
    return gelu_grad_of_cdf(xp, g, x, normal_cdf(xp, x))


def gelu_grad_of_cdf(xp: Any, g: Any, x: Any, cdf: Any) -> Any:
    """Where ``cdf = normal_cdf(x)`` is known already."""
    return g * (cdf + x * xp.exp(-0.5 * x * x) * (1 / sqrt(2 * pi)))


def gelu_tanh_grad(xp: Any, g: Any, x: Any) -> Any:
    slope, cubic = sqrt(2 / pi), 0.044715
    t = xp.tanh(slope * x * (1 + cubic * x * x))
    return g * (0.5 * (1 + t) + (0.5 * slope) * x * (1 - t * t) * (1 + 3 * cubic * x * x))


def silu_grad(xp: Any, g: Any, x: Any) -> Any:
    p = sigmoid(xp, x)
    return g * (p * (1 + x * (1 - p)))


def softplus_grad(xp: Any, g: Any, x: Any) -> Any:
    return g * sigmoid(xp, x)


def mish_grad(xp: Any, g: Any, x: Any) -> Any:
    e = xp.exp(x)
    t = xp.tanh(xp.log1p(e))
    return g * (t + x * (1 - t * t) * (e / (1 + e)))


def elu_grad(xp: Any, g: Any, x: Any) -> Any:
    return g * xp.exp(xp.minimum(x, 0))


def selu_grad(xp: Any, g: Any, x: Any) -> Any:
    scale, alpha = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017
    # Below 0 the second term alone; above, where it is scale * alpha, the sum is scale. A where is slower.
    return g * ((x > 0) * (scale - scale * alpha) + scale * alpha * xp.exp(xp.minimum(x, 0)))
