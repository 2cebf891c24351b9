"""``gpugrad bench``: gpugrad beside its peers, each in a process of its own, on the same work."""

from __future__ import annotations

import importlib.util
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..backend import cuda
from . import blas
from .arguments import UserError, path
from .machine import processor
from .versions import installed, summary

HELP = "time gpugrad beside PyTorch, JAX, Autograd and NumPy by hand"
_FOLDERS = (Path(__file__).parents[1] / "_bench", Path(__file__).parents[2] / "bench")  # wheel, checkout
_PEERS = ("torch", "jax", "autograd")


def add_arguments(parser: ArgumentParser) -> None:
    """What is measured, how long, and where the figures go."""
    parser.add_argument("--only", metavar="WORKLOAD", help="one workload instead of all")
    parser.add_argument("--quick", action="store_true", help="a third of the rounds")
    parser.add_argument("--out", type=path, metavar="FILE", help="write every sample to this JSON file")


def run(args: Namespace) -> int:
    """Measure, print the tables, write the file."""
    harness = _harness()
    workloads = sorted(p.stem for p in (Path(harness.__file__).parent / "workloads").glob("*.py"))
    if args.only is not None and args.only not in workloads:
        raise UserError(f"no workload {args.only!r}; there are {', '.join(workloads)}")
    if args.out is not None and not args.out.parent.is_dir():
        raise UserError(f"--out {args.out}: there is no folder {args.out.parent}")

    print(f"{summary()}\n{processor()}, NumPy's BLAS {_unforced_blas()}, one thread each")
    print("the workloads run on the CPU" + ("" if cuda.is_available() else "; there is no CUDA device here"))
    figures: dict[str, Any] = {}
    for workload in [args.only] if args.only else workloads:
        results = harness.compare(workload, rounds=5 if args.quick else 15, report=_progress)
        _progress("")
        _print_table(workload, results)
        figures[workload] = [r._asdict() for r in results]
    if args.out is not None:
        _write(args.out, {"environment": _environment(), "seconds a step": figures})
        print(f"\nevery sample is in {args.out}")
    return 0


def _harness() -> Any:
    """The module ``compare`` of the benchmark folder, which is no part of the package."""
    for folder in _FOLDERS:
        file = folder / "compare.py"
        if file.is_file():
            spec = importlib.util.spec_from_file_location("gpugrad_bench_compare", file)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
            return module
    raise UserError("the benchmark folder is missing from this copy of gpugrad; reinstall it")


def _print_table(workload: str, results: Sequence[Any]) -> None:
    base = next((r.median for r in results if r.name == "torch" and r.samples), None)
    print(f"\n{workload:12} {'ms a step':>10} {'spread':>8} {'of torch':>9}")
    for r in results:
        if r.failure:
            print(f"{r.name:12} {'-':>10}   {r.failure}")
            continue
        spread = (max(r.samples) - min(r.samples)) / r.median
        ratio = f"{r.median / base:9.2f}" if base else f"{'-':>9}"
        print(f"{r.name:12} {r.median * 1e3:10.3f} {spread:8.0%} {ratio}")


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:40}", end="\r" if not text else "", file=sys.stderr, flush=True)


def _unforced_blas() -> str:
    """The kernels that the workers' OpenBLAS chooses: they run without OPENBLAS_CORETYPE."""
    library = blas.blas()
    return f"{library.name} {library.version}" + (" (OPENBLAS_CORETYPE removed)" if blas.slowed() else "")


def _environment() -> dict[str, Any]:
    return {
        "versions": summary(),
        "peers": {name: installed(name) for name in _PEERS},
        "numpy": version("numpy"),
        "processor": processor(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _write(file: Path, figures: dict[str, Any]) -> None:
    part = file.with_name(file.name + ".part")
    part.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    part.replace(file)
