"""Where CUDA sources are found and turned into functions of CuPy arrays; each is compiled on its first call.

A ``.cuh`` file holds templates only. What it takes from other files stands in its first line
(``// needs types.cuh``), and ``source`` puts those in front of it.
"""

import inspect
import threading
from collections.abc import Callable, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .arrays import floating
from .cuda import load

_FOLDERS = (Path(__file__).parents[1] / "_cuda", Path(__file__).parents[2] / "kernels")  # wheel, checkout
_NEEDS = "// needs "

_CPP = {"e": "__half", "E": "__nv_bfloat16", "f": "float", "d": "double"}  # by dtype.char; E is bfloat16
_HEADERS = {"__half": "cuda_fp16.h", "__nv_bfloat16": "cuda_bf16.h"}


class NoKernel(TypeError):
    """There is no kernel for these dtypes."""


class Fused(NamedTuple):
    """How the body of a primitive is computed on CUDA: see ``fused``."""

    file: str
    launch: Callable | None


def fused(file: str, launch: Callable | None = None) -> Callable[[Callable], Callable]:
    """Mark a primitive's body: on CUDA, what has its name in ``kernels/<file>`` runs instead of it.

    Without ``launch`` that is a ``__device__`` template of one element: it is given the arrays, then the
    parameters in the order of the signature, all in the compute type. With ``launch``, a function with the
    signature of the body less ``xp``, that function starts a kernel of its own.
    """

    def mark(body: Callable) -> Callable:
        body.fused = Fused(file, launch)  # pyright: ignore[reportFunctionMemberAccess]
        return body

    return mark


def _once(make: Callable) -> Callable:
    """``cache`` that also keeps threads which ask at the same time from making a thing twice."""
    cached, lock = cache(make), threading.Lock()

    @wraps(make)
    def get(*key: Any) -> Any:
        with lock:
            return cached(*key)

    return get


def source(file: str) -> str:
    """The text of ``kernels/<file>`` behind that of all files it needs, each once."""
    texts: dict[str, str] = {}
    _collect(file, texts)
    return "\n".join(texts.values())


def _collect(file: str, texts: dict[str, str]) -> None:
    if file not in texts:
        text = _read(file)
        first = text.partition("\n")[0]
        for needed in first.removeprefix(_NEEDS).split() if first.startswith(_NEEDS) else ():
            _collect(needed, texts)
        texts[file] = text


def _read(file: str) -> str:
    for folder in _FOLDERS:
        if (folder / file).is_file():
            return (folder / file).read_text(encoding="utf-8")
    looked = " and ".join(str(folder) for folder in _FOLDERS)
    raise FileNotFoundError(
        f"expected the CUDA source {file} in one of {looked}, found none; this copy of gpugrad is "
        "incomplete: reinstall it, or take a complete checkout"
    )


# ---- one element at a time ----


@_once
def implementation(body: Callable) -> Callable:
    """The function of CuPy arrays that computes a body marked ``fused``."""
    how: Fused = body.fused  # pyright: ignore[reportFunctionMemberAccess]
    if how.launch is not None:
        return how.launch
    _, *parameters = inspect.signature(body).parameters.values()  # less xp
    names = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    kernel = elementwise(how.file, body.__name__, names, list(defaults))
    operation = body.__name__

    def run(*arrays: Any, **params: Any) -> Any:
        return kernel(*promoted(arrays, operation), *(defaults | params).values())

    return run


def elementwise(file: str, name: str, arrays: Sequence[str], params: Sequence[str] = ()) -> Any:
    """The ElementwiseKernel of ``out = name(arrays..., params...)``, the arrays being of one type."""
    inputs = [f"T {a}" for a in arrays] + [f"float64 {p}" for p in params]
    values = ", ".join(f"C({a})" for a in (*arrays, *params))
    return load().ElementwiseKernel(
        ", ".join(inputs),
        "T out",
        f"typedef Compute<T>::type C; out = T({name}({values}))",
        f"gpugrad_{name}",
        preamble=source("types.cuh") + source(file),
    )


@_once
def update(file: str, name: str, states: int, params: int) -> Any:
    """The ElementwiseKernel of ``name(p, g, states..., params...)``, which writes to ``p`` and the states.

    It is called as ``kernel(g, params..., p, states...)`` and computes in the compute type of ``p``. The
    states share a type, which may be wider than that of ``p``.
    """
    held = [f"s{i}" for i in range(states)]
    scalars = [f"a{i}" for i in range(params)]
    values = ", ".join(["p_", "C(g)", *(f"{s}_" for s in held), *(f"C({a})" for a in scalars)])
    return load().ElementwiseKernel(
        ", ".join(["G g", *(f"float64 {a}" for a in scalars)]),
        ", ".join(["T p", *(f"S {s}" for s in held)]),
        "typedef Compute<T>::type C;"
        + "".join(f" C {x}_ = C({x});" for x in ("p", *held))
        + f" {name}({values});"
        + f" p = T(p_);{''.join(f' {s} = S({s}_);' for s in held)}",
        f"gpugrad_{name}",
        preamble=source("types.cuh") + source(file),
    )


def promoted(arrays: Sequence[Any], operation: str) -> Sequence[Any]:
    """The arrays in their common floating type; Python scalars pass, and widen nothing.

    Integers and booleans become what NumPy makes of them in ``sin``: float64 for the usual ones. Raises
    TypeError for complex arrays and for what is no number.
    """
    typed = [a.dtype for a in arrays if hasattr(a, "dtype")]
    dtype = typed[0]
    if dtype.char in _CPP and all(other is dtype for other in typed):
        return arrays
    dtype = floating(np.result_type(*typed))
    if dtype.char not in _CPP:
        raise NoKernel(
            f"{operation} expects real arrays on CUDA (float16, bfloat16, float32, float64, integers), got "
            f"{', '.join(str(d) for d in typed)}; convert them with astype, and complex numbers by "
            "their real and imaginary parts"
        )
    return [a.astype(dtype, copy=False) if hasattr(a, "dtype") else a for a in arrays]


# ---- kernels that see whole arrays ----


@_once
def module(file: str, name_expressions: tuple[str, ...]) -> Any:
    """The RawModule of ``kernels/<file>`` with these instances of its kernels (``softmax<float, 4, 32>``)."""
    used = [f"#include <{header}>\n" for name, header in _HEADERS.items() if name in str(name_expressions)]
    return load().RawModule(
        code="".join(used) + source(file), options=("--std=c++17",), name_expressions=name_expressions
    )


def function(file: str, kernel: str, *arguments: Any) -> Any:
    """The kernel with these template arguments (a dtype stands for its C++ type), for the current device."""
    return _function(load().cuda.runtime.getDevice(), file, kernel, *arguments)


@_once
def _function(device: int, file: str, kernel: str, *arguments: Any) -> Any:
    names = [_CPP[a.char] if isinstance(a, np.dtype) else str(a) for a in arguments]
    expression = f"{kernel}<{', '.join(names)}>"
    return module(file, (expression,)).get_function(expression)
