"""The BLAS behind NumPy: which one, the kernels it runs, and how many threads it uses."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

# What surrounds the names of OpenBLAS's functions in the wheels of NumPy and in the distributions.
DECORATIONS = (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", ""))


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
    name = _function("openblas_get_corename", ctypes.c_char_p)
    return name().decode() if name else None


def slowed() -> str | None:
    """A warning if OPENBLAS_CORETYPE keeps OpenBLAS from the kernels that it would choose itself."""
    forced = os.environ.get("OPENBLAS_CORETYPE")
    core = openblas_core() if forced else None
    if core is None:
        return None
    choice = _own_choice()
    if choice in (core, None):
        return None
    return (
        f"OPENBLAS_CORETYPE={forced} makes OpenBLAS use its {core} kernels; by itself it would choose "
        f"{choice}, which can be twice as fast: unset OPENBLAS_CORETYPE"
    )


@cache
def _own_choice() -> str | None:
    """What OpenBLAS chooses where nothing is forced, asked of another process; None if it cannot tell."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    command = [sys.executable, "-P", __file__]
    asked = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else None


@contextmanager
def one_thread() -> Iterator[None]:
    """Let OpenBLAS use one thread in the block; nothing changes for another library.

    For small products: its threads wait for each other by spinning, which on a busy machine takes several
    times as long as the product, and their number changes the order of the sums and so the last bits.
    """
    get = _function("openblas_get_num_threads", ctypes.c_int)
    set_ = _function("openblas_set_num_threads", None)
    if not get or not set_:
        yield
        return
    before = get()
    set_(1)
    try:
        yield
    finally:
        set_(before)


@cache
def _function(name: str, result: Any) -> Callable | None:
    """OpenBLAS's function of that name, None without OpenBLAS."""
    for library in map(ctypes.CDLL, _files()):
        for before, after in DECORATIONS:
            function = getattr(library, before + name + after, None)
            if function is not None:
                function.restype = result
                return function
    return None


def _files() -> Iterator[str]:
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


if __name__ == "__main__":  # the other process of `_own_choice`
    print(openblas_core())
