"""Adding into an array at an index that may name an element more than once."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import is_array, namespace


def repeats(key: Any) -> bool:
    """Whether the index may name an element twice: only integer arrays can."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(is_array(k) and k.dtype.kind != "b" for k in parts)


def add_at(out: Any, key: Any, values: Any) -> None:
    """``out[key] += values``, adding once for each time that an element is named."""
    if not repeats(key):
        out[key] += values
    elif namespace(out) is np:
        np.add.at(out, key, values)
    elif out.dtype.kind == "c":  # CuPy adds real numbers only
        namespace(out).add.at(out.real, key, values.real)
        namespace(out).add.at(out.imag, key, values.imag)
    else:
        namespace(out).add.at(out, key, values)
