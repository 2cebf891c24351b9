"""What the device can do: the rate of a copy and of matrix products, by NumPy or CuPy alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

REPETITIONS = 7
COPIED = {"cpu": 1 << 26, "cuda": 1 << 30}  # bytes, well beyond the caches
SIDE = {"cpu": 1024, "cuda": 8192}
DTYPES = {"cpu": ("float32", "float64"), "cuda": ("float32", "float64", "float16")}


def measure(device: str) -> dict[str, float]:
    """``copy``: bytes read and written a second; for each dtype flop/s of a product of square matrices."""
    if device == "cuda":
        import cupy as xp
    else:
        xp = np
    source = xp.ones(COPIED[device] // 4, "float32")
    target = xp.empty_like(source)
    found = {"copy": 2 * source.nbytes / _best(lambda: xp.copyto(target, source), xp)}
    n = SIDE[device]
    # Numbers as in the workloads: how fast a GPU multiplies depends on them, through its power limit.
    drawn = xp.resize(xp.asarray(np.random.default_rng(0).standard_normal(1 << 20)), (n, n))
    for dtype in DTYPES[device]:
        a = drawn.astype(dtype)
        found[dtype] = 2 * n**3 / _best(lambda a=a: a @ a, xp)
    if "float16" in found:
        found["bfloat16"] = found["float16"]  # the same units at the same rate
    return found


def _best(f: Callable[[], Any], xp: Any) -> float:
    """The least time of ``f`` in seconds, by the clocks that the contestants have.

    The least, because a limit is what was reached, not what was usual.
    """
    f()
    return min(_seconds(f, xp) for _ in range(REPETITIONS))


def _seconds(f: Callable[[], Any], xp: Any) -> float:
    if not hasattr(xp, "cuda"):
        start = time.process_time()
        f()
        return time.process_time() - start
    start, end = xp.cuda.Event(), xp.cuda.Event()
    start.record()
    f()
    end.record()
    end.synchronize()
    return xp.cuda.get_elapsed_time(start, end) / 1e3
