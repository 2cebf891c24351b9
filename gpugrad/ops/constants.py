"""Numbers in the bodies of primitives: boxed for speed, and kept from widening bfloat16.

``1 - y`` on 8 floats takes 0.43 microseconds when the 1 is a Python number, 0.23 when it is an array of no
dimensions (NumPy 2.4.6, AMD EPYC).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend.arrays import floating


class _Ones(dict):
    def __missing__(self, dtype: np.dtype) -> object:
        # Complex arrays have no fused kernel, so there the body may also meet CuPy, which takes no such box.
        self[dtype] = box = 1 if dtype.kind == "c" else np.ones((), dtype)
        return box


ONE = _Ones()
"""1 by dtype."""


def as_float(x: Any) -> Any:
    """Integers as floats, for bodies in which ``-x`` of an unsigned one would wrap around.

    Raises TypeError for complex numbers: formulas with ``|x|`` and ``x >= 0`` do not hold for them.
    """
    if x.dtype.kind == "c":
        raise TypeError(
            f"expected real numbers, got dtype {x.dtype}; take the real or imaginary part or the absolute "
            "value, or write the formula with exp"
        )
    return x.astype(floating(x.dtype), copy=False)


def kept(y: Any, x: Any) -> Any:
    """``y`` in the dtype of ``x`` if that is bfloat16, which a Python float widens to float32 in a body."""
    return y.astype(x.dtype) if x.dtype.char == "E" else y
