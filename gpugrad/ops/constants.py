"""Boxed numbers for the bodies of fused gradients.

NumPy takes twice as long for ``1 - y`` on a small array when the 1 is a Python number as when it is an
array of no dimensions.
"""

from __future__ import annotations

import numpy as np


class _Ones(dict):
    def __missing__(self, dtype: np.dtype) -> object:
        # Complex arrays have no fused kernel, so there the body may also meet CuPy, which takes no such box.
        self[dtype] = box = 1 if dtype.kind == "c" else np.ones((), dtype)
        return box


ONE = _Ones()
"""1 by dtype."""
