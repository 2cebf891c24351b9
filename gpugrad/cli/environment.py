"""Where figures were measured: device, versions, commit, date."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..backend import Device, cuda
from . import blas, versions
from .machine import describe, processor

PEERS = ("torch", "jax", "autograd")


def environment(device: str) -> dict[str, str]:
    """What a reader has to know of figures measured on this kind of device, by name."""
    found = {
        "device": describe(Device.parse(device)),
        "processor": processor(),
        "versions": versions.summary(),
        "peers": ", ".join(f"{name} {versions.installed(name) or 'missing'}" for name in PEERS),
        "BLAS": _unforced_blas(),
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if device == "cuda":
        runtime = cuda.load().cuda.runtime
        found["CUDA"] = (
            f"driver {_dotted(runtime.driverGetVersion())}, runtime {_dotted(runtime.runtimeGetVersion())}"
        )
    return found


def commit() -> str:
    """The commit of this checkout, or what GPUGRAD_COMMIT says of an installed package."""
    folder = Path(__file__).parents[2]
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--dirty", "--exclude=*"]
    if not (folder / ".git").exists():
        return os.environ.get("GPUGRAD_COMMIT", "unknown")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _unforced_blas() -> str:
    """NumPy's BLAS. The contestants run without OPENBLAS_CORETYPE, and choose their kernels themselves."""
    library = blas.blas()
    note = ", OPENBLAS_CORETYPE removed" if blas.slowed() else ""
    return f"NumPy {np.__version__} with {library.name} {library.version}{note}"


def _dotted(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"
