"""The stand-in for a GPU itself: what it is there to find, it finds."""

import os
import subprocess
import sys
from pathlib import Path

import cuda_lane
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(
    cuda_lane.MACHINE != cuda_lane.HOSTCUDA, reason=cuda_lane.ADVICE or "there is a real GPU"
)

REVERSE = r"""
extern "C" __global__ void reverse(const float* x, float* y, int n) {
  __shared__ float staged[256];
  int i = threadIdx.x;
  staged[i] = x[i];
  BARRIER
  y[i] = staged[n - 1 - i];
}
"""


@pytest.fixture
def cupy():
    import cupy

    return cupy


def python(code: str, **switches: str) -> subprocess.CompletedProcess:
    """Run ``code`` after the imports in a new process: the switches are read once."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)} | switches
    command = [sys.executable, "-c", "import hostcuda, cupy as cp\n" + code]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def output(code: str, **switches: str) -> str:
    result = python(code, **switches)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


# ---- kernels ----


def test_shared_memory_and_barrier(cupy):
    kernel = cupy.RawKernel(REVERSE.replace("BARRIER", "__syncthreads();"), "reverse")
    x = cupy.arange(256, dtype="f")
    y = cupy.empty_like(x)
    kernel((1,), (256,), (x, y, np.int32(256)))
    assert (y == x[::-1]).all()


def test_dynamic_shared_memory_must_be_asked_for(cupy):
    source = r"""
    extern "C" __global__ void last(float* y, int n) {
      extern __shared__ __align__(16) float staged[];
      staged[n - 1] = 7;
      y[0] = staged[n - 1];
    }"""
    kernel = cupy.RawKernel(source, "last")
    y = cupy.empty(1, "f")
    size = 15000
    with pytest.raises(cupy.cuda.driver.CUDADriverError, match="INVALID_VALUE"):
        kernel((1,), (1,), (y, np.int32(size)), shared_mem=4 * size)
    kernel.max_dynamic_shared_size_bytes = 4 * size
    kernel((1,), (1,), (y, np.int32(size)), shared_mem=4 * size)
    assert y[0] == 7


def test_shuffle_over_half_a_warp(cupy):
    source = r"""
    extern "C" __global__ void pairs(int* y) {
      int i = threadIdx.x;
      y[i] = i;
      if (i < 16) y[i] = __shfl_xor_sync(0xffff, i, 1);
      __syncthreads();
    }"""
    y = cupy.empty(32, "i")
    cupy.RawKernel(source, "pairs")((1,), (32,), (y,))
    expected = np.arange(32)
    expected[:16] ^= 1
    assert (y.get() == expected).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_elementwise_kernel_of_each_float(cupy, dtype):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    dtype = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    kernel = cupy.ElementwiseKernel("T x", "T y", "y = T(2) * x + T(1)", "affine")
    y = kernel(cupy.arange(5).astype(dtype))
    assert y.dtype == dtype
    assert y.get().astype(float).tolist() == [1, 3, 5, 7, 9]


def test_functions_of_a_float_are_float(cupy):
    # In double, exp(100) would not overflow and hide what a GPU shows.
    kernel = cupy.ElementwiseKernel("T x", "T y", "y = log(T(1) + exp(x))", "naive_softplus")
    assert np.isinf(kernel(cupy.full(1, 100, "f")).get()).all()


# ---- memory ----


def test_fresh_memory_is_poisoned(cupy):
    cupy.get_default_memory_pool().free_all_blocks()
    assert cupy.isnan(cupy.empty(1000, "f")).all()


def test_running_out_of_memory(cupy):
    import hostcuda

    pool = cupy.get_default_memory_pool()
    pool.free_all_blocks()
    free, total = cupy.cuda.Device().mem_info
    try:
        hostcuda.lib.fk_set_total_mem(total - free + (1 << 20))  # what earlier tests hold, and one MiB
        with pytest.raises(cupy.cuda.memory.OutOfMemoryError):
            cupy.empty(2 << 20, "b")
        assert cupy.ones(1 << 10, "b").sum() == 1 << 10  # there is room for this much
    finally:
        hostcuda.lib.fk_set_total_mem(total)


# ---- waits ----


def test_a_kernel_is_no_wait(cupy, nosync):
    x = cupy.ones(10)
    with nosync():
        (x + x).sum()


@pytest.mark.parametrize("read", [float, lambda x: x.get(), lambda x: x.device.synchronize()])
def test_reading_a_value_waits(cupy, nosync, read):
    x = cupy.ones(())
    with pytest.raises(AssertionError, match="waited"), nosync():
        read(x)


def test_stats_count(cupy):
    import hostcuda

    x = cupy.ones(10)
    before = hostcuda.stats()
    cupy.add(x, x, out=x)
    x.get()
    cupy.cuda.Stream.null.synchronize()
    after = hostcuda.stats()
    assert after["launches"] - before["launches"] == 1
    assert after["memcpys"] - before["memcpys"] == 1
    assert after["syncs"] - before["syncs"] >= 2


# ---- cuFFT ----


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
@pytest.mark.parametrize("double", [False, True])
def test_fourier_transforms(cupy, name, double):
    """One axis and a plan of several, batches in front, behind and on both sides, both memory orders."""
    rng = np.random.default_rng(0)
    calls = [((5,), None), ((3, 4), (0,)), ((2, 3, 4), (1, 2)), ((4, 3, 2), (0, 1)), ((2, 3, 6), None)]
    for shape, axes in [*calls, ((2, 3, 4, 2), (1, 2)), ((2, 2, 3, 5), (1, 3))]:
        x = rng.normal(size=shape).astype("d" if double else "f")
        x = x if name == "rfftn" else x * np.exp(1j * x)
        for order in "CF":
            there = cupy.array(x, order=order)
            got = getattr(cupy.fft, name)(there, axes=axes, norm="ortho")
            want = getattr(np.fft, name)(x, axes=axes, norm="ortho")
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got.get(), want, atol=1e-13 if double else 1e-5)
            assert (there.get() == x).all()


def test_a_plan_to_real_numbers_spoils_its_input(cupy):
    z, y = cupy.ones(3, "F"), cupy.empty(4, "f")
    cupy.cuda.cufft.Plan1d(4, cupy.cuda.cufft.CUFFT_C2R, 1).fft(z, y, cupy.cuda.cufft.CUFFT_INVERSE)
    assert cupy.isnan(z).all()
    np.testing.assert_allclose(y.get(), [4, 0, 0, 0], atol=1e-6)


def test_a_plan_of_another_type_is_refused(cupy):
    x, cufft = cupy.ones(4, "D"), cupy.cuda.cufft
    plan = cufft.Plan1d(4, cufft.CUFFT_C2C, 1)
    with pytest.raises(cufft.CuFFTError, match="INVALID_PLAN"):
        cufft.execZ2Z(plan.handle, x.data.ptr, x.data.ptr, cufft.CUFFT_FORWARD)


# ---- the switches, each with the mistake that it is for ----


def test_reversed_order_finds_a_missing_barrier():
    code = f"""
x, y = cp.arange(256, dtype="f"), cp.empty(256, "f")
cp.RawKernel('''{REVERSE}''', "reverse")((1,), (256,), (x, y, cp.int32(256)))
print(int((y != x[::-1]).sum()))
"""
    assert output(code.replace("BARRIER", "__syncthreads();"), FK_ORDER="1") == "0"
    assert output(code.replace("BARRIER", ""), FK_ORDER="1") != "0"


@pytest.mark.parametrize(("wait", "expected"), [("", "nan"), ("reader.wait_event(done)", "8.0")])
def test_lazy_streams_find_a_missing_wait(wait, expected):
    code = f"""
writer, reader = cp.cuda.Stream(non_blocking=True), cp.cuda.Stream(non_blocking=True)
x, y = cp.empty(4), cp.empty(())
with writer:
    x.fill(2)
    done = writer.record()
with reader:
    {wait or "pass"}
    x.sum(out=y)
reader.synchronize()
print(float(y))
"""
    assert output(code, FK_LAZY="1") == expected


def test_arrays_of_two_devices():
    code = """
x = cp.ones(3)
with cp.cuda.Device(1):
    try:
        x + cp.ones(3)
    except ValueError as error:
        print("device" in str(error))
"""
    assert output(code, FK_DEVICES="2") == "True"


@pytest.mark.slow
def test_address_sanitizer_finds_an_access_out_of_bounds():
    library = subprocess.check_output(["g++", "-print-file-name=libasan.so"], text=True).strip()
    code = """
x = cp.zeros(5, "f")
cp.RawKernel('extern "C" __global__ void f(float* x) { x[threadIdx.x] = 1; }', "f")((1,), (6,), (x,))
"""
    result = python(
        code,
        FK_CXXFLAGS="-O1 -g -std=c++17 -w -fpermissive -fsanitize=address",
        FK_EXACT="1",
        LD_PRELOAD=library,
        ASAN_OPTIONS="detect_leaks=0",
    )
    assert result.returncode != 0
    assert "heap-buffer-overflow" in result.stderr
    assert "kernel.cu:1" in result.stderr


@pytest.mark.slow
def test_processes_and_threads_fill_one_cache(tmp_path):
    code = """
import hostcuda, cupy as cp
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as threads:
    print(set(threads.map(lambda _: float(cp.arange(4.).sum()), range(4))))
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "HOSTCUDA_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", code]
    pair = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in pair] == ["{6.0}", "{6.0}"]
    assert not list(tmp_path.rglob("*.part"))
