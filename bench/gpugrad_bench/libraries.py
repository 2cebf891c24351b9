"""The contestants' libraries: making arrays, timing, counting memory. Each imports its own, when made."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from . import resident

Step = Callable[[], Any]


class Library:
    """What all of them answer; this one is NumPy's, and CuPy's on CUDA."""

    def __init__(self, device: str) -> None:
        self.device = device
        if device == "cuda":
            import cupy as xp
        else:
            import numpy as xp
        self.xp: Any = xp

    def array(self, values: np.ndarray, dtype: str) -> Any:
        return self.xp.asarray(values.astype(_numpy_dtype(dtype), copy=False))

    def parameter(self, array: Any) -> Any:
        return array

    def resized(self, array: Any, shape: tuple[int, ...]) -> Any:
        """The numbers of ``array`` again and again, in another shape."""
        return self.xp.resize(array, shape)

    def compile(self, f: Callable) -> Callable:
        return f

    def to_numpy(self, array: Any) -> np.ndarray:
        return np.asarray(array.get() if hasattr(array, "get") else array)

    def release(self) -> None:
        """Give back what the last case leaves in pools and caches."""
        if self.device == "cuda":
            self.xp.get_default_memory_pool().free_all_blocks()

    def seconds(self, step: Step, steps: int) -> float:
        """How long so many steps take: the processor's time, on CUDA the time between two events."""
        if self.device == "cpu":
            return _clocked(time.process_time, step, steps)
        start, end = self.xp.cuda.Event(), self.xp.cuda.Event()
        start.record()
        for _ in range(steps):
            step()
        end.record()
        end.synchronize()
        return self.xp.cuda.get_elapsed_time(start, end) / 1e3

    def peak(self, step: Step) -> int | None:
        """The most bytes that a step holds at once, beyond what is there between steps; None if unknown."""
        if self.device == "cpu":
            return resident.peak(step)
        from gpugrad import cuda

        cuda.reset_peak_memory_stats()
        before = cuda.memory_allocated()
        step()
        return cuda.max_memory_allocated() - before


class Gpugrad(Library):
    """Eager gpugrad."""

    def __init__(self, device: str) -> None:
        super().__init__(device)
        import gpugrad

        gpugrad.set_default_device(device)
        self.gg = gpugrad

    def array(self, values: np.ndarray, dtype: str) -> Any:
        return self.gg.tensor(values, dtype=dtype, device=self.device)

    def parameter(self, array: Any) -> Any:
        return array.detach().requires_grad_()

    def resized(self, array: Any, shape: tuple[int, ...]) -> Any:
        return self.gg.tensor(self.xp.resize(array.data, shape))

    def to_numpy(self, array: Any) -> np.ndarray:
        return array.numpy() if isinstance(array, self.gg.Tensor) else super().to_numpy(array)


class Torch(Library):
    """PyTorch, eager. float32 is float32: by default its convolutions on CUDA multiply in TF32."""

    def __init__(self, device: str) -> None:
        import torch

        self.device, self.torch = device, torch
        if device == "cpu":
            torch.set_num_threads(1)
            return
        if not torch.cuda.is_available():
            raise RuntimeError(f"PyTorch {torch.__version__} finds no CUDA device")
        torch.backends.cudnn.allow_tf32 = False

    def array(self, values: np.ndarray, dtype: str) -> Any:
        return self.torch.tensor(values, dtype=getattr(self.torch, dtype), device=self.device)

    def parameter(self, array: Any) -> Any:
        return array.requires_grad_()

    def resized(self, array: Any, shape: tuple[int, ...]) -> Any:
        n = prod(shape)
        return array.repeat(-(-n // array.numel()))[:n].reshape(shape)

    def release(self) -> None:
        if self.device == "cuda":
            self.torch.cuda.empty_cache()

    def to_numpy(self, array: Any) -> np.ndarray:
        array = array.detach().cpu()
        return array.float().numpy() if array.dtype == self.torch.bfloat16 else array.numpy()

    def seconds(self, step: Step, steps: int) -> float:
        if self.device == "cpu":
            return _clocked(time.process_time, step, steps)
        start, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(steps):
            step()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1e3

    def peak(self, step: Step) -> int | None:
        if self.device == "cpu":
            return resident.peak(step)
        memory = self.torch.cuda
        memory.synchronize()
        memory.reset_peak_memory_stats()
        before = memory.memory_allocated()
        step()
        return memory.max_memory_allocated() - before


class TorchCompile(Torch):
    """PyTorch with ``torch.compile`` round what a workload gives to ``setting.compile``."""

    def compile(self, f: Callable) -> Callable:
        return self.torch.compile(f)

    def release(self) -> None:
        # The next case is compiled afresh; for other sizes of the same code it would be for any size.
        self.torch.compiler.reset()
        super().release()


class Jax(Library):
    """JAX with ``jit``. Its work is waited for: there are no events to ask.

    float32 is float32: by default its products and convolutions on CUDA multiply in TF32.
    """

    def __init__(self, device: str) -> None:
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
        if device == "cpu":
            os.environ["JAX_PLATFORMS"] = "cpu"
            os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        import jax

        self.device, self.jax = device, jax
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_default_matmul_precision", "highest")
        if device == "cuda" and jax.default_backend() != "gpu":
            raise RuntimeError(f"JAX {jax.__version__} finds no CUDA device")

    def array(self, values: np.ndarray, dtype: str) -> Any:
        return self.jax.numpy.asarray(values, dtype)

    def compile(self, f: Callable) -> Callable:
        return self.jax.jit(f)

    def resized(self, array: Any, shape: tuple[int, ...]) -> Any:
        return self.jax.numpy.resize(array, shape)

    def release(self) -> None:
        self.jax.clear_caches()

    def to_numpy(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    def seconds(self, step: Step, steps: int) -> float:
        clock = time.process_time if self.device == "cpu" else time.perf_counter
        return _clocked(clock, step, steps, self.jax.block_until_ready)

    def peak(self, step: Step) -> int | None:
        """Unknown: on CUDA JAX cannot reset the peak that it counts, on the CPU its memory hardly shows."""
        return None


class Autograd(Library):
    """HIPS Autograd, which knows the CPU only."""

    def __init__(self, device: str) -> None:
        if device != "cpu":
            raise RuntimeError("Autograd runs on the CPU only")
        super().__init__(device)
        import autograd

        self.autograd = autograd


class Contestant:
    """A name in the table: its library, and the function of a workload that it runs."""

    def __init__(self, name: str, library: type[Library], function: str, package: str | None) -> None:
        self.name, self.library, self.function, self.package = name, library, function, package


CONTESTANTS = {
    c.name: c
    for c in (
        Contestant("gpugrad", Gpugrad, "gpugrad", None),
        Contestant("torch", Torch, "torch", "torch"),
        Contestant("torch.compile", TorchCompile, "torch", "torch"),
        Contestant("jax", Jax, "jax", "jax"),
        Contestant("autograd", Autograd, "autograd", "autograd"),
        Contestant("by hand", Library, "by_hand", None),
    )
}


def _clocked(
    clock: Callable[[], float], step: Step, steps: int, wait: Callable[[Any], Any] = lambda results: None
) -> float:
    results = None
    start = clock()
    for _ in range(steps):
        results = step()
    wait(results)
    return clock() - start


def _numpy_dtype(name: str) -> Any:
    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return name
