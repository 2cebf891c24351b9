"""The libraries beside the runtime: the driver's name, cuBLAS, cuRAND and Thrust's sorts."""

import ctypes
import importlib
import re
import subprocess
from pathlib import Path

import numpy as np

from .toolchain import CACHE, NATIVE, digest, shared_library, write

SOURCES = NATIVE / "libraries"
NOT_SUPPORTED = 15  # CUBLAS_STATUS_NOT_SUPPORTED


def load_driver() -> None:
    """``dlopen("libcuda.so.1")`` finds this from now on, as a look for a driver does."""
    _load("libcuda.so.1", [SOURCES / "cuda.cpp"], exported="cu*")


def load_cublas() -> None:
    """Load our cuBLAS: what CuPy's binding names and we lack answers "not supported"."""
    import cupy_backends

    (binding,) = Path(next(iter(cupy_backends.__path__)), "cuda", "libs").glob("cublas.*.so")
    listing = subprocess.check_output(["nm", "-D", "--undefined-only", binding], text=True)
    wanted = set(re.findall(r"\bcublas[A-Z]\w+", listing))
    ours = SOURCES / "cublas.cpp"
    missing = sorted(wanted - _defined_in(ours))
    stubs = "".join(f'extern "C" int {name}(...) {{ return {NOT_SUPPORTED}; }}\n' for name in missing)
    _load("libcublas.so.13", [ours, write(CACHE / f"cublas-{digest(stubs)}.cpp", stubs)], exported="cublas*")


def load_curand() -> None:
    _load("libcurand.so.10", [SOURCES / "curand.cpp"], exported="curand*")


def bind() -> None:
    """Import CuPy's bindings now, which spares them the search for NVIDIA's files."""
    libs = importlib.import_module("cupy_backends.cuda.libs")
    for name in ("cublas", "curand"):
        setattr(libs, name, importlib.import_module(f"cupy_backends.cuda.libs.{name}"))


def replace_sorts(library: ctypes.CDLL) -> None:
    """Thrust's kernels come compiled for a GPU; NumPy sorts the same memory, in stream order."""
    import cupy

    def enqueue(work) -> None:
        callback = _CALLBACK(lambda _: work())
        _callbacks.append(callback)
        stream = cupy.cuda.get_current_stream().ptr
        library.fk_enqueue(stream, ctypes.cast(callback, ctypes.c_void_p), None, None)

    def sort(dtype, data, _keys, shape):
        values = _array_at(data, dtype, shape)
        enqueue(lambda: values.sort(axis=-1, kind="stable"))

    def argsort(dtype, indices, data, _keys, shape):
        values, order = _array_at(data, dtype, shape), _array_at(indices, np.intp, shape)
        enqueue(lambda: np.copyto(order, values.argsort(axis=-1, kind="stable")))

    def lexsort(dtype, indices, keys, rows, length):
        values, order = _array_at(keys, dtype, (rows, length)), _array_at(indices, np.intp, (length,))
        enqueue(lambda: np.copyto(order, np.lexsort(values)))

    for function in (sort, argsort, lexsort):
        setattr(cupy.cuda.thrust, function.__name__, function)


_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_callbacks = []  # a queued or captured one may run at any later time


def _array_at(pointer: int, dtype, shape) -> np.ndarray:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer((ctypes.c_char * size).from_address(pointer), dtype=dtype).reshape(shape)


def _defined_in(source: Path) -> set[str]:
    """The names that ``source`` defines, its macro FK_GEMM written out."""
    text = source.read_text()
    names = set(re.findall(r"\bcublas[A-Z]\w+", text))
    for suffix in re.findall(r"cublas##LETTER##(\w+)", text):
        names |= {f"cublas{letter}{suffix}" for letter in "SDCZ"}
    return names


def _load(soname: str, sources: list[Path], exported: str) -> None:
    # CuPy's bindings ask for versioned symbols.
    script = write(CACHE / f"{soname}.map", f"{soname} {{ global: {exported}; local: *; }};\n")
    library = shared_library(soname, sources, f"-Wl,--version-script={script}")
    ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
