"""``gpugrad bench``: gpugrad beside its peers, each in a process of its own, on the same work."""

from __future__ import annotations

import importlib
import sys
import tempfile
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
    unknown = [pattern for pattern in args.only or () if not bench.measure.selected([pattern], device)]
    if unknown:
        raise UserError(f"no case is named like {' or '.join(unknown)}; gpugrad bench --list names them")
    cases = bench.measure.selected(args.only or ["*"], device, args.quick and not args.only)
    names = _contestants(args, list(bench.libraries.CONTESTANTS))
    if args.list:
        for module, chosen in cases.items():
            print("\n".join(f"{module.rpartition('.')[2]}/{case.name}" for case in chosen))
        print(f"contestants: {', '.join(names)}")
        return 0
    args.out.mkdir(parents=True, exist_ok=True)
    try:  # better now than when everything is measured
        tempfile.TemporaryFile(dir=args.out).close()
    except OSError as error:
        raise UserError(
            f"cannot write to {args.out}: {error.strerror}; name another folder by --out"
        ) from error

    pace = bench.measure.QUICK if args.quick else bench.measure.THOROUGH
    rounds = {"rounds": f"{pace.rounds} of about {pace.seconds:g} s"}
    record = bench.record.Record(device, environment(device) | rounds, {}, [])
    for name, value in record.environment.items():
        print(f"{name:10} {value}")
    if not cuda.is_available():
        print("there is no CUDA device here: the CPU set is run")
    try:
        with _progress() as report:
            _measure(bench, record, cases, names, pace, args.out, report)
    except KeyboardInterrupt:
        _finish(bench, record, args.out)
        found = f"{args.out} holds the cases" if record.rows else "no case was"
        raise KeyboardInterrupt(f"{found} measured so far ") from None
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
    names = list(dict.fromkeys(name.strip() for name in args.contestants.split(",")))
    for name in names:
        if name not in known:
            raise UserError(f"no contestant {name!r}; there are {', '.join(known)}")
    return names


def _measure(
    bench: _Harness,
    record: Any,
    cases: dict,
    names: list[str],
    pace: Any,
    out: Path,
    report: Callable[[str], None],
) -> None:
    """Add limits and rows to the record; each row is on disk as soon as it is known."""
    report("the limits of the device")
    try:
        record.limits.update(bench.measure.limits(record.device))
    except bench.process.Failed as error:
        print(f"the limits of the device are not measured: {error}", file=sys.stderr)
    for row in bench.measure.measure(cases, names, record.device, pace, report):
        record.rows.append(row)
        _write(out / "results.json", bench.record.to_json(record))


def _finish(bench: _Harness, record: Any, out: Path) -> None:
    """Table, report and pictures of what there is; pictures of an earlier run that this has not go."""
    if not record.rows:
        return
    pictures = bench.plots.pictures(record)
    for name in bench.plots.DRAWINGS:
        if name in pictures:
            files.write(out / name, pictures[name])
        else:
            (out / name).unlink(missing_ok=True)
    _write(out / "report.md", bench.report.markdown(record, list(pictures)))
    _show(bench, record)
    print(f"results in {out}: {', '.join(['results.json', 'report.md', *pictures])}")


def _show(bench: _Harness, record: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.width = max(console.width, WIDTH)
    relative = f", and relative to {base}" if (base := bench.cells.base(record)) else ""
    for title, rows in (
        (f"\ntime of gpugrad{relative}", bench.cells.ratios(record)),
        ("\npeak memory of a step", bench.cells.peaks(record)),
    ):
        head, *body = rows
        if body:
            console.print(title, style="italic", highlight=False)
            table = Table(*head, box=None, pad_edge=False)
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
    """Something to call with what is going on: a line that changes, on a terminal; else one for each case."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        last = ""

        def report(text: str) -> None:
            nonlocal last
            case = text.partition(":")[0]
            if case != last:
                print(case, file=sys.stderr, flush=True)
            last = case

        yield report
        return
    with console.status("starting") as status:
        yield status.update


def _write(file: Path, text: str) -> None:
    files.write(file, text.encode())
