"""gg.cuda: memory and waiting, with a GPU and without."""

import threading

import numpy as np
import pytest

from gpugrad import cuda as face
from gpugrad.backend import asarray, cuda

MIB = 1 << 20


@pytest.fixture
def gpu(device):
    if device == "cpu":
        pytest.skip("about device memory")
    face.empty_cache()
    return device


def bytes_on(gpu, count):
    return asarray(np.zeros(count, np.uint8), device=gpu)


def test_without_cuda_everything_is_zero(monkeypatch):
    monkeypatch.setattr(cuda, "_report", cuda._Report([cuda.Finding("CuPy", None, "install it")], None))
    assert not face.is_available()
    assert face.device_count() == face.memory_allocated() == face.max_memory_allocated() == 0
    face.reset_peak_memory_stats()
    face.empty_cache()
    face.synchronize()


def test_memory_in_use(gpu):
    before = face.memory_allocated()
    x = bytes_on(gpu, MIB)
    assert face.memory_allocated() - before == MIB
    assert face.memory_allocated(0) == face.memory_allocated("cuda:0") == face.memory_allocated()
    del x
    assert face.memory_allocated() == before


def test_plans_of_fourier_transforms_are_kept_and_given_back(gpu):
    import cupy

    cupy.fft.fft(asarray(np.ones(8, np.complex64), device=gpu))
    assert cupy.fft.config.get_plan_cache().get_curr_size() == 1
    face.empty_cache()
    assert cupy.fft.config.get_plan_cache().get_curr_size() == 0


def test_the_peak_outlives_what_made_it(gpu):
    x = bytes_on(gpu, MIB)
    face.reset_peak_memory_stats()
    before = face.memory_allocated()
    assert face.max_memory_allocated() == before
    bytes_on(gpu, 3 * MIB)
    smaller = bytes_on(gpu, MIB)
    assert face.max_memory_allocated() - before == 3 * MIB
    del x, smaller
    face.reset_peak_memory_stats()
    assert face.max_memory_allocated() == face.memory_allocated() == before - MIB


def test_the_peak_corrects_itself_for_other_threads(gpu):
    face.reset_peak_memory_stats()
    before = face.memory_allocated()
    elsewhere = []
    thread = threading.Thread(target=lambda: elsewhere.append(bytes_on(gpu, 2 * MIB)))
    thread.start()
    thread.join()
    assert face.max_memory_allocated() - before == 2 * MIB
    elsewhere.clear()
    face.reset_peak_memory_stats()
    assert face.max_memory_allocated() == before


def test_empty_cache_gives_back_what_is_free(gpu):
    pool = cuda.load().get_default_memory_pool()
    x = bytes_on(gpu, MIB)
    held = pool.total_bytes()
    del x
    assert pool.total_bytes() == held
    face.empty_cache()
    assert pool.total_bytes() <= held - MIB


def test_a_pool_of_the_users_own_is_the_one_counted(gpu):
    cupy = cuda.load()
    pool = cupy.cuda.MemoryPool()
    with cupy.cuda.using_allocator(pool.malloc):
        x = bytes_on(gpu, MIB)
        assert face.memory_allocated() == pool.used_bytes() >= MIB
    del x


class UnwatchedPool:
    """Memory from a place where CuPy calls no hooks, like its MemoryAsyncPool."""

    def malloc(self, size):
        cupy = cuda.load()
        return cupy.cuda.MemoryPointer(cupy.cuda.Memory(size), 0)

    def used_bytes(self):
        return 0


def test_peaks_need_a_pool_that_can_be_watched(gpu):
    with cuda.load().cuda.using_allocator(UnwatchedPool().malloc):
        assert face.memory_allocated() == 0
        with pytest.raises(RuntimeError, match="counted in CuPy's MemoryPool only"):
            face.reset_peak_memory_stats()


def test_waiting(gpu):
    face.synchronize()
    face.synchronize("cuda:0")
    with pytest.raises(ValueError, match="there is no device cuda:64"):
        face.synchronize(64)
    with pytest.raises(ValueError, match="expected a device"):
        face.synchronize("gpu")
