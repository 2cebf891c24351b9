"""Rows of ``ops/activation.py``: each activation and its gradient, written out in exponentials."""

import math

import numpy as np

from .row import BINARY, REAL, UNARY, Row, between, call, nonzero

_exp = np.exp
_phi = np.vectorize(lambda x: math.erfc(-x / math.sqrt(2)) / 2, otypes=[float])
_FAR = (0.0, 1e-4, 20.0, -20.0, 1000.0, -1000.0)
_ALPHA, _SCALE = 1.6732632423543772, 1.0507009873554805
_ROOT = math.sqrt(2 / math.pi)
OUTPUT = between(0.05, 0.95)


def _sigmoid(x):
    return np.where(x < 0, _exp(np.minimum(x, 0)), 1) / (1 + _exp(-np.abs(x)))


def _softplus(x):
    return np.logaddexp(x, 0)


def _elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * (_exp(np.minimum(x, 0)) - 1))


def _elu_slope(x, alpha):
    return np.where(x > 0, 1, alpha * _exp(np.minimum(x, 0)))


def _gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(_ROOT * (x + 0.044715 * x**3)))


def _gelu_tanh_slope(x):
    t = np.tanh(_ROOT * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * _ROOT * (1 + 3 * 0.044715 * x * x)


def _gelu_slope(x):
    return _phi(x) + x * _exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _silu_slope(x):
    s = _sigmoid(x)
    return s + x * s * _sigmoid(-x)


def _mish_slope(x):
    w = np.tanh(_softplus(x))
    return w + x * (1 - w * w) * _sigmoid(x)


def _leaky(x, negative_slope=0.01):
    return np.where(x > 0, 1, negative_slope) * x


def _hard(x, min_val=-1.0, max_val=1.0):
    return np.minimum(np.maximum(x, min_val), max_val)


def _times(slope):
    return lambda g, x, **params: g * slope(x, **params)


SLOPES, ALPHAS = (call((4,)), call((2, 3), negative_slope=0.2)), (*UNARY, call((4,), alpha=0.5))
_GRAD_AT = {"samples": BINARY, "domains": (REAL, nonzero)}

ROWS = (
    Row("sigmoid", _sigmoid, points=_FAR),
    Row("sigmoid_grad", lambda g, y: g * y - g * y * y, BINARY, (REAL, OUTPUT)),
    Row("relu", lambda x: (x + np.abs(x)) / 2, UNARY, nonzero, points=_FAR, kinks={0.0: 0.0}),
    Row("relu_grad", lambda g, y: g * np.heaviside(y, 0), **_GRAD_AT),
    Row("leaky_relu", _leaky, SLOPES, nonzero, points=_FAR, kinks={0.0: 0.01}),
    Row(
        "leaky_relu_grad",
        _times(lambda x, negative_slope: np.where(x > 0, 1, negative_slope)),
        (call((4,), (4,), negative_slope=0.2), call((2, 3), (3,), negative_slope=0.0)),
        (REAL, nonzero),
    ),
    Row("elu", _elu, ALPHAS, nonzero, points=_FAR, kinks={0.0: 1.0}),
    Row(
        "elu_grad",
        _times(_elu_slope),
        (call((4,), (4,), alpha=0.5), call((), (3,), alpha=1.0)),
        (REAL, nonzero),
    ),
    Row(
        "selu", lambda x: _SCALE * _elu(x, _ALPHA), UNARY, nonzero, points=_FAR, kinks={0.0: _SCALE * _ALPHA}
    ),
    Row("selu_grad", _times(lambda x: _SCALE * _elu_slope(x, _ALPHA)), **_GRAD_AT),
    Row("gelu", lambda x: x * _phi(x), points=_FAR),
    Row("gelu_grad", _times(_gelu_slope), BINARY),
    Row("gelu_tanh", _gelu_tanh, points=_FAR),
    Row("gelu_tanh_grad", _times(_gelu_tanh_slope), BINARY),
    Row("silu", lambda x: x * _sigmoid(x), points=_FAR),
    Row("silu_grad", _times(_silu_slope), BINARY),
    Row("softplus", _softplus, points=_FAR),
    Row("softplus_grad", _times(_sigmoid), BINARY),
    Row("log_sigmoid", lambda x: -_softplus(-x), points=_FAR),
    Row("log_sigmoid_grad", _times(lambda x: _sigmoid(-x)), BINARY),
    Row("mish", lambda x: x * np.tanh(_softplus(x)), points=_FAR),
    Row("mish_grad", _times(_mish_slope), BINARY),
    Row(
        "hardtanh",
        _hard,
        (call((4,)), call((2, 3), min_val=-0.7, max_val=1.5)),
        nonzero,
        points=_FAR,
        kinks={1.0: 1.0, -1.0: 1.0},
    ),
    Row(
        "hardtanh_grad",
        _times(lambda x, min_val, max_val: ((x >= min_val) & (x <= max_val)) * 1.0),
        (call((4,), (4,), min_val=-1.0, max_val=1.0), call((2, 3), (3,), min_val=0.0, max_val=2.5)),
        (REAL, nonzero),
    ),
)
