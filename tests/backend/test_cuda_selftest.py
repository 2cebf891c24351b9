"""The self-test of CUDA: what is missing becomes advice, and nothing is touched before it is needed."""

import ctypes
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from gpugrad.backend import CudaUnavailable, cuda


class OnGpu(np.ndarray):
    """An array that can be fetched, as CuPy's can."""

    def get(self):
        return np.asarray(self)


def fail(message, error=RuntimeError):
    def failing(*_):
        raise error(message)

    return failing


def fake_cupy(**broken):
    """A CuPy on which everything works, but for ``broken`` functions."""
    working = {
        "version": "14.2.0",
        "count": lambda: 1,
        "nvrtc": lambda: (13, 2),
        "compile": lambda program, options: None,
        "ones": lambda shape: np.ones(shape).view(OnGpu),
        "matmul": np.matmul,
    } | broken
    nvrtc = SimpleNamespace(
        getVersion=working["nvrtc"],
        createProgram=lambda *_: 1,
        compileProgram=working["compile"],
        destroyProgram=lambda program: None,
    )
    return SimpleNamespace(
        __version__=working["version"],
        ones=working["ones"],
        matmul=working["matmul"],
        cuda=SimpleNamespace(
            runtime=SimpleNamespace(getDeviceCount=working["count"]),
            nvrtc=nvrtc,
            cublas=SimpleNamespace(getVersion=lambda handle: 130000),
            device=SimpleNamespace(get_cublas_handle=lambda: 0),
        ),
    )


@pytest.fixture
def machine(monkeypatch):
    """Puts a CuPy and a driver of the test's choice in place, and forgets what is known."""

    def prepare(cupy=None, driver=13020):
        monkeypatch.setattr(cuda, "_report", None)
        monkeypatch.setattr(cuda, "_driver_version", lambda: driver)
        if cupy is None:
            monkeypatch.delitem(sys.modules, "cupy", raising=False)
        else:
            monkeypatch.setitem(sys.modules, "cupy", cupy)

    return prepare


def test_everything_there(machine):
    cupy = fake_cupy()
    machine(cupy)
    assert cuda.is_available()
    assert cuda.load() is cupy
    assert cuda.device_count() == 1
    assert all(finding.found and not finding.advice for finding in cuda.status())
    assert [finding.name for finding in cuda.status()][-1] == "cuBLAS"


def test_no_driver_means_that_cupy_is_not_even_imported(monkeypatch):
    monkeypatch.setattr(cuda, "_report", None)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(ctypes, "CDLL", fail("libcuda.so.1: cannot open shared object file", OSError))
    assert not cuda.is_available()
    assert "cupy" not in sys.modules
    assert cuda.device_count() == 0
    with pytest.raises(CudaUnavailable, match=r"the NVIDIA driver: .*libcuda.*; install it .*--gpus all"):
        cuda.load()


@pytest.mark.parametrize(
    ("broken", "name", "reason", "cure"),
    [
        ({"version": "13.6.0"}, "CuPy", "14 or newer is needed, found 13.6.0", "pip install"),
        ({"count": lambda: 0}, "a CUDA device", "no device", "CUDA_VISIBLE_DEVICES"),
        ({"count": fail("cudaErrorInsufficientDriver")}, "a CUDA device", "Insufficient", "nvidia-smi"),
        ({"nvrtc": fail("failed to load libnvrtc.so.13")}, "NVRTC", "libnvrtc", "pip install"),
        ({"compile": fail("NVRTC_ERROR_BUILTIN_OPERATION_FAILURE")}, "NVRTC", "BUILTIN", "pip install"),
        ({"ones": fail("cannot open source file cuda_fp16.h")}, "headers", "cuda_fp16", "pip install"),
        ({"ones": lambda shape: np.zeros(shape).view(OnGpu)}, "headers", "is not", "pip install"),
        ({"matmul": fail("libcublas.so.13", ImportError)}, "cuBLAS", "ImportError: libcublas", "pip install"),
    ],
)
def test_each_thing_missing_has_its_cure(machine, broken, name, reason, cure):
    machine(fake_cupy(**broken))
    assert not cuda.is_available()
    last = cuda.status()[-1]
    assert name in last.name
    assert last.found is None
    with pytest.raises(CudaUnavailable) as raised:
        cuda.load()
    assert reason in str(raised.value)
    assert cure in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("driver", "package"), [(12040, "cuda12"), (13000, "cuda13"), (None, "cuda13")])
def test_the_package_fits_the_driver(monkeypatch, machine, driver, package):
    machine(driver=driver)
    monkeypatch.setitem(sys.modules, "cupy", None)  # import cupy raises ImportError
    monkeypatch.setattr(cuda, "_CHECKS", cuda._CHECKS[1:])
    with pytest.raises(CudaUnavailable, match=rf'CuPy: .*pip install --upgrade "gpugrad\[{package}\]"'):
        cuda.load()


def test_a_page_of_explanation_becomes_one_line(machine):
    page = "\n====\nFailed to import CuPy.\n\nlibcudart.so.13 not found\n\nCheck the guide\n====\n"
    machine(fake_cupy(ones=fail(page, ImportError)))
    assert "ImportError: Failed to import CuPy. libcudart.so.13 not found;" in cuda.status()[-1].advice


def test_many_threads_run_it_once(machine):
    runs = []

    def count():
        runs.append(1)
        time.sleep(0.02)
        return 1

    machine(fake_cupy(count=count))
    threads = [threading.Thread(target=cuda.load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1


def test_the_real_one(device):
    if device == "cpu":
        pytest.skip("about CUDA")
    assert cuda.load().__name__ == "cupy"
    assert all(finding.found for finding in cuda.status())
