"""Rows of ``ops/arithmetic.py``."""

import numpy as np

from .row import BINARY, POSITIVE, REAL, UNARY, Row, bad, broken, call, nonzero

ones = np.ones


def _rounded(x, decimals=0):
    return np.floor(x * 10**decimals + 0.5) / 10**decimals


ROWS = (
    Row(
        "add",
        lambda a, b: a - -b,
        BINARY,
        dtypes="fc",
        errors=(
            bad(ValueError, "broadcast", ones(2), ones(3)),
            bad(TypeError, "add: .*object", ones(2), object()),
        ),
    ),
    Row("subtract", lambda a, b: a + -b, BINARY, dtypes="fc"),
    Row(
        "multiply",
        lambda a, b: np.einsum("...,...->...", a, b),
        BINARY,
        dtypes="fc",
        errors=(bad(TypeError, "multiply: .*str", ones(2), "2"),),
    ),
    Row("divide", lambda a, b: a * b**-1.0, BINARY, (REAL, nonzero), dtypes="fc"),
    Row("negative", lambda x: 0 - x, dtypes="fc"),
    Row("positive", lambda x: x, dtypes="fc"),
    Row("square", lambda x: x**2, points=(0.0, 1e10, -1e-10), dtypes="fc"),
    Row("reciprocal", lambda x: x**-1.0, UNARY, nonzero, dtypes="fc"),
    # The quotient is kept away from whole numbers, where the remainder jumps.
    Row(
        "remainder",
        lambda a, b: a - np.floor(a / b) * b,
        (call((4,), ()), call((2, 3), (3,))),
        (broken, lambda rng, shape: rng.choice([-1.0, 1.0], shape)),
        condition=4,
        kinks={(2.0, 2.0): (1.0, -1.0), (-3.0, 2.0): (1.0, 2.0)},
    ),
    Row(
        "fmod",
        lambda a, b: a - np.trunc(a / b) * b,
        (call((4,), ()), call((2, 3), (3,))),
        (broken, lambda rng, shape: rng.choice([-1.0, 1.0], shape)),
        condition=4,
        kinks={(2.0, 2.0): (1.0, -1.0), (-3.0, 2.0): (1.0, 1.0)},
    ),
    Row(
        "power",
        lambda a, b: np.exp(b * np.log(a)),
        BINARY,
        (POSITIVE, REAL),
        points=((0.0, 2.0), (0.0, 3.0), (2.0, 0.0)),
        kinks={(0.0, 0.0): (0.0, 0.0), (0.0, 1.0): (1.0, 0.0), (0.0, 0.5): (np.inf, 0.0)},
        dtypes="fc",
        condition=4,
    ),
    Row("sign", np.sign, UNARY, nonzero, points=(0.0,), kinks={0.0: 0.0}, dtypes="fc"),
    Row(
        "absolute",
        lambda x: np.sqrt((x * np.conj(x)).real),
        UNARY,
        nonzero,
        kinks={0.0: 0.0},
        dtypes="fc",
    ),
    Row("floor", lambda x: -np.ceil(-x), UNARY, broken, kinks={1.0: 0.0}),
    Row("ceil", lambda x: -np.floor(-x), UNARY, broken, kinks={1.0: 0.0}),
    Row("trunc", np.fix, UNARY, broken, kinks={1.0: 0.0}),
    Row("round", _rounded, (*UNARY, call((4,), decimals=1)), broken, kinks={0.5: 0.0}),
    Row("rint", lambda x: np.floor(x + 0.5), UNARY, broken, kinks={0.5: 0.0}),
)
