"""Device memory: what CuPy's pool holds, and the peak. Without CUDA there is none, and all of it is 0.

``device`` is the number of a GPU or a name like ``"cuda:1"``; None is the current one.
"""

import contextlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from . import cuda
from .device import Device, usable


def memory_allocated(device: int | str | Device | None = None) -> int:
    """Bytes in use by arrays on the device. Freed memory that the pool keeps for reuse is not counted."""
    with _on(device) as cupy:
        return _pool(cupy).used_bytes() if cupy else 0


def max_memory_allocated(device: int | str | Device | None = None) -> int:
    """The largest ``memory_allocated`` since ``reset_peak_memory_stats``, or since the first call of this.

    Counted is what this thread allocates and frees, from that first call on: only who asks pays for it.
    """
    with _on(device) as cupy:
        return _peak(cupy).read(_pool(cupy).used_bytes()) if cupy else 0


def reset_peak_memory_stats(device: int | str | Device | None = None) -> None:
    """Start a new peak from what is in use now."""
    with _on(device) as cupy:
        if cupy:
            _peak(cupy).reset(_pool(cupy).used_bytes())


def empty_cache(device: int | str | Device | None = None) -> None:
    """Give the memory that the pool and this thread's plans of Fourier transforms keep back to the device."""
    with _on(device) as cupy:
        if cupy:
            cupy.fft.config.get_plan_cache().clear()
            _pool(cupy).free_all_blocks()
            cupy.get_default_pinned_memory_pool().free_all_blocks()


def synchronize(device: int | str | Device | None = None) -> None:
    """Wait until everything the device was given to do is done."""
    with _on(device) as cupy:
        if cupy:
            cupy.cuda.runtime.deviceSynchronize()


@contextlib.contextmanager
def _on(device: int | str | Device | None) -> Iterator[Any]:
    """CuPy with that device current, or None where there is no CUDA."""
    if not cuda.is_available():
        yield None
        return
    cupy = cuda.load()
    if device is None:
        yield cupy
        return
    chosen = usable(Device("cuda", device) if isinstance(device, int) else device)
    with cupy.cuda.Device(chosen.index):
        yield cupy


def _pool(cupy: ModuleType) -> Any:
    """The pool that CuPy allocates from now, which may be one that the user has set."""
    owner = getattr(cupy.cuda.get_allocator(), "__self__", None)
    return owner if hasattr(owner, "used_bytes") else cupy.get_default_memory_pool()


def _peak(cupy: ModuleType) -> Any:
    if not isinstance(_pool(cupy), cupy.cuda.MemoryPool):
        raise RuntimeError(
            "the peak is counted in CuPy's MemoryPool only, and another allocator is set; "
            "set it back with cupy.cuda.set_allocator(cupy.get_default_memory_pool().malloc)"
        )
    from . import peak

    return peak.of_this_thread()
