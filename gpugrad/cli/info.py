"""``gpugrad info``: what a bug report needs."""

import os
import platform
from argparse import ArgumentParser, Namespace
from importlib.metadata import version
from pathlib import Path

from .._version import __version__
from ..backend import Device, cuda, default_device
from . import blas, versions
from .machine import describe, memory, processor

HELP = "versions, devices, memory, which CUDA libraries were found and how to install what is missing"
ENVIRONMENT = ("GPUGRAD_DEVICE", "CUDA_VISIBLE_DEVICES", "CUDA_PATH", "OPENBLAS_CORETYPE", "OMP_NUM_THREADS")


def add_arguments(parser: ArgumentParser) -> None:
    """None."""


def run(args: Namespace) -> int:
    """Print it."""
    _row("gpugrad", f"{__version__} in {Path(__file__).parents[1]}")
    _row("Python", f"{platform.python_version()}, {platform.platform()}")
    library = blas.blas()
    core = f", {library.core} kernels" if library.core else ""
    _row("NumPy", f"{version('numpy')}, BLAS {library.name} {library.version}{core}")
    warning = blas.slowed()
    if warning:
        _row("warning", warning)
    _row("optree", version("optree"))
    _row("CuPy", versions.cupy())
    for name in versions.NEEDS["train"]:
        _row(name, versions.installed(name) or f"not installed; run: {versions.install('train')}")

    print()
    _row("cpu", f"{processor()}, {memory()} memory")
    for index in range(cuda.device_count()):
        device = Device("cuda", index)
        _row(str(device), describe(device))
    _row("default", _default())
    for name in ENVIRONMENT:
        if name in os.environ:
            _row(name, os.environ[name])

    print("\nCUDA, from the driver upwards:")
    for finding in cuda.status():
        _row(finding.name, finding.found or f"not usable: {finding.advice}", width=34)
    return 0


def _default() -> str:
    try:
        return str(default_device())
    except (ValueError, cuda.CudaUnavailable) as error:  # GPUGRAD_DEVICE names what is not there
        return str(error)


def _row(name: str, value: str, *, width: int = 19) -> None:
    print(f"{name:{width}}{value}")
