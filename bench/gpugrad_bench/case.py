"""What is measured, and what a contestant is told of it.

A workload is a module of ``workloads`` with

- ``TITLE``: what a step does, in a few words;
- ``cases(device)``: its cases;
- a function for each contestant that takes part (``gpugrad``, ``torch``, ``jax``, ``autograd``, ``by_hand``),
  which takes a `Setting` and returns a step: a function without arguments that does the work once and returns
  its results, values and gradients, as a list of the library's arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """One row of the table.

    name: without spaces, as in ``sgd-128``. parameters: what the contestants read as ``setting["batch"]``.
    flops, bytes: the least arithmetic and memory traffic of a step, for its share of what the device can do;
    0 where neither is what limits it. operations: what the time is divided by. size: the abscissa in the
    picture of time against size, 0 to stay out of it. memory: the peak memory of a step is measured too.
    quick: it is part of ``--quick`` as well.
    """

    name: str
    parameters: Mapping[str, Any] = {}
    dtype: str = "float32"
    flops: float = 0.0
    bytes: float = 0.0
    operations: int = 1
    size: int = 0
    memory: bool = False
    quick: bool = True


class Setting:
    """A case on a device, for one contestant: it makes its arrays of NumPy's."""

    def __init__(self, case: Case, device: str, library: Any) -> None:
        self.dtype, self.device, self._case, self._library = case.dtype, device, case, library

    def __getitem__(self, name: str) -> Any:
        """A parameter of the case."""
        return self._case.parameters[name]

    @property
    def xp(self) -> Any:
        """NumPy, or CuPy on a CUDA device."""
        return self._library.xp

    def array(self, values: Any) -> Any:
        """An array of the library on the device; floats and complex numbers in the precision of the case."""
        values = np.asarray(values)
        return self._library.array(values, _precision(values.dtype, self.dtype))

    def normal(self, shape: tuple[int, ...], seed: int = 0) -> Any:
        """An array of normal numbers, on the device at once.

        They are a million numbers again and again: to draw and copy more takes longer than to measure.
        """
        drawn = np.random.default_rng(seed).standard_normal(min(prod(shape), 1 << 20))
        return self._library.resized(self.array(drawn), shape)

    def parameter(self, values: Any) -> Any:
        """`array` of NumPy's, or the library's own as it is, asking for its gradient where arrays do that."""
        array = self.array(values) if isinstance(values, np.ndarray) else values
        return self._library.parameter(array)

    def compile(self, f: Callable) -> Callable:
        """``f``, compiled by a contestant that compiles."""
        return self._library.compile(f)


def _precision(given: np.dtype, wanted: str) -> str:
    if given.kind == "c":
        return "complex128" if wanted == "float64" else "complex64"
    return wanted if given.kind == "f" else given.name
