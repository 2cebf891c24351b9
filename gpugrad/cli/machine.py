"""What this machine is: processor, GPUs, memory, and the BLAS behind NumPy."""

import ctypes
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..backend import Device, cuda

# OpenBLAS under the names that the wheels of NumPy, and the distributions, give its functions.
CORE_NAME = (
    "scipy_openblas_get_corename64_",
    "scipy_openblas_get_corename",
    "openblas_get_corename64_",
    "openblas_get_corename",
)


class Blas(NamedTuple):
    """NumPy's BLAS; ``core`` is the processor type whose kernels OpenBLAS runs, None for another library."""

    name: str
    version: str
    core: str | None


def blas() -> Blas:
    """NumPy's BLAS."""
    build = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return Blas(build.get("name", "unknown"), build.get("version", ""), openblas_core())


def openblas_core() -> str | None:
    """The processor type that OpenBLAS has chosen its kernels for."""
    for path in _openblas_files():
        library = ctypes.CDLL(path)
        for name in CORE_NAME:
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = ctypes.c_char_p
                return function().decode()
    return None


def slowed_blas() -> str | None:
    """A warning if OPENBLAS_CORETYPE keeps OpenBLAS from the kernels that it would choose itself."""
    forced = os.environ.get("OPENBLAS_CORETYPE")
    core = openblas_core() if forced else None
    if core is None:
        return None
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    question = f"from {__name__} import openblas_core; print(openblas_core())"
    asked = subprocess.run(
        [sys.executable, "-c", question], env=environment, capture_output=True, text=True, check=False
    )
    own_choice = asked.stdout.strip()
    if asked.returncode or own_choice == core:
        return None
    return (
        f"OPENBLAS_CORETYPE={forced} makes OpenBLAS use its {core} kernels; by itself it would choose "
        f"{own_choice}, which can be twice as fast: unset OPENBLAS_CORETYPE"
    )


def processor() -> str:
    """The processor's name and how many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{_processor_name()}, {cores} core{'s' * (cores > 1)}"


def memory() -> str:
    """The machine's memory."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "unknown"
    return _gib(size)


def describe(device: Device) -> str:
    """A device by the name of its hardware."""
    if device.type == "cpu":
        return processor()
    cupy = cuda.load()
    name = cupy.cuda.runtime.getDeviceProperties(device.index)["name"].decode()
    free, total = cupy.cuda.Device(device.index).mem_info
    return f"{name}, {_gib(total)} memory ({_gib(free)} free)"


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _openblas_files() -> Iterator[str]:
    """Libraries of that name: those that this process has loaded, else those in NumPy's wheel."""
    try:
        loaded = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        package = Path(np.__file__).parent
        for folder in (package / ".dylibs", package.parent / "numpy.libs"):
            yield from map(str, folder.glob("*openblas*"))
    else:
        fields = (line.split(maxsplit=5) for line in loaded)
        yield from sorted({f[5] for f in fields if len(f) == 6 and "openblas" in Path(f[5]).name})
