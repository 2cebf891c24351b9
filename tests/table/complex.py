"""Rows of ``ops/complex.py``."""

import numpy as np

from .row import UNARY, Row, nonzero

ROWS = (
    Row("conj", lambda x: x.real - 1j * x.imag if x.dtype.kind == "c" else x, dtypes="fc"),
    Row("real", lambda x: (x + np.conj(x)).real / 2, dtypes="fc"),
    Row("imag", lambda x: ((x - np.conj(x)) / 2j).real, dtypes="fc"),
    Row("angle", lambda x: np.arctan2(x.imag, x.real), UNARY, nonzero, points=(0.0,), dtypes="fc"),
)
