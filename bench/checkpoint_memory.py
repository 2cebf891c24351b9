"""Peak memory of a chain of tanh layers, forward and backward, with and without checkpoints.

    python bench/checkpoint_memory.py

With a checkpoint round every sqrt(n) layers, about two times sqrt(n) of the n values are alive at once. The
unit is one value of the chain (800 kB); NumPy reports its memory to tracemalloc.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from math import isqrt
from typing import Any

import numpy as np

import gpugrad as gg

SIZE = 100_000


def layers(n: int) -> Callable[[Any], Any]:
    """So many layers, one after another."""

    def f(x: Any) -> Any:
        for _ in range(n):
            x = gg.tanh(x)
        return x

    return f


def peak(n: int, segment: int | None) -> float:
    """Values alive at the worst moment; ``segment`` layers stand in one checkpoint."""
    x = gg.tensor(np.ones(SIZE), requires_grad=True, device="cpu")
    f = layers(n) if segment is None else gg.checkpoint(layers(segment))
    tracemalloc.start()
    y: Any = x
    for _ in range(1 if segment is None else n // segment):
        y = f(y)
    y.sum().backward()
    found = tracemalloc.get_traced_memory()[1] / x.data.nbytes
    tracemalloc.stop()
    return found


def main() -> None:
    """Print a line for each length of the chain."""
    print(f"{'layers':>8} {'kept':>8} {'checkpointed':>14}")
    for n in (16, 64, 256, 1024):
        print(f"{n:8} {peak(n, None):8.1f} {peak(n, isqrt(n)):14.1f}")


if __name__ == "__main__":
    main()
