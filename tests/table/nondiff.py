"""Rows of ``ops/nondiff.py``: what has no gradient."""

import numpy as np

from .row import BINARY, REAL, UNARY, Row, bad, booleans, broken, call, distinct, few, nonzero, whole

ones = np.ones
_OVER = (call((4,)), call((2, 3), axis=-1), call((2, 3), axis=0, keepdims=True), call(()))
_EMPTY = (bad(ValueError, "empty|zero-size", ones(0)),)


def _silent(name, reference, samples=UNARY, domains=REAL, **more):
    return Row(name, reference, samples, domains, smooth=False, **more)


def _first(best):
    """The index of the first best element, by a search."""

    def search(x, axis=None, keepdims=False):
        y = np.apply_along_axis(
            lambda v: v.tolist().index(best(v)), 0 if axis is None else axis, _flat(x, axis)
        )
        if not keepdims:
            return y
        return np.expand_dims(y, axis) if axis is not None else y.reshape((1,) * x.ndim)

    return search


def _flat(x, axis):
    return x.reshape(-1) if axis is None else x


ROWS = (
    _silent("equal", lambda a, b: np.abs(a - b) == 0, BINARY, few),
    _silent("not_equal", lambda a, b: np.abs(a - b) > 0, BINARY, few),
    _silent("less", lambda a, b: np.signbit(a - b), BINARY),
    _silent("less_equal", lambda a, b: b - a >= 0, BINARY, few),
    _silent("greater", lambda a, b: np.signbit(b - a), BINARY),
    _silent("greater_equal", lambda a, b: a - b >= 0, BINARY, few),
    _silent("logical_and", lambda a, b: a * b != 0, BINARY, few),
    _silent("logical_or", lambda a, b: np.abs(a) + np.abs(b) != 0, BINARY, few),
    _silent("logical_xor", lambda a, b: (a != 0) != (b != 0), BINARY, few),
    _silent("logical_not", lambda x: x == 0, UNARY, few),
    _silent(
        "isnan", lambda x: x != x, (call((4,)),), lambda rng, shape: np.array([np.nan, 1, np.inf, -np.inf])
    ),
    _silent(
        "isinf",
        lambda x: np.abs(x) == np.inf,
        (call((4,)),),
        lambda rng, shape: np.array([np.nan, 1, np.inf, 0]),
    ),
    _silent(
        "isfinite",
        lambda x: np.abs(x) < np.inf,
        (call((4,)),),
        lambda rng, shape: np.array([np.nan, 1, np.inf, -0.0]),
    ),
    _silent(
        "signbit",
        lambda x: np.copysign(1, x) < 0,
        (call((4,)),),
        lambda rng, shape: np.array([-0.0, 0, 1, -2]),
    ),
    _silent(
        "floor_divide", lambda a, b: np.floor(a / b), (call((4,), ()), call((2, 3), (3,))), (broken, nonzero)
    ),
    _silent("bitwise_and", lambda a, b: a * b, BINARY, booleans),
    _silent("bitwise_or", lambda a, b: np.maximum(a, b), BINARY, booleans),
    _silent("bitwise_xor", lambda a, b: a != b, BINARY, booleans),
    _silent("invert", lambda x: -x - 1, UNARY, whole(-2, 3)),
    _silent("zeros_like", lambda x: x * 0, UNARY),
    _silent("ones_like", lambda x: x * 0 + 1, UNARY),
    _silent("full_like", lambda x, fill_value: x * 0 + fill_value, (call((2, 3), fill_value=1.5),)),
    _silent("argmax", _first(np.max), _OVER[:3], distinct, errors=_EMPTY),
    _silent("argmin", _first(np.min), _OVER[:3], distinct, errors=_EMPTY),
    _silent("all", lambda x, **params: np.min(x, **params), _OVER, booleans),
    _silent("any", lambda x, **params: np.max(x, **params), _OVER, booleans),
    _silent("count_nonzero", lambda x, **params: np.sum(np.abs(np.sign(x)), **params), _OVER, few),
    _silent(
        "nonzero",
        lambda x: tuple(np.argwhere(x).T),
        (call((4,)), call((2, 3))),
        few,
    ),
)
