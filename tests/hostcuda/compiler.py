"""Kernels go to g++ instead of NVRTC: CUDA C++ in, a shared library out."""

import importlib.metadata
import re
from functools import cache
from pathlib import Path

from . import toolchain
from .toolchain import CACHE, HERE, KERNEL_FLAGS, NATIVE, CompilerError, digest

_ALIGNMENT = r"(?:__align__|alignas)\(\d+\)"
_BOUNDS = r"(?:__launch_bounds__\([^)]*\)\s*)?"
_DYNAMIC_SHARED = re.compile(r"extern\s+__shared__\s+(?P<type>.*?)(?P<name>\w+)\s*\[\s*\]\s*;")
_C_KERNEL = re.compile(rf'extern\s+"C"\s*{_BOUNDS}__global__\s+{_BOUNDS}void\s+{_BOUNDS}(\w+)\s*\(')
_C_BLOCK = re.compile(r'extern\s+"C"\s*\{(.*)\}', re.DOTALL)
_KERNEL = re.compile(rf"__global__\s+{_BOUNDS}void\s+{_BOUNDS}(\w+)\s*\(")


def install() -> None:
    from cupy.cuda import compiler, function

    def compile_module(source, options=(), *_arch_and_cache, name_expressions=None, **_nvrtc_only):
        try:
            library, symbols = compile_kernels(source, tuple(options), tuple(sorted(name_expressions or ())))
        except CompilerError as error:
            text = str(error)
            raise compiler.CompileException(text, source, "kernel.cu", options, toolchain.CXX) from error
        module = function.Module()
        module.load(b"FKSO:%d:%s" % (_has_barriers(library), str(library).encode()))
        module._set_mapping(symbols)
        return module

    compiler._compile_module_with_cache = compile_module


def compile_kernels(source: str, options: tuple[str, ...], expressions: tuple[str, ...]) -> tuple[Path, dict]:
    """A shared library with the kernels of ``source``, and the exported name of each name expression.

    Without name expressions the kernels are those that ``source`` declares ``extern "C"``.
    """
    key = digest(source, options, expressions, _environment())
    symbols = {expression: f"instance{i}" for i, expression in enumerate(expressions)}
    exports = [(symbol, f"(&{expression})") for expression, symbol in symbols.items()]
    if not expressions:
        exports = [(name, f"&{name}") for name in _extern_c_kernels(source)]
    library = CACHE / f"{key}.so"
    if not library.exists():
        text = _host_source(source) + "".join(f"FK_EXPORT({name}, {value})\n" for name, value in exports)
        kernel = toolchain.write(CACHE / f"{key}.cpp", text)
        header = _precompiled_header(_include_options(options))
        macros = [option for option in options if option.startswith("-D")]
        flags = [*KERNEL_FLAGS, "-Winvalid-pch", *macros, *_include_options(options), "-fPIC", "-shared"]
        toolchain.compile_to(library, [*flags, "-include", header, kernel])
    return library, symbols


def _host_source(source: str) -> str:
    """``source`` with dynamic shared memory as a pointer, which C++ can say."""

    def declare(match: re.Match) -> str:
        element = re.sub(_ALIGNMENT, "", match["type"]).strip()
        return f"{element}* {match['name']} = ({element}*)fk_dynamic_shared();"

    return f'#line 1 "kernel.cu"\n{_DYNAMIC_SHARED.sub(declare, source)}\n#line 1 "exports"\n'


def _extern_c_kernels(source: str) -> list[str]:
    names = _C_KERNEL.findall(source)
    for block in _C_BLOCK.findall(source):
        names += _KERNEL.findall(block)
    return list(dict.fromkeys(names))


def _has_barriers(library: Path) -> bool:
    """Whether a kernel waits for other threads: then the library imports one of the barriers."""
    image = library.read_bytes()
    return b"\0fk_syncthreads\0" in image or b"\0fk_syncwarp\0" in image


def _include_options(options: tuple[str, ...]) -> tuple[str, ...]:
    """Ours first: `shim` stands before CUDA's and CuPy's own headers."""
    return (f"-I{HERE / 'shim'}", f"-I{NATIVE}", *(option for option in options if option.startswith("-I")))


@cache
def _environment() -> str:
    """A digest of what goes into every kernel besides its source: headers, flags and g++."""
    import cupy

    headers = Path(cupy.__file__).parent / "_core" / "include" / "cupy"
    # A header is recognised in the precompiled one by its time: a new installation needs a new one.
    times = [path.stat().st_mtime_ns for path in sorted(headers.glob("*.cuh"))]
    versions = cupy.__version__, importlib.metadata.version("nvidia-cuda-runtime")
    ours = toolchain.native_sources(), toolchain.compiler_version(), KERNEL_FLAGS
    return digest(*ours, versions, str(headers), times)


@cache
def _precompiled_header(include_options: tuple[str, ...]) -> Path:
    """Our headers and CuPy's, read once: a small kernel compiles in a third of the time."""
    from cupy._core.core import _cupy_header_list

    names = ['"device/kernel.h"', *(f"<{name}>" for name in _cupy_header_list)]
    name = f"kernel-{digest(_environment(), include_options)}.h"
    header = toolchain.write(CACHE / name, "".join(f"#include {name}\n" for name in names))
    flags = [*KERNEL_FLAGS, *include_options, "-fPIC", "-x", "c++-header"]
    toolchain.compile_to(header.with_name(header.name + ".gch"), [*flags, header])
    return header
