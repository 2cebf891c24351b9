"""Several GPUs. Run on one machine with FK_DEVICES=2 where hostcuda stands in."""

import numpy as np
import pytest

from gpugrad.backend import Device, asarray, cuda, device_of, guard, matmul, require_same_device, to_device


@pytest.fixture
def cupy():
    if cuda.device_count() < 2:
        pytest.skip("needs two GPUs")
    return cuda.load()


def test_arrays_move_between_gpus(cupy):
    base = asarray(np.arange(12.0).reshape(3, 4), device="cuda:0")
    for x in (base, base.T, base[:, ::2], base[:0]):
        y = to_device(x, "cuda:1")
        assert device_of(y) == Device("cuda", 1)
        np.testing.assert_array_equal(y.get(), x.get())
        np.testing.assert_array_equal(to_device(y, "cpu"), x.get())
        assert to_device(y, "cuda:1") is y


def test_two_gpus_are_a_mixture(cupy):
    with pytest.raises(ValueError, match=r"is on cuda:0 and .* is on cuda:1; move one"):
        require_same_device(asarray([1.0], device="cuda:0"), asarray([1.0], device="cuda:1"))


def test_guarded_work_runs_where_its_arrays_are(cupy):
    x = asarray(np.eye(3), device="cuda:1")
    for f in (cupy.add, matmul):
        y = guard(f)(x, x)
        assert device_of(y) == Device("cuda", 1)
    assert cupy.cuda.runtime.getDevice() == 0
    with pytest.raises(ValueError, match="expected arrays of one device"):
        guard(cupy.add)(x, asarray(np.eye(3), device="cuda:0"))
