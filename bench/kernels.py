"""Bandwidth of the CUDA kernels beside that of a copy, and beside PyTorch where it is installed.

    python bench/kernels.py [--elements N] [--rows N] [--out FILE]

A kernel's bytes are those it has to read and write; its share is that of the copy measured in the same run.
Times are CUDA events', the median of 20 launches after 3.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import gpugrad as gg
from gpugrad.backend import cuda
from gpugrad.core.node import kept_for

DTYPES = ("float32", "float16", "bfloat16")
ACTIVATIONS = ("sigmoid", "relu", "tanh", "gelu", "gelu_tanh", "silu", "softplus", "mish", "elu", "selu")
_TORCH = {"gelu_tanh": "gelu", "selu": "selu"}
CLASSES = 4096


class Case(NamedTuple):
    """Something to time: its name, the bytes it moves, ours, and PyTorch's or None."""

    name: str
    bytes: int
    ours: Callable[[], Any]
    torch: Callable[[], Any] | None = None


def milliseconds(f: Callable[[], Any], launches: int = 20) -> float:
    """The median time of ``f`` on the device; both libraries work on the default stream."""
    cupy = cuda.load()
    for _ in range(3):
        f()
    times = []
    for _ in range(launches):
        start, end = cupy.cuda.Event(), cupy.cuda.Event()
        start.record()
        f()
        end.record()
        end.synchronize()
        times.append(cupy.cuda.get_elapsed_time(start, end))
    return statistics.median(times)


def copy_rate(elements: int) -> float:
    """GB/s of copying that many float32, counting what is read and what is written."""
    cupy = cuda.load()
    source = cupy.zeros(elements, "float32")
    target = cupy.empty_like(source)
    return 2 * source.nbytes / milliseconds(lambda: cupy.copyto(target, source)) / 1e6


def activations(dtype: str, elements: int, torch: Any) -> Iterator[Case]:
    """Each activation forward, and its fused gradient alone."""
    cupy = cuda.load()
    x = cupy.asarray(cupy.random.standard_normal(elements), dtype=gg.tensor(0.0, dtype, "cpu").dtype)
    g = x.copy()
    for name in ACTIVATIONS:
        f = getattr(gg, name)
        t = gg.tensor(x, requires_grad=True)
        y = f(t)
        pull, kept = f.primitive.pulls[0], kept_for(y.node, 0)
        theirs = _torch_gradient(name, x, torch) if torch else None
        yield Case(f"{name} {dtype}", 2 * x.nbytes, lambda f=f: f(x))
        yield Case(f"{name}_grad {dtype}", 3 * x.nbytes, lambda pull=pull, kept=kept: pull(g, kept), theirs)


def _torch_gradient(name: str, x: Any, torch: Any) -> Callable[[], Any] | None:
    """PyTorch's backward pass of the same activation, over the same memory."""
    module = torch.nn.functional if name not in ("sigmoid", "tanh") else torch
    t = torch.from_dlpack(gg.tensor(x)).requires_grad_()
    options = {"approximate": "tanh"} if name == "gelu_tanh" else {}
    y = getattr(module, _TORCH.get(name, name))(t, **options)
    g = torch.ones_like(y)
    return lambda: torch.autograd.grad(y, t, g, retain_graph=True)


def rows(dtype: str, count: int, torch: Any) -> Iterator[Case]:
    """softmax, log_softmax and cross-entropy over rows of 4,096, and the sum that undoes a broadcast."""
    cupy = cuda.load()
    x = cupy.asarray(cupy.random.standard_normal((count, CLASSES)), dtype=gg.tensor(0.0, dtype, "cpu").dtype)
    labels = cupy.arange(count) % CLASSES
    theirs = torch.from_dlpack(gg.tensor(x)) if torch else None
    for name in ("softmax", "log_softmax"):
        f = getattr(gg, name)
        t = gg.tensor(x, requires_grad=True)
        y = f(t)
        beside = (lambda name=name: getattr(torch, name)(theirs, -1)) if torch else None
        yield Case(f"{name} {dtype}", 2 * x.nbytes, lambda f=f: f(x), beside)
        node, g = y.node, y.data
        yield Case(
            f"{name}_grad {dtype}",
            3 * x.nbytes,
            lambda node=node, g=g: node.primitive.pulls[0](g, kept_for(node, 0)),
        )
    targets = torch.from_dlpack(gg.tensor(labels)) if torch else None
    beside = (lambda: torch.nn.functional.cross_entropy(theirs, targets, reduction="none")) if torch else None
    yield Case(
        f"cross_entropy {dtype}",
        x.nbytes,
        lambda: gg.softmax_cross_entropy(x, labels, reduction="none"),
        beside,
    )
    for shape, word in (((CLASSES,), "rows"), ((count, 1), "columns")):
        axis = 0 if word == "rows" else 1
        beside = (lambda axis=axis: theirs.sum(axis, keepdim=True)) if torch else None
        yield Case(f"sum_to {word} {dtype}", x.nbytes, lambda shape=shape: gg.sum_to(x, shape), beside)


def main() -> None:
    """Measure everything and print a line for each kernel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=int, default=1 << 27, help="of an array for an activation")
    parser.add_argument("--rows", type=int, default=1 << 15, help="of 4,096, for softmax and sums")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    args = parser.parse_args()
    cupy = cuda.load()
    try:
        import torch

        torch = torch if torch.cuda.is_available() else None
    except ImportError:
        torch = None

    copy = copy_rate(args.elements)
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    print(f"{name}, CuPy {cupy.__version__}, PyTorch {torch and torch.__version__}; copy {copy:.0f} GB/s")
    print(f"{'':26} {'GB/s':>8} {'of copy':>8} {'of torch':>9}")
    figures: dict[str, Any] = {"device": name, "copy GB/s": copy, "kernels": {}}
    for dtype in DTYPES:
        for cases in (activations(dtype, args.elements, torch), rows(dtype, args.rows, torch)):
            for case in cases:
                ours = milliseconds(case.ours)
                theirs = milliseconds(case.torch) if case.torch else None
                rate = case.bytes / ours / 1e6
                ratio = f"{ours / theirs:9.2f}" if theirs else f"{'-':>9}"
                print(f"{case.name:26} {rate:8.0f} {rate / copy:8.0%} {ratio}", flush=True)
                figures["kernels"][case.name] = {"ms": ours, "torch ms": theirs, "GB/s": rate}
        cupy.get_default_memory_pool().free_all_blocks()
    if args.out:
        args.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
