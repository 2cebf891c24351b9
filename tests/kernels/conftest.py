"""Kernels run on CUDA only, so here the device is always that one."""

import cuda_lane
import numpy as np
import pytest

DTYPES = ("float16", "bfloat16", "float32", "float64")
_MANTISSA = {"float16": 10, "bfloat16": 7, "float32": 23, "float64": 52}


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc):
    cuda = pytest.param("cuda", marks=pytest.mark.skipif(not cuda_lane.MACHINE, reason=cuda_lane.ADVICE))
    for name, values in {"device": [cuda], "dtype": DTYPES}.items():
        if name in metafunc.fixturenames:  # by a marker, which wins over the parameters of a fixture
            metafunc.definition.add_marker(pytest.mark.parametrize(name, values, indirect=True))


@pytest.fixture
def dtype(request):
    if request.param == "bfloat16":
        return np.dtype(pytest.importorskip("ml_dtypes").bfloat16)
    return np.dtype(request.param)


@pytest.fixture
def check():
    """``check(got, want, dtype, scale, ulps)``: see ``_check``."""
    return _check


def _eps(dtype):
    """The distance from 1 to the next number."""
    return 2.0 ** -_MANTISSA[dtype.name]


def _check(got, want, dtype, scale=0.0, ulps=8):
    """``got`` has ``dtype`` and is ``ulps`` units from ``want`` at most: of that or, if larger, of ``scale``.

    ``got`` is of either library. A half type is rounded once, from float: one unit is all it may be away.
    """
    assert got.dtype == dtype
    assert got.shape == np.shape(want)
    units = 1 if dtype.itemsize == 2 else ulps
    got = got.get() if hasattr(got, "get") else got
    got, want = got.astype(np.float64), np.asarray(want, np.float64)
    least = {"float16": 2.0**-24, "float64": 2.0**-1022}.get(dtype.name, 2.0**-126)  # below: flushed to 0
    bound = units * _eps(dtype) * np.maximum(np.abs(want), scale) + least
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    worst = np.nan_to_num(np.abs(got - want)) / bound
    assert np.all(worst <= 1), f"{worst.max()} times the bound, at {np.argmax(worst)}"
