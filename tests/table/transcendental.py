"""Rows of ``ops/transcendental.py``: references by other identities than NumPy's function of the name."""

import math

import numpy as np

from .row import BINARY, POSITIVE, UNARY, Row, between, nonzero

_erf = np.vectorize(math.erf, otypes=[float])
_erfc = np.vectorize(math.erfc, otypes=[float])
_log, _sqrt, _exp = np.log, np.sqrt, np.exp


def _arctan(x):
    y = (_log(1 + 1j * x) - _log(1 - 1j * x)) / 2j
    return y.real if x.dtype.kind == "f" else y


INSIDE, ABOVE_ONE = between(-0.9, 0.9), between(1.2, 3)

ROWS = (
    Row("exp", lambda x: np.expm1(x) + 1, points=(0.0, -1000.0), dtypes="fc"),
    Row("expm1", lambda x: 2 * np.exp(x / 2) * np.sinh(x / 2), points=(0.0, -1000.0), dtypes="fc"),
    Row("exp2", lambda x: np.exp(x * np.log(2)), points=(0.0, -2000.0), dtypes="f"),
    Row("log", lambda x: np.log1p(x - 1), UNARY, POSITIVE, points=(1.0,), dtypes="fc", condition=4),
    Row(
        "log1p",
        lambda x: 2 * np.arctanh(x / (2 + x)),
        UNARY,
        between(-0.7, 2),
        points=(0.0, 1e-9),
        dtypes="fc",
    ),
    Row("log2", lambda x: _log(x) / _log(2), UNARY, POSITIVE, dtypes="fc"),
    Row("log10", lambda x: _log(x) / _log(10), UNARY, POSITIVE, dtypes="fc"),
    Row("sqrt", lambda x: _exp(_log(x) / 2), UNARY, POSITIVE, kinks={0.0: np.inf}, dtypes="fc", condition=4),
    Row("cbrt", lambda x: np.sign(x) * np.abs(x) ** (1 / 3), UNARY, nonzero, kinks={0.0: np.inf}),
    Row("sin", lambda x: -np.cos(x + np.pi / 2), points=(0.0,), dtypes="fc"),
    Row("cos", lambda x: np.sin(x + np.pi / 2), points=(0.0,), dtypes="fc"),
    Row("tan", lambda x: np.sin(x) / np.cos(x), UNARY, between(-1.2, 1.2), dtypes="fc", condition=4),
    Row("arcsin", lambda x: np.arctan(x / _sqrt(1 - x * x)), UNARY, INSIDE, kinks={1.0: np.inf}, dtypes="fc"),
    Row("arccos", lambda x: np.pi / 2 - np.arcsin(x), UNARY, INSIDE, kinks={1.0: -np.inf}, dtypes="fc"),
    Row(
        "arctan",
        _arctan,
        UNARY,
        INSIDE,
        points=(0.0, 1e9),
        dtypes="fc",
    ),
    Row("deg2rad", lambda x: x * np.pi / 180),
    Row("rad2deg", lambda x: x * 180 / np.pi),
    Row("sinh", lambda x: (_exp(x) - _exp(-x)) / 2, points=(0.0,), dtypes="fc", condition=4),
    Row("cosh", lambda x: (_exp(x) + _exp(-x)) / 2, points=(0.0,), dtypes="fc"),
    Row("tanh", lambda x: np.sinh(x) / np.cosh(x), points=(0.0, 20.0, -1000.0), dtypes="fc"),
    Row("tanh_grad", lambda g, y: g - g * y**2, BINARY, dtypes="fc"),
    Row("arcsinh", lambda x: _log(x + _sqrt(x * x + 1)), points=(0.0, 1e9), dtypes="fc"),
    Row(
        "arccosh",
        lambda x: _log(x + _sqrt(x - 1) * _sqrt(x + 1)),
        UNARY,
        ABOVE_ONE,
        kinks={1.0: np.inf},
        dtypes="fc",
    ),
    Row(
        "arctanh", lambda x: (np.log1p(x) - np.log1p(-x)) / 2, UNARY, INSIDE, kinks={1.0: np.inf}, dtypes="fc"
    ),
    Row("erf", _erf, points=(0.0, 30.0, -30.0)),
    Row("erfc", _erfc, points=(0.0, 30.0, -30.0)),
    Row(
        "arctan2",
        lambda a, b: np.angle(b + 1j * a),
        BINARY,
        nonzero,
        points=((0.0, 1.0), (0.0, 0.0), (1.0, 0.0)),
        kinks={(0.0, 0.0): (0.0, 0.0)},
    ),
    Row(
        "hypot",
        lambda a, b: np.abs(a + 1j * b),
        BINARY,
        nonzero,
        points=((0.0, 0.0),),
        kinks={(0.0, 0.0): (0.0, 0.0)},
    ),
    Row(
        "logaddexp",
        lambda a, b: np.log(np.exp(a) + np.exp(b)),
        BINARY,
        points=((1000.0, 1000.0), (-1000.0, 1000.0), (-np.inf, 0.0)),
        kinks={(-np.inf, -np.inf): (0.0, 0.0)},
    ),
)
