"""Every kernel compiles with NVRTC for every data type and three architectures, and needs no local memory.

NVRTC needs no driver and no GPU. Local memory (a spill, an array that is not in registers) would be a stack
frame in the report of its assembler.
"""

import re

import pytest

from gpugrad.backend import kernels

cupy = pytest.importorskip("cupy", reason="needs CuPy and the CUDA headers: pip install cupy-cuda13x[ctk]")
nvrtc = pytest.importorskip("cupy_backends.cuda.libs.nvrtc", exc_type=ImportError)

TYPES = [  # in an ElementwiseKernel, in a RawModule, of the state of an optimiser, elements in 16 bytes
    ("float16", "__half", "float", 8),
    ("bfloat16", "__nv_bfloat16", "float", 8),
    ("float", "float", "float", 4),
    ("double", "double", "double", 2),
]
TEAMS = (32, 256, 1024)
UPDATES = {"sgd": (0, 2), "momentum": (1, 4), "rmsprop": (1, 4), "adam": (2, 6), "adamw": (2, 6)}


@pytest.fixture(params=TYPES, ids=lambda types: types[0])
def types(request):
    return request.param


@pytest.fixture(params=["sm_80", "sm_90", "sm_100"])
def architecture(request):
    return request.param


@pytest.fixture(autouse=True)
def _without_a_driver(monkeypatch):
    monkeypatch.setattr(kernels, "load", lambda: cupy)


def build(source, architecture, names=()):
    """The report of the assembler and, for a virtual architecture, the PTX."""
    from cupy._core import core

    options = (*core.assemble_cupy_compiler_options(()), "-ftz=true", f"-arch={architecture}", "-Xptxas=-v")
    program = nvrtc.createProgram(source, "kernel.cu", (), ())
    try:
        for name in names:
            nvrtc.addNameExpression(program, name)
        try:
            nvrtc.compileProgram(program, options)
        except nvrtc.NVRTCError:
            pytest.fail(nvrtc.getProgramLog(program))
        ptx = "" if architecture.startswith("sm") else nvrtc.getPTX(program)
        return nvrtc.getProgramLog(program), ptx if isinstance(ptx, str) else ptx.decode()
    finally:
        nvrtc.destroyProgram(program)


def stack_frames(report):
    """The bytes of local memory of each kernel."""
    return [int(n) for n in re.findall(r"(\d+) bytes stack frame", report)]


def as_functions(elementwise, types):
    """ElementwiseKernels as plain kernels of one source: the loop round them, CuPy's own, needs a device."""
    from cupy._core import core

    headers = (*core._cupy_header_list, "cupy/float16.cuh", "cupy/bfloat16.cuh")
    lines = [f"#include <{h}>" for h in headers] + [f"typedef {c} {name};" for name, c in types.items()]
    lines.append(elementwise[0].preamble)
    for k in elementwise:
        parameters = [(f"const {p.ctype}", p.name) for p in k.in_params]
        parameters += [(p.ctype, p.name) for p in k.out_params]
        pointers = ", ".join(f"{c}* all_{name}" for c, name in parameters)
        elements = " ".join(f"{c}& {name} = all_{name}[threadIdx.x];" for c, name in parameters)
        lines.append(f'extern "C" __global__ void {k.name}({pointers}) {{ {elements} {k.operation}; }}')
    return "\n".join(lines)


def activation_kernels():
    found = re.findall(r"__device__ inline C (\w+)\((C [^)]*)\)", kernels.source("activations.cuh"))
    for name, arguments in found:
        names = [a.removeprefix("C ") for a in arguments.split(", ")]
        arrays = [a for a in names if a in ("g", "x", "y")]
        yield kernels.elementwise("activations.cuh", name, arrays, names[len(arrays) :])


def test_activations(types, architecture):
    found = list(activation_kernels())
    source = as_functions(found, {"T": types[0]})
    assert stack_frames(build(source, architecture)[0]) == [0] * len(found)


def test_updates(types, architecture):
    found = [kernels.update("optim.cuh", name, *counts) for name, counts in UPDATES.items()]
    source = as_functions(found, {"T": types[0], "G": types[0], "S": types[2]})
    assert stack_frames(build(source, architecture)[0]) == [0] * len(found)


ROW_KERNELS = {
    "softmax.cuh": ("softmax", "softmax_grad", "log_softmax", "log_softmax_grad"),
    "cross_entropy.cuh": ("cross_entropy", "cross_entropy_grad"),
}


@pytest.mark.parametrize("file", ROW_KERNELS)
def test_row_kernels(file, types, architecture):
    _, c_type, _, wide = types
    names = [
        f"{kernel}<{c_type}, {v}, {team}>"
        for kernel in ROW_KERNELS[file]
        for v in (1, wide)
        for team in TEAMS
    ]
    report, _ = build(kernels.module(file, tuple(names)).code, architecture, names)
    assert stack_frames(report) == [0] * len(names)


def test_sum_to(types, architecture):
    names = [f"sum_to<{types[1]}, {types[2]}>"]
    report, _ = build(kernels.module("reduce.cuh", tuple(names)).code, architecture, names)
    assert stack_frames(report) == [0]


@pytest.mark.parametrize("kernel", ["softmax", "softmax_grad"])
def test_aligned_rows_are_read_and_written_16_bytes_at_a_time(types, kernel):
    _, c_type, _, wide = types
    names = (f"{kernel}<{c_type}, {wide}, 256>",)
    _, ptx = build(kernels.module("softmax.cuh", names).code, "compute_90", names)
    instructions = re.findall(r"(ld|st)\.global\S*\.(v\d|\w)\S*(?=\.\w+\s)", ptx)
    narrow = [kind for kind, width in instructions if width not in ("v2", "v4")]
    # One element is read by itself: the first of the row, from where the maximum starts.
    assert instructions and narrow in ([], ["ld"])


def test_local_memory_would_show():
    source = """extern "C" __global__ void k(int* x, int n) {
      int a[64] = {};
      for (int i = 0; i < n; i++) a[x[i] & 63] += i;
      x[n] = a[x[n] & 63];
    }"""
    assert stack_frames(build(source, "sm_90")[0]) == [256]
