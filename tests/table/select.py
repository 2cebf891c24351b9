"""Rows of ``ops/select.py``."""

import numpy as np

from gpugrad import ops

from .row import BINARY, REAL, UNARY, Row, booleans, call, nonzero

_TERNARY = (call((), (), ()), call((3,), (3,), (3,)), call((2, 1), (3,), ()), call((2, 3), (), (1, 3)))


def _clip(x, a_min=None, a_max=None):
    return np.minimum(np.maximum(x, -np.inf if a_min is None else a_min), np.inf if a_max is None else a_max)


def _between_arrays(x, low, high):
    return ops.clip(x, low - 1, high + 1)


ROWS = (
    Row("where", lambda c, a, b: np.choose(c, (b, a)), _TERNARY, (booleans, REAL, REAL), dtypes="fc"),
    Row(
        "maximum",
        lambda a, b: (a + b + np.abs(a - b)) / 2,
        BINARY,
        points=((1.0, 1.0), (np.inf, 0.0)),
        kinks={(1.0, 1.0): (0.5, 0.5), (2.0, 1.0): (1.0, 0.0)},
    ),
    Row(
        "minimum",
        lambda a, b: (a + b - np.abs(a - b)) / 2,
        BINARY,
        points=((1.0, 1.0), (-np.inf, 0.0)),
        kinks={(1.0, 1.0): (0.5, 0.5), (2.0, 1.0): (0.0, 1.0)},
    ),
    Row(
        "_larger",
        lambda a, b, like: np.heaviside(a - b, 0.5),
        (call((3,), (3,), (3,)), call((2, 3), (3,), ())),
        smooth=False,
    ),
    Row(
        "clip",
        _clip,
        (
            call((4,), a_min=-1.0, a_max=1.1),
            call((2, 3), a_min=0),
            call((5,), a_max=0.3),
            call(()),
            call((0,), a_min=1),
        ),
        nonzero,
    ),
    Row(
        "clip with arrays",
        lambda x, low, high: np.minimum(np.maximum(x, low - 1), high + 1),
        (call((4,), (4,), (4,)), call((2, 3), (3,), ()), call((), (), ())),
        (lambda rng, shape: rng.uniform(-6, 6, shape), REAL, nonzero),
        f=_between_arrays,
    ),
    Row(
        "_inside",
        lambda x, low, high: x == _clip(x, low, high),
        (call((4,), low=-1.0, high=1.0), call((2, 3), low=None, high=0.5), call((2,), low=0.0, high=None)),
        smooth=False,
    ),
    Row("masked", lambda x, c: x * c, BINARY, (REAL, booleans), dtypes="fc"),
    Row(
        "nan_to_num",
        lambda x, **params: np.nan_to_num(x, **params),
        (*UNARY, call((3,), nan=1.0, posinf=2.0, neginf=-2.0)),
        kinks={np.nan: 0.0, np.inf: 0.0, -np.inf: 0.0},
    ),
    Row(
        "isclose",
        lambda a, b, rtol=1e-5, atol=1e-8, equal_nan=False: np.abs(a - b) <= atol + rtol * np.abs(b),
        (*BINARY, call((9,), (9,), atol=0.5), call((9,), (9,), rtol=0.5, equal_nan=True)),
        smooth=False,
    ),
)
