"""Which library an array belongs to."""

import subprocess
import sys

import numpy as np
import pytest

from gpugrad.backend import array_types, as_dtype, is_array, namespace, namespace_of_type, to_device


def test_arrays_name_their_library(device):
    x = to_device(np.ones(3), device)
    library = "numpy" if device == "cpu" else "cupy"
    assert is_array(x)
    assert namespace(x).__name__ == namespace_of_type(type(x)).__name__ == library
    assert type(x) in array_types()


@pytest.mark.parametrize("x", [2, 2.0, True, 1j, np.float32(2), np.int8(1), [1, 2], (1, 2), np.ma.ones(2)])
def test_host_values_belong_to_numpy(x):
    assert namespace(x) is np


@pytest.mark.parametrize("x", [2.0, np.float32(2), [1.0], "a", None])
def test_what_is_no_array(x):
    assert not is_array(x)


def test_a_stranger_is_refused_with_the_cure():
    with pytest.raises(TypeError, match=r"got builtins\.str; convert it with gpugrad\.tensor"):
        namespace("abc")


def test_dtypes_by_name():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert as_dtype("bfloat16") == ml_dtypes.bfloat16
    assert as_dtype(ml_dtypes.bfloat16) == ml_dtypes.bfloat16
    assert as_dtype("float32") == as_dtype(np.float32) == np.float32


def test_importing_the_backend_leaves_cupy_alone():
    code = "import sys, gpugrad.backend, gpugrad.backend.memory; assert 'cupy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
