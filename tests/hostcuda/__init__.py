"""Runs the real CuPy on a machine without a GPU; README.md says how far.

    import hostcuda  # before the first `import cupy`
    import cupy

Importing does it all, in an order that matters: only CuPy's two lowest modules are imported, their
functions replaced, the libraries put in place that the rest of CuPy links to, and then CuPy is imported.
"""

import os
import sys

from . import compiler, libraries, runtime

if "cupy" in sys.modules:
    raise ImportError("import hostcuda before cupy, which binds the functions to be replaced at import")

libraries.load_driver()
lib = runtime.load()
runtime.install(lib)
libraries.load_cublas()
libraries.load_cufft()
libraries.load_curand()
os.environ["CUPY_ACCELERATORS"] = ""  # CUB's kernels come compiled for a GPU

import cupy  # noqa: E402, only now

compiler.install()
libraries.bind()
libraries.replace_sorts(lib)


if os.environ.get("FK_EXACT", "0") != "0":
    cupy.cuda.set_allocator(None)  # a pool would hide the end of every array


def stats() -> dict[str, int]:
    """Counts since the start: launches, device allocations, copies, and waits of the host for the device."""
    return dict(zip(("launches", "mallocs", "memcpys", "syncs"), lib.fk_counters()[:4], strict=True))
