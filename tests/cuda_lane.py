"""Which machine plays ``cuda`` in this run: a GPU, hostcuda, or none.

Decided before the first ``import cupy``: hostcuda has to come before it, and asking CuPy would start the
driver in this process, after which it must not fork.
"""

import ctypes
import os
import subprocess
import sys
from importlib.util import find_spec

GPU, HOSTCUDA = "gpu", "hostcuda"

_COUNT_DEVICES = """
import ctypes
cuda, count = ctypes.CDLL("libcuda.so.1"), ctypes.c_int(0)
print(count.value if cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0 else 0)
"""


def _gpu_count() -> int:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    result = subprocess.run([sys.executable, "-c", _COUNT_DEVICES], capture_output=True, text=True)
    return int(result.stdout or 0)


def _choose() -> tuple[str | None, str]:
    """The machine, and what to do where there is none."""
    has_cupy = find_spec("cupy") is not None
    if _gpu_count():
        return (GPU, "") if has_cupy else (None, 'no CuPy: pip install "gpugrad[cuda13]"')
    if os.environ.get("GPUGRAD_HOSTCUDA", "0") != "1":
        return None, "no GPU: set GPUGRAD_HOSTCUDA=1 to run this on the CPU (tests/hostcuda/README.md)"
    if not has_cupy:
        raise ImportError("GPUGRAD_HOSTCUDA=1 needs CuPy: pip install -e '.[hostcuda]'")
    return HOSTCUDA, ""


MACHINE, ADVICE = _choose()

if MACHINE == HOSTCUDA:
    import hostcuda  # noqa: F401
