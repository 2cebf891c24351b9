"""The fixtures of every test: where it runs, and what it must leave as it was."""

import gc
import os
from contextlib import contextmanager

import cuda_lane
import numpy as np
import pytest

# A test that does not say where it runs runs on the CPU, on every machine.
os.environ["GPUGRAD_DEVICE"] = "cpu"

_failed = pytest.StashKey[bool]()


_needs_cuda = pytest.mark.skipif(not cuda_lane.MACHINE, reason=cuda_lane.ADVICE)


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=_needs_cuda)])
def device(request) -> str:
    """The name of a device; a test that takes it runs on each."""
    return request.param


@pytest.fixture
def xp(device):
    """The array library of ``device``."""
    if device == "cpu":
        return np
    import cupy

    return cupy


@pytest.fixture
def nosync():
    """A context manager: nothing in the block may make the host wait for the device."""
    if cuda_lane.MACHINE != cuda_lane.HOSTCUDA:
        pytest.skip("only hostcuda counts the waits: set GPUGRAD_HOSTCUDA=1 on a machine without a GPU")
    import hostcuda

    @contextmanager
    def check():
        before = hostcuda.stats()["syncs"]
        yield
        waits = hostcuda.stats()["syncs"] - before
        assert not waits, f"the host waited for the device {waits} times"

    return check


@pytest.fixture(autouse=True)
def _device_memory_is_returned(request):
    """Each test leaves as much device memory in use as it found."""
    before = _device_memory()
    yield
    getattr(request.node, "funcargs", {}).clear()  # pytest holds what fixtures made for longer than the test
    # The traceback of a failed test holds its arrays; one error is enough.
    if request.node.stash.get(_failed, False) or _device_memory() <= before:
        return
    gc.collect()
    _forget_plans()
    left = _device_memory() - before
    assert left <= 0, f"{left} bytes of device memory are still in use after the test"


def _device_memory() -> int:
    if not cuda_lane.MACHINE:
        return 0
    import cupy

    return cupy.get_default_memory_pool().used_bytes()


def _forget_plans() -> None:
    """CuPy keeps the last plans of Fourier transforms, and with each the memory that it works in."""
    import cupy

    cupy.fft.config.get_plan_cache().clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    if call.excinfo is not None:
        item.stash[_failed] = True
    return (yield)


def pytest_runtest_setup(item):
    if item.get_closest_marker("real_gpu") and cuda_lane.MACHINE != cuda_lane.GPU:
        pytest.skip("needs a GPU")
