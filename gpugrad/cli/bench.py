"""``gpugrad bench``: gpugrad beside its peers, each in a process of its own, on the same work."""

from __future__ import annotations

import importlib
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import files
from ..backend import cuda, default_device
from .arguments import UserError, path
from .environment import environment
from .versions import require

HELP = "time gpugrad beside PyTorch, JAX, Autograd and NumPy or CuPy by hand"
OUT = "gpugrad-bench"
WIDTH = 120  # of the table at least: on a narrower terminal its lines wrap, and no figure is cut off


def add_arguments(parser: ArgumentParser) -> None:
    """What is measured, how long, and where the figures go."""
    add = parser.add_argument
    add("--device", choices=("cpu", "cuda"), help="(CUDA where it works)")
    add(
        "--only",
        metavar="PATTERN",
        action="append",
        help="cases whose name, as in mlp/sgd-128, contains this; * and ? allowed, may be repeated",
    )
    add("--quick", action="store_true", help="fewer cases, shorter rounds, no torch.compile: 2 minutes")
    add("--contestants", metavar="NAME,NAME", help="who takes part (all)")
    add("--out", type=path, metavar="FOLDER", default=Path(OUT), help=f"results folder ({OUT})")
    add("--list", action="store_true", help="name the cases and contestants, measure nothing")


def run(args: Namespace) -> int:
    """Measure, show the table; results.json, report.md and the pictures are there even after Ctrl-C."""
    require("bench")
    bench = _Harness()
    device = args.device or default_device().type
    if device == "cuda":
        cuda.load()
    cases = bench.measure.selected(args.only or ["*"], device, args.quick and not args.only)
    if not cases:
        raise UserError(f"no case is named like {' or '.join(args.only)}; gpugrad bench --list names them")
    names = _contestants(args, list(bench.libraries.CONTESTANTS))
    if args.list:
        for module, chosen in cases.items():
            print("\n".join(f"{module.rpartition('.')[2]}/{case.name}" for case in chosen))
        print(f"contestants: {', '.join(names)}")
        return 0
    args.out.mkdir(parents=True, exist_ok=True)

    record = bench.record.Record(device, environment(device), {}, [])
    for name, value in record.environment.items():
        print(f"{name:10} {value}")
    if not cuda.is_available():
        print("there is no CUDA device here: the CPU set is run")
    try:
        with _progress() as report:
            _measure(bench, record, cases, names, args, report)
    except KeyboardInterrupt:
        _finish(bench, record, args.out)
        raise KeyboardInterrupt(f"{args.out} holds the {len(record.rows)} cases measured so far") from None
    _finish(bench, record, args.out)
    return int(any(r.failure for row in record.rows for r in row.results if r.name == "gpugrad"))


class _Harness:
    """The package ``gpugrad_bench``, installed beside gpugrad and no part of it, a module at a time."""

    def __getattr__(self, module: str) -> Any:
        try:
            return importlib.import_module(f"gpugrad_bench.{module}")
        except ModuleNotFoundError as error:
            if error.name != "gpugrad_bench":
                raise
            raise UserError(
                "the package gpugrad_bench is missing: install gpugrad, or set PYTHONPATH=bench in a checkout"
            ) from error


def _contestants(args: Namespace, known: list[str]) -> list[str]:
    if args.contestants is None:
        # Compiling takes tens of seconds for every case.
        return [name for name in known if not (args.quick and name == "torch.compile")]
    names = [name.strip() for name in args.contestants.split(",")]
    for name in names:
        if name not in known:
            raise UserError(f"no contestant {name!r}; there are {', '.join(known)}")
    return names


def _measure(
    bench: _Harness,
    record: Any,
    cases: dict,
    names: list[str],
    args: Namespace,
    report: Callable[[str], None],
) -> None:
    """Add limits and rows to the record; each row is on disk as soon as it is known."""
    pace = bench.measure.QUICK if args.quick else bench.measure.THOROUGH
    report("the limits of the device")
    record.limits.update(bench.measure.limits(record.device))
    for row in bench.measure.measure(cases, names, record.device, pace, report):
        record.rows.append(row)
        _write(args.out / "results.json", bench.record.to_json(record))


def _finish(bench: _Harness, record: Any, out: Path) -> None:
    """Table, report and pictures of what there is."""
    if not record.rows:
        return
    pictures = bench.plots.pictures(record)
    for name, content in pictures.items():
        files.write(out / name, content)
    _write(out / "report.md", bench.report.markdown(record, list(pictures)))
    _show(bench, record)
    print(f"results in {out}: results.json, report.md, {', '.join(pictures)}")


def _show(bench: _Harness, record: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.width = max(console.width, WIDTH)
    for title, rows in (
        ("\ntime of gpugrad, and relative to eager PyTorch", bench.cells.ratios(record)),
        ("\npeak memory of a step", bench.cells.peaks(record)),
    ):
        head, *body = rows
        if body:
            table = Table(*head, title=title, title_justify="left", box=None, pad_edge=False)
            for column in table.columns:
                column.no_wrap = True
                column.justify = "left" if column is table.columns[0] else "right"
            for row in body:
                table.add_row(*row)
            console.print(table)
    for line in bench.cells.failures(record):
        console.print(f"not measured: {line}", markup=False, highlight=False)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Something to call with what is going on: one line that changes, on a terminal; nothing elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda text: None
        return
    with console.status("starting") as status:
        yield status.update


def _write(file: Path, text: str) -> None:
    files.write(file, text.encode())
