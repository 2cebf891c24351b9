"""Whether the contestants computed the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

SAMPLES = 500
# How far off, relative to the largest number of the array; rounding adds up differently in each library.
TOLERANCE = {"float64": 1e-9, "float32": 1e-3, "float16": 3e-2, "bfloat16": 1e-1}


def summary(array: np.ndarray) -> dict[str, Any]:
    """An array's shape, its root mean square and up to 500 of its elements, for JSON."""
    flat = np.asarray(array).ravel()
    if flat.dtype.kind == "c":
        flat = np.stack([flat.real, flat.imag], axis=-1).ravel()
    flat = flat.astype("float64")
    size = max(1, flat.size)
    some = flat[:: max(1, size // SAMPLES)]
    return {"shape": np.shape(array), "rms": float(np.linalg.norm(flat) / size**0.5), "some": some.tolist()}


def difference(ours: list[dict], theirs: list[dict], dtype: str) -> str:
    """What is different between the results of two contestants, nothing if they agree."""
    if len(ours) != len(theirs):
        return f"{len(theirs)} results instead of {len(ours)}"
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if list(a["shape"]) != list(b["shape"]):
            return f"result {i} has shape {b['shape']} instead of {a['shape']}"
        x, y = [a["rms"], *a["some"]], [b["rms"], *b["some"]]
        scale = max(map(abs, x), default=0.0) or 1.0
        off = max((abs(p - q) for p, q in zip(x, y, strict=True)), default=0.0) / scale
        if math.isnan(off) or off > TOLERANCE[dtype]:
            return f"result {i} is off by {off:.2g} of its largest element"
    return ""
