"""Whether the contestants computed the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

SAMPLES = 1000
# How far off at most, as root mean squares. Rounding adds up differently in each library; where it decides
# the sign of a relu's argument, one example of many has another gradient.
TOLERANCE = {"float64": 1e-9, "float32": 5e-3, "float16": 5e-2, "bfloat16": 2e-1}


def summary(array: Any, to_numpy: Callable[[Any], np.ndarray]) -> dict[str, Any]:
    """The shape of a library's array and about a thousand of its elements, for JSON.

    They are picked where the array is: a whole one may take seconds from the device to here.
    """
    shape = tuple(array.shape)
    stride = max(1, prod(shape) // SAMPLES) | 1  # odd, to go through the columns of a matrix too
    some = to_numpy(array.reshape(-1)[::stride])
    if some.dtype.kind == "c":
        some = np.concatenate([some.real, some.imag])
    return {"shape": shape, "some": some.astype("float64").tolist()}


def difference(ours: list[dict], theirs: list[dict], dtype: str) -> str:
    """What is different between the results of two contestants, nothing if they agree."""
    if len(ours) != len(theirs):
        return f"{len(theirs)} results instead of {len(ours)}"
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if list(a["shape"]) != list(b["shape"]):
            return f"result {i} has shape {b['shape']} instead of {a['shape']}"
        x, y = np.array(a["some"]), np.array(b["some"])
        off = float(np.linalg.norm(y - x) / (np.linalg.norm(x) or 1.0)) if x.size else 0.0
        if math.isnan(off) or off > TOLERANCE[dtype]:
            return f"result {i} is off by {off:.2g} of its root mean square"
    return ""
