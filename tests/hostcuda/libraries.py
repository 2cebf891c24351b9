"""The libraries beside the runtime: the driver's name, cuBLAS, cuFFT, cuRAND and Thrust's sorts."""

import ctypes
import importlib
import importlib.util
import re
import subprocess
from pathlib import Path

import numpy as np

from .toolchain import CACHE, NATIVE, digest, shared_library, write

SOURCES = NATIVE / "libraries"
NOT_SUPPORTED = {"cublas": 15, "cufft": 16}  # CUBLAS_STATUS_NOT_SUPPORTED, CUFFT_NOT_SUPPORTED


def load_driver() -> None:
    """``dlopen("libcuda.so.1")`` finds this from now on, as a look for a driver does."""
    _load("libcuda.so.1", [SOURCES / "cuda.cpp"], exported="cu*")


def load_cublas() -> None:
    _load_for_binding("cublas", "libcublas.so.13", _folder("cupy_backends") / "cuda" / "libs")


def load_cufft() -> None:
    _load_for_binding("cufft", "libcufft.so.12", _folder("cupy") / "cuda")


def load_curand() -> None:
    _load("libcurand.so.10", [SOURCES / "curand.cpp"], exported="curand*")


def bind() -> None:
    """Import CuPy's bindings now, which spares them the search for NVIDIA's files."""
    libs = importlib.import_module("cupy_backends.cuda.libs")
    for name in ("cublas", "curand"):
        setattr(libs, name, importlib.import_module(f"cupy_backends.cuda.libs.{name}"))
    importlib.import_module("cupy.cuda.cufft")


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


def _folder(package: str) -> Path:
    """Where a package is installed; it is not imported."""
    return Path(importlib.util.find_spec(package).submodule_search_locations[0])


def _load_for_binding(name: str, soname: str, folder: Path) -> None:
    """Load our library of this name: what CuPy's binding asks for and we lack answers "not supported"."""
    (binding,) = folder.glob(f"{name}.*.so")
    listing = subprocess.check_output(["nm", "-D", "--undefined-only", binding], text=True)
    wanted = set(re.findall(rf"\b{name}[A-Z]\w+", listing))
    ours = SOURCES / f"{name}.cpp"
    missing = sorted(wanted - _defined_in(ours))
    stubs = "".join(f'extern "C" int {f}(...) {{ return {NOT_SUPPORTED[name]}; }}\n' for f in missing)
    _load(soname, [ours, write(CACHE / f"{name}-{digest(stubs)}.cpp", stubs)], exported=f"{name}*")


def _defined_in(source: Path) -> set[str]:
    """The names that ``source`` defines, the macro FK_GEMM of cuBLAS written out."""
    text = source.read_text()
    names = set(re.findall(rf"\b{source.stem}[A-Z]\w+", text))
    for suffix in re.findall(r"cublas##LETTER##(\w+)", text):
        names |= {f"cublas{letter}{suffix}" for letter in "SDCZ"}
    return names


def _load(soname: str, sources: list[Path], exported: str) -> None:
    # CuPy's bindings ask for versioned symbols.
    script = write(CACHE / f"{soname}.map", f"{soname} {{ global: {exported}; local: *; }};\n")
    library = shared_library(soname, sources, f"-Wl,--version-script={script}")
    ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
