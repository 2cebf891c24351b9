"""CuPy, loaded on first use and only after a self-test.

An installation can lack the driver, CuPy, NVRTC, the CUDA headers or cuBLAS, and each absence would otherwise
show up late, deep inside CuPy. The self-test walks through them once, from the bottom up, and turns the first
one missing into advice. Nothing here touches CUDA before it is asked to: forks of a process that initialised
the driver cannot use CUDA any more.
"""

import ctypes
import sys
import threading
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, NamedTuple


class CudaUnavailable(RuntimeError):
    """CUDA was asked for and does not work here; the text says what is missing and what installs it."""


class Finding(NamedTuple):
    """One line of the self-test: what was looked for, what was found (None: missing), and the cure."""

    name: str
    found: str | None
    advice: str = ""


class _Missing(Exception):
    """Raised by a check that knows better than the underlying error what is wrong."""


class _Report(NamedTuple):
    findings: list[Finding]
    cupy: ModuleType | None


_lock = threading.Lock()
_report: _Report | None = None


def load() -> ModuleType:
    """The module ``cupy``, once the self-test has passed; CudaUnavailable where it does not."""
    report = _self_test()
    if report.cupy is None:
        name, _, advice = report.findings[-1]
        raise CudaUnavailable(f"CUDA is not usable, missing or broken is {name}: {advice}")
    return report.cupy


def is_available() -> bool:
    """Whether arrays can be put on a GPU. Never raises; the first call runs the self-test."""
    return _self_test().cupy is not None


def device_count() -> int:
    """How many GPUs can be used; 0 without CUDA."""
    return load().cuda.runtime.getDeviceCount() if is_available() else 0


def status() -> list[Finding]:
    """What the self-test found, from the driver upwards; it ends with the first thing missing."""
    return list(_self_test().findings)


def _self_test() -> _Report:
    global _report
    if _report is None:
        with _lock:
            if _report is None:
                _report = _run(_CHECKS)
    return _report


# ---- the checks, each needing those before it: they return what was found, or raise ----


def _driver(cupy: Any) -> str:
    if sys.modules.get("cupy") is not None:
        return "not looked for, CuPy is loaded already"
    version = _driver_version()
    if version is None:
        raise _Missing("the driver's library libcuda is not on this machine")
    return f"for CUDA {version // 1000}.{version % 1000 // 10}"


def _import(cupy: Any) -> str:
    import cupy

    if int(cupy.__version__.partition(".")[0]) < 14:
        raise _Missing(f"CuPy 14 or newer is needed, found {cupy.__version__}")
    return cupy.__version__


def _device(cupy: Any) -> str:
    count = cupy.cuda.runtime.getDeviceCount()
    if count == 0:
        raise _Missing("the driver shows no device")
    return str(count)


def _nvrtc(cupy: Any) -> str:
    nvrtc = cupy.cuda.nvrtc
    major, minor = nvrtc.getVersion()
    # Without an include, so that what fails here is the compiler and not the headers.
    program = nvrtc.createProgram('extern "C" __global__ void probe() {}', "probe.cu", (), ())
    try:
        nvrtc.compileProgram(program, ())
    finally:
        nvrtc.destroyProgram(program)
    return f"{major}.{minor}"


def _kernel(cupy: Any) -> str:
    if (cupy.ones(2) + 1).get().tolist() != [2, 2]:
        raise _Missing("ones(2) + 1 computed on the GPU is not [2, 2]")
    return "compiled and run"


def _cublas(cupy: Any) -> str:
    ones = cupy.ones((2, 2))
    if cupy.matmul(ones, ones).get().tolist() != [[2, 2], [2, 2]]:
        raise _Missing("a product of two matrices of ones is wrong")
    return str(cupy.cuda.cublas.getVersion(cupy.cuda.device.get_cublas_handle()))


class _Check(NamedTuple):
    name: str
    run: Callable[[Any], str]
    advice: str


_INSTALL = "run: pip install --upgrade {package}"
_CHECKS = (
    _Check(
        "the NVIDIA driver",
        _driver,
        "install it from your system's packages; in a container, start that with --gpus all",
    ),
    _Check("CuPy", _import, _INSTALL),
    _Check(
        "a CUDA device",
        _device,
        "nvidia-smi should list one; look at CUDA_VISIBLE_DEVICES, and whether CuPy fits the driver: the one "
        "that does comes with pip install {package}",
    ),
    _Check("NVRTC (the CUDA compiler)", _nvrtc, _INSTALL),
    _Check("a kernel with the CUDA headers", _kernel, _INSTALL),
    _Check("cuBLAS", _cublas, _INSTALL),
)


def _run(checks: Iterable[_Check]) -> _Report:
    findings = []
    for name, run, advice in checks:
        try:
            findings.append(Finding(name, run(sys.modules.get("cupy"))))
        except Exception as error:  # CuPy reports a missing library by whatever class was nearest
            cure = advice.format(package=_package())
            findings.append(Finding(name, None, f"{_summary(error)}; {cure}"))
            return _Report(findings, None)
    return _Report(findings, sys.modules["cupy"])


def _summary(error: Exception) -> str:
    """The error in one line: an ImportError of CuPy's is a page, with a frame of equals signs round it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip("= ")]
    text = " ".join(lines[:2]) or "no reason given"
    return text if isinstance(error, _Missing) else f"{type(error).__name__}: {text}"


# ---- the driver's library, asked without CuPy ----


def _driver_version() -> int | None:
    """As in 13020 for CUDA 13.2; None without a driver. Reading it does not initialise CUDA."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    version = ctypes.c_int(0)
    driver.cuDriverGetVersion(ctypes.byref(version))
    return version.value


def _package() -> str:
    """What to install for this driver: a CUDA 13 build of CuPy does not start on a CUDA 12 driver."""
    version = _driver_version()
    return '"gpugrad[cuda12]"' if version is not None and version < 13000 else '"gpugrad[cuda13]"'
