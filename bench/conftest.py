"""Where the pytest-benchmark suites run, and when a measured call is over."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import cuda_lane
import numpy as np
import pytest

import gpugrad as gg

os.environ["GPUGRAD_DEVICE"] = "cpu"  # what does not ask for a device runs on the CPU, on every machine
gg.config.reuse_host_memory(True)  # page faults would be most of what large arrays take on the CPU

_needs_cuda = pytest.mark.skipif(not cuda_lane.MACHINE, reason=cuda_lane.ADVICE)


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=_needs_cuda)])
def xp(request) -> Any:
    """NumPy, and CuPy where there is CUDA; a benchmark that takes it runs on each."""
    if request.param == "cpu":
        return np
    import cupy

    return cupy


@pytest.fixture
def warm(benchmark) -> Callable[..., Any]:
    """``benchmark`` after a first call, which takes longer and would decide how many rounds there are."""

    def measured(f: Callable[..., Any], *operands: Any) -> Any:
        f(*operands)
        return benchmark(f, *operands)

    return measured


@pytest.fixture
def measure(warm, xp) -> Callable[..., Any]:
    """``warm`` for functions of arrays: on CUDA a call lasts until the stream has done its work."""
    if xp is np:
        return warm
    stream = xp.cuda.get_current_stream()

    def measured(f: Callable[..., Any], *operands: Any) -> Any:
        def call() -> Any:
            result = f(*operands)
            stream.synchronize()
            return result

        return warm(call)

    return measured
